package pipeline_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/downstream/rest/resttest"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/process"
	"github.com/orderbridge/orderbridge/workflows"
)

// reconcileNow searches the store as the Schedule does.
func (p *pipeline) reconcileNow() activities.ReconcileReport {
	p.t.Helper()
	run := p.runNow(channels.ReconcileID(channelID))
	var report activities.ReconcileReport
	require.NoError(p.t, p.client.GetWorkflow(p.ctx, run, "").Get(p.ctx, &report))
	return report
}

// outcomes counts the runs that ended, by what visibility says at the moment.
func (p *pipeline) outcomes(query string) int64 {
	p.t.Helper()
	response, err := p.client.CountWorkflow(p.ctx, &workflowservice.CountWorkflowExecutionsRequest{Query: query})
	require.NoError(p.t, err)
	return response.GetCount()
}

// TestNothingIsLost changes a thousand orders while the ingress is down, until
// BigCommerce has given up and switched the hook off. When the process is back,
// the audit and the reconciliation that come by themselves give every one of
// them its effect, exactly once.
func TestNothingIsLost(t *testing.T) {
	t.Parallel()
	const n, first = 1000, int64(10_000)
	p := newBarePipelineFor(t, 8*time.Minute, bigcommercetest.WithPlan(bigcommercetest.PlanUnlimited))
	p.main = p.start(process.Roles{Ingress: true, Worker: true})
	p.ingress = p.main.ingress
	p.save(p.channel())
	for id := first; id < first+n; id++ {
		p.order(id, "Awaiting Shipment")
	}
	p.main.stop()
	for id := first; id < first+n; id++ {
		if id%2 == 0 {
			require.NoError(t, p.store.SetStatus(id, bigcommerce.StatusCancelled))
			continue
		}
		_, err := p.store.Ship(id, bigcommercetest.Shipment{TrackingNumber: "T" + strconv.FormatInt(id, 10)})
		require.NoError(t, err)
	}
	require.NoError(t, p.store.Elapse(p.ctx, 49*time.Hour), "BigCommerce's own repetitions end after 48 hours")
	for _, hook := range p.store.Hooks() {
		require.False(t, hook.IsActive, hook.Scope)
	}
	require.Empty(t, p.demo.Effects())

	p.main = p.start(process.Roles{Ingress: true, Worker: true}, "ORDERBRIDGE_LISTEN_ADDRESS="+p.ingress)
	audit := p.auditNow()
	require.NotEmpty(t, audit.Found)
	require.Empty(t, audit.Left)
	p.reconcileNow()
	require.Eventually(t, func() bool {
		return p.outcomes(`OrderbridgeOutcome IN ("cancelled", "fulfilled")`) == n
	}, 5*time.Minute, 100*time.Millisecond, "not every order got its effect")

	effects := map[string][]resttest.Effect{}
	for _, effect := range p.demo.Effects() {
		effects[effect.OrderNumber] = append(effects[effect.OrderNumber], effect)
	}
	require.Len(t, effects, n)
	for id := first; id < first+n; id++ {
		number := strconv.FormatInt(id, 10)
		require.Len(t, effects[number], 1, "order %s", number)
		if id%2 == 0 {
			require.Equal(t, resttest.ActionCancel, effects[number][0].Action)
			continue
		}
		require.Equal(t, resttest.ActionFulfill, effects[number][0].Action)
		require.Equal(t, []string{"T" + number}, effects[number][0].TrackingNumbers)
	}

	require.Zero(t, p.reconcileNow().Started, "what was found is not found again")
	// The Schedule may have searched at the same time: each find counts once.
	require.Contains(t, p.metrics(), fmt.Sprintf("orderbridge_webhooks_missed_total %d\n", n))
	p.order(7, "Awaiting Shipment")
	require.NoError(t, p.store.SetStatus(7, bigcommerce.StatusCancelled))
	p.result(p.runOf(7))
	require.Len(t, p.effects(7), 1, "the hooks work again")
}

// TestReconcileLeavesDeliveredWebhooksAlone shows that nothing is started for
// changes whose webhooks came, and that a lost one among them is found.
func TestReconcileLeavesDeliveredWebhooksAlone(t *testing.T) {
	t.Parallel()
	p := newBarePipeline(t)
	p.main = p.start(process.Roles{Ingress: true, Worker: true})
	p.ingress = p.main.ingress
	channel := p.channel()
	// As long as a merchant's: it makes one second of the store's clock tell
	// one state of an order from the next.
	channel.Settings.Waits.Settle = ms(1500)
	channel.Settings.Waits.GiveUpAfter = ms(60_000)
	p.save(channel)
	for id := int64(500); id < 505; id++ {
		p.order(id, "Awaiting Shipment")
		if id == 503 {
			p.store.Faults().DropNext(1)
		}
		require.NoError(t, p.store.SetStatus(id, bigcommerce.StatusCancelled))
		if id != 503 {
			p.result(p.runOf(id))
		}
	}
	// This one's webhook came, and waits.
	p.order(505, "Unprocessed")
	require.NoError(t, p.store.SetStatus(505, bigcommerce.StatusCancelled))
	waiting := p.runOf(505)
	require.Eventually(t, func() bool {
		return p.outcomes(`OrderbridgeOrder="505" AND OrderbridgeModified IS NOT NULL`) == 1
	}, patience, 10*time.Millisecond, "it does not say what it has seen")
	p.store.Clock().Advance(5 * time.Minute)
	run := p.runNow(channels.ReconcileID(channelID))
	var report activities.ReconcileReport
	require.NoError(t, p.client.GetWorkflow(p.ctx, run, "").Get(p.ctx, &report))
	require.Equal(t, 6, report.Mapped)
	require.Equal(t, 5, report.Covered)
	require.Equal(t, 1, report.Started)
	require.Equal(t, int64(503), report.Found[0].OrderID)
	require.Eventually(t, func() bool { return len(p.effects(503)) == 1 }, patience, 10*time.Millisecond)
	require.Contains(t, p.metrics(), "orderbridge_webhooks_missed_total 1")
	p.recordHistory("reconcile", run)
	require.Equal(t, report.Through, p.status().ReconciledThrough)
	require.Zero(t, p.reconcileNow().Started)
	p.moveDownstream(505, "Awaiting Shipment")
	require.Equal(t, workflows.OutcomeCancelled, p.result(waiting).Outcome)
	p.recordHistory("waited_and_seen", waiting)
}
