package subscriptions

import (
	"context"

	"go.temporal.io/sdk/log"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/callback"
	"github.com/orderbridge/orderbridge/activities/channels"
)

// Leave removes the hooks of a channel from a store, or from an API account,
// that it has left.
type Leave struct {
	// Former is the store with the credentials that the channel had. Required.
	Former Store
	// Present is the same store with the channel's present credentials; nil if
	// the channel went to another store.
	Present Store
	// Channel is the channel as it is now. Required.
	Channel channels.Channel
	// Secrets derives the secrets that the hooks carry. Required.
	Secrets *callback.Secrets
	// Logger tells of each change. Required.
	Logger log.Logger
}

// Departure says how far a channel is out of a store.
type Departure struct {
	// Cleared is true if no hook of the channel is left, or its account is
	// gone. It is false while the hooks that take over are not known to work,
	// and while the store refuses something: the same is to be tried again.
	Cleared bool
	// Left are the problems that somebody has to look at.
	Left []channels.Finding
	// Done are the changes, each in a sentence.
	Done []string
}

// Run looks once. Of the same store it removes only what the present credentials
// do not see: what they see belongs to the present account too and is made right
// by Sync. An account that is gone has taken its hooks with it, as BigCommerce
// documents. Run fails with the error of the store when the store is out of
// reach, has no quota left, or answers nonsense.
func (l Leave) Run(ctx context.Context) (Departure, error) {
	// The former account is read first. A hook that it has and the present one
	// has not, although that was read later, cannot be a new hook of the same
	// account.
	admin, err := l.Former.HooksAdmin(ctx)
	if bigcommerce.IsKind(err, bigcommerce.Unauthorized) {
		return Departure{Cleared: true}, nil
	}
	if finding, refused := refusal(err); refused {
		return Departure{Left: []channels.Finding{finding}}, nil
	}
	if err != nil {
		return Departure{}, err
	}
	r := &run{owner: owner{channel: l.Channel, secrets: l.Secrets, removing: true}, hooks: admin.Hooks}
	ours := r.ours()
	if len(ours) == 0 {
		return Departure{Cleared: true}, nil
	}
	if l.Present != nil {
		present, err := l.Present.HooksAdmin(ctx)
		if bigcommerce.IsKind(err, bigcommerce.Unauthorized) || bigcommerce.IsKind(err, bigcommerce.Forbidden) {
			return Departure{}, nil // Sync reports it
		}
		if err != nil {
			return Departure{}, err
		}
		if !l.replaced(present) {
			return Departure{}, nil
		}
		ours = foreign(ours, present.Hooks)
	}
	return l.remove(ctx, ours)
}

// remove removes hooks from the former account. One that is refused does not
// keep the others.
func (l Leave) remove(ctx context.Context, hooks []bigcommerce.Hook) (Departure, error) {
	var so Departure
	for _, hook := range hooks {
		err := l.Former.DeleteHook(ctx, hook.ID)
		if bigcommerce.IsKind(err, bigcommerce.NotFound) {
			continue
		}
		if bigcommerce.IsKind(err, bigcommerce.Unauthorized) {
			return Departure{Cleared: true, Done: so.Done}, nil // the account is gone, and its hooks with it
		}
		if finding, refused := refusal(err); refused {
			finding.Scope, finding.HookID = hook.Scope, hook.ID
			so.Left = append(so.Left, finding)
			continue
		}
		if err != nil {
			return so, err
		}
		so.Done = append(so.Done, name(hook)+" was removed: its account belongs to the channel no more.")
		l.Logger.Info("removed a hook", "channel", l.Channel.ID, "scope", hook.Scope, "hook", hook.ID)
	}
	so.Cleared = len(so.Left) == 0
	return so, nil
}

// refusal is the finding of an error with which the former account refuses
// something. A store says 403 or 404 also while it is suspended or moved, so
// that it is not believed to be for good.
func refusal(err error) (finding channels.Finding, refused bool) {
	switch {
	case bigcommerce.IsKind(err, bigcommerce.Forbidden):
		return Unreachable(channels.FindingNoScope, err), true
	case bigcommerce.IsKind(err, bigcommerce.Invalid), bigcommerce.IsKind(err, bigcommerce.Conflict), bigcommerce.IsKind(err, bigcommerce.NotFound):
		return Unreachable(channels.FindingRefused, err), true
	default:
		return channels.Finding{}, false
	}
}

// Unreachable is the finding of hooks that may be left behind because the
// account that they belong to cannot be used. What they deliver is refused, or
// known already, for want of effect.
func Unreachable(kind channels.FindingKind, err error) channels.Finding {
	return channels.Finding{
		Kind: kind, Left: true, Harmless: true,
		Detail: "Hooks of this channel may be left in an API account that it had before. " + said(err),
		Advice: "Delete that API account in BigCommerce, which deletes its hooks.",
	}
}

// replaced reports whether the hook that orders depend on is right in the
// present account and has been so for long enough to be known to work.
func (l Leave) replaced(present bigcommerce.HooksAdmin) bool {
	r := &run{
		owner: owner{channel: l.Channel, secrets: l.Secrets},
		hooks: present.Hooks, readAt: present.ReadAt,
	}
	for _, want := range Wanted(l.Channel) {
		if !essential(want.Scope) {
			continue
		}
		mine := r.candidates(want)
		if len(mine) == 0 || r.readAt.Sub(r.armedAt(mine[0])) < settleTime {
			return false
		}
		if _, faults := r.compare(want, mine[0]); len(faults) > 0 && faults[0].Kind != channels.FindingQuiet {
			return false
		}
	}
	return true
}

// foreign returns the hooks that do not belong to the account whose hooks are
// seen.
func foreign(hooks, seen []bigcommerce.Hook) []bigcommerce.Hook {
	ids, clients := map[int64]bool{}, map[string]bool{}
	for _, hook := range seen {
		ids[hook.ID] = true
		clients[hook.ClientID] = hook.ClientID != ""
	}
	var list []bigcommerce.Hook
	for _, hook := range hooks {
		if !ids[hook.ID] && !clients[hook.ClientID] {
			list = append(list, hook)
		}
	}
	return list
}
