package bigcommercetest

import (
	"regexp"
	"slices"
	"strings"
)

const exceptionScope = "store/hook/deliveryException"

// orderEvents are the documented events after store/order/, and after
// store/channel/{id}/order/ the first six.
var orderEvents = []string{
	"created", "updated", "archived", "statusUpdated", "message/created", "refund/created",
	"transaction/created", "transaction/updated",
	"metafield/created", "metafield/updated", "metafield/deleted",
}

const channelOrderEvents = 6

// otherScopes are families that the store can carry with [Store.Emit] but does
// not act out; their events are not checked one by one.
var otherScopes = regexp.MustCompile(`^store/(app|cart|category|channel|customer|information|inventory|metafield|` +
	`priceList|product|script|sku|subscriber)/[A-Za-z0-9_*]+(/[A-Za-z0-9_*]+)*$`)

var channelOrderScope = regexp.MustCompile(`^store/channel/(\d+|\*)/order/(.+)$`)

// knownScope reports whether the platform would take scope for a hook.
func knownScope(scope string) bool {
	if scope == exceptionScope {
		return true
	}
	if event, ok := strings.CutPrefix(scope, "store/order/"); ok {
		return event == "*" || slices.Contains(orderEvents, event)
	}
	if event, ok := strings.CutPrefix(scope, "store/shipment/"); ok {
		return slices.Contains([]string{"*", "created", "updated", "deleted"}, event)
	}
	if m := channelOrderScope.FindStringSubmatch(scope); m != nil {
		return m[2] == "*" || slices.Contains(orderEvents[:channelOrderEvents], m[2])
	}
	return otherScopes.MatchString(scope)
}

// covers reports whether a hook of scope gets events of event. A star at the end
// stands for all that follows, as BigCommerce documents for store/order/*; one in
// the middle for one part, as in store/channel/*/inventory.
func covers(scope, event string) bool {
	want, have := strings.Split(scope, "/"), strings.Split(event, "/")
	for i, part := range want {
		switch {
		case i >= len(have):
			return false
		case part == "*" && i == len(want)-1:
			return true
		case part != "*" && part != have[i]:
			return false
		}
	}
	return len(want) == len(have)
}
