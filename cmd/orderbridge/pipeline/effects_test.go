package pipeline_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/sdk/v1"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
	"github.com/orderbridge/orderbridge/activities/downstream/rest/resttest"
	"github.com/orderbridge/orderbridge/workflows"
)

var (
	cancelled = []resttest.Action{resttest.ActionCancel}
	fulfilled = []resttest.Action{resttest.ActionFulfill}
)

func TestCancel(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	p.order(218, "Awaiting Shipment")
	require.NoError(t, p.store.SetStatus(218, bigcommerce.StatusCancelled))
	run := p.runOf(218)
	result := p.result(run)
	require.Equal(t, workflows.OutcomeCancelled, result.Outcome)
	require.Equal(t, "Cancelled", result.DownstreamStatus)
	require.Equal(t, cancelled, p.actions(218))
	require.True(t, p.startedEagerly(run), "the worker of the same process began at once")
	p.recordHistory("cancelled", run)
	p.recordHistory("channel", "channel/"+channelID)

	// One scrape shows the ingress, the outcomes, both sides and the SDK.
	scrape := p.metrics()
	for _, pattern := range []string{
		`orderbridge_webhooks_received_total\{channel="main",result="accepted",topic="store/order/statusUpdated"\} 1\n`,
		`orderbridge_webhook_outcomes_total\{[^}]*outcome="cancelled",reason="applied"[^}]*\} 1\n`,
		`orderbridge_bigcommerce_request_duration_seconds_count\{code="200",endpoint="get_order"\} [1-9]`,
		`orderbridge_downstream_request_duration_seconds_count\{adapter="rest",call="cancel",result="ok"\} 1\n`,
		`temporal_workflow_completed_total\{[^}]*workflow_type="OrderWebhook"[^}]*\} 1\n`,
		`temporal_workflow_task_execution_latency_seconds_bucket\{[^}]*le="0.005"`,
	} {
		require.Regexp(t, pattern, scrape)
	}
}

func TestFulfill(t *testing.T) {
	t.Parallel()
	t.Run("with tracking numbers", func(t *testing.T) {
		t.Parallel()
		p := newPipeline(t)
		p.store.AddOrder(bigcommercetest.Order{
			ID: 219, StatusID: bigcommerce.StatusAwaitingFulfillment,
			Items: []bigcommercetest.Item{{ID: 1, Name: "A", Quantity: 1}, {ID: 2, Name: "B", Quantity: 1}},
		})
		p.demo.AddOrder("219", "Awaiting Shipment")
		p.store.Faults().DropNext(1) // the webhook of Partially Shipped
		for i, tracking := range []string{"TRACK-1", "TRACK-2"} {
			_, err := p.store.Ship(219, bigcommercetest.Shipment{
				TrackingNumber: tracking, ShippingProvider: "ups",
				Items: []bigcommercetest.ShippedItem{{OrderProductID: int64(i + 1), Quantity: 1}},
			})
			require.NoError(t, err)
		}
		require.NoError(t, p.store.WaitIdle(p.ctx))
		run := p.runOf(219)
		result := p.result(run)
		require.Equal(t, workflows.OutcomeFulfilled, result.Outcome)
		require.Equal(t, 2, result.Shipments)
		require.Equal(t, fulfilled, p.actions(219))
		require.Equal(t, []string{"TRACK-1", "TRACK-2"}, p.effects(219)[0].TrackingNumbers)
		p.recordHistory("fulfilled", run)
	})
	t.Run("by hand, without a shipment", func(t *testing.T) {
		t.Parallel()
		p := newPipeline(t)
		p.order(219, "Awaiting Shipment")
		require.NoError(t, p.store.SetStatus(219, bigcommerce.StatusCompleted))
		require.Equal(t, workflows.OutcomeFulfilled, p.result(p.runOf(219)).Outcome)
		require.Equal(t, fulfilled, p.actions(219))
		require.Empty(t, p.effects(219)[0].TrackingNumbers)
	})
}

func TestNoEffect(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	p.order(1, "On Hold")
	p.order(2, "Shipped")
	p.order(3, "Awaiting Shipment")
	require.NoError(t, p.store.SetStatus(1, bigcommerce.StatusCancelled))
	require.NoError(t, p.store.SetStatus(2, bigcommerce.StatusCancelled))
	require.NoError(t, p.store.SetStatus(3, bigcommerce.StatusAwaitingPickup))

	unselected := p.result(p.runOf(1))
	require.Equal(t, workflows.OutcomeNoEffect, unselected.Outcome)
	require.Equal(t, workflows.ReasonStatusNotSelected, unselected.Reason)
	require.Contains(t, unselected.Explanation, `"On Hold"`)
	require.Equal(t, workflows.OutcomeTooLate, p.result(p.runOf(2)).Outcome)
	require.Equal(t, workflows.ReasonStatusNotMapped, p.result(p.runOf(3)).Reason)
	require.Empty(t, p.demo.Effects())
	p.recordHistory("no_effect", p.runOf(1))
	p.recordHistory("too_late", p.runOf(2))
}

func TestWaits(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	p.order(221, "Unprocessed")
	p.order(222, "")
	p.order(223, "")
	for _, id := range []int64{221, 222, 223} {
		require.NoError(t, p.store.SetStatus(id, bigcommerce.StatusCancelled))
	}
	p.awaitTimer(p.runOf(221))
	require.Contains(t, p.details(p.runOf(221)), `order 221 is Cancelled in BigCommerce, but downstream it is still "Unprocessed"; looking again at`)
	p.moveDownstream(221, "Awaiting Shipment")
	p.awaitTimer(p.runOf(222))
	p.demo.AddOrder("222", "Awaiting Shipment")

	processed := p.result(p.runOf(221))
	require.Equal(t, workflows.OutcomeCancelled, processed.Outcome)
	require.Greater(t, processed.Rounds, 1)
	require.Equal(t, workflows.OutcomeCancelled, p.result(p.runOf(222)).Outcome)
	never := p.result(p.runOf(223))
	require.Equal(t, workflows.OutcomeGaveUp, never.Outcome)
	require.Equal(t, workflows.ReasonNotDownstream, never.Reason)
	require.Equal(t, cancelled, p.actions(221))
	require.Equal(t, cancelled, p.actions(222))
	p.recordHistory("waited", p.runOf(221))
	p.recordHistory("gave_up", p.runOf(223))
}

// startedEagerly reports whether a run began without a trip through its task
// queue.
func (p *pipeline) startedEagerly(workflowID string) bool {
	p.t.Helper()
	return p.history(workflowID).GetEvents()[0].GetWorkflowExecutionStartedEventAttributes().GetEagerExecutionAccepted()
}

// details returns what the Temporal Web UI shows as the current details of a
// run.
func (p *pipeline) details(workflowID string) string {
	p.t.Helper()
	value, err := p.client.QueryWorkflow(p.ctx, workflowID, "", "__temporal_workflow_metadata")
	require.NoError(p.t, err)
	var metadata sdk.WorkflowMetadata
	require.NoError(p.t, value.Get(&metadata))
	return metadata.GetCurrentDetails()
}

// awaitTimer waits until a run waits.
func (p *pipeline) awaitTimer(workflowID string) {
	p.t.Helper()
	require.Eventually(p.t, func() bool {
		for _, event := range p.history(workflowID).GetEvents() {
			// A shorter one only lets the order come to rest.
			timer := event.GetTimerStartedEventAttributes()
			if timer != nil && timer.GetStartToFireTimeout().AsDuration() >= 200*time.Millisecond {
				return true
			}
		}
		return false
	}, patience, 5*time.Millisecond)
}

// TestSameWebhookThreeTimes is about copies of one event.
func TestSameWebhookThreeTimes(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	p.order(222, "Awaiting Shipment")
	p.store.Faults().DuplicateNext(1, 2, 0)
	require.NoError(t, p.store.SetStatus(222, bigcommerce.StatusCancelled))
	require.Equal(t, workflows.OutcomeCancelled, p.result(p.runOf(222)).Outcome)
	require.NoError(t, p.store.WaitIdle(p.ctx))
	taken := 0
	for _, d := range p.store.Deliveries() {
		if d.OrderID == 222 {
			require.Equal(t, http.StatusOK, d.Status)
			taken++
		}
	}
	require.Equal(t, 3, taken)
	require.Equal(t, cancelled, p.actions(222))
	require.EqualValues(t, 1, p.count(`OrderbridgeOrder="222"`))
}

// TestManyWebhooksOfOneOrder is about different events of one order at a time.
func TestManyWebhooksOfOneOrder(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	p.order(300, "Awaiting Shipment")
	p.store.Faults().DropNext(1) // its own webhook never comes; twenty others do
	require.NoError(t, p.store.SetStatus(300, bigcommerce.StatusCancelled))
	const n = 20
	ids, outcomes := p.postAtOnce(300, n)
	require.Equal(t, map[workflows.Outcome]int{workflows.OutcomeCancelled: 1, workflows.OutcomeAlreadyDone: n - 1}, outcomes)
	require.Equal(t, cancelled, p.actions(300))
	for _, id := range ids {
		if p.result(id).Outcome == workflows.OutcomeAlreadyDone {
			p.recordHistory("already_done", id)
		}
	}
}

// postAtOnce sends n webhooks of one order, each about another event, at the same
// time, and returns their runs and how often each outcome came of them.
func (p *pipeline) postAtOnce(order int64, n int) (ids []string, outcomes map[workflows.Outcome]int) {
	p.t.Helper()
	var group sync.WaitGroup
	for i := range n {
		hash := fmt.Sprintf("%040d", i)
		ids = append(ids, workflows.Webhook{Channel: channelID, Scope: bigcommerce.ScopeOrderStatusUpdated, OrderID: order, Hash: hash}.ID())
		body := fmt.Sprintf(`{"producer":"stores/%s","hash":%q,"created_at":1732000000,"store_id":"1","scope":%q,"data":{"type":"order","id":%d}}`,
			p.store.Hash, hash, bigcommerce.ScopeOrderStatusUpdated, order)
		group.Go(func() {
			if status := p.post(body); status != http.StatusOK {
				p.t.Errorf("webhook %d was answered %d", i, status)
			}
		})
	}
	group.Wait()
	outcomes = map[workflows.Outcome]int{}
	for _, id := range ids {
		outcomes[p.result(id).Outcome]++
	}
	return ids, outcomes
}

// TestCancelThenFulfill is about two changes at once: what BigCommerce has last
// is what happens, once.
func TestCancelThenFulfill(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		first, last bigcommerce.StatusID
		want        []resttest.Action
		outcome     workflows.Outcome
	}{
		"cancel, then fulfill": {bigcommerce.StatusCancelled, bigcommerce.StatusShipped, fulfilled, workflows.OutcomeFulfilled},
		"fulfill, then cancel": {bigcommerce.StatusShipped, bigcommerce.StatusCancelled, cancelled, workflows.OutcomeCancelled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPipeline(t)
			channel := p.channel()
			channel.Settings.Waits.Settle = ms(2000)
			p.save(channel)
			p.order(301, "Awaiting Shipment")
			require.NoError(t, p.store.SetStatus(301, c.first))
			first := p.runOf(301)
			require.NoError(t, p.store.SetStatus(301, c.last))
			require.NoError(t, p.store.WaitIdle(p.ctx))
			second := p.runOf(301)
			require.NotEqual(t, first, second)
			outcomes := []workflows.Outcome{p.result(first).Outcome, p.result(second).Outcome}
			require.ElementsMatch(t, []workflows.Outcome{c.outcome, workflows.OutcomeAlreadyDone}, outcomes)
			require.Equal(t, c.want, p.actions(301))
		})
	}
}
