package rest

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
)

// Cancel implements downstream.Adapter.
func (a *Adapter) Cancel(ctx context.Context, req downstream.CancelRequest) (downstream.Change, error) {
	return a.change(ctx, req.Target, "cancel order", "cancellation", downstream.PhaseCancelled, newCancellation(req))
}

// Fulfill implements downstream.Adapter.
func (a *Adapter) Fulfill(ctx context.Context, req downstream.FulfillRequest) (downstream.Change, error) {
	return a.change(ctx, req.Target, "fulfill order", "fulfillment", downstream.PhaseFulfilled, newFulfillment(req))
}

// change writes at once: the system compares the version, and its idempotency
// keys recognize repetitions.
func (a *Adapter) change(
	ctx context.Context, target downstream.Target, name, resource string, wished downstream.Phase, body any,
) (downstream.Change, error) {
	c := overhttp.Call{
		Name:   name,
		Order:  target.Number,
		Method: http.MethodPost,
		Route:  routeOrders + "/{id}/" + resource,
		Path:   routeOrders + "/" + url.PathEscape(target.OrderID) + "/" + resource,
		Header: http.Header{
			"Idempotency-Key": {target.IdempotencyKey},
			"If-Match":        {`"` + target.Version + `"`},
		},
		JSON: body,
	}
	if err := checkTarget(target); err != nil {
		return downstream.Change{}, a.client.Fail(c, downstream.Invalid, err.Error(), overhttp.AdviseReport)
	}
	return a.client.Change(ctx, overhttp.Change{
		Name:       name,
		Target:     target,
		Wished:     wished,
		WriteFirst: true,
		Read: func(ctx context.Context, name string) (downstream.Order, error) {
			return a.reread(ctx, name, target)
		},
		Write: func(ctx context.Context) error { return a.write(ctx, c) },
	})
}

// checkTarget refuses what the contract has no way to say.
func checkTarget(t downstream.Target) error {
	switch {
	case !orderID.MatchString(t.OrderID):
		return errors.New("the order id is empty or not in the contract's form")
	case !version.MatchString(t.Version):
		return errors.New("the version is empty or not in the contract's form")
	case !idempotencyKey.MatchString(t.IdempotencyKey):
		return errors.New("the idempotency key is empty, longer than 64 characters, padded or not printable ASCII")
	default:
		return nil
	}
}

// write makes the request that changes an order. The body of a success is not
// looked into: what counts is what reading the order shows afterwards.
func (a *Adapter) write(ctx context.Context, c overhttp.Call) error {
	ans, err := a.client.Do(ctx, c)
	if err != nil {
		return err
	}
	err = a.client.Check(c, ans)
	if p := problemOf(ans); ans.Status == http.StatusConflict && (p == ProblemAlreadyCancelled || p == ProblemAlreadyFulfilled) {
		return overhttp.Ended(err)
	}
	return err
}
