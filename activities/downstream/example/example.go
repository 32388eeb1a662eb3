// Package example is the adapter that docs/adding-a-downstream.md takes apart:
// whole and tested, for a system that does not exist. No channel can name it.
//
// Binrow, the system, is plain: JSON, an API key in a header, and in every order
// a version, which it counts but does not check. It would cancel what has been
// shipped, and ship twice. So an order is read right before it is changed; in the
// moment between the two, somebody who is not this process can still change it.
package example

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
)

const (
	routeOrders = "/v2/orders"
	routeOrder  = "/v2/orders/{id}"

	// maxNote is how long a note can be in Binrow, in characters.
	maxNote = 200
)

// Adapter implements downstream.Adapter. Driver makes one; it is safe for
// concurrent use.
type Adapter struct {
	client    *overhttp.Client
	changing  overhttp.Locks
	warehouse string
}

var _ downstream.Adapter = (*Adapter)(nil)

// Close ends the idle connections of the Adapter's own transport, if it has one.
func (a *Adapter) Close() { a.client.Close() }

// Probe implements downstream.Adapter: it looks for an order that does not exist.
func (a *Adapter) Probe(ctx context.Context) error {
	_, _, err := a.page(ctx, overhttp.Call{Name: "probe"}, "orderbridge-probe", 1)
	return err
}

// Statuses implements downstream.Adapter. They are fixed: no request is made.
func (a *Adapter) Statuses(ctx context.Context) ([]downstream.Status, error) {
	if err := ctx.Err(); err != nil {
		return nil, a.client.NoAnswer(ctx, overhttp.Call{Name: "list statuses"}, err)
	}
	return slices.Clone(statuses), nil
}

// wireOrder is the part of an order that is looked at.
type wireOrder struct {
	ID        string      `json:"id"`
	Reference string      `json:"reference"`
	State     string      `json:"state"`
	Version   json.Number `json:"version"`
	Warehouse json.Number `json:"warehouse"`
}

// order translates it. The status is empty if the state is not known.
func (o wireOrder) order() downstream.Order {
	order := downstream.Order{ID: o.ID, Number: strings.TrimSpace(o.Reference), Version: o.Version.String()}
	if i := slices.IndexFunc(statuses, func(s downstream.Status) bool { return s.Name == o.State }); i >= 0 {
		order.Status = statuses[i]
	}
	return order
}

// match returns the id of an order that has this number and is of the channel's
// warehouse, "" for any other order, or an error if it cannot be understood.
func (a *Adapter) match(o wireOrder, number string) (string, error) {
	switch order := o.order(); {
	case order.Number != number || o.Warehouse.String() != a.warehouse:
		return "", nil
	case order.ID == "" || order.Version == "" || order.Status.Name == "":
		return "", errors.New("the order has no id, no version, or a state that is not known")
	default:
		return order.ID, nil
	}
}

// Find implements downstream.Adapter.
func (a *Adapter) Find(ctx context.Context, number string) (downstream.Order, error) {
	found, err := overhttp.Find(ctx, a.client, overhttp.Search[wireOrder]{
		Number: number, MaxPages: 10, Page: a.page, Match: a.match,
		Ambiguous: "give the orders different references in Binrow, or remove one",
		Missing:   "check that the order has reached Binrow, and that the channel's warehouse is right",
	})
	if err != nil {
		return downstream.Order{}, err
	}
	return found.order(), nil
}

// page reads one page of a search.
func (a *Adapter) page(ctx context.Context, call overhttp.Call, number string, page int) ([]wireOrder, bool, error) {
	query := url.Values{"page": {strconv.Itoa(page)}, "reference": {number}, "warehouse": {a.warehouse}}
	call.Method, call.Route, call.Path = http.MethodGet, routeOrders, routeOrders+"?"+query.Encode()
	var answer struct {
		Orders []wireOrder `json:"orders"`
		More   bool        `json:"more"`
	}
	_, err := a.client.Read(ctx, call, &answer)
	if err == nil && answer.Orders == nil {
		err = a.client.Malformed(call, "the answer has no list of orders")
	}
	return answer.Orders, answer.More, err
}

// read reads the order that a change is about.
func (a *Adapter) read(ctx context.Context, name string, target downstream.Target) (downstream.Order, error) {
	call := overhttp.Call{
		Name: name, Order: target.Number, Method: http.MethodGet,
		Route: routeOrder, Path: routeOrders + "/" + url.PathEscape(target.OrderID),
	}
	var o wireOrder
	if _, err := a.client.Read(ctx, call, &o); err != nil {
		return downstream.Order{}, err
	}
	if id, err := a.match(o, target.Number); err != nil || id != target.OrderID {
		return downstream.Order{}, a.client.Malformed(call, "the answer is not the order that was asked for, or not one that can be used")
	}
	return o.order(), nil
}

// Cancel implements downstream.Adapter.
func (a *Adapter) Cancel(ctx context.Context, req downstream.CancelRequest) (downstream.Change, error) {
	body := map[string]string{"note": overhttp.OneLine(req.Reason, maxNote)}
	return a.change(ctx, req.Target, downstream.PhaseCancelled, "cancel", body)
}

// parcel is a downstream.Shipment in Binrow's words.
type parcel struct {
	TrackingNumber string    `json:"tracking"`
	Carrier        string    `json:"carrier,omitempty"`
	ShippedAt      time.Time `json:"shipped_at,omitzero"`
}

// Fulfill implements downstream.Adapter. Binrow has no parcels without a
// tracking number.
func (a *Adapter) Fulfill(ctx context.Context, req downstream.FulfillRequest) (downstream.Change, error) {
	parcels := []parcel{}
	for _, shipment := range req.Shipments {
		if shipment.TrackingNumber != "" {
			parcels = append(parcels, parcel(shipment))
		}
	}
	return a.change(ctx, req.Target, downstream.PhaseFulfilled, "ship", map[string][]parcel{"parcels": parcels})
}

// change makes a change by one request, between two reads of the order.
func (a *Adapter) change(
	ctx context.Context, target downstream.Target, wished downstream.Phase, verb string, body any,
) (downstream.Change, error) {
	call := overhttp.Call{
		Name: verb + " order", Order: target.Number, Method: http.MethodPost, JSON: body,
		Route: routeOrder + "/" + verb, Path: routeOrders + "/" + url.PathEscape(target.OrderID) + "/" + verb,
	}
	return a.client.Change(ctx, overhttp.Change{
		Name: call.Name, Target: target, Wished: wished, Locks: &a.changing,
		Read: func(ctx context.Context, name string) (downstream.Order, error) { return a.read(ctx, name, target) },
		Write: func(ctx context.Context) error {
			ans, err := a.client.Do(ctx, call)
			if err != nil {
				return err
			}
			return a.client.Check(call, ans)
		},
	})
}
