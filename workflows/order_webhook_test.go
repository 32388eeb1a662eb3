package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/workflows"
)

// acts names the activities that are mocked.
var acts *activities.Activities

// orderWorld is a world of one order, in the time-skipping environment: what
// BigCommerce and the downstream system answer can be changed while it runs.
type orderWorld struct {
	env     *testsuite.TestWorkflowEnvironment
	input   workflows.Webhook
	channel activities.ChannelView
	store   activities.StoreOrder
	found   activities.FindResult

	// readStore and find replace the two reads, if they are set.
	readStore func(ctx context.Context) (activities.StoreOrder, error)
	find      func() (activities.FindResult, error)

	applied   []string // what was applied, by action and version
	storeGets int
}

func newOrderWorld(t *testing.T) *orderWorld {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	w := &orderWorld{env: suite.NewTestWorkflowEnvironment()}
	w.env.SetTestTimeout(30 * time.Second)
	w.input = workflows.Webhook{Channel: "main", Scope: "store/order/statusUpdated", Hash: "0123456789", StoreHash: "abc123", OrderID: 218}
	shipment := []string{"Awaiting Shipment"}
	w.channel = activities.ChannelView{
		Known: true, Active: true, Revision: 3, StoreHash: "abc123",
		Settings: channels.Settings{ValidCancellationStatuses: shipment, ValidFulfillmentStatuses: shipment}.WithDefaults(),
	}
	w.setStore(bigcommerce.StatusCancelled, time.Hour)
	w.setDownstream("Awaiting Shipment", downstream.PhaseOpen, "v1")
	w.env.RegisterActivity(acts)
	w.env.OnActivity(acts.ReadChannel, mock.Anything, "main").Maybe().Return(
		func(context.Context, string) (activities.ChannelView, error) { return w.channel, nil })
	w.env.OnActivity(acts.ReadStoreOrder, mock.Anything, mock.Anything).Maybe().Return(
		func(ctx context.Context, _ activities.OrderRef) (activities.StoreOrder, error) {
			w.storeGets++
			if w.readStore != nil {
				return w.readStore(ctx)
			}
			return w.store, nil
		})
	w.env.OnActivity(acts.FindDownstreamOrder, mock.Anything, mock.Anything).Maybe().Return(
		func(context.Context, activities.OrderRef) (activities.FindResult, error) {
			if w.find != nil {
				return w.find()
			}
			return w.found, nil
		})
	return w
}

// setStore says what the order is like in BigCommerce: its status, and how
// long ago it was changed.
func (w *orderWorld) setStore(status bigcommerce.StatusID, age time.Duration) {
	now := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	w.store = activities.StoreOrder{StatusID: status, StoreChannel: 1, ModifiedAt: now.Add(-age), ReadAt: now}
}

func (w *orderWorld) setDownstream(status string, phase downstream.Phase, version string) {
	w.found = activities.FindResult{Found: activities.FoundOne, Order: downstream.Order{
		ID: "d-1", Number: "218", Version: version, Status: downstream.Status{Name: status, Phase: phase},
	}}
}

// willApply makes both effects succeed, unless before decides otherwise.
func (w *orderWorld) willApply(before func(req activities.ApplyRequest) *activities.ApplyResult) {
	apply := func(action, status string, phase downstream.Phase) func(context.Context, activities.ApplyRequest) (activities.ApplyResult, error) {
		return func(_ context.Context, req activities.ApplyRequest) (activities.ApplyResult, error) {
			if before != nil {
				if result := before(req); result != nil {
					return *result, nil
				}
			}
			w.applied = append(w.applied, action+" "+req.Version)
			w.setDownstream(status, phase, req.Version+"+")
			return activities.ApplyResult{Applied: activities.AppliedDone, Order: w.found.Order}, nil
		}
	}
	w.env.OnActivity(acts.CancelDownstreamOrder, mock.Anything, mock.Anything).Maybe().
		Return(apply("cancel", "Cancelled", downstream.PhaseCancelled))
	w.env.OnActivity(acts.FulfillDownstreamOrder, mock.Anything, mock.Anything).Maybe().
		Return(apply("fulfill", "Shipped", downstream.PhaseFulfilled))
}

func (w *orderWorld) run(t *testing.T) workflows.Result {
	t.Helper()
	w.env.ExecuteWorkflow(workflows.OrderWebhook, w.input)
	require.True(t, w.env.IsWorkflowCompleted())
	require.NoError(t, w.env.GetWorkflowError())
	var result workflows.Result
	require.NoError(t, w.env.GetWorkflowResult(&result))
	require.NotEmpty(t, result.Explanation)
	return result
}

func (w *orderWorld) runFailing(t *testing.T) *temporal.ApplicationError {
	t.Helper()
	w.env.ExecuteWorkflow(workflows.OrderWebhook, w.input)
	require.True(t, w.env.IsWorkflowCompleted())
	var failure *temporal.ApplicationError
	require.ErrorAs(t, w.env.GetWorkflowError(), &failure)
	return failure
}

func TestOrderWebhookOutcomes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		given   func(w *orderWorld)
		outcome workflows.Outcome
		reason  workflows.Reason
		applied []string
		says    string
	}{
		"cancelled": {
			func(*orderWorld) {},
			workflows.OutcomeCancelled, workflows.ReasonApplied,
			[]string{"cancel v1"},
			"it was cancelled downstream",
		},
		"fulfilled": {
			func(w *orderWorld) { w.setStore(bigcommerce.StatusShipped, time.Hour) },
			workflows.OutcomeFulfilled, workflows.ReasonApplied,
			[]string{"fulfill v1"},
			"it was fulfilled downstream",
		},
		"already cancelled": {
			func(w *orderWorld) { w.setDownstream("Cancelled", downstream.PhaseCancelled, "v2") },
			workflows.OutcomeAlreadyDone, workflows.ReasonAlreadyCancelled, nil, `downstream it was "Cancelled" already`,
		},
		"already fulfilled": {
			func(w *orderWorld) {
				w.setStore(bigcommerce.StatusCompleted, time.Hour)
				w.setDownstream("Shipped", downstream.PhaseFulfilled, "v2")
			},
			workflows.OutcomeAlreadyDone, workflows.ReasonAlreadyFulfilled, nil, `downstream it was "Shipped" already`,
		},
		"cancelled too late": {
			func(w *orderWorld) { w.setDownstream("Shipped", downstream.PhaseFulfilled, "v2") },
			workflows.OutcomeTooLate, workflows.ReasonAlreadyFulfilled, nil, "somebody must look",
		},
		"status not selected": {
			func(w *orderWorld) { w.setDownstream("On Hold", downstream.PhaseOpen, "v1") },
			workflows.OutcomeNoEffect, workflows.ReasonStatusNotSelected, nil,
			`downstream it is "On Hold", which is not among the valid cancellation statuses (Awaiting Shipment)`,
		},
		"status not mapped": {
			func(w *orderWorld) { w.setStore(bigcommerce.StatusAwaitingPayment, time.Hour) },
			workflows.OutcomeNoEffect, workflows.ReasonStatusNotMapped, nil, "is Awaiting Payment in BigCommerce",
		},
		"nothing selected": {
			func(w *orderWorld) { w.channel.Settings.ValidCancellationStatuses = nil },
			workflows.OutcomeNoEffect, workflows.ReasonNothingSelected, nil, "no valid cancellation statuses",
		},
		"other store channel": {
			func(w *orderWorld) { w.channel.Settings.StoreChannels = []int64{7} },
			workflows.OutcomeNoEffect, workflows.ReasonOtherStoreChannel, nil, "BigCommerce channel 1",
		},
		"channel deactivated": {
			func(w *orderWorld) { w.channel.Active = false },
			workflows.OutcomeNoEffect, workflows.ReasonChannelInactive, nil, "deactivated",
		},
		"channel unknown": {
			func(w *orderWorld) { w.channel = activities.ChannelView{} },
			workflows.OutcomeGaveUp, workflows.ReasonUnknownChannel, nil, "no channel main",
		},
		"wrong store": {
			func(w *orderWorld) { w.input.StoreHash = "other9" },
			workflows.OutcomeRejected, workflows.ReasonWrongStore, nil, "from store other9",
		},
		"rejected at the door": {
			func(w *orderWorld) {
				w.input.OrderID = 0
				w.input.Rejection = &workflows.Rejection{Reason: workflows.ReasonNotJSON, Detail: "not_json"}
			},
			workflows.OutcomeRejected, workflows.ReasonNotJSON, nil, "cannot be used",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newOrderWorld(t)
			w.willApply(nil)
			c.given(w)
			result := w.run(t)
			require.Equal(t, c.outcome, result.Outcome)
			require.Equal(t, c.reason, result.Reason)
			require.Equal(t, c.applied, w.applied)
			require.Contains(t, result.Explanation, c.says)
		})
	}
}

func TestOrderWebhookSearchAttributes(t *testing.T) {
	t.Parallel()
	w := newOrderWorld(t)
	w.willApply(nil)
	w.env.OnUpsertTypedSearchAttributes(temporal.NewSearchAttributes(
		workflows.AttributeOutcome.ValueSet("cancelled"),
		workflows.AttributeReason.ValueSet("applied"),
		workflows.AttributeStatus.ValueSet("Cancelled"),
		workflows.AttributeModified.ValueSet(w.store.ModifiedAt),
	)).Return(nil).Once()
	w.run(t)
	w.env.AssertExpectations(t)
}

func TestOrderWebhookPermanentErrors(t *testing.T) {
	t.Parallel()
	permanent := func(reason activities.Reason) error {
		return temporal.NewNonRetryableApplicationError("channel main: it is so", string(reason), nil)
	}
	t.Run("store order not found", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t)
		w.readStore = func(context.Context) (activities.StoreOrder, error) {
			return activities.StoreOrder{}, permanent(activities.ReasonStoreNotFound)
		}
		failure := w.runFailing(t)
		require.Equal(t, string(activities.ReasonStoreNotFound), failure.Type())
		require.Equal(t, "channel main: it is so", failure.Message())
		require.Equal(t, 1, w.storeGets, "it is not repeated")
	})
	t.Run("ambiguous", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t)
		w.found = activities.FindResult{Found: activities.FoundSeveral}
		failure := w.runFailing(t)
		require.Equal(t, string(workflows.ReasonAmbiguous), failure.Type())
		require.Contains(t, failure.Message(), "order 218")
		require.Contains(t, failure.Message(), "correct the numbers")
	})
	t.Run("refused twice", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t)
		asked := 0
		w.willApply(func(activities.ApplyRequest) *activities.ApplyResult {
			asked++
			return &activities.ApplyResult{Applied: activities.AppliedRefused, Detail: "a picker has it"}
		})
		failure := w.runFailing(t)
		require.Equal(t, string(workflows.ReasonRefused), failure.Type())
		require.Equal(t, "a picker has it", failure.Message())
		require.Equal(t, 2, asked)
	})
	t.Run("refused because it shipped meanwhile", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t)
		w.willApply(func(activities.ApplyRequest) *activities.ApplyResult {
			w.setDownstream("Shipped", downstream.PhaseFulfilled, "v2")
			return &activities.ApplyResult{Applied: activities.AppliedRefused, Detail: "already fulfilled"}
		})
		result := w.run(t)
		require.Equal(t, workflows.OutcomeTooLate, result.Outcome)
	})
}
