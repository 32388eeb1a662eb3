package threepl

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
)

// Cancel implements downstream.Adapter. It needs the role OrderWrite.
func (a *Adapter) Cancel(ctx context.Context, req downstream.CancelRequest) (downstream.Change, error) {
	return a.change(ctx, req.Target, downstream.PhaseCancelled, overhttp.Call{
		Name: "cancel order", Route: routeCanceler, JSON: newCancellation(req),
	})
}

// Fulfill implements downstream.Adapter: it confirms the order, which closes
// it. Only the first tracking number is kept. It needs the role OrderConfirm.
func (a *Adapter) Fulfill(ctx context.Context, req downstream.FulfillRequest) (downstream.Change, error) {
	return a.change(ctx, req.Target, downstream.PhaseFulfilled, overhttp.Call{
		Name: "fulfill order", Route: routeConfirmer, JSON: newConfirmation(req, a.config.RecalculateCharges),
	})
}

func (a *Adapter) change(
	ctx context.Context, target downstream.Target, wished downstream.Phase, c overhttp.Call,
) (downstream.Change, error) {
	c.Order = strings.TrimSpace(target.Number)
	if err := checkTarget(target); err != nil {
		return downstream.Change{}, a.client.Fail(c, downstream.Invalid, err.Error(), overhttp.AdviseReport)
	}
	c.Method, c.Path = http.MethodPost, strings.Replace(c.Route, "{id}", target.OrderID, 1)
	c.Header = http.Header{
		"Content-Type": {"application/json; charset=utf-8"},
		"If-Match":     {target.Version},
	}
	return a.client.Change(ctx, overhttp.Change{
		Name:   c.Name,
		Target: target,
		Wished: wished,
		Read: func(ctx context.Context, name string) (downstream.Order, error) {
			return a.get(ctx, name, target.OrderID, c.Order)
		},
		Write: func(ctx context.Context) error { return a.write(ctx, c) },
	})
}

// checkTarget refuses what cannot have come from Find.
func checkTarget(t downstream.Target) error {
	switch {
	case !orderID.MatchString(t.OrderID):
		return errors.New("the order id is not a positive number")
	case !entityTag.MatchString(t.Version):
		return errors.New("the version is not an ETag")
	default:
		return nil
	}
}

// write makes the request that changes an order. A success is documented to have
// no body, and one that has is not looked into: what counts is what reading the
// order shows afterwards.
func (a *Adapter) write(ctx context.Context, c overhttp.Call) error {
	ans, err := a.tokens.Do(ctx, c)
	if err != nil {
		return err
	}
	err = a.client.Check(c, ans)
	if exceptionOf(ans).refusal().final {
		return overhttp.Ended(err)
	}
	return err
}
