package subscriptions

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/channels"
)

// serve sees to it that one hook serves a subscription: the best one of those
// that there are, mended, or a new one.
func (r *run) serve(ctx context.Context, want Subscription) error {
	mine := r.candidates(want)
	if len(mine) == 0 {
		return r.create(ctx, want)
	}
	hook := mine[0]
	update, faults := r.compare(want, hook)
	if len(faults) == 0 {
		r.kept[want.Scope] = kept{hook: hook, works: true}
		return nil
	}
	r.kept[want.Scope] = kept{hook: hook}
	changed, err := r.Store.UpdateHook(ctx, hook.ID, update)
	if err != nil {
		return r.failed(err, want.Scope, faults)
	}
	// Only the times are taken from the answer: everything else is known.
	hook.Destination, hook.IsActive, hook.Status = want.Destination, true, bigcommerce.HookActive
	hook.Headers, hook.UpdatedAt = r.headers(hook), later(r.readAt, changed.UpdatedAt)
	r.put(hook)
	r.kept[want.Scope] = kept{hook: hook, works: true}
	kinds := make([]string, 0, len(faults))
	for _, finding := range faults {
		kinds = append(kinds, strings.ReplaceAll(string(finding.Kind), "_", " "))
		r.add(finding)
	}
	r.did(fmt.Sprintf("%s was mended (%s).", name(hook), strings.Join(kinds, ", ")))
	r.Logger.Info("mended a hook", "channel", r.Channel.ID, "scope", hook.Scope, "hook", hook.ID)
	return nil
}

// create makes the hook of a subscription.
func (r *run) create(ctx context.Context, want Subscription) error {
	if other, ok := r.exceptionsOfOthers(); ok && want.Scope == exceptionScope {
		r.add(shared(other))
		return nil
	}
	finding := channels.Finding{Kind: channels.FindingMissing, Scope: want.Scope, Detail: "There is no hook for " + want.Scope + "."}
	hook, err := r.Store.CreateHook(ctx, bigcommerce.HookRequest{
		Scope: want.Scope, Destination: want.Destination, IsActive: true, Headers: r.headers(bigcommerce.Hook{}),
	})
	if err != nil {
		return r.failed(err, want.Scope, []channels.Finding{finding})
	}
	// What the answer leaves out is known.
	hook.Scope, hook.Destination, hook.IsActive, hook.Headers = want.Scope, want.Destination, true, r.headers(bigcommerce.Hook{})
	hook.UpdatedAt = later(r.readAt, later(hook.CreatedAt, hook.UpdatedAt))
	r.put(hook)
	r.kept[want.Scope] = kept{hook: hook, works: true}
	if before, ok := r.otherAccount(hook); ok {
		finding.Kind = channels.FindingOtherAccount
		finding.Detail = fmt.Sprintf("Hook %d for %s belongs to another API account, whose hooks cannot be seen or changed.", before.ID, want.Scope)
	}
	finding.HookID, finding.Done = hook.ID, "A new one was made."
	if !r.replaced(want.Scope) {
		r.add(finding)
	}
	r.did(name(hook) + " was made.")
	r.Logger.Info("created a hook", "channel", r.Channel.ID, "scope", want.Scope, "hook", hook.ID)
	return nil
}

// remove deletes a hook. One that is gone already was deleted by somebody else.
func (r *run) remove(ctx context.Context, hook bigcommerce.Hook, finding channels.Finding) error {
	finding.Scope, finding.HookID = hook.Scope, hook.ID
	finding.Harmless = true // that it is still there keeps no webhook from coming
	err := r.Store.DeleteHook(ctx, hook.ID)
	if bigcommerce.IsKind(err, bigcommerce.NotFound) {
		r.drop(hook.ID)
		return nil
	}
	if err != nil {
		return r.failed(err, hook.Scope, []channels.Finding{finding})
	}
	r.drop(hook.ID)
	finding.Done, finding.Harmless = "It was removed.", false
	r.add(finding)
	r.did(name(hook) + " was removed.")
	r.Logger.Info("removed a hook", "channel", r.Channel.ID, "scope", hook.Scope, "hook", hook.ID)
	return nil
}

// failed decides what becomes of a change that failed. What BigCommerce refuses
// for good is left, and the rest goes on; so is whatever happens to the hook for
// delivery exceptions, which must not hinder the one that orders depend on.
// Anything else ends the run.
func (r *run) failed(err error, scope string, findings []channels.Finding) error {
	why := channels.Finding{Scope: scope, Detail: said(err), Left: true}
	switch {
	case bigcommerce.IsKind(err, bigcommerce.Forbidden):
		why.Kind = channels.FindingNoScope
		why.Advice = "Give the channel the token of an API account that may use webhooks and read orders."
	case bigcommerce.IsKind(err, bigcommerce.Invalid), bigcommerce.IsKind(err, bigcommerce.Conflict), bigcommerce.IsKind(err, bigcommerce.NotFound):
		if r.left > 0 {
			return errStale
		}
		why.Kind = channels.FindingRefused
		why.Advice = "Correct what BigCommerce names, then save the channel again or wait for the next audit."
		if findings[0].Kind == channels.FindingMissing && r.count(scope) >= hooksPerScope {
			why = full(scope, r.count(scope))
		}
	case essential(scope) || len(r.wanted) == 0 || ends(err):
		return err
	default:
		why.Kind = channels.FindingUnavailable
		why.Advice = "Nothing: the next audit tries again."
	}
	why.Harmless = !essential(scope)
	for _, finding := range findings {
		why.Harmless = why.Harmless || finding.Harmless
		finding.Done, finding.Left, finding.Advice = "", true, "See why BigCommerce did not take the change."
		finding.Harmless = finding.Harmless || !essential(scope)
		why.HookID = finding.HookID
		r.add(finding)
	}
	r.add(why)
	return nil
}

// ends reports whether an error makes every further call pointless.
func ends(err error) bool {
	return errors.Is(err, context.Canceled) || bigcommerce.IsKind(err, bigcommerce.Unauthorized) || bigcommerce.IsKind(err, bigcommerce.RateLimited)
}
