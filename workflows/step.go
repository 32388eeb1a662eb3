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
// repetition can mend, as a regular activity with retries.
func call[T any](ctx workflow.Context, s step, activity, arg any) (T, error) {
	local := workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		ScheduleToCloseTimeout: localTimeout,
		RetryPolicy:            &temporal.RetryPolicy{MaximumAttempts: 1},
		Summary:                s.summary,
	})
	var result T
	err := workflow.ExecuteLocalActivity(local, activity, arg).Get(ctx, &result)
	if err == nil || temporal.IsCanceledError(err) || permanent(err) {
		return result, err
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
	return again, err
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
