package pipeline_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/process"
)

// findWaiting loses the webhook of an order that is not ready downstream. It
// returns what the next search finds: its run waits for the order.
func (p *pipeline) findWaiting(id int64) activities.FoundOrder {
	p.t.Helper()
	p.order(id, "Unprocessed")
	p.store.Faults().DropNext(1)
	require.NoError(p.t, p.store.SetStatus(id, bigcommerce.StatusCancelled))
	p.store.Clock().Advance(time.Minute)
	report := p.reconcileNow()
	require.Equal(p.t, 1, report.Started)
	require.Equal(p.t, id, report.Found[0].OrderID)
	require.Eventually(p.t, func() bool {
		return p.outcomes(fmt.Sprintf(`OrderbridgeOrder="%d" AND OrderbridgeModified IS NOT NULL`, id)) == 1
	}, patience, 10*time.Millisecond, "it does not wait")
	return report.Found[0]
}

// appliesFound makes the order of a change that was found before ready, and
// searches until the change has its effect. Nothing else may be found meanwhile,
// nor that one afterwards.
func (p *pipeline) appliesFound(want activities.FoundOrder) {
	p.t.Helper()
	p.moveDownstream(want.OrderID, "Awaiting Shipment")
	// A process trusts for some seconds what it has read of a channel.
	for len(p.effects(want.OrderID)) == 0 {
		require.NoError(p.t, p.ctx.Err(), "it has no effect")
		if found := p.reconcileNow().Found; len(found) > 0 {
			require.Equal(p.t, []activities.FoundOrder{want}, found)
		}
	}
	require.Eventually(p.t, func() bool {
		return p.outcomes(fmt.Sprintf(`OrderbridgeOrder="%d" AND OrderbridgeOutcome="cancelled"`, want.OrderID)) == 1
	}, patience, 10*time.Millisecond)
	require.Zero(p.t, p.reconcileNow().Started)
	require.Len(p.t, p.effects(want.OrderID), 1)
}

// TestFoundRunsThatEndEarlyAreFollowed ends the runs of changes that a search
// has found before they have had their effect: the next search sees to it.
func TestFoundRunsThatEndEarlyAreFollowed(t *testing.T) {
	t.Parallel()
	p := newBarePipeline(t)
	p.main = p.start(process.Roles{Ingress: true, Worker: true})
	p.ingress = p.main.ingress
	channel := p.channel()
	channel.Settings.Waits.GiveUpAfter = ms(60_000)
	p.save(channel)

	found := p.findWaiting(600)
	require.NoError(t, p.client.TerminateWorkflow(p.ctx, found.WorkflowID(), "", "by mistake"))
	require.Eventually(t, func() bool {
		return p.outcomes(`OrderbridgeOrder="600" AND ExecutionStatus="Terminated"`) == 1
	}, patience, 10*time.Millisecond)
	p.appliesFound(found)

	found = p.findWaiting(601)
	channel.Active = false
	p.save(channel)
	require.Eventually(t, func() bool {
		return p.outcomes(`OrderbridgeOrder="601" AND OrderbridgeReason="channel_inactive" AND ExecutionStatus="Completed"`) == 1
	}, patience, 10*time.Millisecond)
	channel.Active = true
	p.save(channel)
	found.Again = true
	p.appliesFound(found)
}
