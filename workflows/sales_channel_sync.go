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
	// syncLimit bounds the attempts of one look at the subscriptions: longer
	// than the 30 seconds of a used-up quota, and short enough for a person to
	// wait for. What is not done by then is reported, and tried again later.
	syncLimit = 90 * time.Second
	// forcedLimit bounds the last look before a channel is removed by force.
	forcedLimit = 15 * time.Second
	// firstSyncRetry and longestSyncRetry bound the time until then.
	firstSyncRetry   = time.Minute
	longestSyncRetry = 15 * time.Minute
	// formerFor is how long callbacks that a former account has signed are
	// taken: longer than the 48 hours for which BigCommerce repeats one.
	formerFor = 49 * time.Hour
	// formerReach is how long a former store is tried to be reached.
	formerReach = 7 * 24 * time.Hour
)

// audit looks at the subscriptions now and answers with what it found.
func (c *salesChannel) audit(ctx workflow.Context, request channels.AuditRequest) (channels.AuditReport, error) {
	c.asked++
	mine := c.asked
	c.cause, c.Stale = request.Cause, true
	if err := workflow.Await(ctx, func() bool { return c.answered >= mine || c.removed }); err != nil {
		return channels.AuditReport{}, err
	}
	report := c.report
	report.Cause = request.Cause
	return report, nil
}

func (c *salesChannel) validateAudit(request channels.AuditRequest) error {
	if request.Channel != c.Channel.ID {
		return fmt.Errorf("channel %q is not %q", request.Channel, c.Channel.ID)
	}
	if c.Status.Removing || c.removed {
		return c.going()
	}
	return nil
}

// subscribe makes the store's hooks match the settings. What cannot be finished
// now is tried again later; settings that change meanwhile are applied next.
func (c *salesChannel) subscribe(ctx workflow.Context) error {
	wanted, asked, limit, forced := c.Channel, c.asked, syncLimit, c.forced
	if forced {
		limit = forcedLimit
	}
	workflow.SetCurrentDetails(ctx, "Making the hooks in BigCommerce match the settings.")
	syncCtx, cancel := workflow.WithCancel(ctx)
	defer cancel()
	future := workflow.ExecuteActivity(workflow.WithActivityOptions(syncCtx, workflow.ActivityOptions{
		TaskQueue:              TaskQueueBigCommerce,
		ScheduleToCloseTimeout: limit,
		StartToCloseTimeout:    min(time.Minute, limit),
		// Two revisions never work on the same hooks at once.
		WaitForCancellation: true,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: firstRetry, BackoffCoefficient: 2, MaximumInterval: time.Minute,
		},
		Priority: temporal.Priority{FairnessKey: wanted.ID},
		Summary:  fmt.Sprintf("match subscriptions to revision %d", wanted.Revision),
	}), acts.SyncSubscriptions, activities.SyncRequest{
		Channel: wanted, Known: c.Status.Hooks, Cause: c.cause, Remove: c.Status.Removing,
	})
	superseded := func() bool { return c.Channel.Revision != wanted.Revision || c.forced != forced }
	if err := workflow.Await(ctx, func() bool { return future.IsReady() || superseded() }); err != nil {
		return err
	}
	if superseded() {
		cancel() // the next round begins with the newer settings
	}
	var report channels.AuditReport
	err := future.Get(ctx, &report)
	if superseded() {
		return nil
	}
	if err != nil {
		if temporal.IsCanceledError(err) {
			return err
		}
		report = c.unavailable(ctx, wanted, err)
	}
	c.took(ctx, wanted, report, err != nil)
	if err == nil && report.Again == 0 {
		if err := c.leave(ctx); err != nil {
			return err
		}
	}
	// Whoever asked while this look was under way gets one of their own.
	c.answered = asked
	c.Stale = c.Stale || c.asked > asked
	return c.show(ctx)
}

// unavailable is the report of a look that failed.
func (c *salesChannel) unavailable(ctx workflow.Context, wanted channels.Channel, err error) channels.AuditReport {
	workflow.GetLogger(ctx).Error("subscriptions could not be looked at",
		"channel", wanted.ID, "revision", wanted.Revision, "error", err)
	_, message := failureOf(err)
	finding := channels.Finding{
		Kind: channels.FindingUnavailable, Detail: message, Left: true,
		Advice: "it is tried again by itself; if it lasts, check the integration",
	}
	return channels.AuditReport{
		Channel: wanted.ID, Revision: wanted.Revision, Cause: c.cause,
		Found: []channels.Finding{finding}, Left: []channels.Finding{finding}, Hooks: c.Status.Hooks,
	}
}

// took takes on what a look at the subscriptions showed.
func (c *salesChannel) took(ctx workflow.Context, wanted channels.Channel, report channels.AuditReport, failed bool) {
	now := workflow.Now(ctx).UTC()
	c.report, c.cause = report, ""
	c.Stale, c.Subscribed = false, report.Subscribed
	c.Status.Health, c.Status.Hooks = report.Health(now), report.Hooks
	c.RetryAt = time.Time{}
	switch {
	case failed:
		delay := longestSyncRetry
		if c.Failures < 4 { // after that, doubling exceeds the longest
			delay = min(firstSyncRetry<<c.Failures, longestSyncRetry)
		}
		c.Failures++
		c.RetryAt = now.Add(delay)
	case report.Again > 0:
		c.Failures = 0
		c.RetryAt = now.Add(report.Again.Std())
	default:
		c.Failures = 0
	}
	c.carried(now, report)
	if problems := c.Status.Health.Problems; len(problems) > 0 && !problems[0].Harmless {
		workflow.SetCurrentDetails(ctx, "The subscriptions need somebody: "+problems[0].Detail)
		return
	}
	workflow.SetCurrentDetails(ctx, fmt.Sprintf("Revision %d; subscribed to %d scope(s).", wanted.Revision, len(report.Subscribed)))
}

// leave removes the hooks that were left behind with former credentials, once
// those that replace them work. It gives way to whatever else there is to do.
func (c *salesChannel) leave(ctx workflow.Context) error {
	c.forgetFormer(ctx)
	if !c.leaving() {
		c.LeaveFailures = 0
		return nil
	}
	wanted := c.Channel
	if c.Status.Removing {
		wanted.Active = false // no hook has to work before the old ones go
	}
	leaveCtx, cancel := workflow.WithCancel(ctx)
	defer cancel()
	future := workflow.ExecuteActivity(workflow.WithActivityOptions(leaveCtx, workflow.ActivityOptions{
		TaskQueue:              TaskQueueBigCommerce,
		ScheduleToCloseTimeout: syncLimit,
		StartToCloseTimeout:    time.Minute,
		WaitForCancellation:    true,
		RetryPolicy:            &temporal.RetryPolicy{MaximumAttempts: 1},
		Priority:               temporal.Priority{FairnessKey: wanted.ID},
		Summary:                "remove the hooks of former credentials",
	}), acts.LeaveStores, wanted)
	if err := workflow.Await(ctx, func() bool { return future.IsReady() || c.Stale }); err != nil {
		return err
	}
	if c.Stale {
		cancel()
	}
	var result activities.LeaveResult
	if err := future.Get(ctx, &result); err != nil {
		workflow.GetLogger(ctx).Warn("hooks of former credentials are not removed yet", "channel", wanted.ID, "error", err)
	}
	if wanted.Revision == c.Channel.Revision {
		c.left(result)
	}
	if c.leaving() {
		if c.Status.Removing {
			c.report.Left = append(c.report.Left, channels.Finding{
				Kind: channels.FindingUnavailable, Left: true,
				Detail: "hooks may be left in a store or an API account that the channel had before and that is out of reach",
				Advice: "delete that API account in BigCommerce, which deletes its hooks",
			})
		}
		delay := min(firstSyncRetry<<min(c.LeaveFailures, 4), longestSyncRetry)
		c.LeaveFailures++
		c.RetryAt = earliest(c.RetryAt, workflow.Now(ctx).Add(delay))
	}
	return nil
}

// left takes on what became of the former stores.
func (c *salesChannel) left(result activities.LeaveResult) {
	for _, index := range result.Cleared {
		c.Channel.Former[index].Cleared = true
	}
	c.Status.Health.Problems = append(c.Status.Health.Problems, result.Left...)
	if len(result.Left) > 0 && c.Status.Health.State == channels.HealthHealthy {
		c.Status.Health.State = channels.HealthDegraded
	}
	c.report.Done = append(c.report.Done, result.Done...)
	c.report.Found = append(c.report.Found, result.Left...)
	c.report.Left = append(c.report.Left, result.Left...)
}

// leaving reports whether hooks may be left behind somewhere.
func (c *salesChannel) leaving() bool {
	for _, former := range c.Channel.Former {
		if !former.Cleared {
			return true
		}
	}
	return false
}

// forgetFormer drops the connections of which nothing can come any more, and
// those that could not be reached for so long that nobody will.
func (c *salesChannel) forgetFormer(ctx workflow.Context) {
	now := workflow.Now(ctx)
	kept := c.Channel.Former[:0:0]
	for _, former := range c.Channel.Former {
		age := now.Sub(former.LeftAt)
		if age > formerReach {
			workflow.GetLogger(ctx).Warn("a former store was out of reach for days: hooks may be left there",
				"channel", c.Channel.ID, "store_hash", former.Store.Hash)
		}
		if age > formerReach || (former.Cleared && age > formerFor) {
			continue
		}
		kept = append(kept, former)
	}
	c.Channel.Former = kept
}
