package resttest

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/orderbridge/orderbridge/activities/downstream"
)

// Action is what a request did to an order.
type Action string

const (
	// ActionCancel is a cancellation.
	ActionCancel Action = "cancel"
	// ActionFulfill is a fulfillment.
	ActionFulfill Action = "fulfill"
)

// Effect is one change that was committed through the contract. A repeated
// request has no effect of its own, and SetStatus has none.
type Effect struct {
	// Action is what was done.
	Action Action
	// At is when it was committed.
	At time.Time
	// IdempotencyKey is the key of the request that did it.
	IdempotencyKey string
	// OrderID is the System's own identifier of the order.
	OrderID string
	// OrderNumber is the sales channel's number of the order.
	OrderNumber string
	// TrackingNumbers are those of the shipments, in their order; shipments
	// without one are left out.
	TrackingNumbers []string
}

// Order is an order as the System holds it.
type Order struct {
	// CancelReason is the reason that came with the cancellation.
	CancelReason string
	// ID is the System's own identifier.
	ID string
	// Number is the sales channel's number.
	Number string
	// Shipments are those that came with the fulfillment.
	Shipments []downstream.Shipment
	// Status is the name of its status.
	Status string
	// Version is the version that the contract shows.
	Version string
}

// order is an Order and what it showed before its last change.
type order struct {
	Order

	revision int
	before   view
}

// view is what the contract shows of an order.
type view struct {
	ID      string `json:"id"`
	Number  string `json:"number"`
	Status  string `json:"status"`
	Version string `json:"version"`
}

func (o *order) view() view {
	return view{ID: o.ID, Number: o.Number, Status: o.Status, Version: o.Version}
}

// move gives an order another status and another version.
func (o *order) move(status string) {
	o.before = o.view()
	o.Status = status
	o.revision++
	o.Version = strconv.Itoa(o.revision)
}

// AddOrder adds an order and returns its id. Two orders may have one number.
// The status need not be one of the vocabulary: a name that no list explains
// is one of the things that an adapter must survive.
func (s *System) AddOrder(number, status string) (id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := &order{revision: 1, Order: Order{
		ID: "so-" + strconv.Itoa(1001+len(s.orders)), Number: number, Status: status, Version: "1",
	}}
	o.before = o.view()
	s.orders = append(s.orders, o)
	return o.ID
}

// SetStatus changes an order as a user of the System would, which gives it
// another version. It fails when no order has this id.
func (s *System) SetStatus(id, status string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.byID(id)
	if o == nil {
		return fmt.Errorf("demo order system: no order has the id %q", id)
	}
	o.move(status)
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
		c := o.Order
		c.Shipments = slices.Clone(c.Shipments)
		orders = append(orders, c)
	}
	return orders
}

// Effects returns every change that was committed through the contract, oldest
// first.
func (s *System) Effects() []Effect {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.copyEffects()
}

// WaitEffects returns the effects as soon as there are n or more of them. It
// fails when ctx ends first or the System stops.
func (s *System) WaitEffects(ctx context.Context, n int) ([]Effect, error) {
	for {
		s.mu.Lock()
		effects, changed := s.copyEffects(), s.changed
		s.mu.Unlock()
		if len(effects) >= n {
			return effects, nil
		}
		select {
		case <-changed:
		case <-s.server.Done():
			return effects, fmt.Errorf("demo order system: stopped with %d of %d effects", len(effects), n)
		case <-ctx.Done():
			return effects, fmt.Errorf("demo order system: %d of %d effects: %w", len(effects), n, ctx.Err())
		}
	}
}

// copyEffects copies the effects. s.mu is held.
func (s *System) copyEffects() []Effect {
	effects := slices.Clone(s.effects)
	for i := range effects {
		effects[i].TrackingNumbers = slices.Clone(effects[i].TrackingNumbers)
	}
	return effects
}

// byID returns the order with this id, or nil. s.mu is held.
func (s *System) byID(id string) *order {
	for _, o := range s.orders {
		if o.ID == id {
			return o
		}
	}
	return nil
}
