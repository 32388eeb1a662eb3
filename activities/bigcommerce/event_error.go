package bigcommerce

import "fmt"

// EventCause says why a callback cannot be used. The list is closed, so that a
// cause can be the label of a metric.
type EventCause string

const (
	// EventNotJSON means that the body is not JSON, or is cut short, or is empty.
	EventNotJSON EventCause = "not_json"
	// EventTrailingData means that something follows the JSON value.
	EventTrailingData EventCause = "trailing_data"
	// EventTooDeep means that objects or arrays nest more than 32 deep.
	EventTooDeep EventCause = "too_deep"
	// EventNotObject means that the body is JSON, but not an object.
	EventNotObject EventCause = "not_object"
	// EventNoScope means that there is no scope, or an empty one.
	EventNoScope EventCause = "no_scope"
	// EventBadScope means that the scope does not satisfy ValidScope.
	EventBadScope EventCause = "bad_scope"
	// EventNoData means that an event about an order has no data object.
	EventNoData EventCause = "no_data"
	// EventNoOrderID means that an event about an order does not say which one.
	EventNoOrderID EventCause = "no_order_id"
)

// EventCauses lists every cause.
func EventCauses() []EventCause {
	return []EventCause{
		EventNotJSON, EventTrailingData, EventTooDeep, EventNotObject,
		EventNoScope, EventBadScope, EventNoData, EventNoOrderID,
	}
}

// EventError is how ParseEvent fails. Repeating the same body fails in the same
// way.
type EventError struct {
	// Cause is one of EventCauses.
	Cause EventCause
	// Scope is the event's scope, if the failure came after reading it.
	Scope string
}

// Error implements error. It quotes nothing of the body but a valid scope.
func (e *EventError) Error() string {
	if e.Scope != "" {
		return fmt.Sprintf("bigcommerce: callback of scope %s cannot be used: %s", e.Scope, e.Cause)
	}
	return fmt.Sprintf("bigcommerce: callback cannot be used: %s", e.Cause)
}

// maxEventDepth is far more than any payload of BigCommerce nests (three).
const maxEventDepth = 32

// nestsDeeper reports whether the objects and arrays of a JSON text nest more
// than limit deep. It looks at brackets outside of strings alone, so that it
// costs one pass and no stack; the text need not be valid.
func nestsDeeper(body []byte, limit int) bool {
	depth, inString, escaped := 0, false, false
	for _, c := range body {
		switch {
		case escaped:
			escaped = false
		case inString:
			escaped = c == '\\'
			inString = c != '"'
		case c == '"':
			inString = true
		case c == '{' || c == '[':
			if depth++; depth > limit {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}
