package workflows

import (
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/orderbridge/orderbridge/activities"
)

const (
	// localTimeout bounds the first, local attempt of a step. It is well
	// below the time-out of a workflow task, so that a slow system does not
	// hold one up.
	localTimeout = 4 * time.Second
	// attemptTimeout bounds every further attempt.
	attemptTimeout = 30 * time.Second
	// firstRetry and longestRetry bound the delays between attempts, where
	// the error does not ask for one of its own.
	firstRetry   = time.Second
	longestRetry = 5 * time.Minute
)

// step is one call to the outside.
type step struct {
	// queue runs the repeated attempts.
	queue string
	// channel is the fairness key of the repeated attempts.
	channel string
	// summary is what the Temporal Web UI shows for the call.
	summary string
	// retryFor bounds all attempts together.
	retryFor time.Duration
}

// call runs an activity: first locally, which costs one marker in the history
// and no trip through a task queue, and if that fails for a reason that
// repetition can mend, as a regular activity with retries. It reports whether
// it was late: then much may have changed meanwhile.
func call[T any](ctx workflow.Context, s step, activity, arg any) (result T, late bool, err error) {
	local := workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		ScheduleToCloseTimeout: localTimeout,
		RetryPolicy:            &temporal.RetryPolicy{MaximumAttempts: 1},
		Summary:                s.summary,
	})
	err = workflow.ExecuteLocalActivity(local, activity, arg).Get(ctx, &result)
	if err == nil || temporal.IsCanceledError(err) || permanent(err) {
		return result, false, err
	}
	if err := heed(ctx, err, s.retryFor); err != nil {
		return result, false, err
	}
	regular := workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:              s.queue,
		ScheduleToCloseTimeout: s.retryFor,
		StartToCloseTimeout:    attemptTimeout,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval:    firstRetry,
			BackoffCoefficient: 2,
			MaximumInterval:    longestRetry,
		},
		Priority: temporal.Priority{FairnessKey: s.channel},
		Summary:  s.summary,
	})
	var again T
	err = workflow.ExecuteActivity(regular, activity, arg).Get(ctx, &again)
	return again, true, err
}

// heed waits as long as a system asked to be left alone. What only a person can
// mend goes on at once instead, as an activity that fails again and then shows
// its error in the Temporal Web UI.
func heed(ctx workflow.Context, err error, limit time.Duration) error {
	var app *temporal.ApplicationError
	if !errors.As(err, &app) || app.NextRetryDelay() <= 0 {
		return nil
	}
	switch activities.Reason(app.Type()) {
	case activities.ReasonStoreRateLimited, activities.ReasonDownstreamRateLimited, activities.ReasonDownstreamInUse,
		activities.ReasonStoreUnavailable, activities.ReasonDownstreamUnavailable:
		workflow.SetCurrentDetails(ctx, app.Message())
		defer workflow.SetCurrentDetails(ctx, "")
		return pause(ctx, min(app.NextRetryDelay(), limit), "leave the system alone for as long as it asked")
	default:
		return nil
	}
}

// permanent reports whether an activity said that repetition is of no use.
func permanent(err error) bool {
	var app *temporal.ApplicationError
	return errors.As(err, &app) && app.NonRetryable()
}

// failureOf returns the reason and the message of an activity's error. After
// the last retry that is what the last attempt said.
func failureOf(err error) (Reason, string) {
	var app *temporal.ApplicationError
	if errors.As(err, &app) && app.Type() != "" {
		return Reason(app.Type()), app.Message()
	}
	if _, ok := errors.AsType[*temporal.TimeoutError](err); ok {
		return Reason(activities.ReasonInternal), "no answer in time"
	}
	return Reason(activities.ReasonInternal), err.Error()
}

// acts names the activities. It is nil: only the names of its methods are used.
var acts *activities.Activities
