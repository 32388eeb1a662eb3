package shipstationtest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/orderbridge/orderbridge/activities/downstream/downstreamtest/standin"
)

// The order statuses. Documented.
const (
	AwaitingPayment     = "awaiting_payment"
	AwaitingShipment    = "awaiting_shipment"
	Cancelled           = "cancelled"
	OnHold              = "on_hold"
	PendingFulfillment  = "pending_fulfillment"
	RejectedFulfillment = "rejected_fulfillment"
	Shipped             = "shipped"
)

// Action is what a request did to an order.
type Action string

const (
	// ActionCancel is an update to the status cancelled.
	ActionCancel Action = "cancel"
	// ActionCreate is an order that an update made because it did not find its
	// key.
	ActionCreate Action = "create"
	// ActionShip is a mark as shipped.
	ActionShip Action = "ship"
	// ActionUpdate is any other update.
	ActionUpdate Action = "update"
)

// Effect is one change that was made through the API.
type Effect struct {
	// Action is what was done.
	Action Action
	// OrderID is the order's id.
	OrderID int64
	// OrderNumber is the order's number.
	OrderNumber string
	// Parcel is what a mark as shipped said.
	Parcel Parcel
}

// Parcel is the body of a mark as shipped, without the order.
type Parcel struct {
	CarrierCode        string
	NotifyCustomer     bool
	NotifySalesChannel bool
	ShipDate           string
	TrackingNumber     string
}

// Document is an order, field by field.
type Document map[string]json.RawMessage

// order is a document and what it was before its last change.
type order struct {
	id     int64
	doc    Document
	before Document
}

// text reads a field that is a string; another one reads as "".
func (d Document) text(name string) string {
	var s string
	if json.Unmarshal(d[name], &s) != nil {
		return ""
	}
	return s
}

// store reads advancedOptions.storeId.
func (d Document) store() int64 {
	var options struct {
		StoreID int64 `json:"storeId"`
	}
	if json.Unmarshal(d["advancedOptions"], &options) != nil {
		return 0
	}
	return options.StoreID
}

// OrderOption changes how AddOrder makes an order.
type OrderOption func(Document)

// InStore puts the order into another store.
func InStore(id int64) OrderOption {
	return WithField("advancedOptions", fmt.Sprintf(`{"storeId":%d,"mergedOrSplit":false,"mergedIds":[],"parentId":null}`, id))
}

// WithField sets a field to this JSON.
func WithField(name, value string) OrderOption {
	return func(d Document) { d[name] = json.RawMessage(value) }
}

// AddOrder adds an order with this number and status and returns its id. Two
// orders may have one number. Inferred: nothing in the documentation forbids
// it, and several stores have numbers of their own.
func (s *System) AddOrder(number, status string, opts ...OrderOption) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := int64(900001 + len(s.orders))
	now := s.tick()
	doc := Document{}
	set := func(name string, value any) { doc[name] = standin.Encode(value) }
	set("orderId", id)
	set("orderNumber", number)
	set("orderKey", "key-"+strconv.FormatInt(id, 10))
	set("orderDate", now)
	set("createDate", now)
	set("modifyDate", now)
	set("paymentDate", nil)
	set("orderStatus", status)
	set("customerEmail", Private)
	// Documented: the fields below are a small part of an order's. What counts
	// is that some are nested, some null, and some numbers that a float does
	// not hold.
	doc["billTo"] = json.RawMessage(`{"name":"Jane <Doe> & Söhne","street1":null,"residential":null}`)
	doc["shipTo"] = json.RawMessage(`{"name":"Jane Doe","country":"US","addressVerified":"Address validation warning"}`)
	doc["items"] = json.RawMessage(`[{"orderItemId":128836912345678901,"sku":"ABC123","quantity":2,"unitPrice":99.990,"options":[]}]`)
	doc["advancedOptions"] = json.RawMessage(fmt.Sprintf(
		`{"warehouseId":98765,"storeId":%d,"customField1":"Custom data","mergedOrSplit":false,"mergedIds":[],"parentId":null}`, StoreID))
	doc["tagIds"] = json.RawMessage(`[53974]`)
	doc["internalNotes"] = json.RawMessage("null")
	doc["notDocumentedYet"] = json.RawMessage(`{"exact":12345678901234567890.12345}`)
	for _, opt := range opts {
		opt(doc)
	}
	s.orders = append(s.orders, &order{id: id, doc: doc, before: maps.Clone(doc)})
	return id
}

// Private stands in every order for what must not reach an error or a log.
const Private = "jane.doe@example.com"

// Edit changes an order as a user would. It fails when no order has this id.
func (s *System) Edit(id int64, opts ...OrderOption) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.byID(id)
	if o == nil {
		return fmt.Errorf("ShipStation stand-in: no order has the id %d", id)
	}
	o.before = maps.Clone(o.doc)
	for _, opt := range opts {
		opt(o.doc)
	}
	o.doc["modifyDate"] = standin.Encode(s.tick())
	return nil
}

// SetStatus gives an order another status; see Edit.
func (s *System) SetStatus(id int64, status string) error {
	return s.Edit(id, WithField("orderStatus", strconv.Quote(status)))
}

// Orders returns every order, in the order in which they were added.
func (s *System) Orders() []Document {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Document, 0, len(s.orders))
	for _, o := range s.orders {
		all = append(all, maps.Clone(o.doc))
	}
	return all
}

// Order returns the order with this id, and whether there is one.
func (s *System) Order(id int64) (Document, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.byID(id)
	if o == nil {
		return nil, false
	}
	return maps.Clone(o.doc), true
}

// IDs returns the ids of the orders with this number.
func (s *System) IDs(number string) []int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []int64
	for _, o := range s.orders {
		if o.doc.text("orderNumber") == number {
			ids = append(ids, o.id)
		}
	}
	return ids
}

// Effects returns every change that was made through the API, oldest first.
func (s *System) Effects() []Effect {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.effects)
}

// byID returns the order with this id, or nil. s.mu is held.
func (s *System) byID(id int64) *order {
	for _, o := range s.orders {
		if o.id == id {
			return o
		}
	}
	return nil
}

// tick returns a time that no order was changed at before. Documented: dates
// have seven decimals and no zone. Inferred: every change moves modifyDate.
// s.mu is held.
func (s *System) tick() string {
	at := s.now().UTC()
	if !at.After(s.modified) {
		at = s.modified.Add(time.Microsecond)
	}
	s.modified = at
	return at.Format("2006-01-02T15:04:05.0000000")
}
