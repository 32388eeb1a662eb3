package threepltest

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/orderbridge/orderbridge/activities/downstream/threepl"
)

// The documented values of an order's status.
const (
	statusOpen     = 0
	statusClosed   = 1
	statusCanceled = 2
)

// Action is what a request did to an order.
type Action string

const (
	// ActionCancel is a cancellation.
	ActionCancel Action = "cancel"
	// ActionConfirm is a confirmation, which closes an order.
	ActionConfirm Action = "confirm"
)

// Effect is one change that was committed through the API. SetStatus has none.
type Effect struct {
	// Action is what was done.
	Action Action
	// At is when it was committed.
	At time.Time
	// OrderID is the System's own identifier of the order.
	OrderID string
	// OrderNumber is the order's reference number.
	OrderNumber string
	// Reason is the reason of a cancellation.
	Reason string
	// Recalculated is whether a confirmation asked for its charges to be
	// computed anew.
	Recalculated bool
	// TrackingNumber is that of a confirmation, or empty.
	TrackingNumber string
}

// Order is an order as the System holds it.
type Order struct {
	// Completed: the warehouse has completed it. The API does not show that.
	Completed bool
	// CustomerID and FacilityID say whose order it is, and where. Default
	// CustomerID and FacilityID.
	CustomerID, FacilityID int64
	// FullyAllocated, OnHold, PackStarted and PickStarted split an open order.
	FullyAllocated, OnHold, PackStarted, PickStarted bool
	// ID is the System's own identifier. Add sets it.
	ID string
	// Number is the reference number.
	Number string
	// Status is 0 open, 1 closed or 2 canceled.
	Status int
	// Version is the ETag. Add sets it.
	Version string
}

// order is an Order and what it was before its last change.
type order struct {
	Order

	before Order
}

// move changes an order, which gives it another ETag. s.mu is held.
//
// Documented: an ETag stands for the state of a resource. Guessed: its form,
// base64 of an eight-byte row version.
func (s *System) move(o *order, change func(*Order)) {
	s.revision++
	o.before = o.Order
	change(&o.Order)
	row := binary.BigEndian.AppendUint64(nil, s.revision)
	o.Version = `"` + base64.StdEncoding.EncodeToString(row) + `"`
}

// enter puts an order into one of the statuses of package threepl.
func (o *Order) enter(status string) error {
	at := *o
	at.FullyAllocated, at.OnHold, at.PackStarted, at.PickStarted, at.Status = true, false, false, false, statusOpen
	switch status {
	case threepl.StatusUnallocated:
		at.FullyAllocated = false
	case threepl.StatusAllocated:
	case threepl.StatusOnHold:
		at.OnHold = true
	case threepl.StatusPicking:
		at.PickStarted = true
	case threepl.StatusPacking:
		at.PickStarted, at.PackStarted = true, true
	case threepl.StatusClosed:
		at.Status = statusClosed
	case threepl.StatusCanceled:
		at.Status, at.FullyAllocated = statusCanceled, false
	default:
		return fmt.Errorf("3PL Warehouse Manager stand-in: there is no status %q", status)
	}
	*o = at
	return nil
}

// Add adds an order and returns its id. Inferred: reference numbers are unique
// for one customer at most, so two orders may have one number.
func (s *System) Add(add Order) (id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	add.ID = strconv.Itoa(17021001 + len(s.orders))
	if add.CustomerID == 0 {
		add.CustomerID = CustomerID
	}
	if add.FacilityID == 0 {
		add.FacilityID = FacilityID
	}
	o := &order{}
	s.move(o, func(in *Order) { *in = add })
	o.before = o.Order
	s.orders = append(s.orders, o)
	return o.ID
}

// AddOrder adds an order of CustomerID in FacilityID and returns its id. It
// fails for a status that package threepl does not have.
func (s *System) AddOrder(number, status string) (id string, err error) {
	o := Order{Number: number}
	if err := o.enter(status); err != nil {
		return "", err
	}
	return s.Add(o), nil
}

// SetStatus changes an order as a user of the warehouse would, which gives it
// another ETag. It fails when no order has this id or there is no such status.
func (s *System) SetStatus(id, status string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.byID(id)
	if o == nil {
		return fmt.Errorf("3PL Warehouse Manager stand-in: no order has the id %q", id)
	}
	after := o.Order
	if err := after.enter(status); err != nil {
		return err
	}
	s.move(o, func(in *Order) { *in = after })
	return nil
}

// Order returns the first order that has this number, and whether there is one.
func (s *System) Order(number string) (Order, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.orders {
		if o.Number == number {
			return o.Order, true
		}
	}
	return Order{}, false
}

// Effects returns every change that was committed through the API, oldest
// first.
func (s *System) Effects() []Effect {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.effects)
}

// WaitEffects returns the effects as soon as there are n or more of them. It
// fails when ctx ends first or the System stops.
func (s *System) WaitEffects(ctx context.Context, n int) ([]Effect, error) {
	for {
		s.mu.Lock()
		effects, changed := slices.Clone(s.effects), s.changed
		s.mu.Unlock()
		if len(effects) >= n {
			return effects, nil
		}
		select {
		case <-changed:
		case <-s.server.Done():
			return effects, fmt.Errorf("3PL Warehouse Manager stand-in: stopped with %d of %d effects", len(effects), n)
		case <-ctx.Done():
			return effects, fmt.Errorf("3PL Warehouse Manager stand-in: %d of %d effects: %w", len(effects), n, ctx.Err())
		}
	}
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
