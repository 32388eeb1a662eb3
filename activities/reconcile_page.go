package activities

import (
	"context"
	"errors"
	"slices"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/channels"
)

// ReconcilePageRequest asks for one page of a search.
type ReconcilePageRequest struct {
	// Channel is the id of the sales channel.
	Channel string `json:"channel"`
	// Window is what BeginReconcile returned.
	Window ReconcileWindow `json:"window"`
	// Cursor is where the page begins.
	Cursor ReconcileCursor `json:"cursor"`
	// DryRun starts nothing.
	DryRun bool `json:"dry_run,omitempty"`
	// Scheduled is true for a search from the watermark: what that one starts
	// counts as a webhook that BigCommerce lost.
	Scheduled bool `json:"scheduled,omitempty"`
	// RepeatFailed starts the order workflow also for changes of which a run
	// has failed.
	RepeatFailed bool `json:"repeat_failed,omitempty"`
}

// ReconcilePageResult is what became of a page.
type ReconcilePageResult struct {
	// Counts are those of this page.
	Counts ReconcileCounts `json:"counts"`
	// Found are the changes that were started, or in a dry run would have
	// been.
	Found []FoundOrder `json:"found,omitempty"`
	// Next is where the next page begins.
	Next ReconcileCursor `json:"next"`
	// Done is true for the last page.
	Done bool `json:"done,omitempty"`
	// Stop says in a sentence why the search must end early; empty if not.
	Stop string `json:"stop,omitempty"`
}

// ReconcilePage reads one page of the changed orders and starts the order
// workflow for those in a mapped status that no run has looked at. When it is
// repeated after it has started some of them, it starts the rest, and reports
// both.
//
// An archived order is not listed by BigCommerce; if it is, it counts like any
// other: archiving does not undo a cancellation.
func (a *Activities) ReconcilePage(ctx context.Context, request ReconcilePageRequest) (ReconcilePageResult, error) {
	result, err := a.reconcilePage(ctx, request)
	if errors.Is(err, channels.ErrUnknown) {
		return ReconcilePageResult{Next: request.Cursor, Stop: noSuchChannel(request.Channel)}, nil
	}
	if err != nil {
		return ReconcilePageResult{}, keepTrying(err)
	}
	if !request.DryRun {
		a.metrics.reconciled(reconciledCovered, result.Counts.Covered)
	}
	return result, nil
}

func (a *Activities) reconcilePage(ctx context.Context, request ReconcilePageRequest) (ReconcilePageResult, error) {
	result := ReconcilePageResult{Next: request.Cursor}
	var page orderPage
	var channel channels.Channel
	err := a.with(ctx, request.Channel, func(current channels.Channel) (err error) {
		channel = current
		if result.Stop = idle(channel); result.Stop != "" {
			return nil
		}
		page, err = a.listChanged(ctx, channel, request.Cursor.query(request.Window.Until))
		return err
	})
	if err != nil || result.Stop != "" {
		return result, err
	}
	fresh, next, done, err := request.Cursor.take(page.orders, request.Window.Until)
	if err != nil {
		return result, &bigcommerce.Error{
			Channel: request.Channel, Call: "list orders", Kind: bigcommerce.Malformed, Title: err.Error(), Err: err,
			Advice: "if it lasts, BigCommerce has changed its list of orders",
		}
	}
	mapped := mappedOrders(fresh, channel.Settings.WithDefaults())
	begun := begunBefore(ctx)
	pending := slices.DeleteFunc(slices.Clone(mapped), func(o bigcommerce.Order) bool {
		return slices.ContainsFunc(begun, func(f FoundOrder) bool { return f.OrderID == o.ID && f.ModifiedAt.Equal(o.DateModified) })
	})
	activity.RecordHeartbeat(ctx, begun)
	missed, err := a.uncovered(ctx, coverage{
		channel: channel, lead: max(page.lead, request.Window.Lead), repeatFailed: request.RepeatFailed,
	}, pending)
	if err != nil {
		return result, err
	}
	result.Next, result.Done = next, done
	result.Counts = ReconcileCounts{
		Listed: len(fresh), Mapped: len(mapped), Covered: len(pending) - len(missed),
		Missed: len(missed) + len(begun), Started: len(begun),
	}
	result.Found = begun
	for _, found := range missed {
		if err := a.startFound(ctx, request, found, &result); err != nil {
			return result, err
		}
	}
	return result, nil
}

// startFound starts the order workflow for a change, unless this is a dry run.
func (a *Activities) startFound(ctx context.Context, request ReconcilePageRequest, found FoundOrder, result *ReconcilePageResult) error {
	if request.DryRun {
		result.Found = append(result.Found, found)
		return nil
	}
	started, err := a.starter.StartOrder(ctx, found)
	switch {
	case err != nil:
		return err
	case !started:
		result.Counts.AlreadyStarted++
		a.metrics.reconciled(reconciledAlready, 1)
		return nil
	}
	result.Counts.Started++
	result.Found = append(result.Found, found)
	a.metrics.reconciled(reconciledStarted, 1)
	if request.Scheduled {
		a.metrics.missed()
	}
	activity.RecordHeartbeat(ctx, result.Found)
	return nil
}

// begunBefore returns what earlier attempts at this page have started.
func begunBefore(ctx context.Context) []FoundOrder {
	var begun []FoundOrder
	if activity.HasHeartbeatDetails(ctx) {
		if err := activity.GetHeartbeatDetails(ctx, &begun); err != nil {
			// Only the counts suffer: no change is started twice.
			activity.GetLogger(ctx).Warn("what an earlier attempt has started is not known", "error", err)
			return nil
		}
	}
	return begun
}

// orderPage is an answer of the store.
type orderPage struct {
	orders []bigcommerce.Order
	// lead is below zero by how much at most the store's clock is behind ours.
	lead time.Duration
}

func (a *Activities) listChanged(ctx context.Context, channel channels.Channel, query bigcommerce.OrdersQuery) (orderPage, error) {
	store, err := a.connections.Store(ctx, channel)
	if err != nil {
		return orderPage{}, err
	}
	orders, err := store.Orders(ctx, query)
	if err != nil || len(orders) == 0 {
		return orderPage{}, err
	}
	return orderPage{orders: orders, lead: lead(orders[0].ReadAt)}, nil
}

// mappedOrders returns the orders for which a webhook would do more than look.
func mappedOrders(orders []bigcommerce.Order, settings channels.Settings) []bigcommerce.Order {
	var out []bigcommerce.Order
	for _, order := range orders {
		if len(settings.StoreChannels) > 0 && !slices.Contains(settings.StoreChannels, order.ChannelID) {
			continue
		}
		if slices.Contains(settings.CancelOn, order.StatusID) || slices.Contains(settings.FulfillOn, order.StatusID) {
			out = append(out, order)
		}
	}
	return out
}
