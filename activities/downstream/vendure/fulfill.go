package vendure

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
)

const (
	// maxText is how many characters of method and tracking code every
	// database keeps.
	maxText = 255
	// separator stands between the tracking numbers of one fulfillment.
	separator = ", "
	// unknownMethod is the method of a parcel whose carrier is not known.
	unknownMethod = "Other"
)

// parcel is what a fulfillment says of the shipments of an order.
type parcel struct {
	method, trackingCode string
}

func newParcel(shipments []downstream.Shipment) parcel {
	carriers, numbers := make([]string, len(shipments)), make([]string, len(shipments))
	for i, s := range shipments {
		carriers[i], numbers[i] = s.Carrier, s.TrackingNumber
	}
	p := parcel{method: join(carriers), trackingCode: join(numbers)}
	if p.method == "" {
		p.method = unknownMethod
	}
	return p
}

// join makes one text of those that are not empty, each once, as many as fit.
func join(texts []string) string {
	var kept []string
	for _, text := range texts {
		text = strings.TrimSpace(text)
		if text == "" || slices.Contains(kept, text) {
			continue
		}
		if utf8.RuneCountInString(strings.Join(append(kept, text), separator)) <= maxText {
			kept = append(kept, text)
		}
	}
	return strings.Join(kept, separator)
}

// arguments are those of a fulfillment handler. Both are given although they can
// be empty: the database refuses a fulfillment without (measured).
func (p parcel) arguments() []map[string]string {
	return []map[string]string{
		{"name": "method", "value": p.method},
		{"name": "trackingCode", "value": p.trackingCode},
	}
}

// Fulfill implements downstream.Adapter. It ships what is not shipped yet, and
// resumes what an earlier attempt has left half-made: see the package comment.
func (a *Adapter) Fulfill(ctx context.Context, req downstream.FulfillRequest) (downstream.Change, error) {
	p := newParcel(req.Shipments)
	return a.change(ctx, change{
		name:   "fulfill order",
		target: req.Target,
		wished: downstream.PhaseFulfilled,
		state:  fulfillmentShipped,
		permit: func(c overhttp.Call, o wireOrder) error {
			if kind, detail, advice := p.obstacle(o); kind != "" {
				return a.client.Fail(c, kind, detail, advice)
			}
			return nil
		},
		write: func(ctx context.Context, o wireOrder) error {
			return a.ship(ctx, req.Number, o, p)
		},
	})
}

// obstacle says what keeps an order from being fulfilled, or nothing.
func (p parcel) obstacle(o wireOrder) (kind downstream.Kind, detail, advice string) {
	pending := 0
	for _, f := range o.Fulfillments {
		switch {
		case f.State == fulfillmentPending && f.TrackingCode == p.trackingCode:
			pending++
		case f.State == fulfillmentPending:
			return downstream.InUse, "somebody has prepared a fulfillment with another tracking code",
				"ship it or cancel it in Vendure; the order is then looked at again"
		case f.State != fulfillmentShipped && f.State != fulfillmentDelivered && f.State != fulfillmentCancelled:
			return downstream.InUse, "a fulfillment is in a state that is not of Vendure's default process",
				"ship it or cancel it in Vendure; the order is then looked at again"
		}
	}
	if pending == 0 && len(o.rest()) == 0 {
		return downstream.Refused, "nothing of the order is left to ship, but the order is not Shipped", adviseLook
	}
	return "", "", ""
}

// ship makes a fulfillment of what is in none, and ships it and those that are
// half-made.
func (a *Adapter) ship(ctx context.Context, number string, o wireOrder, p parcel) error {
	var ids []string
	for _, f := range o.Fulfillments {
		if f.State == fulfillmentPending {
			ids = append(ids, f.ID)
		}
	}
	if rest := o.rest(); len(rest) > 0 {
		c := operation("fulfill order: make a fulfillment", number, addMutation, variables{
			"lines":   rest,
			"handler": map[string]any{"code": a.config.FulfillmentHandler, "arguments": p.arguments()},
		})
		made, err := a.mutate(ctx, c)
		if err != nil {
			return err
		}
		if made.ID == "" {
			return a.client.Malformed(c, "the fulfillment has no id")
		}
		ids = append(ids, made.ID)
	}
	for _, id := range ids {
		if _, err := a.mutate(ctx, operation("fulfill order", number, shipMutation, variables{"id": id})); err != nil {
			return err
		}
	}
	return nil
}
