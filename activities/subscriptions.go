package activities

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"go.temporal.io/sdk/activity"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/callback"
	"github.com/orderbridge/orderbridge/activities/channels"
)

// WantedScopes returns the BigCommerce scopes that a channel subscribes to:
// none if no webhook could have an effect.
func WantedScopes(c channels.Channel) []string {
	if !c.Active || !c.Settings.WantsAny() {
		return nil
	}
	return []string{bigcommerce.ScopeOrderStatusUpdated}
}

// SyncSubscriptions makes the store's hooks match the settings of a channel:
// it creates what is missing, switches on what was switched off, mends a wrong
// destination or secret, and removes what is not wanted any more. Hooks that
// are not of this channel are left alone. It returns the scopes that are
// subscribed afterwards.
func (a *Activities) SyncSubscriptions(ctx context.Context, channel channels.Channel) ([]string, error) {
	conn, err := a.connections.open(ctx, channel)
	if err != nil {
		return nil, keepTrying(err)
	}
	hooks, err := conn.store.Hooks(ctx, bigcommerce.HooksQuery{})
	if err != nil {
		return nil, keepTrying(err)
	}
	wanted := WantedScopes(channel)
	headers := map[string]string{callback.Header: a.secrets.Secret(channel.ID, channel.SecretVersion)}
	// No two hooks of a scope can have one destination. So the one that is
	// right already stays, and not an older one that would have to be moved
	// to where it is.
	slices.SortStableFunc(hooks, func(a, b bigcommerce.Hook) int {
		return cmp.Compare(misplaced(channel, a), misplaced(channel, b))
	})
	served := map[string]bool{}
	for _, hook := range hooks {
		if !a.ours(channel, hook) {
			continue
		}
		if !slices.Contains(wanted, hook.Scope) || served[hook.Scope] {
			if err := conn.store.DeleteHook(ctx, hook.ID); err != nil && !bigcommerce.IsKind(err, bigcommerce.NotFound) {
				return nil, keepTrying(err)
			}
			activity.GetLogger(ctx).Info("removed a hook", "channel", channel.ID, "scope", hook.Scope, "hook", hook.ID)
			continue
		}
		err := mend(ctx, conn.store, channel, hook, headers)
		if bigcommerce.IsKind(err, bigcommerce.NotFound) {
			continue // somebody deleted it a moment ago: it is made anew below
		}
		if err != nil {
			return nil, keepTrying(err)
		}
		served[hook.Scope] = true
	}
	for _, scope := range wanted {
		if served[scope] {
			continue
		}
		if err := create(ctx, conn.store, channel, scope, headers); err != nil {
			return nil, keepTrying(fmt.Errorf("subscribe to %s: %w", scope, err))
		}
	}
	return wanted, nil
}

// create creates a hook. BigCommerce allows one for a scope and a destination
// and does not document how it refuses a second: whatever the refusal, a hook
// that is there is taken over.
func create(ctx context.Context, store *bigcommerce.Client, channel channels.Channel, scope string, headers map[string]string) error {
	hook, err := store.CreateHook(ctx, bigcommerce.HookRequest{
		Scope: scope, Destination: channel.CallbackURL, IsActive: true, Headers: headers,
	})
	if err == nil {
		activity.GetLogger(ctx).Info("created a hook", "channel", channel.ID, "scope", scope, "hook", hook.ID)
		return nil
	}
	if !bigcommerce.IsKind(err, bigcommerce.Invalid) && !bigcommerce.IsKind(err, bigcommerce.Conflict) {
		return err
	}
	there, listErr := store.Hooks(ctx, bigcommerce.HooksQuery{Scope: scope, Destination: channel.CallbackURL})
	if listErr != nil || len(there) == 0 {
		return errors.Join(err, listErr)
	}
	return mend(ctx, store, channel, there[0], headers)
}

// ours reports whether a hook is this channel's: it delivers to the channel's
// address, or it carries a secret that only this channel can have.
func (a *Activities) ours(channel channels.Channel, hook bigcommerce.Hook) bool {
	if hook.Destination == channel.CallbackURL {
		return true
	}
	_, ok := a.secrets.Verify(channel.ID, hook.Headers[callback.Header])
	return ok
}

// misplaced is 0 for a hook that delivers to the channel's address, and 1 for
// any other.
func misplaced(channel channels.Channel, hook bigcommerce.Hook) int {
	if hook.Destination == channel.CallbackURL {
		return 0
	}
	return 1
}

func mend(ctx context.Context, store *bigcommerce.Client, channel channels.Channel, hook bigcommerce.Hook, headers map[string]string) error {
	var update bigcommerce.HookUpdate
	changed := false
	if !hook.IsActive {
		on := true
		update.IsActive, changed = &on, true
	}
	if hook.Destination != channel.CallbackURL {
		update.Destination, changed = &channel.CallbackURL, true
	}
	if hook.Headers[callback.Header] != headers[callback.Header] {
		update.Headers, changed = headers, true
	}
	if !changed {
		return nil
	}
	if _, err := store.UpdateHook(ctx, hook.ID, update); err != nil {
		return fmt.Errorf("mend hook %d: %w", hook.ID, err)
	}
	activity.GetLogger(ctx).Info("mended a hook", "channel", channel.ID, "scope", hook.Scope, "hook", hook.ID)
	return nil
}
