package bigcommerce

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Shipment is one parcel of an order, without addresses, names or comments.
type Shipment struct {
	// ID identifies the shipment in the store.
	ID int64 `json:"id"`
	// OrderID is the order that it belongs to.
	OrderID int64 `json:"order_id"`
	// DateCreated is when it was recorded, in UTC.
	DateCreated time.Time `json:"date_created,omitzero"`
	// TrackingNumber is the carrier's number; empty when there is none.
	TrackingNumber string `json:"tracking_number,omitempty"`
	// ShippingProvider is the shipping integration, for example "fedex" or
	// "carrier_12"; it may be empty.
	ShippingProvider string `json:"shipping_provider,omitempty"`
	// TrackingCarrier is the carrier's AfterShip slug, for example
	// "royal-mail"; it may be empty.
	TrackingCarrier string `json:"tracking_carrier,omitempty"`
	// ShippingMethod is the merchant's name of the method; it may be empty.
	ShippingMethod string `json:"shipping_method,omitempty"`
	// TrackingLink is an address that the merchant entered; it may be empty.
	TrackingLink string `json:"tracking_link,omitempty"`
}

const (
	// shipmentsPerPage is the page size that BigCommerce documents as its
	// default, so that a full page means the same if it ignores the limit.
	shipmentsPerPage = 50
	// maxShipmentPages bounds an order to 1,000 shipments.
	maxShipmentPages = 20
)

// Shipments reads all shipments of an order, in the store's order. It returns
// an empty list when there are none. It fails with NotFound when the store has
// no such order, and with Malformed when there are more than a thousand.
func (c *Client) Shipments(ctx context.Context, orderID int64) ([]Shipment, error) {
	name := "list shipments of order " + id(orderID)
	if orderID <= 0 {
		return nil, c.invalid(name, "an order id is a positive number")
	}
	shipments := []Shipment{}
	seen := make(map[int64]bool)
	for page := 1; page <= maxShipmentPages; page++ {
		found, err := c.shipmentsPage(ctx, name, orderID, page)
		if err != nil {
			return nil, err
		}
		known := len(shipments)
		for _, shipment := range found {
			if !seen[shipment.ID] {
				seen[shipment.ID] = true
				shipments = append(shipments, shipment)
			}
		}
		// A page without anything new is one that repeats another.
		if len(found) < shipmentsPerPage || len(shipments) == known {
			return shipments, nil
		}
	}
	return nil, c.malformed(request{name: name}, "the order has more than %d shipments", maxShipmentPages*shipmentsPerPage)
}

func (c *Client) shipmentsPage(ctx context.Context, name string, orderID int64, page int) ([]Shipment, error) {
	var wires []wireShipment
	call := request{
		endpoint: endpointListShipments, name: name,
		method: http.MethodGet, path: "v2/orders/" + id(orderID) + "/shipments",
		query:  url.Values{"page": {strconv.Itoa(page)}, "limit": {strconv.Itoa(shipmentsPerPage)}},
		answer: &wires, mayEmpty: true,
	}
	if _, err := c.send(ctx, call); err != nil {
		return nil, err
	}
	shipments := make([]Shipment, 0, len(wires))
	for _, wire := range wires {
		shipment := wire.shipment(orderID)
		switch {
		case shipment.ID <= 0:
			return nil, c.malformed(call, "a shipment in the answer has no id")
		case shipment.OrderID != orderID:
			return nil, c.malformed(call, "shipment %d in the answer is of order %d", shipment.ID, shipment.OrderID)
		}
		shipments = append(shipments, shipment)
	}
	return shipments, nil
}

// wireShipment is the part of a shipment that is decoded.
type wireShipment struct {
	ID               integer `json:"id"`
	OrderID          integer `json:"order_id"`
	DateCreated      date    `json:"date_created"`
	TrackingNumber   text    `json:"tracking_number"`
	ShippingProvider text    `json:"shipping_provider"`
	TrackingCarrier  text    `json:"tracking_carrier"`
	ShippingMethod   text    `json:"shipping_method"`
	TrackingLink     text    `json:"tracking_link"`
}

// shipment returns the shipment; one that does not name its order belongs to
// the order that was asked for.
func (w wireShipment) shipment(orderID int64) Shipment {
	return Shipment{
		ID:               w.ID.or(0),
		OrderID:          w.OrderID.or(orderID),
		DateCreated:      w.DateCreated.Time,
		TrackingNumber:   string(w.TrackingNumber),
		ShippingProvider: string(w.ShippingProvider),
		TrackingCarrier:  string(w.TrackingCarrier),
		ShippingMethod:   string(w.ShippingMethod),
		TrackingLink:     string(w.TrackingLink),
	}
}
