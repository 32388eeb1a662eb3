package shipstation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/orderbridge/orderbridge/activities/downstream"
)

// change is one order's cancellation or fulfillment.
type change struct {
	name    string
	orderID int64
	target  downstream.Target
	wished  downstream.Phase
	route   string
	// body makes what is sent from the order that was read.
	body func(read snapshot) (any, error)
	// updates says that the answer shows the order that was written.
	updates bool
}

// requestsOfChange is how many requests a change takes: read, write, read.
const requestsOfChange = 3

// Cancel implements downstream.Adapter. The reason is not passed on: an order of
// ShipStation has no place for it.
func (a *Adapter) Cancel(ctx context.Context, req downstream.CancelRequest) (downstream.Change, error) {
	return a.change(ctx, change{
		name: "cancel order", target: req.Target, wished: downstream.PhaseCancelled,
		route: routeCreateOrder, body: cancelled, updates: true,
	})
}

// Fulfill implements downstream.Adapter. Of several tracking numbers the first
// is kept. Neither the customer nor the sales channel is told by ShipStation.
func (a *Adapter) Fulfill(ctx context.Context, req downstream.FulfillRequest) (downstream.Change, error) {
	return a.change(ctx, change{
		name: "fulfill order", target: req.Target, wished: downstream.PhaseFulfilled,
		route: routeMarkShipped,
		body: func(read snapshot) (any, error) {
			return a.parcel(read.wire.OrderID, req.Shipments), nil
		},
	})
}

// cancelled is the order with another status and everything else as it came.
func cancelled(read snapshot) (any, error) {
	if read.wire.OrderKey == "" {
		return nil, errors.New("the order has no orderKey, without which ShipStation would make another order")
	}
	word, err := json.Marshal(wireCancelled)
	if err != nil {
		return nil, err
	}
	read.document["orderStatus"] = word
	return read.document, nil
}

// change reads, writes and reads again.
func (a *Adapter) change(ctx context.Context, ch change) (downstream.Change, error) {
	c := call{name: ch.name, order: ch.target.Number, method: http.MethodPost, route: ch.route, path: ch.route}
	id, err := strconv.ParseInt(ch.target.OrderID, 10, 64)
	if err != nil || id <= 0 || ch.target.Version == "" {
		return downstream.Change{}, a.fail(c, downstream.Invalid, "the order id is not a number, or the version is empty", adviseReport)
	}
	ch.orderID = id
	leave, err := a.account.enter(ctx, id)
	if err != nil {
		return downstream.Change{}, a.noAnswer(ctx, c, err)
	}
	defer leave()
	r, err := a.reserve(c, requestsOfChange, false)
	if err != nil {
		return downstream.Change{}, err
	}
	defer r.release()

	read, err := a.reread(ctx, r, ch)
	if err != nil {
		return downstream.Change{}, err
	}
	if read.Status.Phase == ch.wished {
		return downstream.Change{Order: read.Order, AlreadyDone: true}, nil
	}
	if err := a.permit(c, ch, read); err != nil {
		return downstream.Change{}, err
	}
	content, err := ch.body(read)
	if err != nil {
		return downstream.Change{}, a.fail(c, downstream.Refused, err.Error(), adviseLook)
	}
	if c.body, err = json.Marshal(content); err != nil {
		return downstream.Change{}, a.fail(c, downstream.Malformed, "the order cannot be written as JSON", adviseReport)
	}
	ans, err := a.exchange(ctx, r, c)
	if err != nil {
		return downstream.Change{}, err
	}
	return a.settle(ctx, r, c, ch, ans)
}

// permit refuses what must not be sent. ShipStation itself is not relied on for
// any of it.
func (a *Adapter) permit(c call, ch change, read snapshot) error {
	switch {
	case read.Version != ch.target.Version:
		return a.fail(c, downstream.VersionConflict, "the order changed since it was read", adviseReread)
	case read.Status.Phase != downstream.PhaseOpen:
		return a.fail(c, downstream.Refused,
			fmt.Sprintf("ShipStation lets no order be changed that is %q", read.Status.Name), adviseLook)
	case read.wire.mergedOrSplit():
		return a.fail(c, downstream.Refused, "the order was merged with others or split, so it is not one order of the sales channel",
			"cancel or ship it by hand in ShipStation")
	default:
		return nil
	}
}

// settle turns the answer to a write into a result. What counts is what reading
// the order shows afterwards, after a refusal too: that is how an order that
// somebody else cancelled or shipped a moment ago is told from a mistake.
func (a *Adapter) settle(ctx context.Context, r *room, c call, ch change, ans answer) (downstream.Change, error) {
	refused := ans.status >= 400 && ans.status < 500
	switch {
	case ans.ok():
		if err := a.otherOrder(c, ch, ans); err != nil {
			return downstream.Change{}, err
		}
	case !refused, ans.status == http.StatusUnauthorized, ans.status == http.StatusForbidden,
		ans.status == http.StatusRequestTimeout, ans.status == http.StatusTooManyRequests:
		return downstream.Change{}, a.answerError(c, ans)
	}
	order, err := a.reread(ctx, r, ch)
	switch {
	case err != nil:
		return downstream.Change{}, err
	case order.Status.Phase == ch.wished:
		return downstream.Change{Order: order.Order, AlreadyDone: refused}, nil
	case order.Status.Phase.Final():
		return downstream.Change{}, a.failStatus(c, ans, downstream.VersionConflict,
			"somebody ended the order in another way in the meantime", adviseReread)
	case refused && order.Version != ch.target.Version:
		return downstream.Change{}, a.failStatus(c, ans, downstream.VersionConflict,
			"the order changed since it was read", adviseReread)
	case refused:
		return downstream.Change{}, a.answerError(c, ans)
	default:
		return downstream.Change{}, a.fail(c, downstream.Unavailable,
			"ShipStation reported success, but the change is not visible yet", adviseRepeat)
	}
}

// otherOrder notices that ShipStation did not recognize the orderKey and made
// another order. To repeat the request would make one more. An answer that
// cannot be read proves nothing.
func (a *Adapter) otherOrder(c call, ch change, ans answer) error {
	var written struct {
		OrderID int64 `json:"orderId"`
	}
	readable := ch.updates && ans.bodyErr == nil && decode(ans.body, &written) == nil
	if readable && written.OrderID != 0 && written.OrderID != ch.orderID {
		return a.failStatus(c, ans, downstream.Refused,
			fmt.Sprintf("ShipStation made order id %d instead of changing order id %d", written.OrderID, ch.orderID),
			"delete the one and cancel the other in ShipStation")
	}
	return nil
}
