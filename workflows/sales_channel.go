package workflows

import (
	"errors"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/orderbridge/orderbridge/activities/channels"
)

const (
	// historyKept is how many changes a channel remembers.
	historyKept = 200
	// firstSaveWait is how long a channel exists without having been saved.
	firstSaveWait = time.Minute
	// clockTolerance is how far a store's clock may be ahead of ours: searches
	// go a little further back than where the one before ended.
	clockTolerance = 5 * time.Minute
)

// SalesChannel keeps one sales channel: its settings change by updates and are
// read by queries. Saving settings and making the store's hooks match them are
// one durable act: once saved, the workflow goes on until they match. Audits
// are made here too, so that no two ever work on the same hooks at once.
func SalesChannel(ctx workflow.Context, state channels.State) error {
	c := &salesChannel{State: state, saving: workflow.NewMutex(ctx)}
	if c.Status.Health.State == "" {
		c.Status.Health.State = channels.HealthUnknown
	}
	if err := c.setup(ctx); err != nil {
		return err
	}
	return c.run(ctx)
}

type salesChannel struct {
	channels.State
	saving workflow.Mutex

	// asked and answered count the requests for a look at the subscriptions,
	// and those that a look has answered. report is what the last one found,
	// cause why the next one is made.
	asked, answered int
	report          channels.AuditReport
	cause           channels.AuditCause
	// removed is set once nothing of the channel is left, or what is left was
	// given up; forced, from then on, that whoever removes it does not wait.
	removed, forced bool
}

func (c *salesChannel) setup(ctx workflow.Context) error {
	workflow.Go(ctx, c.listen)
	return errors.Join(
		workflow.SetQueryHandlerWithOptions(ctx, channels.QueryChannel,
			func() (channels.Channel, error) { return c.Channel, nil },
			workflow.QueryHandlerOptions{Description: "The channel as it is, its credentials sealed."}),
		workflow.SetQueryHandlerWithOptions(ctx, channels.QueryHistory,
			func() ([]channels.Change, error) { return c.History, nil },
			workflow.QueryHandlerOptions{Description: "The changes to the channel, oldest first."}),
		workflow.SetQueryHandlerWithOptions(ctx, channels.QueryStatus,
			func() (channels.Status, error) { return c.Status, nil },
			workflow.QueryHandlerOptions{Description: "How the channel is doing: health, hooks, last reconciliation."}),
		workflow.SetUpdateHandlerWithOptions(ctx, channels.UpdateSave, c.save,
			workflow.UpdateHandlerOptions{Validator: c.validateSave, Description: "Checks and takes on new settings."}),
		workflow.SetUpdateHandlerWithOptions(ctx, channels.UpdateRotateSecret, c.rotate,
			workflow.UpdateHandlerOptions{Validator: c.validateRotate, Description: "Gives the hooks a new callback secret."}),
		workflow.SetUpdateHandlerWithOptions(ctx, channels.UpdateAudit, c.audit,
			workflow.UpdateHandlerOptions{Validator: c.validateAudit, Description: "Audits the subscriptions now."}),
		workflow.SetUpdateHandlerWithOptions(ctx, channels.UpdateRemove, c.remove,
			workflow.UpdateHandlerOptions{Validator: c.validateRemove, Description: "Removes the hooks and the schedules, and ends the channel."}),
	)
}

// listen takes what reconciliations tell.
func (c *salesChannel) listen(ctx workflow.Context) {
	told := workflow.GetSignalChannel(ctx, channels.SignalReconciled)
	for {
		var reconciled channels.Reconciled
		if !told.Receive(ctx, &reconciled) {
			return
		}
		// Never back, for a search that began earlier may end later; and without
		// a gap, for it may have begun before the place was set back.
		at := c.Status.ReconciledThrough
		onward := reconciled.Through.After(at) && (at.IsZero() || !reconciled.From.After(at))
		// A time yet to come is of a store whose clock was wrong once.
		if onward || at.After(workflow.Now(ctx).Add(clockTolerance)) {
			c.Status.ReconciledThrough = reconciled.Through
		}
	}
}

// run keeps the subscriptions as the settings want them, until the history is
// long enough to begin a new one, or the channel is removed.
func (c *salesChannel) run(ctx workflow.Context) error {
	if saved, err := c.firstSave(ctx); err != nil || !saved {
		return err
	}
	for {
		if err := c.await(ctx, func() bool {
			return c.Stale || c.removed || workflow.GetInfo(ctx).GetContinueAsNewSuggested()
		}); err != nil {
			return err
		}
		c.retireSecret(ctx)
		if c.due(ctx) {
			c.Stale = true
		}
		switch {
		case c.removed:
			// The answer to whoever removed it goes out first.
			return workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) })
		case c.Stale:
			if err := c.subscribe(ctx); err != nil {
				return err
			}
			continue
		case !workflow.GetInfo(ctx).GetContinueAsNewSuggested():
			continue // it was only time for something
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

// await waits for a condition, or until it is time for something.
func (c *salesChannel) await(ctx workflow.Context, condition func() bool) error {
	next := earliest(c.RetryAt, c.Status.RetireSecretAt)
	if next.IsZero() {
		// What the condition waits for can also be a new time to wait for.
		return workflow.Await(ctx, func() bool {
			return condition() || !earliest(c.RetryAt, c.Status.RetireSecretAt).IsZero()
		})
	}
	left := next.Sub(workflow.Now(ctx))
	if left <= 0 {
		return nil
	}
	_, err := workflow.AwaitWithTimeout(ctx, left, func() bool {
		return condition() || !earliest(c.RetryAt, c.Status.RetireSecretAt).Equal(next)
	})
	return err
}

// due reports whether it is time to look at the subscriptions again.
func (c *salesChannel) due(ctx workflow.Context) bool {
	return !c.RetryAt.IsZero() && !workflow.Now(ctx).Before(c.RetryAt)
}

// earliest returns the earlier of two times, of which the zero time means never.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
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
