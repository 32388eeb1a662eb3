package bigcommercetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Event is something that happened in the store, whether or not a hook asked for
// it. One change makes several: a change of status is store/order/updated and
// store/order/statusUpdated, and both again for the order's sales channel with
// scopes of store/channel/{id}/order.
type Event struct {
	At    time.Time
	Data  json.RawMessage // the data of the webhook
	Hash  string          // 40 hexadecimal digits, the same in all deliveries of the event
	Scope string
	// OrderID is the order that the event is about, or 0.
	OrderID int64
	// Hooks is how many hooks were to get it, and Dropped how many of them never
	// will because of [Faults.DropNext] or [Faults.SetDropChance].
	Hooks   int
	Dropped int
}

// envelope is the body of a webhook; the fields stand in the measured order.
type envelope struct {
	Producer  string          `json:"producer"`
	Hash      string          `json:"hash"`
	CreatedAt int64           `json:"created_at"`
	StoreID   any             `json:"store_id"` // a string; a number in old documentation
	Scope     string          `json:"scope"`
	Data      json.RawMessage `json:"data"`
	Unknown   any             `json:"delivery_region,omitempty"`
}

type orderData struct {
	Type   string       `json:"type"`
	ID     int64        `json:"id"`
	Status *statusMoved `json:"status,omitempty"`
}

type statusMoved struct {
	Previous int `json:"previous_status_id"`
	New      int `json:"new_status_id"`
}

type channelOrderData struct {
	OrderID int64 `json:"order_id"`
}

type shipmentData struct {
	Type    string `json:"type"`
	ID      int64  `json:"id"`
	OrderID int64  `json:"orderId"`
}

// Events returns every event that happened, oldest first.
func (s *Store) Events() []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.events)
}

// Emit makes an event of any scope with any data happen, for events that the
// store does not act out, such as messages, refunds and stock. orderID is only
// noted in [Event]; use 0 for none. It fails when data is no JSON.
func (s *Store) Emit(scope string, orderID int64, data any) (Event, error) {
	if _, err := json.Marshal(data); err != nil {
		return Event{}, fmt.Errorf("emit an event of %s: %w", scope, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return *s.fireLocked(scope, orderID, data, ""), nil
}

// orderEventLocked fires an event of an order for the store and for its channel.
func (s *Store) orderEventLocked(o *order, event string, moved *statusMoved) {
	if s.faults.bareStatus {
		moved = nil
	}
	s.fireLocked("store/order/"+event, o.ID, orderData{Type: "order", ID: o.ID, Status: moved}, "")
	channel := "store/channel/" + strconv.FormatInt(o.ChannelID, 10) + "/order/" + event
	s.fireLocked(channel, o.ID, channelOrderData{OrderID: o.ID}, "")
}

func (s *Store) shipmentEventLocked(sh *Shipment, event string) {
	s.fireLocked("store/shipment/"+event, sh.OrderID, shipmentData{Type: "shipment", ID: sh.ID, OrderID: sh.OrderID}, "")
}

// fireLocked makes an event happen and queues its first delivery to each hook
// that covers it. A client id restricts it to hooks of that client.
func (s *Store) fireLocked(scope string, orderID int64, data any, clientID string) *Event {
	now := s.clock.Now()
	// The platform calls the hash a SHA-1 of the data, but nobody has been able to
	// compute it: an opaque value that never comes twice is all that can be relied on.
	e := &Event{At: now, Data: s.eventData(data), Hash: randomHex(20), Scope: scope, OrderID: orderID}
	for _, h := range s.sortedHooksLocked(now) {
		config := h.inForce(now)
		if config == nil || !config.IsActive || !covers(config.Scope, scope) || clientID != "" && clientID != h.ClientID {
			continue
		}
		e.Hooks++
		if s.faults.dropsLocked() {
			e.Dropped++
			continue
		}
		s.webhookLocked(e, h, now)
	}
	s.events = record(s.events, *e)
	s.changedLocked()
	return e
}

// webhookLocked queues the first delivery of e to h and its copies.
func (s *Store) webhookLocked(e *Event, h *hook, now time.Time) {
	due := now.Add(s.faults.delay)
	s.enqueueLocked(&job{event: e, hookID: h.ID, attempt: 1}, due)
	copies, apart := s.faults.copiesLocked()
	for n := 1; n <= copies; n++ {
		s.enqueueLocked(&job{event: e, hookID: h.ID, attempt: 1, copyNo: n, lag: time.Duration(n) * apart}, due)
	}
}

// eventData marshals data; ids become strings when types are to wobble.
func (s *Store) eventData(data any) json.RawMessage {
	raw, err := json.Marshal(data)
	if err != nil { // Emit has checked what is not of this package
		return json.RawMessage("null")
	}
	if !s.faults.wobble {
		return raw
	}
	var fields map[string]any
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(&fields); err != nil {
		return raw // not an object
	}
	for name, value := range fields {
		if number, ok := value.(json.Number); ok {
			fields[name] = number.String()
		}
	}
	if wobbled, err := json.Marshal(fields); err == nil {
		return wobbled
	}
	return raw
}

// webhookBody returns the body of e as h gets it.
func (s *Store) webhookBody(e *Event, h *Hook) ([]byte, error) {
	w := envelope{
		Producer:  "stores/" + s.Hash,
		Hash:      e.Hash,
		CreatedAt: e.At.Unix(),
		StoreID:   s.StoreID,
		Scope:     e.Scope,
		Data:      e.Data,
	}
	if s.faults.wildcardScope && strings.Contains(h.Scope, "*") {
		w.Scope = h.Scope
	}
	if s.faults.wobble {
		w.StoreID = json.Number(s.StoreID)
	}
	if s.faults.unknownFields {
		w.Unknown = map[string]any{"name": "us", "zones": []int{1, 2}}
	}
	body, err := json.Marshal(w)
	if err != nil {
		return nil, fmt.Errorf("webhook body of event %s: %w", e.Hash, err)
	}
	return body, nil
}
