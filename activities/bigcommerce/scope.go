package bigcommerce

import (
	"strconv"
	"strings"
)

// The event scopes that Orderbridge subscribes to or receives. A scope that
// ends in * stands for every event of its family.
const (
	ScopeOrderAll           = "store/order/*"
	ScopeOrderArchived      = "store/order/archived"
	ScopeOrderCreated       = "store/order/created"
	ScopeOrderStatusUpdated = "store/order/statusUpdated"
	ScopeOrderUpdated       = "store/order/updated"

	// ScopeOrderMetafieldCreated tells that an API account keeps another text
	// with an order, which changes nothing of the order itself.
	ScopeOrderMetafieldCreated = "store/order/metafield/created"

	ScopeShipmentAll     = "store/shipment/*"
	ScopeShipmentCreated = "store/shipment/created"
	ScopeShipmentDeleted = "store/shipment/deleted"
	ScopeShipmentUpdated = "store/shipment/updated"

	// ScopeHookDeliveryException tells of a callback that could not be
	// delivered. BigCommerce documents that its destination must differ from
	// those of all other hooks, and that an API account can have only one.
	ScopeHookDeliveryException = "store/hook/deliveryException"

	// ScopeAppUninstalled tells that the app was removed from the store.
	ScopeAppUninstalled = "store/app/uninstalled"
)

// MaxScopeLen is the longest scope that ValidScope accepts, in bytes.
const MaxScopeLen = 255

const (
	channelScopePrefix  = "store/channel/"
	orderScopePrefix    = "store/order/"
	shipmentScopePrefix = "store/shipment/"
)

// ChannelOrderScope returns the scope of an order event of one BigCommerce
// channel (a storefront or marketplace of the store, not a sales channel of
// ours), for example store/channel/1/order/statusUpdated for the event
// "statusUpdated". The event "*" stands for all of them.
func ChannelOrderScope(channelID int64, event string) string {
	return channelScopePrefix + strconv.FormatInt(channelID, 10) + "/order/" + event
}

// IsOrderScope reports whether events of this scope are about one order:
// store/order/…, store/shipment/… and store/channel/{id}/order/…, wildcards
// included.
func IsOrderScope(scope string) bool {
	if !ValidScope(scope) {
		return false
	}
	if strings.HasPrefix(scope, orderScopePrefix) || strings.HasPrefix(scope, shipmentScopePrefix) {
		return true
	}
	rest, ok := strings.CutPrefix(scope, channelScopePrefix)
	if !ok {
		return false
	}
	channel, event, _ := strings.Cut(rest, "/")
	return (channel == "*" || digits(channel)) && strings.HasPrefix(event, "order/")
}

// ValidScope reports whether scope has the form of an event scope: segments of
// ASCII letters, digits, '_', '-' and '*', separated by single slashes, at most
// MaxScopeLen bytes. It does not ask whether BigCommerce knows the scope. A
// valid scope can be part of a workflow id.
func ValidScope(scope string) bool {
	if scope == "" || len(scope) > MaxScopeLen {
		return false
	}
	for segment := range strings.SplitSeq(scope, "/") {
		if segment == "" || strings.ContainsFunc(segment, notInScope) {
			return false
		}
	}
	return true
}

func notInScope(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '_', r == '-', r == '*':
		return false
	default:
		return true
	}
}
