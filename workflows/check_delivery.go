package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/channels"
)

const (
	// firstArrivalWait and secondArrivalWait are how long a check waits for the
	// delivery that it caused. BigCommerce documents that a new hook can take a
	// minute to work, so what happens in its first minute may never be told of:
	// after that it is made to happen once more.
	firstArrivalWait  = 65 * time.Second
	secondArrivalWait = 60 * time.Second
)

// delivery says whether callbacks of BigCommerce arrive.
func (c *integrationCheck) delivery(ctx workflow.Context) (activities.CheckStep, error) {
	var last activities.Arrival
	err := workflow.ExecuteActivity(c.options(ctx, TaskQueueChannels, "look for the last webhook"), acts.LastArrival, c.request).Get(ctx, &last)
	if temporal.IsCanceledError(err) {
		return activities.CheckStep{}, err
	}
	if err != nil {
		workflow.GetLogger(ctx).Warn("last webhook not found out", "channel", c.request.Channel, "error", err)
	}
	if !c.request.Deliver {
		return last.Judge(workflow.Now(ctx)), nil
	}
	result, arrived, err := c.trial(ctx)
	switch {
	case err != nil:
		return activities.CheckStep{}, err
	case arrived && c.failed(activities.CheckStepCallback):
		c.reached()
		result.Detail += " So the callback address can be reached, although it could not be reached from here."
	case result.Result == activities.CheckWarning && last.Lately(workflow.Now(ctx)):
		// A real one has arrived: that is as good.
		result.Result, result.Detail, result.Advice = activities.CheckOK, last.Judge(workflow.Now(ctx)).Detail+" "+result.Detail, ""
	}
	return result, nil
}

// reached takes back that the callback address cannot be reached: BigCommerce
// has reached it. Networks exist whose inside cannot reach their own outside.
func (c *integrationCheck) reached() {
	for i := range c.report.Steps {
		if step := &c.report.Steps[i]; step.Name == activities.CheckStepCallback {
			step.Result = activities.CheckWarning
		}
	}
}

// trial causes a delivery and waits for it. Whatever it makes in the store is
// removed in the end, also when the check is cancelled.
func (c *integrationCheck) trial(ctx workflow.Context) (result activities.CheckStep, arrived bool, err error) {
	defer func() {
		if left := c.endTrial(ctx); left != "" && err == nil {
			result.Detail += " " + left
			result.Advice += " The next check tries to remove them again."
			if result.Result == activities.CheckOK {
				result.Result = activities.CheckWarning
			}
		}
	}()
	var trial activities.Trial
	err = workflow.ExecuteActivity(c.options(ctx, TaskQueueBigCommerce, "make a temporary hook"), acts.PrepareTrial, c.request).Get(ctx, &trial)
	if err != nil {
		result, err = undecided(err)
		return result, false, err
	}
	if trial.Verdict != nil {
		return *trial.Verdict, false, nil
	}
	for _, wait := range []time.Duration{firstArrivalWait, secondArrivalWait} {
		result, arrived, err = c.attempt(ctx, trial, wait)
		if arrived || err != nil || result.Result != "" {
			return result, arrived, err
		}
	}
	return activities.CheckStep{
		Result: activities.CheckFailed,
		Detail: fmt.Sprintf("BigCommerce did not deliver within %s: a hook and something for it to tell of were made, and nothing arrived.",
			firstArrivalWait+secondArrivalWait),
		Advice: "See in the log of the ingress whether anything came; if not, whether the address is reachable from the internet, " +
			"by https on port 443, with its full chain of certificates, and past every firewall: BigCommerce publishes no addresses " +
			"that it delivers from. A domain that the hooks step calls blocked gets nothing until the block ends.",
	}, false, nil
}

// attempt causes one delivery and waits for it. The result is empty if nothing
// has arrived.
func (c *integrationCheck) attempt(ctx workflow.Context, trial activities.Trial, wait time.Duration) (activities.CheckStep, bool, error) {
	c.forget()
	began := workflow.Now(ctx)
	err := workflow.ExecuteActivity(c.options(ctx, TaskQueueBigCommerce, "cause a delivery"), acts.CauseTrial, trial).Get(ctx, &trial)
	if err != nil {
		result, err := undecided(err)
		return result, false, err
	}
	if trial.Verdict != nil {
		return *trial.Verdict, false, nil
	}
	workflow.SetCurrentDetails(ctx, "Waiting for the delivery of a callback.")
	arrived, err := workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{
		Timeout: wait, TimerOptions: workflow.TimerOptions{Summary: "wait for the delivery"},
	}, func() bool { return c.delivered.Len() > 0 })
	if err != nil || !arrived {
		return activities.CheckStep{}, false, err
	}
	took := workflow.Now(ctx).Sub(began).Round(time.Second)
	return activities.CheckStep{
		Result: activities.CheckOK, Detail: fmt.Sprintf("BigCommerce delivered a callback, which took %s.", max(took, time.Second)),
	}, true, nil
}

// forget drops what arrived before a delivery was caused.
func (c *integrationCheck) forget() {
	for c.delivered.ReceiveAsync(&channels.Delivered{}) {
		continue
	}
}

// endTrial removes what the trial has made, and says what is left if it cannot.
func (c *integrationCheck) endTrial(ctx workflow.Context) string {
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	err := workflow.ExecuteActivity(c.options(ctx, TaskQueueBigCommerce, "remove the temporary hook"), acts.EndTrial, c.request).Get(ctx, nil)
	if err == nil {
		return ""
	}
	workflow.GetLogger(ctx).Error("temporary hook not removed", "channel", c.request.Channel, "error", err)
	return fmt.Sprintf("The temporary hook, or its metafield, may still be there: %s.", messageOf(err))
}
