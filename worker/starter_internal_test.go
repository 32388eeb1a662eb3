package worker

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/worker/devserver/devservertest"
	"github.com/orderbridge/orderbridge/workflows"
)

func TestMain(m *testing.M) { os.Exit(devservertest.Main(m)) }

// signalEnd ends the order workflows of this test: as failed, if it is true.
const signalEnd = "end"

func endsWhenTold(ctx workflow.Context, _ workflows.Webhook) error {
	var fails bool
	workflow.NewSelector(ctx).
		AddReceive(ctx.Done(), func(workflow.ReceiveChannel, bool) {}).
		AddReceive(workflow.GetSignalChannel(ctx, signalEnd), func(c workflow.ReceiveChannel, _ bool) { c.Receive(ctx, &fails) }).
		Select(ctx)
	if fails {
		return temporal.NewNonRetryableApplicationError("the order is beyond help", "ambiguous", nil)
	}
	return ctx.Err()
}

// TestStartOrder starts the run of a change again, after one that ended in some
// way: as it is found for the first time, and with Again.
func TestStartOrder(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	server := devservertest.Start(t, workflows.SearchAttributes())
	temporalClient := server.Connect(t, server.CreateNamespace(t))
	w := worker.New(temporalClient, workflows.TaskQueue, worker.Options{})
	w.RegisterWorkflowWithOptions(endsWhenTold, workflow.RegisterOptions{Name: workflows.OrderWebhookType})
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
	s := &starter{client: temporalClient}

	tell := func(fails bool) func(client.WorkflowRun) error {
		return func(run client.WorkflowRun) error {
			return temporalClient.SignalWorkflow(ctx, run.GetID(), run.GetRunID(), signalEnd, fails)
		}
	}
	for name, c := range map[string]struct {
		order        int64
		end          func(client.WorkflowRun) error // nil leaves it open
		starts       bool
		startsAgain  bool
		wantsFailure bool
	}{
		"open":      {order: 100},
		"completed": {order: 200, end: tell(false), startsAgain: true},
		"failed":    {order: 300, end: tell(true), starts: true, startsAgain: true, wantsFailure: true},
		"terminated": {400, func(run client.WorkflowRun) error {
			return temporalClient.TerminateWorkflow(ctx, run.GetID(), "", "by mistake")
		}, true, true, true},
		"cancelled": {500, func(run client.WorkflowRun) error { return temporalClient.CancelWorkflow(ctx, run.GetID(), "") }, true, true, true},
	} {
		for kind, again := range map[string]bool{"found": false, "found, and to be done again": true} {
			t.Run(name+", "+kind, func(t *testing.T) {
				found := activities.FoundOrder{
					Channel: "main", StoreHash: "abc123", OrderID: c.order, StatusID: bigcommerce.StatusCancelled,
					ModifiedAt: time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC),
				}
				wants := c.starts
				if again {
					found.OrderID++
					wants = c.startsAgain
				}
				started, err := s.StartOrder(ctx, found)
				require.NoError(t, err)
				require.True(t, started)
				run := temporalClient.GetWorkflow(ctx, found.WorkflowID(), "")
				if c.end != nil {
					require.NoError(t, c.end(run))
					require.Equal(t, c.wantsFailure, run.Get(ctx, nil) != nil)
				}
				found.Again = again
				started, err = s.StartOrder(ctx, found)
				require.NoError(t, err)
				require.Equal(t, wants, started)
				if wants {
					started, err = s.StartOrder(ctx, found)
					require.NoError(t, err)
					require.False(t, started, "the next one is open")
				}
			})
		}
	}
	t.Run("Temporal is away", func(t *testing.T) {
		gone, cancel := context.WithCancelCause(ctx)
		cancel(errors.New("the worker stops"))
		_, err := s.StartOrder(gone, activities.FoundOrder{Channel: "main", StoreHash: "abc123", OrderID: 7, ModifiedAt: time.Unix(1_800_000_000, 0)})
		require.ErrorContains(t, err, "channel main: order 7: start workflow webhook/main/reconciled/7/1800000000-abc123: ")
	})
}
