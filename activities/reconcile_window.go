package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"

	"github.com/orderbridge/orderbridge/activities/channels"
)

const (
	// reconcileOverlap is how much of what was searched before is searched
	// again. A store may list a change later than its date says: dates are
	// given before a change is committed, and lists may come from a copy that
	// lags behind. What is found twice is started once.
	reconcileOverlap = 5 * time.Minute
	// reconcileGrace is how old a change is before its webhook is missed.
	// BigCommerce delivers one to three seconds after a change (measured); a
	// delivery that failed comes again after a minute, and would find its
	// work done.
	reconcileGrace = 30 * time.Second
	// reconcileAhead is by how much the store's clock may be ahead of ours to be
	// believed. A clock that is far ahead only once would otherwise leave the
	// watermark in the future, and what is changed until then would never be
	// searched for. It is less than the overlap, so that the next search begins
	// before our present time, whatever the store said.
	reconcileAhead = reconcileOverlap - time.Minute
	// reconcileDistrust is how far a search looks back that finds the watermark
	// further ahead than that, which says nothing: as far as two scheduled
	// searches are apart at most.
	reconcileDistrust = 24 * time.Hour
)

// earliest is older than every order: before it, there was no BigCommerce API.
var earliest = time.Date(2009, 1, 1, 0, 0, 0, 0, time.UTC)

// ReconcileWindow is the time that a search covers, by the store's clock.
type ReconcileWindow struct {
	// From and Until are the first and the last second. Until is never further
	// ahead of our own clock than four minutes.
	From  time.Time `json:"from,omitzero"`
	Until time.Time `json:"until,omitzero"`
	// Lead is below zero by how much at most the store's clock is behind ours,
	// and zero if it is ahead.
	Lead time.Duration `json:"lead,omitempty"`
	// Skip says in a sentence why there is nothing to search; empty if there
	// is something.
	Skip string `json:"skip,omitempty"`
}

// BeginReconcile finds out what a search has to cover: from the channel's
// watermark, less an overlap, or from its creation, or from when the request
// says; until shortly before the store's present time, because younger changes
// are left to their webhooks. A store's clock that is more than four minutes
// ahead of ours is taken to be four minutes ahead. A channel for which no webhook could have an
// effect is skipped.
func (a *Activities) BeginReconcile(ctx context.Context, request ReconcileRequest) (ReconcileWindow, error) {
	window, err := a.reconcileWindow(ctx, request)
	return window, keepTrying(err)
}

func (a *Activities) reconcileWindow(ctx context.Context, request ReconcileRequest) (ReconcileWindow, error) {
	var window ReconcileWindow
	// The watermark first: whatever changes while the store is asked for its
	// time is after it.
	watermark, err := a.watermark(ctx, request.Channel)
	if errors.Is(err, channels.ErrUnknown) {
		return ReconcileWindow{Skip: noSuchChannel(request.Channel)}, nil
	}
	if err != nil {
		return ReconcileWindow{}, err
	}
	err = a.with(ctx, request.Channel, func(channel channels.Channel) error {
		if window.Skip = idle(channel); window.Skip != "" {
			return nil
		}
		store, err := a.connections.Store(ctx, channel)
		if err != nil {
			return err
		}
		now, err := store.Time(ctx)
		if err != nil {
			return err
		}
		here := time.Now()
		furthest := here.Add(reconcileAhead)
		if now.After(furthest) {
			activity.GetLogger(ctx).Warn("the store's clock is ahead of ours: changes that it dates later are searched for later",
				"channel", request.Channel, "ahead", now.Sub(here).Round(time.Second))
			now = furthest
		}
		window.Lead = lead(now)
		window.Until = now.Add(-reconcileGrace).UTC().Truncate(time.Second)
		// Hooks may take a minute to work: what was changed in it is found from
		// here. The channel's dates are by our clock, so rather too early.
		created := channel.CreatedAt.Add(window.Lead)
		switch {
		case !request.Since.IsZero():
			window.From = request.Since
		case watermark.IsZero():
			window.From = created
		case watermark.After(furthest):
			window.From = later(created, here.Add(-reconcileDistrust-reconcileOverlap))
		default:
			window.From = watermark.Add(-reconcileOverlap)
		}
		return nil
	})
	if errors.Is(err, channels.ErrUnknown) {
		return ReconcileWindow{Skip: noSuchChannel(request.Channel)}, nil
	}
	if err != nil || window.Skip != "" {
		return ReconcileWindow{Skip: window.Skip}, err
	}
	if window.From.Before(earliest) {
		window.From = earliest
	}
	window.From = window.From.UTC().Truncate(time.Second)
	if window.From.After(window.Until) {
		window.Skip = fmt.Sprintf("there is nothing to search yet: changes are left to their webhooks for %s", reconcileGrace)
	}
	return window, nil
}

// lead returns by how much at most the store's clock is behind ours, as a
// duration below zero, from a time that the store has just told: it tells the
// second in which it answered, and the answer took some time to arrive. That it
// is ahead is not believed: it would make a run seem to have begun after a
// change, and the clock may have been set since the run began.
func lead(told time.Time) time.Duration { return min(time.Until(told), 0) }

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// watermark returns up to when the store of a channel has been searched.
func (a *Activities) watermark(ctx context.Context, channel string) (time.Time, error) {
	response, err := a.temporal.QueryWorkflowWithOptions(ctx, &client.QueryWorkflowWithOptionsRequest{
		WorkflowID:           channels.WorkflowID(channel),
		QueryType:            channels.QueryStatus,
		QueryRejectCondition: enums.QUERY_REJECT_CONDITION_NOT_OPEN,
	})
	if notFound(err) || err == nil && response.QueryRejected != nil {
		return time.Time{}, fmt.Errorf("channel %s: %w", channel, channels.ErrUnknown)
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("channel %s: read up to when its store was searched: %w", channel, err)
	}
	var status channels.Status
	if err := response.QueryResult.Get(&status); err != nil {
		return time.Time{}, fmt.Errorf("channel %s: read up to when its store was searched: %w", channel, err)
	}
	return status.ReconciledThrough, nil
}

// idle says why no webhook of a channel could have an effect; it is empty if
// one could.
func idle(channel channels.Channel) string {
	switch {
	case !channel.Active:
		return fmt.Sprintf("channel %s is deactivated", channel.ID)
	case !channel.Settings.WantsAny():
		return fmt.Sprintf("channel %s has no valid cancellation or fulfillment statuses", channel.ID)
	default:
		return ""
	}
}

func noSuchChannel(channel string) string {
	return fmt.Sprintf("there is no channel %s any more", channel)
}
