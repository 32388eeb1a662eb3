package vendure

import (
	"context"
	"slices"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
)

// statuses are the states of Vendure's default order process, in the order in
// which an order goes through them. The package comment has the reasons.
var statuses = []downstream.Status{
	{Name: "Created", Phase: downstream.PhaseUnprocessed, Description: "Made a moment ago."},
	{Name: "Draft", Phase: downstream.PhaseUnprocessed, Description: "An administrator is writing it."},
	{Name: "AddingItems", Phase: downstream.PhaseUnprocessed, Description: "A customer's cart."},
	{Name: "ArrangingPayment", Phase: downstream.PhaseUnprocessed, Description: "At the checkout, not placed yet."},
	{
		Name: "PaymentAuthorized", Phase: downstream.PhaseOpen,
		Description: "Placed; its payment is not settled, so that it can be cancelled but not fulfilled.",
	},
	{Name: "PaymentSettled", Phase: downstream.PhaseOpen, Description: "Paid and ready to be shipped."},
	{Name: "Modifying", Phase: downstream.PhaseUnprocessed, Description: "An administrator is changing it."},
	{
		Name: "ArrangingAdditionalPayment", Phase: downstream.PhaseUnprocessed,
		Description: "It was changed and more is to be paid.",
	},
	{
		Name: "PartiallyShipped", Phase: downstream.PhaseOpen,
		Description: "Some of it is shipped. To cancel it cancels that, too.",
	},
	{Name: "Shipped", Phase: downstream.PhaseFulfilled, Description: "All of it is shipped."},
	{
		Name: "PartiallyDelivered", Phase: downstream.PhaseOpen,
		Description: "Some of it is delivered. It cannot be fulfilled from here, and to cancel it cancels that, too.",
	},
	{Name: "Delivered", Phase: downstream.PhaseFulfilled, Description: "All of it is delivered."},
	{Name: "Cancelled", Phase: downstream.PhaseCancelled, Description: "Cancelled."},
}

// Statuses implements downstream.Adapter. The vocabulary is fixed, so no
// request is made.
func (a *Adapter) Statuses(ctx context.Context) ([]downstream.Status, error) {
	if err := ctx.Err(); err != nil {
		return nil, a.client.NoAnswer(ctx, overhttp.Call{Name: "list statuses"}, err)
	}
	return slices.Clone(statuses), nil
}

// statusOf finds a status by the state of an order.
func statusOf(state string) (downstream.Status, bool) {
	i := slices.IndexFunc(statuses, func(s downstream.Status) bool { return s.Name == state })
	if i < 0 {
		return downstream.Status{}, false
	}
	return statuses[i], true
}
