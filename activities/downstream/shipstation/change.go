package shipstation

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
)

// change is one order's cancellation or fulfillment.
type change struct {
	call   overhttp.Call
	target downstream.Target
	wished downstream.Phase
	// body makes what is sent from the order that was read.
	body func(read snapshot) any
}

// requestsOfChange is how many requests a change takes: read, write, read.
const requestsOfChange = 3

// Cancel implements downstream.Adapter. The reason is not passed on: an order of
// ShipStation has no place for it.
func (a *Adapter) Cancel(ctx context.Context, req downstream.CancelRequest) (downstream.Change, error) {
	return a.change(ctx, change{
		call:   overhttp.Call{Name: "cancel order", Method: http.MethodPost, Route: routeCreateOrder},
		target: req.Target, wished: downstream.PhaseCancelled, body: cancelled,
	})
}

// Fulfill implements downstream.Adapter. Of several tracking numbers the first
// is kept. Neither the customer nor the sales channel is told by ShipStation.
func (a *Adapter) Fulfill(ctx context.Context, req downstream.FulfillRequest) (downstream.Change, error) {
	return a.change(ctx, change{
		call:   overhttp.Call{Name: "fulfill order", Method: http.MethodPost, Route: routeMarkShipped},
		target: req.Target, wished: downstream.PhaseFulfilled,
		body: func(read snapshot) any { return a.parcel(read.wire.OrderID, req.Shipments) },
	})
}

// cancelled is the order with another status and everything else as it came.
func cancelled(read snapshot) any {
	read.document["orderStatus"] = json.RawMessage(strconv.Quote(wireCancelled))
	return read.document
}

// change reads, writes and reads again, with room for all three.
func (a *Adapter) change(ctx context.Context, ch change) (downstream.Change, error) {
	ch.call.Order = ch.target.Number
	id, err := strconv.ParseInt(ch.target.OrderID, 10, 64)
	if err != nil || id <= 0 || ch.target.Version == "" {
		return downstream.Change{}, a.client.Fail(ch.call, downstream.Invalid,
			"the order id is not a number, or the version is empty", overhttp.AdviseReport)
	}
	// One spelling: it is a key of the locks.
	ch.target.OrderID = strconv.FormatInt(id, 10)
	leave, err := a.account.orders.Lock(ctx, ch.target.OrderID)
	if err != nil {
		return downstream.Change{}, a.client.NoAnswer(ctx, ch.call, err)
	}
	defer leave()
	r, err := a.reserve(ctx, ch.call, requestsOfChange, false)
	if err != nil {
		return downstream.Change{}, err
	}
	defer r.release()

	var read snapshot
	return a.client.Change(ctx, overhttp.Change{
		Name:   ch.call.Name,
		Target: ch.target,
		Wished: ch.wished,
		Read: func(ctx context.Context, name string) (downstream.Order, error) {
			read, err = a.reread(ctx, r, name, ch.target)
			return read.Order, err
		},
		Permit: func(downstream.Order) error { return a.permit(ch, read) },
		Write:  func(ctx context.Context) error { return a.write(ctx, r, ch, read) },
	})
}

// permit refuses what must not be sent. ShipStation itself is not relied on for
// any of it.
func (a *Adapter) permit(ch change, read snapshot) error {
	switch {
	case read.wire.mergedOrSplit():
		return a.client.Fail(ch.call, downstream.Refused,
			"the order was merged with others or split, so it is not one order of the sales channel",
			"cancel or ship it by hand in ShipStation")
	case ch.wished == downstream.PhaseCancelled && read.wire.OrderKey == "":
		return a.client.Fail(ch.call, downstream.Refused,
			"the order has no orderKey, without which ShipStation would make another order", "look at the order in ShipStation")
	default:
		return nil
	}
}

// write sends the change. A 4xx that is not about credentials, time or quotas
// may be about the order, which somebody else cancelled or shipped a moment ago.
func (a *Adapter) write(ctx context.Context, r *room, ch change, read snapshot) error {
	ch.call.JSON = ch.body(read)
	ans, err := a.exchange(ctx, r, ch.call)
	if err != nil {
		return err
	}
	err = a.client.Check(ch.call, ans)
	switch s := ans.Status; {
	case err == nil:
		return a.otherOrder(ch, ans, read.wire.OrderID)
	case s < 400, s >= 500, s == http.StatusUnauthorized, s == http.StatusForbidden,
		s == http.StatusRequestTimeout, s == http.StatusTooManyRequests:
		return err
	default:
		return overhttp.Unsure(err)
	}
}

// otherOrder notices that ShipStation did not recognize the orderKey and made
// another order. To repeat the request would make one more. An answer that
// cannot be read proves nothing.
func (a *Adapter) otherOrder(ch change, ans overhttp.Answer, orderID int64) error {
	var written struct {
		OrderID int64 `json:"orderId"`
	}
	readable := ch.call.Route == routeCreateOrder && ans.BodyErr == nil && ans.JSON(&written) == nil
	if !readable || written.OrderID == 0 || written.OrderID == orderID {
		return nil
	}
	return overhttp.Settled(a.client.FailAnswer(ch.call, ans, overhttp.Meaning{
		Kind:   downstream.Refused,
		Detail: fmt.Sprintf("ShipStation made order id %d instead of changing order id %d", written.OrderID, orderID),
		Advice: "delete the one and cancel the other in ShipStation",
	}))
}
