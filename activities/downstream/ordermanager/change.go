package ordermanager

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"

	"github.com/orderbridge/orderbridge/activities/downstream"
)

// change is one order's cancellation or shipment.
type change struct {
	call   call
	target downstream.Target
	wished downstream.Phase
}

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
	if reason := oneLine(req.Reason); reason != "" {
		query.Set("cancelReason", reason)
	}
	return a.change(ctx, change{
		call: call{
			name: "cancel order", order: req.Number,
			method: http.MethodPost, route: routeCancel, path: routeCancel + "?" + query.Encode(),
		},
		target: req.Target,
		wished: downstream.PhaseCancelled,
	})
}

// Fulfill implements downstream.Adapter. Every tracking number becomes a
// shipment of its own, in one request. See Cancel about repetitions.
func (a *Adapter) Fulfill(ctx context.Context, req downstream.FulfillRequest) (downstream.Change, error) {
	ch := change{
		call:   call{name: "fulfill order", order: req.Number, method: http.MethodPut, route: routeShip, path: routeShip},
		target: req.Target,
		wished: downstream.PhaseFulfilled,
	}
	// An id that is no number is refused below.
	id, _ := strconv.ParseInt(req.OrderID, 10, 64)
	body, err := json.Marshal(a.config.newBatch(id, req.Shipments))
	if err != nil {
		return downstream.Change{}, a.fail(ch.call, downstream.Invalid, "the request cannot be written as JSON", adviseReport)
	}
	ch.call.body = body
	return a.change(ctx, ch)
}

// change reads, checks, writes and reads again, while nobody else in this
// process changes the order.
func (a *Adapter) change(ctx context.Context, ch change) (downstream.Change, error) {
	switch {
	case !orderID.MatchString(ch.target.OrderID):
		return downstream.Change{}, a.fail(ch.call, downstream.Invalid, "the order id is not one of Order Manager's", adviseReport)
	case ch.target.Number == "" || ch.target.Version == "":
		return downstream.Change{}, a.fail(ch.call, downstream.Invalid, "the order number or the version is empty", adviseReport)
	}
	unlock, err := a.account.lock(ctx, ch.target.OrderID)
	if err != nil {
		return downstream.Change{}, a.noAnswer(ctx, ch.call, err)
	}
	defer unlock()

	order, err := a.reread(ctx, ch.call.name+": read the order first", ch.target)
	switch {
	case err != nil:
		return downstream.Change{}, err
	case order.Status.Phase == ch.wished:
		return downstream.Change{Order: order, AlreadyDone: true}, nil
	case order.Version != ch.target.Version:
		return downstream.Change{}, a.fail(ch.call, downstream.VersionConflict, "the order changed since it was read", adviseReread)
	case order.Status.Phase != downstream.PhaseOpen:
		// Whether the API would go along is not known, and not tried.
		return downstream.Change{}, a.fail(ch.call, downstream.Refused,
			"the order is in status "+strconv.Quote(order.Status.Name), adviseLook)
	}
	ans, err := a.exchange(ctx, ch.call)
	switch {
	case err != nil:
		return downstream.Change{}, err
	case ans.ok():
		return a.confirm(ctx, ch, ans)
	case ans.aboutOrder():
		return a.refused(ctx, ch, ans)
	default:
		return downstream.Change{}, a.answerError(ch.call, ans)
	}
}

// confirm follows a success: the order must be read in the wished phase.
func (a *Adapter) confirm(ctx context.Context, ch change, ans answer) (downstream.Change, error) {
	order, err := a.after(ctx, ch)
	switch {
	case err != nil:
		return downstream.Change{}, err
	case order.Status.Phase == ch.wished:
		return downstream.Change{Order: order}, nil
	case order.Status.Phase.Final():
		return downstream.Change{}, a.failStatus(ch.call, ans, downstream.VersionConflict,
			"the API reported success, but somebody has ended the order in another way since", adviseReread)
	case ans.refused > 0:
		return downstream.Change{}, a.failStatus(ch.call, ans, downstream.Refused,
			"the answer holds a failure"+quotable(ans.refusal)+" inside of its success", adviseLook)
	default:
		return downstream.Change{}, a.failStatus(ch.call, ans, downstream.Unavailable,
			"the API reported success, but the change is not visible yet", adviseRepeat)
	}
}

// refused follows an answer that blames the order or the request. Whether that
// means "already done" is read from the order, never from the answer's text.
func (a *Adapter) refused(ctx context.Context, ch change, ans answer) (downstream.Change, error) {
	order, err := a.after(ctx, ch)
	switch {
	case err != nil:
		return downstream.Change{}, err
	case order.Status.Phase == ch.wished:
		return downstream.Change{Order: order, AlreadyDone: true}, nil
	case order.Version != ch.target.Version:
		return downstream.Change{}, a.failStatus(ch.call, ans, downstream.VersionConflict,
			"the order changed since it was read", adviseReread)
	default:
		return downstream.Change{}, a.failStatus(ch.call, ans, downstream.Refused,
			"the API does not accept this for the order, which still exists and has not changed", adviseLook)
	}
}

func (a *Adapter) after(ctx context.Context, ch change) (downstream.Order, error) {
	return a.reread(ctx, ch.call.name+": read the order again", ch.target)
}
