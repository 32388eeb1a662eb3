package bigcommercetest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
)

// Why the store refuses to change an order.
var (
	ErrNoSuchOrder     = errors.New("no such order")
	ErrUnknownStatus   = errors.New("unknown order status")
	ErrInvalidShipment = errors.New("invalid shipment")
)

// Order is an order of the store. What [Store.AddOrder] is not given it makes up.
type Order struct {
	// ID is the next free one by default.
	ID int64
	// StatusID is taken as it is: the zero value is Incomplete, the status of an
	// order that was never placed.
	StatusID bigcommerce.StatusID
	// ChannelID is the sales channel in BigCommerce, 1 by default.
	ChannelID int64
	// Items are one to three products of chance by default.
	Items []Item

	Billing          Address
	CartID           string
	CustomerID       int64
	CustomerMessage  string
	Digital          bool // nothing of it is shipped
	ExternalID       string
	ExternalMerchant string
	ExternalOrderID  string
	ExternalSource   string
	IsDeleted        bool   // archived
	OrderSource      string // "www" by default
	PaymentMethod    string
	PaymentStatus    string // empty by default, which the platform uses too
	Shipping         Address
	StaffNotes       string

	// Dates are whole seconds in UTC; the first two are the store's time by
	// default, the last is zero until everything is shipped.
	DateCreated  time.Time
	DateModified time.Time
	DateShipped  time.Time
}

// Item is a product in an order.
type Item struct {
	// ID is the order_product_id that shipments name; the next free one by default.
	ID              int64
	ProductID       int64
	VariantID       int64
	Name            string
	SKU             string
	PriceCents      int64 // of one, before tax
	Quantity        int   // 1 by default
	QuantityShipped int
}

// Address is where an order is billed or shipped to.
type Address struct {
	ID        int64 // the order_address_id of a shipping address
	FirstName string
	LastName  string
	Company   string
	Street    string
	City      string
	State     string
	Zip       string
	Country   string
	CountryID string // of two letters
	Phone     string
	Email     string
}

// ItemsTotal returns how many pieces were ordered.
func (o Order) ItemsTotal() int { return sum(o.Items, func(i Item) int { return i.Quantity }) }

// ItemsShipped returns how many pieces are in shipments.
func (o Order) ItemsShipped() int { return sum(o.Items, func(i Item) int { return i.QuantityShipped }) }

func sum(items []Item, of func(Item) int) int {
	total := 0
	for _, i := range items {
		total += of(i)
	}
	return total
}

// order adds to an Order what the API shows elsewhere.
type order struct {
	Order

	shipments []*Shipment
}

func (o *order) copy() Order {
	out := o.Order
	out.Items = slices.Clone(o.Items)
	return out
}

// AddOrder places an order, as a shopper would, and fires store/order/created.
// It returns the order with all that was made up. An ID that is in use replaces
// that order.
func (s *Store) AddOrder(in Order) Order {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := &order{Order: in}
	o.Items = slices.Clone(in.Items)
	s.completeLocked(&o.Order, s.clock.Now().Truncate(time.Second))
	s.orders[o.ID] = o
	s.orderEventLocked(o, "created", nil)
	return o.copy()
}

// Order returns an order as it is now, and false when there is none.
func (s *Store) Order(id int64) (Order, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.orders[id]
	if o == nil {
		return Order{}, false
	}
	return o.copy(), true
}

// SetStatus moves an order to a status as a merchant does in the control panel.
// It fires store/order/updated and store/order/statusUpdated if that changes
// anything, and nothing otherwise: that was measured for other changes. It ships
// nothing: see [Store.Ship]. It fails with [ErrNoSuchOrder] and
// [ErrUnknownStatus].
func (s *Store) SetStatus(id int64, status bigcommerce.StatusID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.orders[id]
	if o == nil {
		return fmt.Errorf("set the status of order %d: %w", id, ErrNoSuchOrder)
	}
	if !status.Known() {
		return fmt.Errorf("set the status of order %d to %d: %w", id, int(status), ErrUnknownStatus)
	}
	s.moveLocked(o, status, false)
	return nil
}

// Archive deletes an order as the platform does: it stays, marked is_deleted,
// and leaves the lists. It fires store/order/archived the first time and fails
// with [ErrNoSuchOrder].
func (s *Store) Archive(id int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.orders[id]
	if o == nil {
		return fmt.Errorf("archive order %d: %w", id, ErrNoSuchOrder)
	}
	s.archiveLocked(o)
	return nil
}

func (s *Store) archiveLocked(o *order) {
	if o.IsDeleted {
		return
	}
	o.IsDeleted = true
	o.DateModified = s.clock.Now().Truncate(time.Second)
	s.orderEventLocked(o, "archived", nil)
}

// moveLocked gives o a status and fires what follows. touched says that something
// else of o has changed too.
func (s *Store) moveLocked(o *order, status bigcommerce.StatusID, touched bool) {
	before := o.StatusID
	if before == status && !touched {
		return
	}
	now := s.clock.Now().Truncate(time.Second)
	o.StatusID = status
	o.DateModified = now
	if status == bigcommerce.StatusShipped && o.DateShipped.IsZero() {
		o.DateShipped = now
	}
	s.orderEventLocked(o, "updated", nil)
	if before != status {
		s.orderEventLocked(o, "statusUpdated", &statusMoved{Previous: int(before), New: int(status)})
	}
}
