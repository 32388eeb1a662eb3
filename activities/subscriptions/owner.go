package subscriptions

import (
	"maps"
	"strings"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/callback"
	"github.com/orderbridge/orderbridge/activities/channels"
)

// owner tells the hooks of one channel from all others.
type owner struct {
	channel channels.Channel
	secrets *callback.Secrets
	// removing is true while the channel is taken out of its store.
	removing bool
}

// owns reports whether a hook is the channel's: it carries a secret that only
// this channel can have, or it is of one of the channel's two scopes and
// delivers to one of its two addresses, where nobody else receives anything.
//
// The hook of an integration check carries the secret too. It belongs to the
// check, which removes it, and is ours only when nothing of ours may stay.
func (o owner) owns(hook bigcommerce.Hook) bool {
	if !o.removing && sameAddress(hook.Destination, channels.CheckURL(o.channel.CallbackURL)) {
		return false
	}
	if _, ok := o.secrets.Verify(o.channel.ID, carried(hook)); ok {
		return true
	}
	return (hook.Scope == orderScope || hook.Scope == exceptionScope) && o.receives(hook)
}

// intrudes reports whether a hook delivers to an address of the channel without
// being the channel's. What it sends is refused for want of the secret.
func (o owner) intrudes(hook bigcommerce.Hook) bool { return o.receives(hook) && !o.owns(hook) }

// receives reports whether a hook delivers to one of the channel's addresses.
func (o owner) receives(hook bigcommerce.Hook) bool {
	return sameAddress(hook.Destination, o.channel.CallbackURL) ||
		sameAddress(hook.Destination, channels.ExceptionsURL(o.channel.CallbackURL))
}

// secret returns what is wrong with the secret of a hook, or "".
func (o owner) secret(hook bigcommerce.Hook) channels.FindingKind {
	value := carried(hook)
	if value == "" {
		return channels.FindingMissingSecret
	}
	_, ok := o.secrets.Verify(o.channel.ID, value)
	switch {
	case !ok:
		return channels.FindingWrongSecret
	case value != o.present():
		return channels.FindingOldSecret // another version, or made with an earlier master key
	default:
		return ""
	}
}

// present returns the secret that hooks must carry.
func (o owner) present() string { return o.secrets.Secret(o.channel.ID, o.channel.SecretVersion) }

// headers returns the headers of a hook with the present secret in its place.
// Others, which somebody may have had a reason to add, stay.
func (o owner) headers(hook bigcommerce.Hook) map[string]string {
	headers := maps.Clone(hook.Headers)
	if headers == nil {
		headers = map[string]string{}
	}
	maps.DeleteFunc(headers, func(name, _ string) bool { return strings.EqualFold(name, callback.Header) })
	headers[callback.Header] = o.present()
	return headers
}

// mayWork reports whether callbacks of a hook may reach the channel and be
// taken. A hook with another address may still reach it, for example while the
// installation moves from one host name to another.
func (o owner) mayWork(hook bigcommerce.Hook) bool {
	_, ok := o.secrets.Verify(o.channel.ID, carried(hook))
	return ok && !off(hook) && bigcommerce.IsOrderScope(hook.Scope) &&
		!sameAddress(hook.Destination, channels.ExceptionsURL(o.channel.CallbackURL))
}

// carried returns the secret that a hook carries, however the name of its
// header is spelled: HTTP does not mind.
func carried(hook bigcommerce.Hook) string {
	if value, ok := hook.Headers[callback.Header]; ok {
		return value
	}
	for name, value := range hook.Headers {
		if strings.EqualFold(name, callback.Header) {
			return value
		}
	}
	return ""
}

// off reports whether a hook delivers nothing.
func off(hook bigcommerce.Hook) bool {
	return !hook.IsActive || hook.Status == bigcommerce.HookInactive || hook.Status == bigcommerce.HookDeactivated
}
