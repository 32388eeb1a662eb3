package bigcommerce

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"
)

// Event is a callback of BigCommerce: it says that something happened, and to
// which order, but not what the order is like now. Callbacks are repeated and
// arrive in any order, so an Event is a reason to look at the order, never a
// state to apply.
type Event struct {
	// Scope is the event's scope, for example store/order/statusUpdated. It
	// satisfies ValidScope. For a subscription with a wildcard it may be the
	// wildcard itself: BigCommerce does not document which one it sends.
	Scope string `json:"scope"`
	// StoreHash names the store, from the producer field; empty when that
	// has another form than stores/{hash}.
	StoreHash string `json:"store_hash,omitempty"`
	// StoreID is the store's numeric id, which is not the store hash.
	StoreID string `json:"store_id,omitempty"`
	// Hash is equal on repetitions of one event. It is opaque (measured: 40
	// hexadecimal digits that no formula reproduces) and proves nothing. It
	// is empty when there is none, or when it is not 1 to 128 printable
	// ASCII characters.
	Hash string `json:"hash,omitempty"`
	// CreatedAt is when the event happened, in UTC with a precision of a
	// second; the zero time when the callback does not say.
	CreatedAt time.Time `json:"created_at,omitzero"`
	// OrderID is the order that the event is about, or 0 when it names none.
	// It is never 0 for a scope that satisfies IsOrderScope.
	OrderID int64 `json:"order_id,omitempty"`
	// DataType is BigCommerce's word for what data.id identifies, for
	// example "order" or "shipment". It may be empty.
	DataType string `json:"data_type,omitempty"`
	// PreviousStatusID and NewStatusID are the order's statuses before and
	// after the event, if it tells. They may be out of date on arrival.
	PreviousStatusID *StatusID `json:"previous_status_id,omitempty"`
	NewStatusID      *StatusID `json:"new_status_id,omitempty"`
	// HookException is what a ScopeHookDeliveryException event tells; nil
	// for every other scope.
	HookException *HookException `json:"hook_exception,omitempty"`
}

// HookException says that BigCommerce could not deliver a callback.
type HookException struct {
	// HookID is the subscription whose callback failed, or 0.
	HookID int64 `json:"hook_id"`
	// Code is one of the Delivery… constants, or another number.
	Code int `json:"code"`
	// Message is BigCommerce's explanation in one line of at most 200
	// characters. It names the destination.
	Message string `json:"message,omitempty"`
}

// The codes of a HookException, as BigCommerce documents them.
const (
	// DeliveryWillBeRetried is sent at most every ten minutes a destination.
	DeliveryWillBeRetried = 90001
	// DeliveryGivenUp means that BigCommerce is about to switch the hook off.
	DeliveryGivenUp = 90002
	// DeliveryBlocked means that the destination's domain is blocked for some
	// minutes.
	DeliveryBlocked = 90003
)

const (
	maxHashLen     = 128
	maxIDLen       = 64
	maxDataTypeLen = 64
	producerPrefix = "stores/"
)

// ParseEvent reads the body of a callback. It accepts every payload that
// BigCommerce documents or was seen to send, numbers and strings in place of
// each other, and fields that it does not know.
//
// It fails with an *EventError. The Event that it returns then holds what could
// be read up to there, so that the callback can be recorded.
func ParseEvent(body []byte) (Event, error) {
	envelope, cause := parseObject(body)
	if cause != "" {
		return Event{}, &EventError{Cause: cause}
	}
	event := Event{
		StoreHash: storeHash(scalar(envelope["producer"])),
		StoreID:   identifier(scalar(envelope["store_id"]), maxIDLen),
		Hash:      identifier(scalar(envelope["hash"]), maxHashLen),
		CreatedAt: unixSeconds(parseInteger(scalar(envelope["created_at"])).or(0)),
	}
	event.Scope, cause = eventScope(envelope["scope"])
	if cause != "" {
		return event, &EventError{Cause: cause}
	}
	if cause = event.readData(envelope["data"]); cause != "" {
		return event, &EventError{Cause: cause, Scope: event.Scope}
	}
	return event, nil
}

// parseObject returns the members of the JSON object that is body.
func parseObject(body []byte) (map[string]json.RawMessage, EventCause) {
	if nestsDeeper(body, maxEventDepth) {
		return nil, EventTooDeep
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	var raw json.RawMessage
	if err := decoder.Decode(&raw); err != nil {
		return nil, EventNotJSON
	}
	if len(bytes.TrimSpace(body[decoder.InputOffset():])) > 0 {
		return nil, EventTrailingData
	}
	members := object(raw)
	if members == nil {
		return nil, EventNotObject
	}
	return members, ""
}

// eventScope reads the scope member of a callback.
func eventScope(raw json.RawMessage) (string, EventCause) {
	scope := scalar(raw)
	switch {
	case len(raw) == 0 || string(raw) == "null" || string(raw) == `""`:
		return "", EventNoScope
	case raw[0] != '"' || !ValidScope(scope):
		return "", EventBadScope
	default:
		return scope, ""
	}
}

// readData takes what the data member tells. Only events about orders need it:
// data is an array for price lists, and there may be scopes without any.
func (e *Event) readData(raw json.RawMessage) EventCause {
	aboutOrder := IsOrderScope(e.Scope)
	data := object(raw)
	if data == nil {
		if aboutOrder {
			return EventNoData
		}
		return ""
	}
	e.DataType = identifier(scalar(data["type"]), maxDataTypeLen)
	e.OrderID = e.orderID(data)
	if aboutOrder && e.OrderID == 0 {
		return EventNoOrderID
	}
	if status := object(data["status"]); aboutOrder && status != nil {
		e.PreviousStatusID = statusID(status["previous_status_id"])
		e.NewStatusID = statusID(status["new_status_id"])
	}
	if e.Scope == ScopeHookDeliveryException {
		e.HookException = &HookException{
			HookID:  parseInteger(scalar(data["id"])).or(0),
			Code:    parseInteger(scalar(data["error_code"])).count(),
			Message: oneLine(scalar(data["message"])),
		}
	}
	return ""
}

// orderID finds the order's id. What data.id identifies depends on data.type,
// and a channel's events, shipments, transactions and metafields each have a
// key of their own for the order.
func (e *Event) orderID(data map[string]json.RawMessage) int64 {
	keys := []string{"order_id", "orderId"}
	inOrderFamily := strings.HasPrefix(e.Scope, orderScopePrefix)
	metafield := inOrderFamily && (strings.HasPrefix(e.Scope, orderScopePrefix+"metafield/") || present(data["metafield_id"]))
	switch {
	case metafield:
		keys = append(keys, "resource_id")
	case e.DataType == "order", e.DataType == "" && inOrderFamily:
		keys = append(keys, "id")
	}
	for _, key := range keys {
		if id := parseInteger(scalar(data[key])).or(0); id > 0 {
			return id
		}
	}
	return 0
}

// statusID reads an order status that may be absent.
func statusID(raw json.RawMessage) *StatusID {
	n := parseInteger(scalar(raw))
	if !n.ok || n.value != int64(n.count()) {
		return nil
	}
	id := StatusID(n.count())
	return &id
}

// storeHash returns the hash of a producer of the form stores/{hash}, or "".
func storeHash(producer string) string {
	hash, ok := strings.CutPrefix(producer, producerPrefix)
	if !ok || !validStoreHash(hash) {
		return ""
	}
	return hash
}

// object returns the members of a JSON object, and nil for anything else.
func object(raw json.RawMessage) map[string]json.RawMessage {
	if len(raw) == 0 || raw[0] != '{' {
		return nil
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		return nil
	}
	return members
}

func present(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }

// identifier returns s if it is printable ASCII without spaces of at most limit
// bytes, and otherwise nothing.
func identifier(s string, limit int) string {
	if len(s) > limit || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return ""
	}
	return s
}
