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
	// stepAttempt and stepLimit bound one attempt at a step of a check and all
	// of them: a person waits for the result.
	stepAttempt = 20 * time.Second
	stepLimit   = 45 * time.Second
)

// CheckIntegration checks the whole integration of a channel, step by step, and
// says of each what to do about it. A step that fails is a result and not an
// error: the workflow itself fails only when it is cancelled. The query "steps"
// answers with what is known so far.
func CheckIntegration(ctx workflow.Context, request activities.CheckRequest) (activities.CheckReport, error) {
	c := &integrationCheck{
		request: request,
		report: activities.CheckReport{
			Channel: request.Channel, Result: activities.CheckRunning, Steps: []activities.CheckStep{},
			StartedAt: workflow.Now(ctx).UTC(),
		},
		delivered: workflow.GetSignalChannel(ctx, channels.SignalDelivered),
	}
	err := workflow.SetQueryHandlerWithOptions(ctx, channels.QuerySteps,
		func() (activities.CheckReport, error) { return c.report, nil },
		workflow.QueryHandlerOptions{Description: "What is known so far."})
	if err != nil {
		return activities.CheckReport{}, err
	}
	for _, name := range activities.CheckStepNames() {
		if err := c.make(ctx, name); err != nil {
			return activities.CheckReport{}, err
		}
	}
	c.report.Result, c.report.EndedAt = activities.Worst(c.report.Steps), workflow.Now(ctx).UTC()
	workflow.SetCurrentDetails(ctx, fmt.Sprintf("Result: %s.", c.report.Result))
	return c.report, nil
}

// integrationCheck is the state of one check.
type integrationCheck struct {
	request   activities.CheckRequest
	report    activities.CheckReport
	delivered workflow.ReceiveChannel
}

// make makes one step.
func (c *integrationCheck) make(ctx workflow.Context, name string) error {
	c.report.Steps = append(c.report.Steps, activities.CheckStep{Name: name, Result: activities.CheckRunning})
	workflow.SetCurrentDetails(ctx, "Checking: "+name+".")
	result, skip := c.skips(name)
	if !skip {
		var err error
		if result, err = c.result(ctx, name); err != nil {
			return err
		}
	}
	result.Name = name
	c.report.Steps[len(c.report.Steps)-1] = result
	return nil
}

// skips reports whether a step that failed before leaves nothing to check.
func (c *integrationCheck) skips(name string) (activities.CheckStep, bool) {
	because := ""
	switch {
	case c.failed(activities.CheckStepChannel):
		because = "There is no channel to check."
	case c.failed(activities.CheckStepToken):
		switch name {
		case activities.CheckStepScopes, activities.CheckStepHooks, activities.CheckStepDelivery:
			because = "It needs an access token that works."
		}
	}
	return activities.CheckStep{Result: activities.CheckSkipped, Detail: because}, because != ""
}

func (c *integrationCheck) failed(name string) bool {
	for _, step := range c.report.Steps {
		if step.Name == name {
			return step.Result == activities.CheckFailed
		}
	}
	return false
}

// result makes one step that is not skipped.
func (c *integrationCheck) result(ctx workflow.Context, name string) (activities.CheckStep, error) {
	switch name {
	case activities.CheckStepChannel:
		return c.ask(ctx, TaskQueueChannels, name, acts.CheckActive)
	case activities.CheckStepToken:
		return c.ask(ctx, TaskQueueBigCommerce, name, acts.CheckToken)
	case activities.CheckStepScopes:
		return c.ask(ctx, TaskQueueBigCommerce, name, acts.CheckScopes)
	case activities.CheckStepHooks:
		return c.ask(ctx, TaskQueueBigCommerce, name, acts.CheckHooks)
	case activities.CheckStepCallback:
		return c.ask(ctx, TaskQueueBigCommerce, name, acts.CheckCallback)
	case activities.CheckStepDelivery:
		return c.delivery(ctx)
	case activities.CheckStepDownstream:
		return c.ask(ctx, TaskQueueDownstream, name, acts.CheckDownstream)
	case activities.CheckStepRules:
		return c.ask(ctx, TaskQueueDownstream, name, acts.CheckRules)
	case activities.CheckStepSignature:
		return c.ask(ctx, TaskQueueChannels, name, acts.CheckSigning)
	default:
		return activities.CheckStep{}, fmt.Errorf("there is no step %q of a check", name)
	}
}

// ask has an activity make a step.
func (c *integrationCheck) ask(ctx workflow.Context, queue, name string, activity any) (activities.CheckStep, error) {
	var result activities.CheckStep
	err := workflow.ExecuteActivity(c.options(ctx, queue, "check: "+name), activity, c.request).Get(ctx, &result)
	if err != nil {
		return undecided(err)
	}
	return result, nil
}

// options are those of every activity of a check.
func (c *integrationCheck) options(ctx workflow.Context, queue, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:              queue,
		StartToCloseTimeout:    stepAttempt,
		ScheduleToCloseTimeout: stepLimit,
		// What an activity makes in the store is removed only once it has ended.
		WaitForCancellation: true,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: firstRetry, BackoffCoefficient: 2, MaximumAttempts: activities.CheckAttempts,
		},
		Priority: temporal.Priority{FairnessKey: c.request.Channel},
		Summary:  summary,
	})
}

// undecided is the result of a step whose activity failed: that says nothing of
// what was to be checked. A cancellation is passed on.
func undecided(err error) (activities.CheckStep, error) {
	if temporal.IsCanceledError(err) {
		return activities.CheckStep{}, err
	}
	return activities.CheckStep{
		Result: activities.CheckWarning, Detail: "It could not be checked: " + messageOf(err) + ".",
		Advice: "Check again in a moment; if it lasts, look at this run in the Temporal Web UI and into the log of the worker.",
	}, nil
}

// messageOf returns what an activity said of its failure, without the names that
// Temporal adds.
func messageOf(err error) string {
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return app.Message()
	}
	_, message := failureOf(err)
	return message
}
