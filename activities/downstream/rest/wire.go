package rest

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
)

// Paths of the contract, below the base URL.
const (
	routeOrders   = "/orders"
	routeStatuses = "/statuses"
)

// maxReason is a limit of the contract, in characters.
const maxReason = 500

// Forms of the contract. Orders that BigCommerce knows, and the systems behind
// the contract, have no reason to exceed them.
var (
	orderID        = regexp.MustCompile(`^[A-Za-z0-9_:-][A-Za-z0-9._:-]{0,127}$`)
	idempotencyKey = regexp.MustCompile(`^[\x21-\x7E]([\x20-\x7E]{0,62}[\x21-\x7E])?$`)
	// version goes into an entity tag, in which there is no double quote.
	version = regexp.MustCompile(`^[\x21\x23-\x7E]{1,128}$`)
)

type statusList struct {
	Statuses []downstream.Status `json:"statuses"`
}

type orderList struct {
	Orders     []wireOrder `json:"orders"`
	NextCursor string      `json:"next_cursor"`
}

type wireOrder struct {
	ID      string `json:"id"`
	Number  string `json:"number"`
	Status  string `json:"status"`
	Version string `json:"version"`
}

type problem struct {
	Type string `json:"type"`
}

type cancellation struct {
	Reason string `json:"reason"`
}

type fulfillment struct {
	Shipments []shipment `json:"shipments"`
}

type shipment struct {
	TrackingNumber string    `json:"tracking_number,omitempty"`
	Carrier        string    `json:"carrier,omitempty"`
	ShippedAt      time.Time `json:"shipped_at,omitzero"`
}

// newCancellation makes the body of a cancellation. The same request always
// makes the same bytes, as repeating with an idempotency key requires.
func newCancellation(req downstream.CancelRequest) cancellation {
	return cancellation{Reason: overhttp.OneLine(req.Reason, maxReason)}
}

// newFulfillment makes the body of a fulfillment; see newCancellation.
func newFulfillment(req downstream.FulfillRequest) fulfillment {
	body := fulfillment{Shipments: make([]shipment, 0, len(req.Shipments))}
	for _, s := range req.Shipments {
		body.Shipments = append(body.Shipments, shipment{
			TrackingNumber: strings.TrimSpace(s.TrackingNumber),
			Carrier:        strings.TrimSpace(s.Carrier),
			ShippedAt:      s.ShippedAt.UTC(),
		})
	}
	return body
}

// check reports what makes an order of an answer unusable, without repeating
// any of it.
func (o *wireOrder) check() error {
	switch {
	case !orderID.MatchString(o.ID):
		return errors.New("an order's id is empty or not in the contract's form")
	case strings.TrimSpace(o.Number) == "":
		return errors.New("an order has no number")
	case o.Status == "":
		return errors.New("an order has no status")
	case !version.MatchString(o.Version):
		return errors.New("an order's version is empty or not in the contract's form")
	default:
		return nil
	}
}

// check reports what makes a list of statuses unusable.
func (l *statusList) check() error {
	names := make(map[string]bool, len(l.Statuses))
	phases := map[downstream.Phase]bool{}
	for i, s := range l.Statuses {
		switch {
		case !downstream.ValidStatusName(s.Name) || s.Name != strings.TrimSpace(s.Name):
			return fmt.Errorf("status %d has an empty, padded, overlong or unprintable name", i+1)
		case names[s.Name]:
			return fmt.Errorf("status %d has the name of another", i+1)
		case !s.Phase.Valid():
			return fmt.Errorf("status %d has a phase that the contract does not know", i+1)
		}
		names[s.Name], phases[s.Phase] = true, true
	}
	if !phases[downstream.PhaseCancelled] || !phases[downstream.PhaseFulfilled] {
		return errors.New("the list lacks a status of phase cancelled or one of phase fulfilled")
	}
	return nil
}
