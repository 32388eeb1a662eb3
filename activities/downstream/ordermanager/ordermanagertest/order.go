package ordermanagertest

import (
	"fmt"
	"slices"
	"time"
)

// Private is in every answer about an order, as the data of customers is in
// real ones. It must appear in no error and no log.
const Private = "jane.doe@example.com"

// Action is what a request did to an order.
type Action string

const (
	// ActionCancel is a cancellation.
	ActionCancel Action = "cancel"
	// ActionShip is an external shipment.
	ActionShip Action = "ship"
)

// Effect is what one request did to one order through the API.
type Effect struct {
	// Action is what was done.
	Action Action
	// OrderID is the System's own identifier of the order.
	OrderID int64
	// OrderNumber is the sales channel's number of the order.
	OrderNumber string
	// Reason and ReasonType came with a cancellation.
	Reason     string
	ReasonType string
	// Shipments came with a shipment, in their order.
	Shipments []Shipment
	// Echoed is what was passed on to others: "sales channel", "refund",
	// "customer". It should be empty.
	Echoed []string
}

// Shipment is one parcel as the API took it.
type Shipment struct {
	// TrackingNumber and Carrier are as they were sent.
	TrackingNumber string
	Carrier        string
	// ShipDate is as it was sent, or zero.
	ShipDate time.Time
}

// Order is an order as the System holds it.
type Order struct {
	// ID is the System's own identifier.
	ID int64
	// ModifiedAt is when it was last changed. No two changes of a System have
	// the same.
	ModifiedAt time.Time
	// Number is the sales channel's number.
	Number string
	// SalesChannelID is the sales channel that it is from.
	SalesChannelID int64
	// Status is its orderStatus.
	Status string
}

// order is an Order and what it was before its last change.
type order struct {
	Order

	before Order
}

// view is what the API shows of an order: a part of it, as clients know it.
func (o Order) view() map[string]any {
	return map[string]any{
		"orderId":      o.ID,
		"orderNumber":  o.Number,
		"orderStatus":  o.Status,
		"createdDate":  "2026-03-01T10:00:00Z",
		"modifiedDate": o.ModifiedAt.Format(time.RFC3339),
		"salesChannel": map[string]any{"salesChannelId": o.SalesChannelID, "name": "BigCommerce", "type": "BIG_COMMERCE"},
		"shipEmail":    Private,
		"orderItems":   []any{},
		"shipment":     nil,
	}
}

// AddOrder adds an order of SalesChannelID and returns its id. Two orders may
// have one number. The status is an orderStatus, known or not.
func (s *System) AddOrder(number, status string) (id int64) {
	return s.AddOrderOf(SalesChannelID, number, status)
}

// AddOrderOf adds an order of any sales channel; see AddOrder.
func (s *System) AddOrderOf(channel int64, number, status string) (id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := &order{Order: Order{
		ID: int64(900001 + len(s.orders)), ModifiedAt: s.tick(), Number: number, SalesChannelID: channel, Status: status,
	}}
	o.before = o.Order
	s.orders = append(s.orders, o)
	return o.ID
}

// SetStatus changes an order as a user of the System would. It fails when no
// order has this id.
func (s *System) SetStatus(id int64, status string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.byID(id)
	if o == nil {
		return fmt.Errorf("stand-in for Order Manager: no order has the id %d", id)
	}
	s.move(o, status)
	return nil
}

// Order returns the first order that has this number, and whether there is one.
func (s *System) Order(number string) (Order, bool) {
	for _, o := range s.Orders() {
		if o.Number == number {
			return o, true
		}
	}
	return Order{}, false
}

// Orders returns every order, in the order in which they were added.
func (s *System) Orders() []Order {
	s.mu.Lock()
	defer s.mu.Unlock()
	orders := make([]Order, 0, len(s.orders))
	for _, o := range s.orders {
		orders = append(orders, o.Order)
	}
	return orders
}

// Effects returns everything that was done through the API, oldest first.
func (s *System) Effects() []Effect {
	s.mu.Lock()
	defer s.mu.Unlock()
	effects := slices.Clone(s.effects)
	for i := range effects {
		effects[i].Shipments = slices.Clone(effects[i].Shipments)
		effects[i].Echoed = slices.Clone(effects[i].Echoed)
	}
	return effects
}

// byID returns the order with this id, or nil. s.mu is held.
func (s *System) byID(id int64) *order {
	for _, o := range s.orders {
		if o.ID == id {
			return o
		}
	}
	return nil
}

// move gives an order another status. s.mu is held.
func (s *System) move(o *order, status string) {
	o.before = o.Order
	o.Status, o.ModifiedAt = status, s.tick()
}

// tick returns a later second each time. Guessed: that modifiedDate moves with
// every change; real changes within one second may share theirs. s.mu is held.
func (s *System) tick() time.Time {
	s.clock = s.clock.Add(time.Second)
	return s.clock
}
