package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/workflows"
)

// timers records the durable waits of a run.
func (w *orderWorld) timers() *[]time.Duration {
	var out []time.Duration
	w.env.SetOnTimerScheduledListener(func(_ string, d time.Duration) { out = append(out, d) })
	return &out
}

func TestOrderWebhookWaits(t *testing.T) {
	t.Parallel()
	t.Run("grow from minutes and end after a day", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t)
		w.setDownstream("Unprocessed", downstream.PhaseUnprocessed, "v1")
		timers := w.timers()
		result := w.run(t)
		require.Equal(t, workflows.OutcomeGaveUp, result.Outcome)
		require.Equal(t, workflows.ReasonUnprocessed, result.Reason)
		require.Contains(t, result.Explanation, `downstream it is still "Unprocessed"; gave up after 24h0m0s`)
		const minute = time.Minute
		require.Equal(t, []time.Duration{
			3 * minute, 6 * minute, 12 * minute, 24 * minute, 48 * minute, 96 * minute, 192 * minute,
			240 * minute, 240 * minute, 240 * minute, 240 * minute, 99 * minute, // a day in all
		}, *timers)
		require.Equal(t, len(*timers)+1, result.Rounds, "it looks once more when the time is over")
		require.Equal(t, result.Rounds, w.storeGets, "every round reads the store again")
	})
	t.Run("end when the order is processed", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t)
		w.willApply(nil)
		w.setDownstream("Unprocessed", downstream.PhaseUnprocessed, "v1")
		w.env.RegisterDelayedCallback(func() { w.setDownstream("Awaiting Shipment", downstream.PhaseOpen, "v2") }, 4*time.Minute)
		result := w.run(t)
		require.Equal(t, workflows.OutcomeCancelled, result.Outcome)
		require.Equal(t, []string{"cancel v2"}, w.applied)
		require.Equal(t, 3, result.Rounds)
	})
	t.Run("end when the order arrives", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t)
		w.willApply(nil)
		w.found = activities.FindResult{Found: activities.FoundNone}
		w.env.RegisterDelayedCallback(func() { w.setDownstream("Awaiting Shipment", downstream.PhaseOpen, "v1") }, time.Minute)
		require.Equal(t, workflows.OutcomeCancelled, w.run(t).Outcome)
	})
	t.Run("order never forwarded", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t)
		w.found = activities.FindResult{Found: activities.FoundNone}
		result := w.run(t)
		require.Equal(t, workflows.OutcomeGaveUp, result.Outcome)
		require.Equal(t, workflows.ReasonNotDownstream, result.Reason)
		require.Contains(t, result.Explanation, "it is not known downstream")
	})
	t.Run("store changes its mind meanwhile", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t)
		w.willApply(nil)
		w.setDownstream("Unprocessed", downstream.PhaseUnprocessed, "v1")
		w.env.RegisterDelayedCallback(func() {
			w.setStore(bigcommerce.StatusAwaitingFulfillment, time.Hour)
			w.setDownstream("Awaiting Shipment", downstream.PhaseOpen, "v2")
		}, time.Minute)
		result := w.run(t)
		require.Equal(t, workflows.OutcomeNoEffect, result.Outcome)
		require.Equal(t, workflows.ReasonStatusNotMapped, result.Reason)
		require.Empty(t, w.applied)
	})
	t.Run("channel is deactivated meanwhile", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t)
		w.setDownstream("Unprocessed", downstream.PhaseUnprocessed, "v1")
		w.env.RegisterDelayedCallback(func() { w.channel.Active = false }, time.Minute)
		require.Equal(t, workflows.ReasonChannelInactive, w.run(t).Reason)
	})
}

// TestOrderWebhookWaitsWithoutEndInSight shows that waits stay as long as the
// longest, however many there are.
func TestOrderWebhookWaitsWithoutEndInSight(t *testing.T) {
	t.Parallel()
	w := newOrderWorld(t)
	w.found = activities.FindResult{Found: activities.FoundNone}
	w.channel.Settings.Waits.First = channels.Duration(2 * time.Second)
	w.channel.Settings.Waits.Longest = channels.Duration(10 * time.Second)
	w.channel.Settings.Waits.GiveUpAfter = channels.Duration(20 * time.Minute)
	timers := w.timers()
	require.Equal(t, workflows.OutcomeGaveUp, w.run(t).Outcome)
	require.Len(t, *timers, 2+120, "2s, 4s, 8s, then 10s each but for the last")
	for _, d := range (*timers)[3 : len(*timers)-1] {
		require.Equal(t, 10*time.Second, d)
	}
}

// TestOrderWebhookAfterAnOutage changes everything while the order system is
// out of order: what counts is what is so afterwards.
func TestOrderWebhookAfterAnOutage(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		meanwhile func(w *orderWorld)
		reason    workflows.Reason
		applied   []string
	}{
		"the order was reopened": {
			func(w *orderWorld) { w.setStore(bigcommerce.StatusAwaitingFulfillment, time.Hour) },
			workflows.ReasonStatusNotMapped, nil,
		},
		"the order was shipped": {
			func(w *orderWorld) { w.setStore(bigcommerce.StatusShipped, time.Hour) },
			workflows.ReasonApplied,
			[]string{"fulfill v1"},
		},
		"the channel was switched off": {
			func(w *orderWorld) { w.channel.Active = false }, workflows.ReasonChannelInactive, nil,
		},
		"nothing changed": {func(*orderWorld) {}, workflows.ReasonApplied, []string{"cancel v1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newOrderWorld(t)
			w.willApply(nil)
			tries := 0
			w.find = func() (activities.FindResult, error) {
				if tries++; tries < 5 {
					return activities.FindResult{}, temporal.NewApplicationError("out of order", "downstream_unavailable")
				}
				return w.found, nil
			}
			w.env.RegisterDelayedCallback(func() { c.meanwhile(w) }, 2*time.Second)
			result := w.run(t)
			require.Equal(t, c.reason, result.Reason)
			require.Equal(t, c.applied, w.applied)
		})
	}
}

// TestOrderWebhookHeeds shows that a system that asks to be left alone is left
// alone before the second attempt, too.
func TestOrderWebhookHeeds(t *testing.T) {
	t.Parallel()
	w := newOrderWorld(t)
	w.willApply(nil)
	tries := 0
	w.find = func() (activities.FindResult, error) {
		if tries++; tries == 1 {
			return activities.FindResult{}, temporal.NewApplicationErrorWithOptions("too many requests",
				string(activities.ReasonDownstreamRateLimited), temporal.ApplicationErrorOptions{NextRetryDelay: 42 * time.Second})
		}
		return w.found, nil
	}
	timers := w.timers()
	require.Equal(t, workflows.OutcomeCancelled, w.run(t).Outcome)
	require.Equal(t, []time.Duration{42 * time.Second}, *timers)
}

func TestOrderWebhookWaitsForItsChannel(t *testing.T) {
	t.Parallel()
	w := newOrderWorld(t)
	w.willApply(nil)
	channel := w.channel
	w.channel = activities.ChannelView{}
	w.env.RegisterDelayedCallback(func() { w.channel = channel }, time.Hour)
	require.Equal(t, workflows.OutcomeCancelled, w.run(t).Outcome, "a channel that was ended by mistake and is back")
}

func TestOrderWebhookSettles(t *testing.T) {
	t.Parallel()
	t.Run("cancel followed at once by fulfill", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t)
		w.willApply(nil)
		w.setStore(bigcommerce.StatusCancelled, 0)
		timers := w.timers()
		w.env.RegisterDelayedCallback(func() { w.setStore(bigcommerce.StatusShipped, time.Hour) }, time.Second)
		result := w.run(t)
		require.Equal(t, workflows.OutcomeFulfilled, result.Outcome)
		require.Equal(t, []string{"fulfill v1"}, w.applied)
		require.Equal(t, []time.Duration{2 * time.Second}, *timers)
	})
	t.Run("an order that is old enough is not waited for", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t)
		w.willApply(nil)
		w.setStore(bigcommerce.StatusCancelled, 2*time.Second)
		timers := w.timers()
		w.run(t)
		require.Empty(t, *timers)
		require.Equal(t, 1, w.storeGets)
	})
	t.Run("an order that never rests is applied all the same", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t)
		w.willApply(nil)
		w.setStore(bigcommerce.StatusCancelled, -time.Hour) // a store whose times disagree
		timers := w.timers()
		require.Equal(t, workflows.OutcomeCancelled, w.run(t).Outcome)
		for _, d := range *timers {
			require.LessOrEqual(t, d, channels.DefaultSettle.Std())
		}
		require.Len(t, *timers, 5)
	})
}

func TestOrderWebhookConflicts(t *testing.T) {
	t.Parallel()
	conflict := &activities.ApplyResult{Applied: activities.AppliedConflict}
	t.Run("rules again on what is there now", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t)
		w.willApply(func(req activities.ApplyRequest) *activities.ApplyResult {
			if req.Version != "v1" {
				return nil
			}
			w.setDownstream("Awaiting Shipment", downstream.PhaseOpen, "v2")
			return conflict
		})
		require.Equal(t, workflows.OutcomeCancelled, w.run(t).Outcome)
		require.Equal(t, []string{"cancel v2"}, w.applied)
	})
	t.Run("another run did it", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t)
		w.willApply(func(activities.ApplyRequest) *activities.ApplyResult {
			w.setDownstream("Cancelled", downstream.PhaseCancelled, "v2")
			return conflict
		})
		require.Equal(t, workflows.OutcomeAlreadyDone, w.run(t).Outcome)
		require.Empty(t, w.applied)
	})
	t.Run("moved to a status that is not selected", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t)
		w.willApply(func(activities.ApplyRequest) *activities.ApplyResult {
			w.setDownstream("On Hold", downstream.PhaseOpen, "v2")
			return conflict
		})
		require.Equal(t, workflows.ReasonStatusNotSelected, w.run(t).Reason)
	})
	t.Run("an order that keeps changing is left alone for a while", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t)
		asked := 0
		timers := w.timers()
		w.willApply(func(activities.ApplyRequest) *activities.ApplyResult {
			if asked++; asked > 7 {
				return nil
			}
			return conflict
		})
		require.Equal(t, workflows.OutcomeCancelled, w.run(t).Outcome)
		require.Equal(t, []time.Duration{3 * time.Minute}, *timers, "five conflicts, a wait, two more, then success")
	})
}

// TestOrderWebhookFallsBack shows that a step that fails locally goes on as a
// regular activity, on the queue of its side, until it succeeds.
func TestOrderWebhookFallsBack(t *testing.T) {
	t.Parallel()
	w := newOrderWorld(t)
	w.willApply(nil)
	attempts := 0
	var queues []string
	w.readStore = func(ctx context.Context) (activities.StoreOrder, error) {
		info := activity.GetInfo(ctx)
		if !info.IsLocalActivity {
			queues = append(queues, info.TaskQueue)
		}
		if attempts++; attempts <= 3 {
			return activities.StoreOrder{}, temporal.NewApplicationErrorWithOptions("busy", "store_rate_limited",
				temporal.ApplicationErrorOptions{NextRetryDelay: 20 * time.Second})
		}
		return w.store, nil
	}
	require.Equal(t, workflows.OutcomeCancelled, w.run(t).Outcome)
	require.Equal(t, 4, attempts)
	require.Equal(t, []string{workflows.TaskQueueBigCommerce, workflows.TaskQueueBigCommerce, workflows.TaskQueueBigCommerce}, queues)
}

// TestOrderWebhookRetriesEnd shows that retries without end in sight stop with
// the reason of the last attempt.
func TestOrderWebhookRetriesEnd(t *testing.T) {
	t.Parallel()
	w := newOrderWorld(t)
	w.find = func() (activities.FindResult, error) {
		return activities.FindResult{}, temporal.NewApplicationErrorWithOptions("channel main: the token is not accepted",
			string(activities.ReasonDownstreamCredentials), temporal.ApplicationErrorOptions{NextRetryDelay: 15 * time.Minute})
	}
	failure := w.runFailing(t)
	require.Equal(t, string(activities.ReasonDownstreamCredentials), failure.Type())
	require.Contains(t, failure.Message(), "the token is not accepted")
}

func TestOrderWebhookCancelled(t *testing.T) {
	t.Parallel()
	w := newOrderWorld(t)
	w.found = activities.FindResult{Found: activities.FoundNone}
	w.env.RegisterDelayedCallback(w.env.CancelWorkflow, time.Minute)
	w.env.ExecuteWorkflow(workflows.OrderWebhook, w.input)
	require.True(t, w.env.IsWorkflowCompleted())
	var cancelled *temporal.CanceledError
	require.ErrorAs(t, w.env.GetWorkflowError(), &cancelled, "an operator who cancels a run gets a cancelled run")
}
