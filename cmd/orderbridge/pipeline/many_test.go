package pipeline_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"golang.org/x/sync/errgroup"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/downstream/rest/resttest"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/process"
	"github.com/orderbridge/orderbridge/workflows"
)

// TestManyChannels runs the audits and the reconciliations of 200 channels all
// at once, which is worse than their Schedules do, on 20 stores that have the
// smallest quota: all of them come to their end before the next would begin, and
// no store has to refuse a request.
func TestManyChannels(t *testing.T) {
	t.Parallel()
	const stores, systems = 20, 10
	p := newBarePipelineFor(t, 9*time.Minute)
	p.main = p.start(process.Roles{Ingress: true, Worker: true})
	p.ingress = p.main.ingress
	demos := make([]*resttest.System, 0, systems)
	for range systems {
		demos = append(demos, resttest.New(t))
	}
	fakes := make([]*bigcommercetest.Store, 0, stores)
	var saving errgroup.Group
	saving.SetLimit(8)
	began := time.Now()
	for s := range stores {
		store := bigcommercetest.New(t, bigcommercetest.WithHTTPDestinations(), bigcommercetest.WithPlan(bigcommercetest.PlanStandard))
		fakes = append(fakes, store)
		// Its channels share an API account, which can have ten hooks for a
		// scope, and one for delivery exceptions.
		account := store.AddAccount("orderbridge")
		for d, demo := range demos {
			channel := p.channelBetween(fmt.Sprintf("c-%d-%d", s, d), store, account, demo)
			saving.Go(func() error {
				_, err := channels.Save(p.ctx, p.client, workflows.TaskQueueChannels, channels.SaveRequest{By: "test", Channel: channel})
				return err
			})
		}
	}
	require.NoError(t, saving.Wait())
	t.Logf("%d channels saved in %s", stores*systems, time.Since(began).Round(time.Second))

	// One order in each store changes and its webhooks are lost.
	for _, store := range fakes {
		store.AddOrder(bigcommercetest.Order{ID: 218, StatusID: bigcommerce.StatusAwaitingFulfillment})
		store.Faults().DropNext(1000)
		require.NoError(t, store.SetStatus(218, bigcommerce.StatusCancelled))
		store.Clock().Advance(time.Minute) // webhooks on their way are given time
	}

	ids := make([]string, 0, 2*stores*systems)
	for s := range stores {
		for d := range systems {
			ids = append(ids, schedules(fmt.Sprintf("c-%d-%d", s, d))...)
		}
	}
	began = time.Now()
	var triggering errgroup.Group
	triggering.SetLimit(8)
	for _, id := range ids {
		triggering.Go(func() error {
			return p.client.ScheduleClient().GetHandle(p.ctx, id).Trigger(p.ctx, client.ScheduleTriggerOptions{})
		})
	}
	require.NoError(t, triggering.Wait())
	for _, workflowType := range []string{workflows.AuditType, workflows.ReconcileType} {
		require.Eventually(t, func() bool {
			return p.outcomes(fmt.Sprintf(`WorkflowType=%q AND ExecutionStatus="Completed"`, workflowType)) >= stores*systems
		}, channels.DefaultReconcileEvery.Std(), 250*time.Millisecond, "not every %s came to its end", workflowType)
	}
	t.Logf("%d runs took %s", len(ids), time.Since(began).Round(time.Second))
	for _, id := range ids {
		require.Zero(t, p.schedule(id).Info.NumActionsMissedCatchupWindow, id)
	}
	for _, query := range []string{`WorkflowType="Audit"`, `WorkflowType="Reconcile"`} {
		response, err := p.client.CountWorkflow(p.ctx, &workflowservice.CountWorkflowExecutionsRequest{
			Query: query + ` AND ExecutionStatus NOT IN ("Running", "Completed")`,
		})
		require.NoError(t, err)
		require.Zero(t, response.GetCount(), "failed: %s", query)
	}
	for _, store := range fakes {
		for _, call := range store.Calls() {
			require.NotEqual(t, http.StatusTooManyRequests, call.Status, "%s %s", call.Method, call.Path)
		}
		require.Len(t, store.Hooks(), systems+1)
	}
	// Each of the store's channels has looked for the lost order.
	require.Eventually(t, func() bool {
		return p.outcomes(`WorkflowType="OrderWebhook" AND OrderbridgeOrder="218"`) == stores*systems
	}, patience, 100*time.Millisecond)
}
