package threepl

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/orderbridge/orderbridge/activities/downstream"
)

// change is one order's cancellation or fulfillment.
type change struct {
	call   call
	target downstream.Target
	wished downstream.Phase
}

// Cancel implements downstream.Adapter. It needs the role OrderWrite.
func (a *Adapter) Cancel(ctx context.Context, req downstream.CancelRequest) (downstream.Change, error) {
	return a.change(ctx, change{
		call:   call{name: "cancel order", path: "/canceler", role: "OrderWrite"},
		target: req.Target,
		wished: downstream.PhaseCancelled,
	}, newCancellation(req))
}

// Fulfill implements downstream.Adapter: it confirms the order, which closes
// it. Only the first tracking number is kept. It needs the role OrderConfirm.
func (a *Adapter) Fulfill(ctx context.Context, req downstream.FulfillRequest) (downstream.Change, error) {
	return a.change(ctx, change{
		call:   call{name: "fulfill order", path: "/confirmer", role: "OrderConfirm"},
		target: req.Target,
		wished: downstream.PhaseFulfilled,
	}, newConfirmation(req, a.config.RecalculateCharges))
}

func (a *Adapter) change(ctx context.Context, ch change, body any) (downstream.Change, error) {
	ch.target.Number = strings.TrimSpace(ch.target.Number)
	ch.call.order, ch.call.one = ch.target.Number, true
	if err := checkTarget(ch.target); err != nil {
		return downstream.Change{}, a.fail(ch.call, downstream.Invalid, err.Error(), adviseReport)
	}
	content, err := json.Marshal(body)
	if err != nil {
		return downstream.Change{}, a.fail(ch.call, downstream.Invalid, "the request cannot be written as JSON", adviseReport)
	}
	ch.call.method, ch.call.body = http.MethodPost, content
	ch.call.path = ordersPath + "/" + ch.target.OrderID + ch.call.path
	ch.call.header = http.Header{"If-Match": {ch.target.Version}}

	order, err := a.reread(ctx, ch)
	switch {
	case err != nil:
		return downstream.Change{}, err
	case order.Status.Phase == ch.wished:
		return downstream.Change{Order: order, AlreadyDone: true}, nil
	case order.Version != ch.target.Version:
		return downstream.Change{}, a.fail(ch.call, downstream.VersionConflict, "the order changed since it was read", adviseReread)
	case order.Status.Phase.Final():
		return downstream.Change{}, a.fail(ch.call, downstream.Refused, "the order is "+order.Status.Name,
			"look at the order in 3PL Warehouse Manager")
	}
	ans, err := a.exchange(ctx, ch.call)
	if err != nil {
		return downstream.Change{}, err
	}
	return a.settle(ctx, ch, ans)
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

// reread reads the order that a change is about.
func (a *Adapter) reread(ctx context.Context, ch change) (downstream.Order, error) {
	return a.get(ctx, ch.call.name, ch.target.OrderID, ch.target.Number)
}

// settle turns the answer to a change into a result. A success is documented to
// have no body, and one that has is not looked into: what counts is what
// reading the order shows afterwards.
func (a *Adapter) settle(ctx context.Context, ch change, ans answer) (downstream.Change, error) {
	switch e := ans.exception; {
	case ans.ok():
		return a.confirm(ctx, ch)
	case ans.status == http.StatusForbidden && e.operation && e.code != codeInUse:
		return a.refused(ctx, ch, ans)
	case ans.status == http.StatusPreconditionFailed:
		return a.stale(ctx, ch, ans)
	default:
		return downstream.Change{}, a.answerError(ch.call, ans)
	}
}

// confirm follows a success: the order must be read in the wished phase.
func (a *Adapter) confirm(ctx context.Context, ch change) (downstream.Change, error) {
	order, err := a.reread(ctx, ch)
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

// refused follows an operation that the order's state forbids. Whether that
// means "already done" is read from the order, never from the answer's code.
func (a *Adapter) refused(ctx context.Context, ch change, ans answer) (downstream.Change, error) {
	order, err := a.reread(ctx, ch)
	switch {
	case err != nil:
		return downstream.Change{}, err
	case order.Status.Phase == ch.wished:
		return downstream.Change{Order: order, AlreadyDone: true}, nil
	case order.Version != ch.target.Version:
		return downstream.Change{}, a.conflict(ch, ans)
	case !order.Status.Phase.Final() && ans.exception.refusal().final:
		// The system contradicts itself: it says final and shows otherwise.
		return downstream.Change{}, a.failStatus(ch.call, ans, downstream.Unavailable,
			"the system says that the order is done, but that is not visible yet", adviseRepeat)
	default:
		return downstream.Change{}, a.answerError(ch.call, ans)
	}
}

// stale follows a 412: somebody changed the order, perhaps to what is wished.
func (a *Adapter) stale(ctx context.Context, ch change, ans answer) (downstream.Change, error) {
	order, err := a.reread(ctx, ch)
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
	return a.failStatus(ch.call, ans, downstream.VersionConflict, "the order changed since it was read", adviseReread)
}
