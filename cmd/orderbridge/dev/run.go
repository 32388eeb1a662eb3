package dev

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/workflows"
)

// workflowRun is the run of a webhook.
type workflowRun struct {
	client client.Client
	order  int64
	id     string
	link   string
}

// findRun waits until the store has delivered the webhook of an order, and
// returns the run that it started.
func (w *world) findRun(ctx context.Context, order int64) (workflowRun, error) {
	for {
		for _, d := range w.store.Deliveries() {
			if d.OrderID != order || d.Scope != bigcommerce.ScopeOrderStatusUpdated {
				continue
			}
			if !d.OK() {
				return workflowRun{}, fmt.Errorf("the ingress answered the webhook with %d (%w): see %s", d.Status, d.Err, w.logPath())
			}
			id := workflows.Webhook{Channel: channelID, Scope: d.Scope, OrderID: order, Hash: workflows.HashOf(d.EventHash, d.Body)}.ID()
			run := w.client.GetWorkflow(ctx, id, "")
			return workflowRun{
				client: w.client, order: order, id: id,
				link: w.temporal.WorkflowURL(id, run.GetRunID()),
			}, nil
		}
		if err := pause(ctx); err != nil {
			return workflowRun{}, fmt.Errorf("the store did not send a webhook of order %d: %w", order, err)
		}
	}
}

// result waits for the end of the run.
func (r workflowRun) result(ctx context.Context) (workflows.Result, error) {
	var result workflows.Result
	err := r.client.GetWorkflow(ctx, r.id, "").Get(ctx, &result)
	if failed, ok := errors.AsType[*temporal.WorkflowExecutionError](err); ok {
		return workflows.Result{Outcome: workflows.OutcomeFailed, Explanation: failed.Error()}, nil
	}
	if err != nil {
		return workflows.Result{}, fmt.Errorf("wait for the run %s: %w", r.id, err)
	}
	return result, nil
}

// awaitTimer waits until the run has begun to wait.
func (r workflowRun) awaitTimer(ctx context.Context) error {
	history := r.client.GetWorkflowHistory(ctx, r.id, "", true, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for history.HasNext() {
		event, err := history.Next()
		if err != nil {
			return fmt.Errorf("read the history of %s: %w", r.id, err)
		}
		attributes := event.GetTimerStartedEventAttributes()
		if attributes == nil {
			continue
		}
		// A shorter one only lets the order come to rest.
		if attributes.GetStartToFireTimeout().AsDuration() >= waits().First.Std() {
			return nil
		}
	}
	return fmt.Errorf("the run %s ended without waiting", r.id)
}

func pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(20 * time.Millisecond):
		return nil
	}
}
