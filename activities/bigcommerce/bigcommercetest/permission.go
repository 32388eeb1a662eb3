package bigcommercetest

import (
	"net/http"
	"strings"
)

// AccountOption changes a default of [Store.AddAccount].
type AccountOption func(*permissions)

// permissions are what an account may not do. Hooks need no OAuth scope, as
// BigCommerce documents, so nothing here is about them.
type permissions struct {
	ordersReadOnly bool // the scope "Orders: read-only"
	noOrders       bool // neither it nor "Orders: modify"
	noInformation  bool // not even "Information & Settings: read-only"
}

// WithReadOnlyOrders gives an account the scope "Orders: read-only" in place of
// "Orders: modify": what changes an order, or what is kept with one, is refused
// with 403. Whether the platform refuses metafields for that, or takes them for a
// scope that every account has, is not documented; refusal is chosen.
func WithReadOnlyOrders() AccountOption { return func(p *permissions) { p.ordersReadOnly = true } }

// WithoutOrders gives an account no scope for orders: all that is about them is
// refused with 403.
func WithoutOrders() AccountOption { return func(p *permissions) { p.noOrders = true } }

// WithoutInformation gives an account no scope for information and settings, under
// which BigCommerce documents the time and the description of a store: both are
// refused with 403.
func WithoutInformation() AccountOption { return func(p *permissions) { p.noInformation = true } }

// forbids reports whether the account may not make a call.
func (p permissions) forbids(r *http.Request) bool {
	path := apiPath(r)
	under := func(prefix string) bool { return path == prefix || strings.HasPrefix(path, prefix+"/") }
	switch {
	case under("/v2/orders"), under("/v2/order_statuses"), under("/v3/orders"):
		return p.noOrders || p.ordersReadOnly && r.Method != http.MethodGet
	case under("/v2/time"), under("/v2/store"):
		return p.noInformation
	default:
		return false
	}
}
