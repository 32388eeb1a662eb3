package workflows

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/channels"
)

const (
	// checkTimeout bounds the trying of a channel's credentials: a person
	// waits for the answer.
	checkTimeout = 45 * time.Second
	// claimTimeout bounds the claim of a connection.
	claimTimeout = 30 * time.Second
	// subscribeWait is how long the answer to a save waits for the
	// subscriptions. They are made in the end whether it waits or not.
	subscribeWait = 30 * time.Second
	// formerKept is how many connections that it has left a channel remembers.
	formerKept = 5
)

// Types of the errors with which a channel refuses an update.
const (
	// ErrTypeRevisionConflict: the channel was changed meanwhile.
	ErrTypeRevisionConflict = "revision_conflict"
	// ErrTypeRemoving: the channel has been told to go.
	ErrTypeRemoving = "being_removed"
	// ErrTypeNotRemoved: something of the channel cannot be removed.
	ErrTypeNotRemoved = "not_removed"
)

// versionClaim is the change that made a save claim its connection.
const versionClaim = "claim-connection"

// validateSave refuses what can be refused without asking anybody.
func (c *salesChannel) validateSave(request channels.SaveRequest) error {
	if request.By == "" {
		return errNoName
	}
	if request.Channel.ID != c.Channel.ID {
		return fmt.Errorf("id %q cannot replace %q: a channel keeps its id", request.Channel.ID, c.Channel.ID)
	}
	request.Channel.Settings = request.Channel.Settings.WithDefaults()
	return request.Channel.Validate()
}

var errNoName = errors.New("by is missing: a change needs a name in the edit history")

func (c *salesChannel) save(ctx workflow.Context, request channels.SaveRequest) (channels.SaveResult, error) {
	changed, err := c.take(ctx, request)
	if err != nil {
		return channels.SaveResult{}, err
	}
	return c.saved(ctx, changed)
}

// saved answers a change. The answer waits a while for the hooks, but does not
// depend on them.
func (c *salesChannel) saved(ctx workflow.Context, changed []channels.FieldChange) (channels.SaveResult, error) {
	if _, err := workflow.AwaitWithTimeout(ctx, subscribeWait, func() bool { return !c.Stale }); err != nil {
		return channels.SaveResult{}, err
	}
	return channels.SaveResult{
		Revision: c.Channel.Revision, Changed: changed, Subscribed: c.Subscribed,
		Pending: c.Stale || !c.RetryAt.IsZero(), Problems: c.Status.Health.Problems,
	}, nil
}

// take takes on new contents, one request at a time.
func (c *salesChannel) take(ctx workflow.Context, request channels.SaveRequest) ([]channels.FieldChange, error) {
	if err := c.saving.Lock(ctx); err != nil {
		return nil, err
	}
	defer c.saving.Unlock()
	if c.Status.Removing || c.removed {
		return nil, c.going()
	}
	if expected := request.Expected; expected != nil && *expected != c.Channel.Revision {
		return nil, temporal.NewNonRetryableApplicationError(c.conflict(*expected), ErrTypeRevisionConflict, nil)
	}
	next := c.withOwn(request.Channel)
	changed := channels.Diff(c.Channel, next)
	if len(changed) == 0 && c.Channel.Revision > 0 {
		c.Stale = true // saving again is how a person asks for another try
		return nil, nil
	}
	if request.Resealed {
		return c.reseal(ctx, next, changed, request.By)
	}
	before := c.Channel.Connection
	// Switching a channel off must be possible while a side is down.
	if next.Active {
		if err := c.check(ctx, next); err != nil {
			return nil, err
		}
		if workflow.GetVersion(ctx, versionClaim, workflow.DefaultVersion, 1) != workflow.DefaultVersion {
			claim, err := c.claim(ctx, next)
			if err != nil {
				return nil, err
			}
			next.Connection = claim.Connection
		}
	}
	c.commit(ctx, next, changed, request.By)
	if before != "" && before != next.Connection {
		c.release(ctx, before)
	}
	return changed, nil
}

// reseal takes on credentials that are sealed with another key. They are the same
// as before, so nothing is tried, and no hooks are left behind.
func (c *salesChannel) reseal(ctx workflow.Context, next channels.Channel, changed []channels.FieldChange, by string) ([]channels.FieldChange, error) {
	for i, change := range changed {
		if !channels.SecretField(change.Field) {
			return nil, temporal.NewNonRetryableApplicationError(
				change.Field+" changed: only credentials can be sealed anew", activities.ErrTypeInvalidSettings, nil)
		}
		changed[i].Is = channels.SealedAnew
	}
	next.Revision++
	c.Channel = next
	c.remember(channels.Change{At: workflow.Now(ctx).UTC(), By: by, Revision: next.Revision, Fields: changed})
	workflow.GetLogger(ctx).Info("credentials sealed anew", "channel", next.ID, "revision", next.Revision, "by", by)
	return changed, nil
}

// withOwn returns a wished state with what is the channel's own.
func (c *salesChannel) withOwn(wished channels.Channel) channels.Channel {
	next := wished
	next.Settings = next.Settings.WithDefaults()
	next.Revision, next.CreatedAt = c.Channel.Revision, c.Channel.CreatedAt
	next.SecretVersion, next.SecretFloor = c.Channel.SecretVersion, c.Channel.SecretFloor
	next.StoreSince, next.Former = c.Channel.StoreSince, c.Channel.Former
	if next.Active || !moves(c.Channel, next) {
		next.Connection = c.Channel.Connection // an inactive channel that moves holds none
	}
	return next
}

// conflict says why a change that was made on another revision is refused.
func (c *salesChannel) conflict(expected int) string {
	if expected == 0 {
		return fmt.Sprintf("there is a channel %s already (revision %d): change it, or choose another id", c.Channel.ID, c.Channel.Revision)
	}
	return fmt.Sprintf("channel %s was changed meanwhile: it is at revision %d, not %d; read it again", c.Channel.ID, c.Channel.Revision, expected)
}

func (c *salesChannel) going() error {
	return temporal.NewNonRetryableApplicationError(
		fmt.Sprintf("channel %s is being removed: wait until it is gone, and add it again", c.Channel.ID), ErrTypeRemoving, nil)
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

// claim makes sure that no other channel connects the same two ends.
func (c *salesChannel) claim(ctx workflow.Context, next channels.Channel) (activities.Claim, error) {
	var claim activities.Claim
	err := workflow.ExecuteActivity(c.askTemporal(ctx, "claim the connection"), acts.ClaimConnection, next).Get(ctx, &claim)
	return claim, err
}

// release gives a claim back. One that cannot be given back is no harm: who
// wants it finds it abandoned.
func (c *salesChannel) release(ctx workflow.Context, connection string) {
	claim := activities.Claim{Channel: c.Channel.ID, Connection: connection}
	err := workflow.ExecuteActivity(c.askTemporal(ctx, "give the connection back"), acts.ReleaseConnection, claim).Get(ctx, nil)
	if err != nil {
		workflow.GetLogger(ctx).Warn("claim not given back", "channel", c.Channel.ID, "connection", connection, "error", err)
	}
}

// askTemporal returns the options of an activity that asks nobody but Temporal.
func (c *salesChannel) askTemporal(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:              TaskQueueChannels,
		ScheduleToCloseTimeout: claimTimeout,
		StartToCloseTimeout:    claimTimeout / 3,
		Priority:               temporal.Priority{FairnessKey: c.Channel.ID},
		Summary:                summary,
	})
}

func (c *salesChannel) commit(ctx workflow.Context, next channels.Channel, changed []channels.FieldChange, by string) {
	now := workflow.Now(ctx).UTC()
	was := c.Channel
	next.Revision++
	if next.CreatedAt.IsZero() {
		next.CreatedAt = now
	}
	if next.SecretVersion == 0 {
		next.SecretVersion, next.SecretFloor = 1, 1
	}
	if was.Revision > 0 && leaves(was.Store, next.Store) {
		next.Former = append(next.Former, channels.FormerStore{Store: was.Store, LeftAt: now})
		next.Former = next.Former[max(0, len(next.Former)-formerKept):]
	}
	switch {
	case was.Revision == 0:
		next.StoreSince = now
	case was.Store.Hash != next.Store.Hash:
		next.StoreSince = now
		c.Status.ReconciledThrough = now // another store, another time to begin at
	case was.Active && !next.Active:
		c.lookBack(now, was.Settings.WithDefaults().Waits)
	}
	c.Channel = next
	c.remember(channels.Change{At: now, By: by, Revision: next.Revision, Fields: changed})
	c.Stale, c.Failures = true, 0
	workflow.GetLogger(ctx).Info("channel saved", "channel", next.ID, "revision", next.Revision, "by", by, "changes", len(changed))
}

// lookBack sets the place back at which reconciliation goes on when the channel is
// activated again. Runs that wait or are tried again now end without an effect,
// and the changes that they are about may be as old as they can be.
func (c *salesChannel) lookBack(now time.Time, waits channels.Waits) {
	oldest := now.Add(-waits.GiveUpAfter.Std() - waits.RetryFor.Std())
	if oldest.Before(c.Channel.CreatedAt) {
		oldest = c.Channel.CreatedAt
	}
	if oldest.Before(c.Status.ReconciledThrough) {
		c.Status.ReconciledThrough = oldest
	}
}

// moves reports whether a change connects a channel to other systems.
func moves(was, is channels.Channel) bool {
	return was.Store.Hash != is.Store.Hash || was.Store.BaseURL != is.Store.BaseURL ||
		was.Downstream.Adapter != is.Downstream.Adapter || was.Downstream.BaseURL != is.Downstream.BaseURL ||
		!slices.Equal(was.Downstream.Options, is.Downstream.Options)
}

// leaves reports whether a change of the connection may leave hooks behind:
// another store, or other credentials and so perhaps another API account.
func leaves(was, is channels.Store) bool {
	return was.Hash != is.Hash || was.BaseURL != is.BaseURL || !bytes.Equal(was.AccessToken, is.AccessToken)
}

func (c *salesChannel) remember(change channels.Change) {
	c.History = append(c.History, change)
	if len(c.History) > historyKept {
		c.History = c.History[len(c.History)-historyKept:]
	}
}
