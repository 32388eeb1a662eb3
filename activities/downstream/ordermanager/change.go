package ordermanager

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
)

// Cancel implements downstream.Adapter. The API has no idempotency keys; a
// repetition finds the order cancelled when it reads it first.
func (a *Adapter) Cancel(ctx context.Context, req downstream.CancelRequest) (downstream.Change, error) {
	// A client of the API sends all of it in the address, and no body.
	query := url.Values{
		"cancelReasonType":       {a.config.CancelReasonType},
		"orderId":                {req.OrderID},
		"refundOrdersOnChannels": {"false"},
		"salesChannelId":         {strconv.FormatInt(a.config.SalesChannelID, 10)},
		"updateSalesChannels":    {"false"},
	}
	if reason := overhttp.OneLine(req.Reason, maxReason); reason != "" {
		query.Set("cancelReason", reason)
	}
	return a.change(ctx, req.Target, downstream.PhaseCancelled, overhttp.Call{
		Name: "cancel order", Method: http.MethodPost, Route: routeCancel, Path: routeCancel + "?" + query.Encode(),
	})
}

// Fulfill implements downstream.Adapter. Every tracking number becomes a
// shipment of its own, in one request. See Cancel about repetitions.
func (a *Adapter) Fulfill(ctx context.Context, req downstream.FulfillRequest) (downstream.Change, error) {
	// An id that is no number is refused below.
	id, _ := strconv.ParseInt(req.OrderID, 10, 64)
	return a.change(ctx, req.Target, downstream.PhaseFulfilled, overhttp.Call{
		Name: "fulfill order", Method: http.MethodPut, Route: routeShip, JSON: a.config.newBatch(id, req.Shipments),
		Header: http.Header{"Content-Type": {"application/json; charset=utf-8"}},
	})
}

// requestsOfChange is how many requests a change takes: read, write, read.
const requestsOfChange = 3

// change makes a change while nobody else in this process changes the order. The
// turns for all of its requests are taken before the first: one that got no
// further than its read would have to read again, and a crowd of those would
// never write.
func (a *Adapter) change(
	ctx context.Context, target downstream.Target, wished downstream.Phase, c overhttp.Call,
) (downstream.Change, error) {
	c.Order = target.Number
	switch {
	case !orderID.MatchString(target.OrderID):
		return downstream.Change{}, a.client.Fail(c, downstream.Invalid, "the order id is not one of Order Manager's", overhttp.AdviseReport)
	case target.Number == "" || target.Version == "":
		return downstream.Change{}, a.client.Fail(c, downstream.Invalid, "the order number or the version is empty", overhttp.AdviseReport)
	}
	leave, err := a.account.orders.Lock(ctx, target.OrderID)
	if err != nil {
		return downstream.Change{}, a.client.NoAnswer(ctx, c, err)
	}
	defer leave()
	t, err := a.take(ctx, c, requestsOfChange)
	if err != nil {
		return downstream.Change{}, err
	}
	defer t.giveBack()
	return a.client.Change(ctx, overhttp.Change{
		Name:   c.Name,
		Target: target,
		Wished: wished,
		Read: func(ctx context.Context, name string) (downstream.Order, error) {
			return a.reread(ctx, t, name, target)
		},
		Write: func(ctx context.Context) error { return a.write(ctx, t, c) },
	})
}

// write makes the request that changes an order. Its answer is never believed to
// say what became of the order.
func (a *Adapter) write(ctx context.Context, t *turns, c overhttp.Call) error {
	ans, err := a.exchange(ctx, t, c)
	if err != nil {
		return err
	}
	const look = "look at the order in Order Manager"
	if aboutOrder(ans) {
		return a.client.FailAnswer(c, ans, overhttp.Meaning{
			Kind:   downstream.Refused,
			Detail: "the API does not accept this for the order, which still exists and has not changed",
			Advice: look,
		})
	}
	if n, status := refusals(ans.Body); ans.OK() && c.Route == routeShip && n > 0 {
		return overhttp.Doubtful(a.client.FailAnswer(c, ans, overhttp.Meaning{
			Kind: downstream.Refused, Detail: "the answer holds a failure" + quotable(status) + " inside of its success", Advice: look,
		}))
	}
	return a.client.Check(c, ans)
}
