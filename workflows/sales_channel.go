package workflows

import (
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/orderbridge/orderbridge/activities/channels"
)

const (
	// historyKept is how many changes a channel remembers.
	historyKept = 200
	// checkTimeout bounds the trying of a channel's credentials: a person
	// waits for the answer.
	checkTimeout = 45 * time.Second
	// firstSaveWait is how long a channel exists without having been saved.
	firstSaveWait = time.Minute
	// subscribeWait is how long the answer to a save waits for the
	// subscriptions. They are made in the end whether it waits or not.
	subscribeWait = 30 * time.Second
)

// SalesChannel keeps one sales channel: its settings change by the update
// "save" and are read by queries. Saving settings and making the store's hooks
// match them are one durable act: once saved, the workflow goes on until they
// match.
func SalesChannel(ctx workflow.Context, state channels.State) error {
	c := &salesChannel{State: state, saving: workflow.NewMutex(ctx)}
	if err := c.setup(ctx); err != nil {
		return err
	}
	return c.run(ctx)
}

type salesChannel struct {
	channels.State
	saving workflow.Mutex
}

func (c *salesChannel) setup(ctx workflow.Context) error {
	return errors.Join(
		workflow.SetQueryHandlerWithOptions(ctx, channels.QueryChannel,
			func() (channels.Channel, error) { return c.Channel, nil },
			workflow.QueryHandlerOptions{Description: "The channel as it is, its credentials sealed."}),
		workflow.SetQueryHandlerWithOptions(ctx, channels.QueryHistory,
			func() ([]channels.Change, error) { return c.History, nil },
			workflow.QueryHandlerOptions{Description: "The changes to the channel, oldest first."}),
		workflow.SetUpdateHandlerWithOptions(ctx, channels.UpdateSave, c.save,
			workflow.UpdateHandlerOptions{Validator: c.validate, Description: "Checks and takes on new settings."}),
	)
}

// run keeps the subscriptions as the settings want them, until the history is
// long enough to begin a new one.
func (c *salesChannel) run(ctx workflow.Context) error {
	if saved, err := c.firstSave(ctx); err != nil || !saved {
		return err
	}
	for {
		err := workflow.Await(ctx, func() bool {
			return c.Stale || workflow.GetInfo(ctx).GetContinueAsNewSuggested()
		})
		if err != nil {
			return err
		}
		if c.Stale {
			if err := c.subscribe(ctx); err != nil {
				return err
			}
			continue
		}
		// A save that waits for its subscriptions depends on this loop.
		if err := workflow.Await(ctx, func() bool { return c.Stale || workflow.AllHandlersFinished(ctx) }); err != nil {
			return err
		}
		if c.Stale {
			continue
		}
		return workflow.NewContinueAsNewError(ctx, SalesChannelType, c.State)
	}
}

// firstSave waits for a new channel to be saved. One whose first save was
// refused ends, as if it had never been begun.
func (c *salesChannel) firstSave(ctx workflow.Context) (bool, error) {
	saved := func() bool { return c.Channel.Revision > 0 }
	if saved() {
		return true, nil
	}
	if _, err := workflow.AwaitWithTimeout(ctx, firstSaveWait, saved); err != nil {
		return false, err
	}
	err := workflow.Await(ctx, func() bool { return saved() || workflow.AllHandlersFinished(ctx) })
	return saved(), err
}

// subscribe makes the store's hooks match. It goes on until they do: the
// activity is repeated without end for whatever repetition or a person can
// mend, and settings that change meanwhile are applied next.
func (c *salesChannel) subscribe(ctx workflow.Context) error {
	wanted := c.Channel
	workflow.SetCurrentDetails(ctx, "Making the hooks in BigCommerce match the settings.")
	syncCtx, cancel := workflow.WithCancel(ctx)
	defer cancel()
	future := workflow.ExecuteActivity(workflow.WithActivityOptions(syncCtx, workflow.ActivityOptions{
		TaskQueue:           TaskQueueBigCommerce,
		StartToCloseTimeout: time.Minute,
		// Two revisions never work on the same hooks at once.
		WaitForCancellation: true,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: firstRetry, BackoffCoefficient: 2, MaximumInterval: longestRetry,
		},
		Priority: temporal.Priority{FairnessKey: wanted.ID},
		Summary:  fmt.Sprintf("match subscriptions to revision %d", wanted.Revision),
	}), acts.SyncSubscriptions, wanted)
	if err := workflow.Await(ctx, func() bool {
		return future.IsReady() || c.Channel.Revision != wanted.Revision
	}); err != nil {
		return err
	}
	if c.Channel.Revision != wanted.Revision {
		cancel() // superseded: the next round begins with the newer settings
	}
	var subscribed []string
	err := future.Get(ctx, &subscribed)
	if c.Channel.Revision != wanted.Revision {
		return nil
	}
	if err != nil {
		if temporal.IsCanceledError(err) {
			return err
		}
		// BigCommerce will not have it. Nothing is gained by failing the
		// channel: its settings stand, and a save tries again.
		workflow.GetLogger(ctx).Error("subscriptions do not match the settings",
			"channel", wanted.ID, "revision", wanted.Revision, "error", err)
		_, message := failureOf(err)
		workflow.SetCurrentDetails(ctx, "Subscriptions do not match the settings: "+message)
		c.Subscribed, c.Stale = nil, false
		return nil
	}
	c.Subscribed, c.Stale = subscribed, false
	workflow.SetCurrentDetails(ctx, fmt.Sprintf("Revision %d; subscribed to %d scope(s).", wanted.Revision, len(subscribed)))
	return nil
}

// validate refuses what can be refused without asking anybody.
func (c *salesChannel) validate(request channels.SaveRequest) error {
	if request.By == "" {
		return errors.New("by is missing: a change needs a name in the edit history")
	}
	if request.Channel.ID != c.Channel.ID {
		return fmt.Errorf("id %q cannot replace %q: a channel keeps its id", request.Channel.ID, c.Channel.ID)
	}
	request.Channel.Settings = request.Channel.Settings.WithDefaults()
	return request.Channel.Validate()
}

func (c *salesChannel) save(ctx workflow.Context, request channels.SaveRequest) (channels.SaveResult, error) {
	changed, err := c.take(ctx, request)
	if err != nil {
		return channels.SaveResult{}, err
	}
	// The answer waits a while for the hooks, but does not depend on them.
	if _, err := workflow.AwaitWithTimeout(ctx, subscribeWait, func() bool { return !c.Stale }); err != nil {
		return channels.SaveResult{}, err
	}
	return channels.SaveResult{Revision: c.Channel.Revision, Changed: changed, Subscribed: c.Subscribed}, nil
}

// take takes on new contents, one request at a time.
func (c *salesChannel) take(ctx workflow.Context, request channels.SaveRequest) ([]channels.FieldChange, error) {
	if err := c.saving.Lock(ctx); err != nil {
		return nil, err
	}
	defer c.saving.Unlock()
	if expected := request.Expected; expected != nil && *expected != c.Channel.Revision {
		return nil, temporal.NewNonRetryableApplicationError(c.conflict(*expected), "revision_conflict", nil)
	}
	next := request.Channel
	next.Settings = next.Settings.WithDefaults()
	next.Revision, next.CreatedAt, next.SecretVersion = c.Channel.Revision, c.Channel.CreatedAt, c.Channel.SecretVersion
	changed := channels.Diff(c.Channel, next)
	if len(changed) == 0 && c.Channel.Revision > 0 {
		c.Stale = true // saving again is how a person asks for another try
		return nil, nil
	}
	// Switching a channel off must be possible while a side is down.
	if next.Active {
		if err := c.check(ctx, next); err != nil {
			return nil, err
		}
	}
	c.commit(ctx, next, changed, request.By)
	return changed, nil
}

// conflict says why a change that was made on another revision is refused.
func (c *salesChannel) conflict(expected int) string {
	if expected == 0 {
		return fmt.Sprintf("there is a channel %s already (revision %d): change it, or choose another id", c.Channel.ID, c.Channel.Revision)
	}
	return fmt.Sprintf("channel %s was changed meanwhile: it is at revision %d, not %d; read it again", c.Channel.ID, c.Channel.Revision, expected)
}

func (c *salesChannel) check(ctx workflow.Context, next channels.Channel) error {
	return workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:              TaskQueueDownstream,
		ScheduleToCloseTimeout: checkTimeout,
		StartToCloseTimeout:    checkTimeout,
		RetryPolicy:            &temporal.RetryPolicy{MaximumAttempts: 1},
		Priority:               temporal.Priority{FairnessKey: next.ID},
		Summary:                "try the credentials and the statuses",
	}), acts.CheckChannel, next).Get(ctx, nil)
}

func (c *salesChannel) commit(ctx workflow.Context, next channels.Channel, changed []channels.FieldChange, by string) {
	now := workflow.Now(ctx).UTC()
	next.Revision++
	if next.CreatedAt.IsZero() {
		next.CreatedAt = now
	}
	if next.SecretVersion == 0 {
		next.SecretVersion = 1
	}
	c.Channel = next
	c.History = append(c.History, channels.Change{At: now, By: by, Revision: next.Revision, Fields: changed})
	if len(c.History) > historyKept {
		c.History = c.History[len(c.History)-historyKept:]
	}
	c.Stale = true
	workflow.GetLogger(ctx).Info("channel saved", "channel", next.ID, "revision", next.Revision, "by", by, "changes", len(changed))
}
