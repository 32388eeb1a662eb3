package subscriptions

import (
	"net/url"
	"strings"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/channels"
)

// Subscription is a hook that a channel wants.
type Subscription struct {
	// Scope is what the hook is about.
	Scope string
	// Destination is where it delivers to.
	Destination string
}

// The scopes that a channel subscribes to.
const (
	orderScope     = bigcommerce.ScopeOrderStatusUpdated
	exceptionScope = bigcommerce.ScopeHookDeliveryException
)

// Wanted returns the subscriptions of a channel, the one that orders depend on
// first: none if no webhook could have an effect.
//
// A channel that is restricted to some BigCommerce channels wants the same one
// scope: the order workflow reads the order and with it the channel it belongs
// to anyway, while a scope for each BigCommerce channel would multiply the
// hooks, and each of them can be switched off on its own.
func Wanted(channel channels.Channel) []Subscription {
	if !channel.Active || !channel.Settings.WantsAny() {
		return nil
	}
	return []Subscription{
		{Scope: orderScope, Destination: channel.CallbackURL},
		{Scope: exceptionScope, Destination: channels.ExceptionsURL(channel.CallbackURL)},
	}
}

// essential reports whether orders depend on hooks of a scope. Those that report
// failed deliveries only make an audit come early.
func essential(scope string) bool { return scope != exceptionScope }

// sameAddress compares two addresses as a web server would: BigCommerce may
// spell one differently than it was given, which must not be mended for ever.
func sameAddress(a, b string) bool { return a == b || Spelled(a) == Spelled(b) }

// Spelled returns the canonical form of an address: the host in lower case, and
// no port that is the scheme's own. What is no address stays as it is.
func Spelled(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return address
	}
	u.Host = hostOf(u)
	return u.String()
}

// hostOf returns the host in lower case, with its port unless that is the
// scheme's own.
func hostOf(u *url.URL) string {
	host := strings.ToLower(u.Host)
	switch u.Scheme {
	case "https":
		return strings.TrimSuffix(host, ":443")
	case "http":
		return strings.TrimSuffix(host, ":80")
	default:
		return host
	}
}
