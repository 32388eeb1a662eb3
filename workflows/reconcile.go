package workflows

import (
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/channels"
)

const (
	// reconcilePagesPerRun bounds the history of one run: a page is some ten
	// events, and up to 250 finds.
	reconcilePagesPerRun = 100
	// scheduledPageFor bounds the attempts at one page of a scheduled search.
	// The next one begins where this one did.
	scheduledPageFor = time.Hour
	// requestedPageFor bounds them for a search that a person asked for and
	// that nothing repeats.
	requestedPageFor = 24 * time.Hour
	// pageTimeout bounds one attempt: a call to the store, a few questions to
	// visibility, and at most 250 starts.
	pageTimeout = 3 * time.Minute
	// pageHeartbeat is how long an attempt may be silent.
	pageHeartbeat = time.Minute
)

// Reconcile searches the store of a channel once for changes of orders that no
// webhook told of, and starts the order workflow for each of them. A search
// from the channel's watermark tells the channel at the end up to when its store
// has been searched; if it does not come to its end, the next one begins at the
// same place.
func Reconcile(ctx workflow.Context, request activities.ReconcileRequest) (activities.ReconcileReport, error) {
	r := &reconcile{request: request}
	if request.Resumed != nil {
		r.ReconcileState = *request.Resumed
	}
	if err := r.setup(ctx); err != nil {
		return activities.ReconcileReport{}, err
	}
	if err := r.run(ctx); err != nil {
		return activities.ReconcileReport{}, r.failed(ctx, err)
	}
	return r.report(ctx), nil
}

// reconcile is the state of one search.
type reconcile struct {
	activities.ReconcileState
	request activities.ReconcileRequest
	skipped string
	done    bool
}

func (r *reconcile) setup(ctx workflow.Context) error {
	return workflow.SetQueryHandlerWithOptions(ctx, channels.QueryProgress,
		func() (activities.ReconcileProgress, error) { return r.progress(), nil },
		workflow.QueryHandlerOptions{Description: "How far the search is."})
}

func (r *reconcile) progress() activities.ReconcileProgress {
	return activities.ReconcileProgress{
		From: r.Window.From, Until: r.Window.Until, At: r.Cursor.At,
		ReconcileCounts: r.Counts, Pages: r.Pages, Done: r.done,
	}
}

func (r *reconcile) run(ctx workflow.Context) error {
	if r.request.Resumed == nil {
		begun, err := r.begin(ctx)
		if err != nil || !begun {
			return err
		}
	}
	for pages := 0; ; {
		result, err := r.page(ctx)
		if err != nil {
			return err
		}
		if result.Stop != "" {
			r.skipped = result.Stop
			return nil
		}
		r.take(result)
		if result.Done {
			return r.complete(ctx)
		}
		workflow.SetCurrentDetails(ctx, r.sentence("Searching the store"))
		if pages++; pages >= reconcilePagesPerRun || workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
			next := r.request
			next.Resumed = &r.ReconcileState
			return workflow.NewContinueAsNewError(ctx, ReconcileType, next)
		}
	}
}

// begin finds out what there is to search. It answers false if there is
// nothing.
func (r *reconcile) begin(ctx workflow.Context) (bool, error) {
	var window activities.ReconcileWindow
	err := workflow.ExecuteActivity(r.options(ctx, attemptTimeout, "find out what to search"),
		acts.BeginReconcile, r.request).Get(ctx, &window)
	if err != nil {
		return false, err
	}
	if window.Skip != "" {
		r.skipped = window.Skip
		return false, nil
	}
	r.Window, r.Cursor = window, activities.ReconcileCursor{At: window.From}
	return true, nil
}

func (r *reconcile) page(ctx workflow.Context) (activities.ReconcilePageResult, error) {
	var result activities.ReconcilePageResult
	summary := "search from " + r.Cursor.At.Format(time.RFC3339)
	err := workflow.ExecuteActivity(r.options(ctx, pageTimeout, summary), acts.ReconcilePage, activities.ReconcilePageRequest{
		Channel: r.request.Channel, Window: r.Window, Cursor: r.Cursor,
		DryRun: r.request.DryRun, Scheduled: r.request.MovesWatermark(), RepeatFailed: r.request.RepeatsFailed(),
	}).Get(ctx, &result)
	return result, err
}

// take adds what became of a page.
func (r *reconcile) take(page activities.ReconcilePageResult) {
	r.Pages++
	r.Cursor = page.Next
	r.Counts = r.Counts.Add(page.Counts)
	room := activities.MaxFoundListed - len(r.Found)
	if len(page.Found) > room {
		page.Found, r.Truncated = page.Found[:room], true
	}
	r.Found = append(r.Found, page.Found...)
}

// complete tells the channel up to when its store has been searched. All that
// was found is started by now.
func (r *reconcile) complete(ctx workflow.Context) error {
	if !r.request.MovesWatermark() {
		return nil
	}
	err := workflow.SignalExternalWorkflow(ctx, channels.WorkflowID(r.request.Channel), "",
		channels.SignalReconciled, channels.Reconciled{From: r.Window.From, Through: r.Window.Until}).Get(ctx, nil)
	if _, gone := errors.AsType[*temporal.UnknownExternalWorkflowExecutionError](err); gone {
		r.skipped = fmt.Sprintf("channel %s was removed meanwhile", r.request.Channel)
		return nil
	}
	return err
}

// report closes the run: for operators in the Web UI and in the log, and as its
// result.
func (r *reconcile) report(ctx workflow.Context) activities.ReconcileReport {
	r.done = true
	report := activities.ReconcileReport{
		Channel: r.request.Channel, From: r.Window.From, ReconcileCounts: r.Counts, Pages: r.Pages,
		Found: r.Found, Truncated: r.Truncated, DryRun: r.request.DryRun, Skipped: r.skipped,
	}
	if report.Found == nil {
		report.Found = []activities.FoundOrder{} // a list in JSON, not null
	}
	if r.skipped != "" {
		workflow.SetCurrentDetails(ctx, r.sentence("Ended early: "+r.skipped))
		return report
	}
	report.Through = r.Window.Until
	workflow.SetCurrentDetails(ctx, r.sentence("Searched the store through "+r.Window.Until.Format(time.RFC3339)))
	if r.Counts.Missed > 0 {
		workflow.GetLogger(ctx).Warn("changes of orders that no webhook told of",
			"channel", report.Channel, "from", report.From, "through", report.Through,
			"missed", r.Counts.Missed, "started", r.Counts.Started, "dry_run", report.DryRun)
	}
	return report
}

// sentence says how far it is, after what it is doing.
func (r *reconcile) sentence(doing string) string {
	if r.Pages == 0 {
		return doing + "."
	}
	return fmt.Sprintf("%s: %d change(s) listed since %s, %d of them in a mapped status, %d without a webhook, %d started.",
		doing, r.Counts.Listed, r.Window.From.Format(time.RFC3339), r.Counts.Mapped, r.Counts.Missed, r.Counts.Started)
}

// failed says why a search did not come to its end.
func (r *reconcile) failed(ctx workflow.Context, cause error) error {
	if temporal.IsCanceledError(cause) || workflow.IsContinueAsNewError(cause) {
		return cause
	}
	reason, message := failureOf(cause)
	workflow.SetCurrentDetails(ctx, r.sentence("Not complete, because of "+message))
	return temporal.NewApplicationErrorWithOptions(
		fmt.Sprintf("channel %s: search for lost webhooks: %s; the next search begins at the same place", r.request.Channel, message),
		string(reason), temporal.ApplicationErrorOptions{NonRetryable: true})
}

func (r *reconcile) options(ctx workflow.Context, attempt time.Duration, summary string) workflow.Context {
	retryFor := requestedPageFor
	if r.request.MovesWatermark() {
		retryFor = scheduledPageFor
	}
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:              TaskQueueBigCommerce,
		ScheduleToCloseTimeout: retryFor,
		StartToCloseTimeout:    attempt,
		HeartbeatTimeout:       pageHeartbeat,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: firstRetry, BackoffCoefficient: 2, MaximumInterval: longestRetry,
		},
		Priority: temporal.Priority{PriorityKey: priorityFound, FairnessKey: r.request.Channel},
		Summary:  summary,
	})
}
