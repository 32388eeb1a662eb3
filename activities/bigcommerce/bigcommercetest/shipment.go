package bigcommercetest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
)

// The documented limits of a shipment's texts, in bytes.
const (
	maxTrackingNumber  = 50
	maxTrackingLink    = 500
	maxShipmentComment = 65_535
)

// shippingProviders are documented, with carrier_{id} besides. They are also the
// display names here.
var shippingProviders = []string{
	"", "auspost", "canadapost", "endicia", "usps", "fedex", "royalmail", "ups", "upsready", "upsonline", "shipperhq",
}

// Shipment is a parcel with a part of an order or all of it.
type Shipment struct {
	ID             int64
	OrderID        int64
	OrderAddressID int64
	Items          []ShippedItem
	DateCreated    time.Time // whole seconds

	Comments         string
	ShippingMethod   string
	ShippingProvider string // such as "ups", or "" for another
	TrackingCarrier  string
	TrackingLink     string
	TrackingNumber   string
}

// ShippedItem says how many pieces of an order's item are in a shipment.
type ShippedItem struct {
	OrderProductID int64 // the ID of the Item, not its ProductID
	Quantity       int
}

// Ship ships an order, or a part of it, as a merchant does in the control panel.
// Without items it ships all that is left, without an address to the order's own.
// The order becomes Shipped when nothing is left and Partially Shipped otherwise,
// and store/shipment/created, store/order/updated and, if it changed, statusUpdated
// are fired. It returns the shipment with its id and date, and fails with
// [ErrNoSuchOrder] and [ErrInvalidShipment].
func (s *Store) Ship(id int64, in Shipment) (Shipment, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.orders[id]
	if o == nil {
		return Shipment{}, fmt.Errorf("ship order %d: %w", id, ErrNoSuchOrder)
	}
	if len(in.Items) == 0 {
		in.Items = o.unshipped()
	}
	setDefault(&in.OrderAddressID, o.Shipping.ID)
	if why := o.refuses(in); why != "" {
		return Shipment{}, fmt.Errorf("ship order %d: %w: %s", id, ErrInvalidShipment, why)
	}
	return s.shipLocked(o, in).copy(), nil
}

// Shipments returns the shipments of an order, oldest first.
func (s *Store) Shipments(orderID int64) []Shipment {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Shipment
	if o := s.orders[orderID]; o != nil {
		for _, sh := range o.shipments {
			list = append(list, sh.copy())
		}
	}
	return list
}

func (sh *Shipment) copy() Shipment {
	out := *sh
	out.Items = slices.Clone(sh.Items)
	return out
}

func (s *Store) shipLocked(o *order, in Shipment) *Shipment {
	s.lastShip++
	sh := in.copy()
	sh.ID, sh.OrderID, sh.DateCreated = s.lastShip, o.ID, s.clock.Now().Truncate(time.Second)
	for _, part := range sh.Items {
		o.item(part.OrderProductID).QuantityShipped += part.Quantity
	}
	o.shipments = append(o.shipments, &sh)
	status := bigcommerce.StatusPartiallyShipped
	if len(o.unshipped()) == 0 {
		status = bigcommerce.StatusShipped
	}
	s.shipmentEventLocked(&sh, "created")
	s.moveLocked(o, status, true)
	return &sh
}

func (o *order) item(id int64) *Item {
	for i := range o.Items {
		if o.Items[i].ID == id {
			return &o.Items[i]
		}
	}
	return nil
}

func (o *order) unshipped() []ShippedItem {
	var rest []ShippedItem
	for _, i := range o.Items {
		if left := i.Quantity - i.QuantityShipped; left > 0 {
			rest = append(rest, ShippedItem{OrderProductID: i.ID, Quantity: left})
		}
	}
	return rest
}

// refuses says why in cannot be a shipment of o; empty when it can.
func (o *order) refuses(in Shipment) string {
	switch {
	case in.OrderAddressID == 0:
		return "The field 'order_address_id' is required."
	case o.Digital || in.OrderAddressID != o.Shipping.ID:
		return "The field 'order_address_id' is no shipping address of this order."
	case len(in.Items) == 0:
		return "The field 'items' is required."
	}
	left := map[int64]int{}
	for _, part := range o.unshipped() {
		left[part.OrderProductID] = part.Quantity
	}
	for _, part := range in.Items {
		if part.Quantity < 1 || part.Quantity > left[part.OrderProductID] {
			return fmt.Sprintf("The quantity of order product %d must be from 1 to %d.",
				part.OrderProductID, left[part.OrderProductID])
		}
		left[part.OrderProductID] -= part.Quantity
	}
	return in.refusesTexts()
}

func (sh *Shipment) refusesTexts() string {
	switch {
	case len(sh.TrackingNumber) > maxTrackingNumber:
		return "The field 'tracking_number' is too long."
	case len(sh.TrackingLink) > maxTrackingLink:
		return "The field 'tracking_link' is too long."
	case len(sh.Comments) > maxShipmentComment:
		return "The field 'comments' is too long."
	case !slices.Contains(shippingProviders, sh.ShippingProvider) && !strings.HasPrefix(sh.ShippingProvider, "carrier_"):
		return "The field 'shipping_provider' is invalid."
	}
	return ""
}
