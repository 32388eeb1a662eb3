package vendure

import (
	"context"
	"slices"
	"strings"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
)

// maxReason bounds the reason of a cancellation, in characters.
const maxReason = 255

// change is one order's cancellation or fulfillment.
type change struct {
	name   string
	target downstream.Target
	wished downstream.Phase
	// state is the one that the order must be able to go to.
	state string
	// permit may refuse the order for more than that.
	permit func(overhttp.Call, wireOrder) error
	// write makes the change of the order as it was read.
	write func(context.Context, wireOrder) error
}

// Cancel implements downstream.Adapter. All of the order is cancelled, its
// shipping too; the reason stands in the order's history. What was paid is not
// refunded.
func (a *Adapter) Cancel(ctx context.Context, req downstream.CancelRequest) (downstream.Change, error) {
	return a.change(ctx, change{
		name:   "cancel order",
		target: req.Target,
		wished: downstream.PhaseCancelled,
		state:  "Cancelled",
		permit: func(c overhttp.Call, o wireOrder) error {
			if o.quantity() > 0 {
				return nil
			}
			return a.client.Fail(c, downstream.Refused, "everything in the order has been cancelled or taken out, but the order has not", adviseLook)
		},
		write: func(ctx context.Context, _ wireOrder) error {
			r, err := a.mutate(ctx, operation("cancel order", req.Number, cancelMutation, variables{
				"id": req.OrderID, "reason": overhttp.OneLine(req.Reason, maxReason),
			}))
			if r.ErrorCode == codeNothing {
				// That is what Vendure says of an order that is cancelled.
				return overhttp.Ended(err)
			}
			return err
		},
	})
}

// change reads, checks, writes and reads again.
func (a *Adapter) change(ctx context.Context, ch change) (downstream.Change, error) {
	ch.target.Number = strings.TrimSpace(ch.target.Number)
	c := overhttp.Call{Name: ch.name, Order: ch.target.Number}
	if !orderID.MatchString(ch.target.OrderID) || ch.target.Number == "" || ch.target.Version == "" {
		return downstream.Change{}, a.client.Fail(c, downstream.Invalid,
			"the order id is not one of Vendure's, or the order number or the version is empty", overhttp.AdviseReport)
	}
	var read wireOrder
	return a.client.Change(ctx, overhttp.Change{
		Name:   ch.name,
		Target: ch.target,
		Wished: ch.wished,
		Locks:  &a.locks,
		Read: func(ctx context.Context, name string) (order downstream.Order, err error) {
			read, order, err = a.reread(ctx, name, ch.target)
			return order, err
		},
		Permit: func(order downstream.Order) error {
			if !slices.Contains(read.NextStates, ch.state) {
				return a.client.Fail(c, downstream.Refused,
					"Vendure lets no order go from "+order.Status.Name+" to "+ch.state, adviseState(order.Status.Name))
			}
			return ch.permit(c, read)
		},
		Write: func(ctx context.Context) error { return ch.write(ctx, read) },
	})
}

// adviseState says what to do about an order that cannot leave a state.
func adviseState(state string) string {
	if state == "PaymentAuthorized" {
		return "settle the order's payment in Vendure"
	}
	return adviseLook
}
