package subscriptions

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/channels"
)

// candidates returns the channel's hooks of a scope, the best one first. One
// with the right address comes before all others: no two hooks of a scope can
// have one address, so another could not be moved there.
func (r *run) candidates(want Subscription) []bigcommerce.Hook {
	var list []bigcommerce.Hook
	for _, hook := range r.ours() {
		if hook.Scope == want.Scope {
			list = append(list, hook)
		}
	}
	slices.SortFunc(list, func(a, b bigcommerce.Hook) int {
		return cmp.Or(
			trueFirst(sameAddress(a.Destination, want.Destination), sameAddress(b.Destination, want.Destination)),
			trueFirst(!off(a), !off(b)),
			trueFirst(r.secret(a) == "", r.secret(b) == ""),
			cmp.Compare(a.ID, b.ID),
		)
	})
	return list
}

// trueFirst orders what is true before what is not.
func trueFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	default:
		return 1
	}
}

// compare returns what is wrong with a hook, as if it were mended already, and
// the change that mends it.
func (r *run) compare(want Subscription, hook bigcommerce.Hook) (update bigcommerce.HookUpdate, faults []channels.Finding) {
	found := func(kind channels.FindingKind, detail, done string) {
		faults = append(faults, channels.Finding{
			Kind: kind, Scope: hook.Scope, HookID: hook.ID, Detail: name(hook) + " " + detail, Done: done,
		})
	}
	on := true
	switch {
	case hook.Status == bigcommerce.HookDeactivated:
		update.IsActive = &on
		found(channels.FindingDeactivated, "has been switched off by BigCommerce, as it does after 48 hours in which a callback "+
			"could not be delivered and after 90 days without activity.", "It was switched on again.")
	case off(hook):
		update.IsActive = &on
		found(channels.FindingInactive, "has been switched off by somebody.", "It was switched on again.")
	}
	if !sameAddress(hook.Destination, want.Destination) {
		update.Destination = &want.Destination
		found(channels.FindingWrongDestination, "delivers to another address.", "It was given the right address.")
	}
	if kind := r.secret(hook); kind != "" {
		update.Headers = r.headers(hook)
		found(kind, secretDetails[kind], "It was given the present secret.")
	}
	if len(faults) == 0 && r.readAt.Sub(r.armedAt(hook)) >= quietTime {
		update.IsActive = &on
		found(channels.FindingQuiet, fmt.Sprintf("has not been changed for %d days or more; BigCommerce switches a hook off after 90 days "+
			"without activity.", int(quietTime.Hours()/24)), "It was switched on again before that.")
	}
	return update, faults
}

var secretDetails = map[channels.FindingKind]string{
	channels.FindingMissingSecret: "carries no secret, so that its callbacks are refused.",
	channels.FindingWrongSecret:   "carries a secret that is not this channel's, so that its callbacks are refused.",
	channels.FindingOldSecret:     "carries another version of the secret than the present one.",
}

// ours returns the channel's hooks.
func (r *run) ours() []bigcommerce.Hook {
	var list []bigcommerce.Hook
	for _, hook := range r.hooks {
		if r.owns(hook) {
			list = append(list, hook)
		}
	}
	return list
}

// wants reports whether the channel wants hooks of a scope.
func (r *run) wants(scope string) bool {
	return slices.ContainsFunc(r.wanted, func(want Subscription) bool { return want.Scope == scope })
}

// count returns how many hooks of a scope the API account has.
func (r *run) count(scope string) int {
	n := 0
	for _, hook := range r.hooks {
		if hook.Scope == scope {
			n++
		}
	}
	return n
}

// exceptionsOfOthers returns the account's hook for delivery exceptions if it is
// not the channel's.
func (r *run) exceptionsOfOthers() (bigcommerce.Hook, bool) {
	for _, hook := range r.hooks {
		if hook.Scope == exceptionScope && !r.owns(hook) {
			return hook, true
		}
	}
	return bigcommerce.Hook{}, false
}

// otherAccount returns a known hook of the same scope that another API account
// made than the one that made hook.
func (r *run) otherAccount(hook bigcommerce.Hook) (channels.HookRef, bool) {
	for _, known := range r.Known {
		if known.Scope == hook.Scope && known.ClientID != "" && hook.ClientID != "" && known.ClientID != hook.ClientID {
			return known, true
		}
	}
	return channels.HookRef{}, false
}

// put takes over a hook as it is now.
func (r *run) put(hook bigcommerce.Hook) {
	r.drop(hook.ID)
	r.hooks = append(r.hooks, hook)
}

// drop forgets a hook that is gone.
func (r *run) drop(id int64) {
	r.hooks = slices.DeleteFunc(r.hooks, func(hook bigcommerce.Hook) bool { return hook.ID == id })
}

// name names a hook in a sentence.
func name(hook bigcommerce.Hook) string { return fmt.Sprintf("Hook %d for %s", hook.ID, hook.Scope) }
