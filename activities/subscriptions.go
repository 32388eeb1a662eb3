package activities

import (
	"context"
	"errors"
	"fmt"

	"go.temporal.io/sdk/activity"

	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/seal"
	"github.com/orderbridge/orderbridge/activities/subscriptions"
)

// WantedScopes returns the BigCommerce scopes that a channel subscribes to, the
// one that orders depend on first: none if no webhook could have an effect.
func WantedScopes(c channels.Channel) []string {
	wanted := subscriptions.Wanted(c)
	scopes := make([]string, 0, len(wanted))
	for _, want := range wanted {
		scopes = append(scopes, want.Scope)
	}
	return scopes
}

// SyncRequest asks for the hooks of a channel to be made right. It embeds the
// channel, so that its JSON is a Channel's with some fields more.
type SyncRequest struct {
	channels.Channel

	// Known are this channel's hooks as they were last seen.
	Known []channels.HookRef `json:"known,omitempty"`
	// Cause says why. With none it is the consequence of a save, and is not
	// counted as an audit.
	Cause channels.AuditCause `json:"cause,omitempty"`
	// Remove is true when the channel is being removed: no hook of ours may
	// stay.
	Remove bool `json:"remove,omitempty"`
}

// SyncSubscriptions makes the Schedules and the store's hooks match the settings
// of a channel: it creates what is missing, switches on what was switched off,
// mends a wrong destination or secret, and removes what is not wanted any more.
// Hooks that are not of this channel are left alone.
//
// What BigCommerce refuses, and a token that it does not accept, is part of the
// report. The activity fails, and can be repeated, when BigCommerce or Temporal
// is out of reach, when the store's quota is used up, and when the token cannot
// be opened. The report of the attempt that succeeds tells also what the failed
// ones have done.
func (a *Activities) SyncSubscriptions(ctx context.Context, request SyncRequest) (channels.AuditReport, error) {
	// Schedules that cannot be made are no reason to leave the hooks alone.
	scheduling := a.syncSchedules(ctx, request.Channel, request.Remove)
	taken, claiming := a.keepConnection(ctx, request)
	scheduling = errors.Join(scheduling, claiming)
	report, err := a.syncHooks(ctx, request)
	report.Found, report.Left = append(report.Found, taken...), append(report.Left, taken...)
	if err := errors.Join(err, scheduling); err != nil {
		return channels.AuditReport{}, keepTrying(err)
	}
	if request.Cause != "" {
		a.metrics.audited(report)
	}
	return report, nil
}

func (a *Activities) syncHooks(ctx context.Context, request SyncRequest) (channels.AuditReport, error) {
	store, err := a.connections.openStore(ctx, request.ID, request.Store)
	if err != nil {
		return channels.AuditReport{}, err
	}
	var before subscriptions.Progress
	if activity.HasHeartbeatDetails(ctx) {
		if err := activity.GetHeartbeatDetails(ctx, &before); err != nil {
			activity.GetLogger(ctx).Warn("what an earlier attempt has done cannot be read", "channel", request.ID, "error", err)
		}
	}
	return subscriptions.Sync{
		Store:   store,
		Channel: request.Channel,
		Secrets: a.secrets,
		Known:   request.Known,
		Cause:   request.Cause,
		Remove:  request.Remove,
		Before:  before,
		Note:    func(progress subscriptions.Progress) { activity.RecordHeartbeat(ctx, progress) },
		Logger:  activity.GetLogger(ctx),
	}.Run(ctx)
}

// LeaveResult says what became of the stores that a channel has left.
type LeaveResult struct {
	// Cleared are the indices in Channel.Former where no hook of the channel
	// is left, or where the account or the key to its token is gone. The others
	// are to be tried again.
	Cleared []int `json:"cleared"`
	// Left are the problems that somebody has to look at.
	Left []channels.Finding `json:"left"`
	// Done are the changes that were made, each in a sentence.
	Done []string `json:"done"`
}

// LeaveStores removes the hooks of a channel from its former stores, as far as
// they are not cleared. Of the present store, under former credentials, it
// removes them only once the present hook for orders is right and at least a
// minute old; until then nothing is cleared there, which is no error. Neither is
// it when a store refuses something: that is left, and not cleared. It fails, and
// can be repeated, when a store is out of reach or has no quota left.
func (a *Activities) LeaveStores(ctx context.Context, channel channels.Channel) (LeaveResult, error) {
	result := LeaveResult{Cleared: []int{}, Left: []channels.Finding{}, Done: []string{}}
	if activity.HasHeartbeatDetails(ctx) {
		if err := activity.GetHeartbeatDetails(ctx, &result.Done); err != nil {
			activity.GetLogger(ctx).Warn("what an earlier attempt has done cannot be read", "channel", channel.ID, "error", err)
		}
	}
	var failures []error
	for i, former := range channel.Former {
		if former.Cleared {
			continue
		}
		departure, err := a.leave(ctx, channel, former.Store)
		result.Left = append(result.Left, departure.Left...)
		if len(departure.Done) > 0 {
			result.Done = append(result.Done, departure.Done...)
			activity.RecordHeartbeat(ctx, result.Done)
		}
		if err != nil {
			failures = append(failures, err)
			continue
		}
		if departure.Cleared {
			result.Cleared = append(result.Cleared, i)
		}
	}
	if err := errors.Join(failures...); err != nil {
		return LeaveResult{}, keepTrying(fmt.Errorf("leave former stores: %w", err))
	}
	return result, nil
}

func (a *Activities) leave(ctx context.Context, channel channels.Channel, former channels.Store) (subscriptions.Departure, error) {
	store, err := a.connections.openStore(ctx, channel.ID, former)
	if errors.Is(err, seal.ErrCannotOpen) {
		return subscriptions.Departure{
			Cleared: true,
			Left:    []channels.Finding{subscriptions.Unreachable(channels.FindingUnwanted, err)},
		}, nil
	}
	if err != nil {
		return subscriptions.Departure{}, err
	}
	leave := subscriptions.Leave{
		Former: store, Channel: channel, Secrets: a.secrets, Logger: activity.GetLogger(ctx),
	}
	// Under whatever address: what the present token sees stays.
	if former.Hash == channel.Store.Hash {
		present, err := a.connections.openStore(ctx, channel.ID, channel.Store)
		if err != nil {
			return subscriptions.Departure{}, err
		}
		leave.Present = present
	}
	return leave.Run(ctx)
}
