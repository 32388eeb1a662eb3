package pipeline_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/downstream/sandbox"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/process"
	"github.com/orderbridge/orderbridge/workflows"
)

// onSystem is a pipeline whose channel is connected to an order system of some
// kind, through a gate that can fail.
type onSystem struct {
	*pipeline

	system *sandbox.System
	gate   *gate
}

// TestOrderSystems takes webhooks all the way to their effect in every kind of
// order system that a channel can name.
func TestOrderSystems(t *testing.T) {
	t.Parallel()
	for _, kind := range sandbox.Kinds() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			o := newOnSystem(t, kind)
			// One after the other: the gate and the store's faults are for all.
			for _, part := range []struct {
				name string
				test func(*testing.T, *onSystem)
			}{
				{"changes", testChanges},
				{"leaves alone", testLeavesAlone},
				{"waits", testWaitsFor},
				{"copies", testCopies},
				{"many webhooks at once", testManyAtOnce},
				{"two orders of a number", testTwoOfANumber},
				{"answers are lost", testAnswersAreLost},
				{"the system is away", testSystemIsAway},
				{"the worker dies half-way", testDiesHalfWay}, // the last: no ingress is left
			} {
				t.Run(part.name, func(t *testing.T) { part.test(t, o.in(t)) })
			}
		})
	}
}

func newOnSystem(t *testing.T, kind string) *onSystem {
	t.Helper()
	p := newBarePipelineFor(t, 10*time.Minute)
	system, err := sandbox.Start(p.ctx, kind, sandbox.Options{Dir: t.TempDir(), Progress: t.Logf})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, system.Close()) })
	o := &onSystem{pipeline: p, system: system, gate: newGate(t, system.Address)}
	p.main = p.start(process.Roles{Ingress: true, Worker: true})
	p.ingress = p.main.ingress
	channel := p.channel()
	statuses := []string{system.Status(sandbox.Selected)}
	channel.Downstream = channels.Downstream{
		Adapter: kind, BaseURL: o.gate.address, Token: p.seal(system.Credential), Options: system.Options,
	}
	channel.Settings.ValidCancellationStatuses, channel.Settings.ValidFulfillmentStatuses = statuses, statuses
	channel.Settings.Waits.GiveUpAfter = channels.Duration(time.Minute)
	p.save(channel)
	return o
}

// in is the same for one part of the test.
func (o *onSystem) in(t *testing.T) *onSystem {
	t.Helper()
	part := *o.pipeline
	part.t = t
	return &onSystem{pipeline: &part, system: o.system, gate: o.gate}
}

// order makes an order in the store, and in the system one with this role.
func (o *onSystem) order(id int64, role sandbox.Role) {
	o.t.Helper()
	o.store.AddOrder(bigcommercetest.Order{ID: id, StatusID: bigcommerce.StatusAwaitingFulfillment})
	require.NoError(o.t, o.system.AddOrder(o.ctx, strconv.FormatInt(id, 10), role))
}

// change changes an order in the store and returns what came of its webhook.
func (o *onSystem) change(id int64, status bigcommerce.StatusID) workflows.Result {
	o.t.Helper()
	require.NoError(o.t, o.store.SetStatus(id, status))
	require.NoError(o.t, o.store.WaitIdle(o.ctx)) // an earlier webhook of the order is not meant
	return o.result(o.runOf(id))
}

// requireEffects compares what was done to the orders of a number.
func (o *onSystem) requireEffects(id int64, want ...sandbox.Effect) {
	o.t.Helper()
	effects, err := o.system.Effects(o.ctx, strconv.FormatInt(id, 10))
	require.NoError(o.t, err)
	require.Equal(o.t, want, effects, "order %d", id)
}

var (
	once    = sandbox.Effect{Action: sandbox.Cancelled}
	shipped = sandbox.Effect{Action: sandbox.Fulfilled, TrackingNumbers: []string{"TRACK-1"}}
)

// ship ships all of an order in the store, with one tracking number.
func (o *onSystem) ship(id int64) {
	o.t.Helper()
	order, ok := o.store.Order(id)
	require.True(o.t, ok)
	all := bigcommercetest.Shipment{TrackingNumber: "TRACK-1", ShippingProvider: "ups"}
	for _, item := range order.Items {
		all.Items = append(all.Items, bigcommercetest.ShippedItem{OrderProductID: item.ID, Quantity: item.Quantity})
	}
	_, err := o.store.Ship(id, all)
	require.NoError(o.t, err)
}

// shipped ships an order and returns what came of its webhook.
func (o *onSystem) shipped(id int64) workflows.Result {
	o.t.Helper()
	o.ship(id)
	return o.result(o.runOf(id))
}

func testChanges(t *testing.T, o *onSystem) {
	t.Helper()
	o.order(101, sandbox.Selected)
	result := o.change(101, bigcommerce.StatusCancelled)
	require.Equal(t, workflows.OutcomeCancelled, result.Outcome, result.Explanation)
	o.requireEffects(101, once)

	o.order(102, sandbox.Selected)
	result = o.shipped(102)
	require.Equal(t, workflows.OutcomeFulfilled, result.Outcome, result.Explanation)
	o.requireEffects(102, shipped)

	// A change that comes again, as another event, finds it done.
	require.Equal(t, workflows.OutcomeAlreadyDone, o.change(102, bigcommerce.StatusCompleted).Outcome)
	o.requireEffects(102, shipped)

	o.order(103, sandbox.Selected) // by hand, without a shipment
	result = o.change(103, bigcommerce.StatusCompleted)
	require.Equal(t, workflows.OutcomeFulfilled, result.Outcome, result.Explanation)
	effects, err := o.system.Effects(o.ctx, "103")
	require.NoError(t, err)
	require.Len(t, effects, 1)
}

func testLeavesAlone(t *testing.T, o *onSystem) {
	t.Helper()
	o.order(111, sandbox.Unselected)
	result := o.change(111, bigcommerce.StatusCancelled)
	require.Equal(t, workflows.ReasonStatusNotSelected, result.Reason, result.Explanation)
	require.Contains(t, result.Explanation, o.system.Status(sandbox.Unselected))
	o.requireEffects(111)

	// Whether the system itself would cancel it then does not matter.
	o.order(112, sandbox.Shipped)
	result = o.change(112, bigcommerce.StatusCancelled)
	require.Equal(t, workflows.OutcomeTooLate, result.Outcome, result.Explanation)
	o.requireEffects(112)
}

func testWaitsFor(t *testing.T, o *onSystem) {
	t.Helper()
	o.store.AddOrder(bigcommercetest.Order{ID: 121, StatusID: bigcommerce.StatusAwaitingFulfillment})
	require.NoError(t, o.store.SetStatus(121, bigcommerce.StatusCancelled))
	o.awaitTimer(o.runOf(121))
	require.NoError(t, o.system.AddOrder(o.ctx, "121", sandbox.Selected))
	require.Equal(t, workflows.OutcomeCancelled, o.result(o.runOf(121)).Outcome)
	o.requireEffects(121, once)
	if !o.system.Waits() {
		return // every order that is there can be changed
	}
	o.order(122, sandbox.Unprocessed)
	require.NoError(t, o.store.SetStatus(122, bigcommerce.StatusCancelled))
	o.awaitTimer(o.runOf(122))
	require.NoError(t, o.system.SetStatus(o.ctx, "122", sandbox.Selected))
	require.Equal(t, workflows.OutcomeCancelled, o.result(o.runOf(122)).Outcome)
	o.requireEffects(122, once)
}

func testCopies(t *testing.T, o *onSystem) {
	t.Helper()
	o.order(131, sandbox.Selected)
	o.store.Faults().DuplicateNext(1, 2, 0)
	require.Equal(t, workflows.OutcomeCancelled, o.change(131, bigcommerce.StatusCancelled).Outcome)
	require.NoError(t, o.store.WaitIdle(o.ctx))
	o.requireEffects(131, once)
	require.EqualValues(t, 1, o.count(`OrderbridgeOrder="131"`))
}

func testManyAtOnce(t *testing.T, o *onSystem) {
	t.Helper()
	o.order(141, sandbox.Selected)
	o.store.Faults().DropNext(1) // its own webhook never comes; ten others do
	require.NoError(t, o.store.SetStatus(141, bigcommerce.StatusCancelled))
	const n = 10
	_, outcomes := o.postAtOnce(141, n)
	require.Equal(t, map[workflows.Outcome]int{workflows.OutcomeCancelled: 1, workflows.OutcomeAlreadyDone: n - 1}, outcomes)
	o.requireEffects(141, once)
}

func testTwoOfANumber(t *testing.T, o *onSystem) {
	t.Helper()
	o.order(151, sandbox.Selected)
	require.NoError(t, o.system.AddOrder(o.ctx, "151", sandbox.Selected))
	require.NoError(t, o.store.SetStatus(151, bigcommerce.StatusCancelled))
	run := o.runOf(151)
	err := o.client.GetWorkflow(o.ctx, run, "").Get(o.ctx, nil)
	require.ErrorContains(t, err, string(workflows.ReasonAmbiguous))
	o.requireEffects(151)
}

// didOrFound are the outcomes of a change whose answer did not come. Only a system
// that recognizes repetitions can tell whether it was us who did it.
func didOrFound(outcome workflows.Outcome) []workflows.Outcome {
	return []workflows.Outcome{outcome, workflows.OutcomeAlreadyDone}
}

func testAnswersAreLost(t *testing.T, o *onSystem) {
	t.Helper()
	o.order(161, sandbox.Selected)
	lost := o.gate.loseAnswers(1)
	result := o.change(161, bigcommerce.StatusCancelled)
	require.Contains(t, didOrFound(workflows.OutcomeCancelled), result.Outcome, result.Explanation)
	require.Zero(t, lost(), "the fault was not met")
	o.requireEffects(161, once)

	o.order(162, sandbox.Selected)
	lost = o.gate.loseAnswers(1)
	result = o.shipped(162)
	require.Contains(t, didOrFound(workflows.OutcomeFulfilled), result.Outcome, result.Explanation)
	require.Zero(t, lost(), "the fault was not met")
	o.requireEffects(162, shipped)
}

func testSystemIsAway(t *testing.T, o *onSystem) {
	t.Helper()
	o.order(171, sandbox.Selected)
	refused := o.gate.shut()
	require.NoError(t, o.store.SetStatus(171, bigcommerce.StatusCancelled))
	run := o.runOf(171)
	<-refused
	o.gate.open()
	result := o.result(run)
	require.Equal(t, workflows.OutcomeCancelled, result.Outcome, result.Explanation)
	o.requireEffects(171, once)
}

// testDiesHalfWay stops the process after the system has taken a change, before
// its answer has come; another process takes over.
func testDiesHalfWay(t *testing.T, o *onSystem) {
	t.Helper()
	o.order(181, sandbox.Selected)
	taken, release := o.gate.holdAnswer()
	defer release()
	o.ship(181)
	<-taken
	run := o.runOf(181)
	worker := o.start(process.Roles{Worker: true})
	defer worker.stop()
	o.main.stop()
	require.Contains(t, didOrFound(workflows.OutcomeFulfilled), o.result(run).Outcome)
	o.requireEffects(181, shipped)
}
