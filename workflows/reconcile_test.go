package workflows_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/workflows"
)

var (
	searchFrom  = time.Date(2026, 11, 27, 10, 0, 0, 0, time.UTC)
	searchUntil = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
)

// searchWorld is a store in the time-skipping environment, of which each page
// holds the changes of a minute.
type searchWorld struct {
	env     *testsuite.TestWorkflowEnvironment
	request activities.ReconcileRequest
	window  activities.ReconcileWindow
	// page answers, if it is set; otherwise a page has 250 changes of which 3
	// were missed.
	page func(request activities.ReconcilePageRequest) (activities.ReconcilePageResult, error)

	asked    []activities.ReconcilePageRequest
	signaled []channels.Reconciled
}

func newSearchWorld(t *testing.T) *searchWorld {
	t.Helper()
	w := &searchWorld{
		request: activities.ReconcileRequest{Channel: "main"},
		window:  activities.ReconcileWindow{From: searchFrom, Until: searchUntil},
	}
	w.arm()
	return w
}

// arm makes an environment for one run.
func (w *searchWorld) arm() {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	w.env = suite.NewTestWorkflowEnvironment()
	w.env.SetTestTimeout(30 * time.Second)
	w.env.RegisterActivity(acts)
	w.env.OnActivity(acts.BeginReconcile, mock.Anything, mock.Anything).Maybe().Return(
		func(context.Context, activities.ReconcileRequest) (activities.ReconcileWindow, error) {
			return w.window, nil
		})
	w.env.OnActivity(acts.ReconcilePage, mock.Anything, mock.Anything).Maybe().Return(
		func(_ context.Context, request activities.ReconcilePageRequest) (activities.ReconcilePageResult, error) {
			w.asked = append(w.asked, request)
			if w.page != nil {
				return w.page(request)
			}
			return minuteOf(request, 3), nil
		})
}

// minuteOf answers with the page of one minute, of which some were missed.
func minuteOf(request activities.ReconcilePageRequest, missed int) activities.ReconcilePageResult {
	result := activities.ReconcilePageResult{
		Counts: activities.ReconcileCounts{Listed: 250, Mapped: 10, Covered: 10 - missed, Missed: missed},
		Next:   activities.ReconcileCursor{At: request.Cursor.At.Add(time.Minute)},
	}
	if !request.DryRun {
		result.Counts.Started = missed
	}
	for i := range missed {
		result.Found = append(result.Found, activities.FoundOrder{
			Channel: request.Channel, OrderID: request.Cursor.At.Unix() + int64(i),
			StatusID: bigcommerce.StatusCancelled, ModifiedAt: request.Cursor.At,
		})
	}
	result.Done = result.Next.At.After(request.Window.Until)
	return result
}

// willSignal lets the channel take the watermark.
func (w *searchWorld) willSignal(err error) {
	w.env.OnSignalExternalWorkflow(mock.Anything, "channel/main", "", channels.SignalReconciled, mock.Anything).Return(
		func(_, _, _, _ string, arg any) error {
			if err == nil {
				reconciled, ok := arg.(channels.Reconciled)
				if !ok {
					return errors.New("the signal is of another type")
				}
				w.signaled = append(w.signaled, reconciled)
			}
			return err
		})
}

func (w *searchWorld) run(t *testing.T) activities.ReconcileReport {
	t.Helper()
	w.env.ExecuteWorkflow(workflows.Reconcile, w.request)
	require.True(t, w.env.IsWorkflowCompleted())
	require.NoError(t, w.env.GetWorkflowError())
	var report activities.ReconcileReport
	require.NoError(t, w.env.GetWorkflowResult(&report))
	return report
}

func (w *searchWorld) progress(t *testing.T) activities.ReconcileProgress {
	t.Helper()
	value, err := w.env.QueryWorkflow(channels.QueryProgress)
	require.NoError(t, err)
	var progress activities.ReconcileProgress
	require.NoError(t, value.Get(&progress))
	return progress
}

func TestReconcile(t *testing.T) {
	t.Parallel()
	t.Run("a scheduled search moves the watermark when all is started", func(t *testing.T) {
		t.Parallel()
		w := newSearchWorld(t)
		w.window.Until = searchFrom.Add(10 * time.Minute)
		w.willSignal(nil)
		w.page = func(request activities.ReconcilePageRequest) (activities.ReconcilePageResult, error) {
			require.Empty(t, w.signaled, "before the end")
			require.True(t, request.Scheduled)
			require.False(t, request.RepeatFailed, "they are for a person to see to")
			return minuteOf(request, 3), nil
		}
		report := w.run(t)
		require.Equal(t, []channels.Reconciled{{From: searchFrom, Through: w.window.Until}}, w.signaled)
		counts := activities.ReconcileCounts{Listed: 11 * 250, Mapped: 110, Covered: 77, Missed: 33, Started: 33}
		require.Equal(t, counts, report.ReconcileCounts)
		require.Equal(t, searchFrom, report.From)
		require.Equal(t, w.window.Until, report.Through)
		require.Len(t, report.Found, 33)
		require.False(t, report.Truncated)
		require.Empty(t, report.Skipped)
		progress := w.progress(t)
		require.True(t, progress.Done)
		require.Equal(t, counts, progress.ReconcileCounts)
		require.Equal(t, 11, progress.Pages)
		require.Equal(t, 11, report.Pages)
	})
	t.Run("a search from a given time leaves the watermark", func(t *testing.T) {
		t.Parallel()
		w := newSearchWorld(t)
		w.request.Since = searchFrom
		require.Equal(t, searchUntil, w.runAll(t).Through)
		require.False(t, w.asked[0].Scheduled)
		require.True(t, w.asked[0].RepeatFailed, "a person has seen to them")
		require.Empty(t, w.signaled)
	})
	t.Run("so does a dry run", func(t *testing.T) {
		t.Parallel()
		w := newSearchWorld(t)
		w.request.DryRun = true
		w.window.Until = searchFrom.Add(time.Minute)
		report := w.run(t)
		require.True(t, report.DryRun)
		require.True(t, w.asked[0].DryRun)
		require.False(t, w.asked[0].RepeatFailed, "the Schedule would not either")
		require.Equal(t, 6, report.Missed)
		require.Zero(t, report.Started)
		require.Len(t, report.Found, 6)
	})
	t.Run("there is nothing to search", func(t *testing.T) {
		t.Parallel()
		w := newSearchWorld(t)
		w.window = activities.ReconcileWindow{Skip: "channel main is deactivated"}
		report := w.run(t)
		require.Equal(t, activities.ReconcileReport{Channel: "main", Skipped: "channel main is deactivated", Found: []activities.FoundOrder{}}, report)
		require.Empty(t, w.asked)
	})
	t.Run("the channel is deactivated meanwhile", func(t *testing.T) {
		t.Parallel()
		w := newSearchWorld(t)
		w.page = func(request activities.ReconcilePageRequest) (activities.ReconcilePageResult, error) {
			if len(w.asked) == 3 {
				return activities.ReconcilePageResult{Next: request.Cursor, Stop: "channel main is deactivated"}, nil
			}
			return minuteOf(request, 1), nil
		}
		report := w.run(t)
		require.Equal(t, "channel main is deactivated", report.Skipped)
		require.Equal(t, 2, report.Started)
		require.Zero(t, report.Through, "not everything was searched")
	})
	t.Run("the channel is removed meanwhile", func(t *testing.T) {
		t.Parallel()
		w := newSearchWorld(t)
		w.window.Until = searchFrom
		w.willSignal(&temporal.UnknownExternalWorkflowExecutionError{})
		require.Equal(t, "channel main was removed meanwhile", w.run(t).Skipped)
	})
}

// runAll runs a search to its end, however often it continues as new.
func (w *searchWorld) runAll(t *testing.T) activities.ReconcileReport {
	t.Helper()
	for {
		w.env.ExecuteWorkflow(workflows.Reconcile, w.request)
		require.True(t, w.env.IsWorkflowCompleted())
		var again *workflow.ContinueAsNewError
		if !errors.As(w.env.GetWorkflowError(), &again) {
			break
		}
		require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(again.Input, &w.request))
		require.Equal(t, workflows.ReconcileType, again.WorkflowType.Name)
		w.window = activities.ReconcileWindow{Skip: "it began anew"}
		w.arm()
		if w.request.MovesWatermark() {
			w.willSignal(nil)
		}
	}
	require.NoError(t, w.env.GetWorkflowError())
	var report activities.ReconcileReport
	require.NoError(t, w.env.GetWorkflowResult(&report))
	return report
}

// TestReconcileLong searches so much that the run begins a new history, and
// finds more than a report can list.
func TestReconcileLong(t *testing.T) {
	t.Parallel()
	w := newSearchWorld(t)
	const minutes, missed = 250, 9
	w.window.Until = searchFrom.Add((minutes - 1) * time.Minute)
	w.page = func(request activities.ReconcilePageRequest) (activities.ReconcilePageResult, error) {
		return minuteOf(request, missed), nil
	}
	report := w.runAll(t)
	require.Len(t, w.asked, minutes)
	for i, request := range w.asked {
		require.Equal(t, searchFrom.Add(time.Duration(i)*time.Minute), request.Cursor.At, "nothing was skipped or repeated")
	}
	require.Equal(t, minutes*missed, report.Started)
	require.Len(t, report.Found, activities.MaxFoundListed)
	require.True(t, report.Truncated)
	require.Equal(t, []channels.Reconciled{{From: searchFrom, Through: searchFrom.Add((minutes - 1) * time.Minute)}}, w.signaled)
	require.Equal(t, minutes, w.progress(t).Pages)
}

func TestReconcileProgressQuery(t *testing.T) {
	t.Parallel()
	w := newSearchWorld(t)
	w.request.DryRun = true
	var seen activities.ReconcileProgress
	w.env.RegisterDelayedCallback(func() { seen = w.progress(t) }, time.Second)
	w.page = func(request activities.ReconcilePageRequest) (activities.ReconcilePageResult, error) {
		if len(w.asked) == 61 {
			return activities.ReconcilePageResult{}, temporal.NewApplicationErrorWithOptions("the quota is used up",
				string(activities.ReasonStoreRateLimited), temporal.ApplicationErrorOptions{NextRetryDelay: 20 * time.Second})
		}
		return minuteOf(request, 1), nil
	}
	w.runAll(t)
	require.Equal(t, activities.ReconcileProgress{
		From: searchFrom, Until: searchUntil, At: searchFrom.Add(time.Hour), Pages: 60,
		ReconcileCounts: activities.ReconcileCounts{Listed: 15_000, Mapped: 600, Covered: 540, Missed: 60},
	}, seen)
	require.InDelta(t, .5, seen.Part(), 1e-9)
}

func TestReconcileFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		since    time.Time
		attempts int
	}{
		"a scheduled search gives up after an hour": {time.Time{}, 4},
		"a requested one goes on for a day":         {searchFrom, 10}, // as many as this environment makes
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newSearchWorld(t)
			w.request.Since = c.since
			w.page = func(activities.ReconcilePageRequest) (activities.ReconcilePageResult, error) {
				return activities.ReconcilePageResult{}, temporal.NewApplicationErrorWithOptions("the token is refused",
					string(activities.ReasonStoreCredentials), temporal.ApplicationErrorOptions{NextRetryDelay: 16 * time.Minute})
			}
			w.env.ExecuteWorkflow(workflows.Reconcile, w.request)
			require.True(t, w.env.IsWorkflowCompleted())
			var failure *temporal.ApplicationError
			require.ErrorAs(t, w.env.GetWorkflowError(), &failure)
			require.Contains(t, failure.Message(), "channel main: search for lost webhooks: ")
			require.Equal(t, string(activities.ReasonStoreCredentials), failure.Type())
			require.Len(t, w.asked, c.attempts)
			require.Empty(t, w.signaled, "the watermark stays")
		})
	}
	t.Run("cancelled by an operator", func(t *testing.T) {
		t.Parallel()
		w := newSearchWorld(t)
		w.page = func(activities.ReconcilePageRequest) (activities.ReconcilePageResult, error) {
			return activities.ReconcilePageResult{}, temporal.NewApplicationError("the store is away", string(activities.ReasonStoreUnavailable))
		}
		w.env.RegisterDelayedCallback(w.env.CancelWorkflow, time.Minute)
		w.env.ExecuteWorkflow(workflows.Reconcile, w.request)
		require.True(t, w.env.IsWorkflowCompleted())
		require.True(t, temporal.IsCanceledError(w.env.GetWorkflowError()), "%v", w.env.GetWorkflowError())
	})
}

// TestOrderRunsAreNamedAlike compares the names under which order workflows are
// started with those under which reconciliation looks for them.
func TestOrderRunsAreNamedAlike(t *testing.T) {
	t.Parallel()
	require.Equal(t, workflows.OrderWebhookType, activities.OrderWorkflowType)
	require.Equal(t, workflows.AttributeOrder, activities.AttributeOrder)
	require.Equal(t, workflows.AttributeModified, activities.AttributeModified)
	require.Equal(t, workflows.AttributeOutcome, activities.AttributeOutcome)
	require.Equal(t, workflows.AttributeReason, activities.AttributeReason)
	require.Equal(t, workflows.OutcomeRejected, workflows.Outcome(activities.OutcomeWithoutLook))
	require.Equal(t, workflows.ReasonChannelInactive, workflows.Reason(activities.ReasonInactiveWithoutLook))
	require.Equal(t, workflows.ReasonUnknownChannel, workflows.Reason(activities.ReasonUnknownWithoutLook))
}

// TestOrderWebhookNotesTheChange shows which change a run says that it has seen.
func TestOrderWebhookNotesTheChange(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status bigcommerce.StatusID
		age    time.Duration
		noted  bool
	}{
		"an order that has come to rest":                       {bigcommerce.StatusCancelled, 5 * time.Second, true},
		"one that was changed a second before":                 {bigcommerce.StatusAwaitingFulfillment, time.Second, true},
		"one that may be changed again within the same second": {bigcommerce.StatusAwaitingFulfillment, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newOrderWorld(t)
			w.setStore(c.status, c.age)
			w.willApply(nil)
			var noted time.Time
			w.env.OnUpsertTypedSearchAttributes(mock.MatchedBy(func(attributes temporal.SearchAttributes) bool {
				noted, _ = attributes.GetTime(workflows.AttributeModified)
				return true
			})).Return(nil)
			w.run(t)
			if !c.noted {
				require.Zero(t, noted)
				return
			}
			require.Equal(t, w.store.ModifiedAt, noted)
		})
	}
}
