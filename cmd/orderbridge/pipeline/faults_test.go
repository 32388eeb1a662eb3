package pipeline_test

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/downstream/rest/resttest"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/process"
	"github.com/orderbridge/orderbridge/workflows"
)

// TestFaultsOfTheStore shows that whatever passes is waited out, and that the
// effect comes once.
func TestFaultsOfTheStore(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]bigcommercetest.Answer{
		"500":                bigcommercetest.Failure(http.StatusInternalServerError),
		"503":                bigcommercetest.Failure(http.StatusServiceUnavailable),
		"rate limited":       bigcommercetest.RateLimited(500 * time.Millisecond),
		"429 of no quota":    bigcommercetest.Overloaded(),
		"half an answer":     bigcommercetest.HalfAnswer(),
		"garbage":            bigcommercetest.Garbage(),
		"no answer":          bigcommercetest.CutOff(),
		"a very slow answer": bigcommercetest.Slow(6 * time.Second),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPipeline(t)
			p.order(400, "Awaiting Shipment")
			p.store.Faults().FailNext(2, http.MethodGet, "/v2/orders/400", answer)
			require.NoError(t, p.store.SetStatus(400, bigcommerce.StatusCancelled))
			run := p.runOf(400)
			require.Equal(t, workflows.OutcomeCancelled, p.result(run).Outcome)
			require.Equal(t, cancelled, p.actions(400))
			if name == "503" {
				p.recordHistory("store_unavailable", run)
			}
		})
	}
}

// TestFaultsOfTheOrderSystem is the same for the other side, before and after
// the order system has committed.
func TestFaultsOfTheOrderSystem(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]resttest.Fault{
		"503 on find":              {Call: resttest.CallFind, Status: http.StatusServiceUnavailable},
		"503 before the change":    {Call: resttest.CallCancel, Status: http.StatusServiceUnavailable},
		"503 after the change":     {Call: resttest.CallCancel, Status: http.StatusServiceUnavailable, AfterCommit: true, Times: 2},
		"dropped after the change": {Call: resttest.CallCancel, Do: resttest.Drop, AfterCommit: true, Times: 2},
		"half an answer":           {Call: resttest.CallCancel, Do: resttest.HalfAnswer, AfterCommit: true},
		"garbage":                  {Call: resttest.CallCancel, Do: resttest.Garbage, AfterCommit: true},
		"hollow success":           {Call: resttest.CallCancel, Do: resttest.Hollow},
		"too many requests":        {Call: resttest.CallCancel, Status: http.StatusTooManyRequests, RetryAfter: time.Second},
		"hangs after the change":   {Call: resttest.CallCancel, Do: resttest.Hang, AfterCommit: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPipeline(t)
			p.order(401, "Awaiting Shipment")
			hit := p.demo.Faults().Inject(fault)
			require.NoError(t, p.store.SetStatus(401, bigcommerce.StatusCancelled))
			result := p.result(p.runOf(401))
			require.Equal(t, workflows.OutcomeCancelled, result.Outcome, result.Explanation)
			require.Equal(t, cancelled, p.actions(401))
			select {
			case <-hit:
			default:
				t.Fatal("the fault was not met")
			}
		})
	}
}

// TestWorkerDiesAfterTheCommit stops the process between the order system's
// commit and our record of it; another process takes over.
func TestWorkerDiesAfterTheCommit(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	p.order(402, "Awaiting Shipment")
	hit := p.demo.Faults().Inject(resttest.Fault{Call: resttest.CallCancel, Do: resttest.Hang, AfterCommit: true})
	require.NoError(t, p.store.SetStatus(402, bigcommerce.StatusCancelled))
	<-hit
	run := p.runOf(402)
	p.main.stop()
	p.start(process.Roles{Worker: true})
	// What was not recorded is looked at anew, and found to be done: whether by
	// us or by somebody else is more than anybody can know then.
	require.Contains(t, []workflows.Outcome{workflows.OutcomeCancelled, workflows.OutcomeAlreadyDone}, p.result(run).Outcome)
	require.Equal(t, cancelled, p.actions(402))
}

// TestVersionConflict changes the order between the reading and the writing.
func TestVersionConflict(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		meanwhile string
		outcome   workflows.Outcome
		effects   int
	}{
		"to another selected status": {"Awaiting Shipment", workflows.OutcomeCancelled, 1},
		"to one that is not":         {"On Hold", workflows.OutcomeNoEffect, 0},
		"to shipped":                 {"Shipped", workflows.OutcomeTooLate, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPipeline(t)
			p.order(403, "Awaiting Shipment")
			times := 0
			p.demo.Faults().BeforeChange(func(id string) {
				if times++; times == 1 {
					if err := p.demo.SetStatus(id, "On Hold"); err != nil {
						t.Error(err)
					}
					if err := p.demo.SetStatus(id, c.meanwhile); err != nil {
						t.Error(err)
					}
				}
			})
			require.NoError(t, p.store.SetStatus(403, bigcommerce.StatusCancelled))
			run := p.runOf(403)
			require.Equal(t, c.outcome, p.result(run).Outcome)
			require.Len(t, p.actions(403), c.effects)
			p.recordHistory("conflict_"+string(c.outcome), run)
		})
	}
}

// TestPermanentErrors shows that what repetition does not mend fails the run
// with a named reason, and that visibility finds it.
func TestPermanentErrors(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	p.order(404, "Awaiting Shipment")
	p.demo.AddOrder("404", "Awaiting Shipment") // a second one with the same number
	require.NoError(t, p.store.SetStatus(404, bigcommerce.StatusCancelled))
	run := p.runOf(404)
	failure := p.failure(run)
	require.Equal(t, string(workflows.ReasonAmbiguous), failure.Type())
	require.Contains(t, failure.Message(), "channel main: order 404")
	require.Empty(t, p.actions(404))
	require.EqualValues(t, 1, p.count(`ExecutionStatus="Failed" AND OrderbridgeOutcome="failed" AND OrderbridgeReason="ambiguous"`))
	p.recordHistory("failed_ambiguous", run)

	body := `{"producer":"stores/` + p.store.Hash + `","hash":"no-such-order-1","scope":"store/order/statusUpdated","data":{"type":"order","id":999}}`
	require.Equal(t, http.StatusOK, p.post(body))
	missing := p.failure(workflows.Webhook{Channel: channelID, Scope: bigcommerce.ScopeOrderStatusUpdated, OrderID: 999, Hash: "no-such-order-1"}.ID())
	require.Equal(t, string(activities.ReasonStoreNotFound), missing.Type())
}

func (p *pipeline) failure(workflowID string) *temporal.ApplicationError {
	p.t.Helper()
	var failure *temporal.ApplicationError
	require.ErrorAs(p.t, p.client.GetWorkflow(p.ctx, workflowID, "").Get(p.ctx, nil), &failure)
	return failure
}

// TestRevokedTokens shows that a run with refused credentials goes on slowly,
// that an operator sees why, and that new credentials let it end well.
func TestRevokedTokens(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	channel := p.channel()
	// A delay that would end after this time ends the retries at once.
	channel.Settings.Waits.RetryFor = channels.DefaultRetryFor
	p.save(channel)
	p.order(405, "Awaiting Shipment")
	p.store.Faults().FailNext(-1, http.MethodGet, "/v2/orders/405", bigcommercetest.Failure(http.StatusUnauthorized))
	require.NoError(t, p.store.SetStatus(405, bigcommerce.StatusCancelled))
	run := p.runOf(405)
	require.Eventually(t, func() bool {
		description, err := p.client.DescribeWorkflowExecution(p.ctx, run, "")
		require.NoError(t, err)
		for _, pending := range description.GetPendingActivities() {
			failure := pending.GetLastFailure()
			if failure.GetApplicationFailureInfo().GetType() == string(activities.ReasonStoreCredentials) {
				require.Contains(t, failure.GetMessage(), "channel main")
				wait := time.Until(pending.GetNextAttemptScheduleTime().AsTime())
				return wait > 10*time.Minute
			}
		}
		return false
	}, patience, 20*time.Millisecond)
}

// TestRejected shows that authentic callbacks that cannot be used are answered
// 200, so that BigCommerce keeps the hook, and are recorded with their cause.
func TestRejected(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	for name, c := range map[string]struct {
		body   string
		reason workflows.Reason
	}{
		"not json": {`{"scope": "store/order/statusUpdated", `, workflows.ReasonNotJSON},
		"scope":    {`{"producer":"stores/x","hash":"abcdefgh1","scope":"store/product/updated","data":{"type":"product","id":205}}`, workflows.ReasonUnknownScope},
		"no order": {`{"producer":"stores/x","hash":"abcdefgh2","scope":"store/order/updated","data":{"type":"order"}}`, workflows.ReasonNoOrder},
		"store":    {`{"producer":"stores/other","hash":"abcdefgh3","scope":"store/order/updated","data":{"type":"order","id":1}}`, workflows.ReasonWrongStore},
	} {
		require.Equal(t, http.StatusOK, p.post(c.body), name)
		require.EqualValues(t, 1, p.count(`OrderbridgeOutcome="rejected" AND OrderbridgeReason="`+string(c.reason)+`"`), name)
		if c.reason == workflows.ReasonNoOrder {
			p.recordHistory("rejected", workflows.Webhook{
				Channel: channelID, Hash: "abcdefgh2", Rejection: &workflows.Rejection{Reason: c.reason},
			}.ID())
		}
	}
}

// TestBigIDs shows that a long order number is not bent on the way.
func TestBigIDs(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	const id = 9007199254740993 // not representable as a float64
	p.order(id, "Awaiting Shipment")
	require.NoError(t, p.store.SetStatus(id, bigcommerce.StatusCancelled))
	require.Equal(t, workflows.OutcomeCancelled, p.result(p.runOf(id)).Outcome)
	require.EqualValues(t, 1, p.count(`OrderbridgeOrder="`+strconv.FormatInt(id, 10)+`"`))
}

// TestChangedDuringAnOutage reopens the order in the store while the order
// system cannot be written to: what counts is what is so afterwards.
func TestChangedDuringAnOutage(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	p.order(406, "Awaiting Shipment")
	hit := p.demo.Faults().Inject(resttest.Fault{Call: resttest.CallCancel, Status: http.StatusServiceUnavailable, Times: 2})
	require.NoError(t, p.store.SetStatus(406, bigcommerce.StatusCancelled))
	run := p.runOf(406)
	<-hit
	require.NoError(t, p.store.SetStatus(406, bigcommerce.StatusAwaitingFulfillment))
	require.Equal(t, workflows.ReasonStatusNotMapped, p.result(run).Reason)
	require.Empty(t, p.demo.Effects())
	p.recordHistory("changed_during_outage", run)
}

// TestVanishedBeforeTheChange is about an order that cannot be found any more
// when it is to be changed: it is looked for again.
func TestVanishedBeforeTheChange(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	p.order(407, "Awaiting Shipment")
	p.demo.Faults().Inject(resttest.Fault{Call: resttest.CallCancel, Status: http.StatusNotFound})
	require.NoError(t, p.store.SetStatus(407, bigcommerce.StatusCancelled))
	require.Equal(t, workflows.OutcomeCancelled, p.result(p.runOf(407)).Outcome)
	require.Equal(t, cancelled, p.actions(407))
}

// TestEndedChannel terminates a channel and adds it again with another order
// system: nothing happens in between, and nothing in the old system afterwards.
func TestEndedChannel(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	p.order(408, "Awaiting Shipment")
	require.NoError(t, p.store.SetStatus(408, bigcommerce.StatusCancelled))
	p.result(p.runOf(408)) // the connection to the old system is in use

	require.NoError(t, p.client.TerminateWorkflow(p.ctx, channels.WorkflowID(channelID), "", "by mistake"))
	old := p.demo
	p.demo = resttest.New(t)
	p.order(409, "Awaiting Shipment")
	require.NoError(t, p.store.SetStatus(409, bigcommerce.StatusCancelled))
	require.Equal(t, http.StatusOK, p.delivered(409))
	p.save(p.channel())
	p.order(410, "Awaiting Shipment")
	require.NoError(t, p.store.SetStatus(410, bigcommerce.StatusCancelled))
	require.Equal(t, workflows.OutcomeCancelled, p.result(p.runOf(410)).Outcome)
	require.Len(t, old.Effects(), 1)
	require.Equal(t, cancelled, p.actions(410))
}

// delivered waits for the webhook of an order and returns how it was answered.
func (p *pipeline) delivered(id int64) int {
	p.t.Helper()
	p.runOf(id)
	for _, d := range p.store.Deliveries() {
		if d.OrderID == id {
			return d.Status
		}
	}
	return 0
}

// TestSameHashOfTwoOrders shows that no order is swallowed should BigCommerce's
// hashes, which nobody can compute, be equal.
func TestSameHashOfTwoOrders(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	p.order(411, "Awaiting Shipment")
	p.order(412, "Awaiting Shipment")
	p.store.Faults().DropNext(2)
	for _, id := range []int64{411, 412} {
		require.NoError(t, p.store.SetStatus(id, bigcommerce.StatusCancelled))
		require.Equal(t, http.StatusOK, p.post(`{"producer":"stores/`+p.store.Hash+`","hash":"one-and-the-same","scope":"store/order/updated","data":{"type":"order","id":`+strconv.FormatInt(id, 10)+`}}`))
		run := workflows.Webhook{Channel: channelID, Scope: bigcommerce.ScopeOrderUpdated, OrderID: id, Hash: "one-and-the-same"}.ID()
		require.Equal(t, workflows.OutcomeCancelled, p.result(run).Outcome)
	}
}
