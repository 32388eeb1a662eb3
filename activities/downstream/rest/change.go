package rest

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"

	"github.com/orderbridge/orderbridge/activities/downstream"
)

// change is one order's cancellation or fulfillment.
type change struct {
	call   call
	target downstream.Target
	wished downstream.Phase
}

// Cancel implements downstream.Adapter.
func (a *Adapter) Cancel(ctx context.Context, req downstream.CancelRequest) (downstream.Change, error) {
	return a.change(ctx, req.Target, "cancel order", "cancellation", downstream.PhaseCancelled, newCancellation(req))
}

// Fulfill implements downstream.Adapter.
func (a *Adapter) Fulfill(ctx context.Context, req downstream.FulfillRequest) (downstream.Change, error) {
	return a.change(ctx, req.Target, "fulfill order", "fulfillment", downstream.PhaseFulfilled, newFulfillment(req))
}

func (a *Adapter) change(
	ctx context.Context, target downstream.Target, name, resource string, wished downstream.Phase, body any,
) (downstream.Change, error) {
	ch := change{
		call: call{
			name:   name,
			order:  target.Number,
			method: http.MethodPost,
			route:  routeOrders + "/{id}/" + resource,
			path:   routeOrders + "/" + url.PathEscape(target.OrderID) + "/" + resource,
		},
		target: target,
		wished: wished,
	}
	if err := checkTarget(target); err != nil {
		return downstream.Change{}, a.fail(ch.call, downstream.Invalid, err.Error(), adviseReport)
	}
	content, err := json.Marshal(body)
	if err != nil {
		return downstream.Change{}, a.fail(ch.call, downstream.Invalid, "the request cannot be written as JSON",
			adviseReport)
	}
	ch.call.body = content
	ch.call.header = http.Header{
		"Content-Type":    {"application/json"},
		"Idempotency-Key": {target.IdempotencyKey},
		"If-Match":        {`"` + target.Version + `"`},
	}
	ans, err := a.exchange(ctx, ch.call)
	if err != nil {
		return downstream.Change{}, err
	}
	return a.settle(ctx, ch, ans)
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

// settle turns the answer to a change into a result. Only the answers that say
// something about the order's state are looked into; the body of a success is
// not: what counts is what reading the order shows afterwards.
func (a *Adapter) settle(ctx context.Context, ch change, ans answer) (downstream.Change, error) {
	switch {
	case ans.ok():
		return a.confirm(ctx, ch)
	case ans.status == http.StatusConflict && ans.problem == ProblemInUse:
		return downstream.Change{}, a.answerError(ch.call, ans)
	case ans.status == http.StatusConflict:
		return a.refused(ctx, ch, ans)
	case ans.status == http.StatusPreconditionFailed:
		return a.stale(ctx, ch, ans)
	default:
		return downstream.Change{}, a.answerError(ch.call, ans)
	}
}

// confirm follows a success: the order must be read in the wished phase.
func (a *Adapter) confirm(ctx context.Context, ch change) (downstream.Change, error) {
	order, err := a.reread(ctx, ch.call.name, ch.target)
	switch {
	case err != nil:
		return downstream.Change{}, err
	case order.Status.Phase == ch.wished:
		return downstream.Change{Order: order}, nil
	case order.Status.Phase.Final():
		return downstream.Change{}, a.fail(ch.call, downstream.VersionConflict,
			"the system reported success, but somebody has ended the order in another way since", adviseReread)
	default:
		return downstream.Change{}, a.fail(ch.call, downstream.Unavailable,
			"the system reported success, but the change is not visible yet", adviseRepeat)
	}
}

// refused follows a 409 that will not pass by itself. Whether that means
// "already done" is read from the order, never from the answer's text.
func (a *Adapter) refused(ctx context.Context, ch change, ans answer) (downstream.Change, error) {
	order, err := a.reread(ctx, ch.call.name, ch.target)
	switch {
	case err != nil:
		return downstream.Change{}, err
	case order.Status.Phase == ch.wished:
		return downstream.Change{Order: order, AlreadyDone: true}, nil
	case order.Version != ch.target.Version:
		return downstream.Change{}, a.conflict(ch, ans)
	case !order.Status.Phase.Final() && (ans.problem == ProblemAlreadyCancelled || ans.problem == ProblemAlreadyFulfilled):
		// The system contradicts itself: it says final and shows otherwise.
		return downstream.Change{}, a.failStatus(ch.call, ans, downstream.Unavailable,
			"the system says that the order is done, but that is not visible yet", adviseRepeat)
	default:
		return downstream.Change{}, a.answerError(ch.call, ans)
	}
}

// stale follows a 412: somebody changed the order, perhaps to what is wished.
func (a *Adapter) stale(ctx context.Context, ch change, ans answer) (downstream.Change, error) {
	order, err := a.reread(ctx, ch.call.name, ch.target)
	switch {
	case err != nil:
		return downstream.Change{}, err
	case order.Status.Phase == ch.wished:
		return downstream.Change{Order: order, AlreadyDone: true}, nil
	default:
		return downstream.Change{}, a.conflict(ch, ans)
	}
}

func (a *Adapter) conflict(ch change, ans answer) error {
	return a.failStatus(ch.call, ans, downstream.VersionConflict,
		"the order changed since it was read", adviseReread)
}
