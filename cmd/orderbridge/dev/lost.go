package dev

import (
	"context"
	"fmt"
	"time"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/ingress/operator"
	"github.com/orderbridge/orderbridge/worker"
	"github.com/orderbridge/orderbridge/workflows"
)

// laterBy is how far the store's clock is moved so that a change is old enough
// for a search, which leaves webhooks that may be under way half a minute.
const laterBy = 45 * time.Second

// switchOff switches the channel's hook for orders off, as BigCommerce does
// without a word.
func (w *world) switchOff() error {
	for _, hook := range w.store.Hooks() {
		if hook.Scope == bigcommerce.ScopeOrderStatusUpdated {
			return w.store.DeactivateHook(hook.ID)
		}
	}
	return fmt.Errorf("channel %s has no hook for orders", channelID)
}

// recover does at once what the channel's two Schedules do in their time: it
// audits the subscriptions, and searches the store for what no webhook told of.
// It returns the run that was started for an order.
func (w *world) recover(ctx context.Context, order int64) (workflowRun, error) {
	w.store.Clock().Advance(laterBy)
	service := operator.New(w.client, w.process.Namespace(), w.process.Keeper, worker.Drivers())
	audit, err := service.Audit(ctx, channelID)
	if err != nil {
		return workflowRun{}, err
	}
	if len(audit.Done) == 0 {
		return workflowRun{}, fmt.Errorf("the audit mended nothing: it found %v", audit.Found)
	}
	search, err := service.StartReconcile(ctx, activities.ReconcileRequest{Channel: channelID})
	if err != nil {
		return workflowRun{}, err
	}
	report, err := service.ReconcileResult(ctx, search)
	if err != nil {
		return workflowRun{}, err
	}
	for _, found := range report.Found {
		if found.OrderID == order {
			id := workflows.FoundWebhook(found, time.Now()).ID()
			return workflowRun{
				client: w.client, order: order, id: id,
				link: w.temporal.WorkflowURL(id, w.client.GetWorkflow(ctx, id, "").GetRunID()),
			}, nil
		}
	}
	return workflowRun{}, fmt.Errorf("the search from %s to %s did not find order %d: %+v",
		report.From.Format(time.RFC3339), report.Through.Format(time.RFC3339), order, report.ReconcileCounts)
}
