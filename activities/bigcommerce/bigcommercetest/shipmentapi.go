package bigcommercetest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// shipmentWire is a shipment in the API, in and out.
type shipmentWire struct {
	ID                   int64             `json:"id"`
	OrderID              int64             `json:"order_id"`
	CustomerID           int64             `json:"customer_id"`
	OrderAddressID       int64             `json:"order_address_id"`
	DateCreated          string            `json:"date_created"`
	TrackingNumber       string            `json:"tracking_number"`
	MerchantShippingCost money             `json:"merchant_shipping_cost"`
	ShippingMethod       string            `json:"shipping_method"`
	Comments             string            `json:"comments"`
	ShippingProvider     string            `json:"shipping_provider"`
	ProviderDisplayName  string            `json:"shipping_provider_display_name"`
	TrackingCarrier      string            `json:"tracking_carrier"`
	TrackingLink         string            `json:"tracking_link"`
	GeneratedLink        string            `json:"generated_tracking_link"`
	BillingAddress       addressWire       `json:"billing_address"`
	ShippingAddress      addressWire       `json:"shipping_address"`
	Items                []shippedItemWire `json:"items"`
	Unknown              any               `json:"carrier_promise,omitempty"`
}

type shippedItemWire struct {
	OrderProductID int64 `json:"order_product_id"`
	ProductID      int64 `json:"product_id"` // not in requests
	Quantity       int   `json:"quantity"`
}

// shipmentRequest is the body of POST and PUT.
type shipmentRequest struct {
	OrderAddressID   int64             `json:"order_address_id"`
	Items            []shippedItemWire `json:"items"`
	Comments         *string           `json:"comments"`
	ShippingMethod   *string           `json:"shipping_method"`
	ShippingProvider *string           `json:"shipping_provider"`
	TrackingCarrier  *string           `json:"tracking_carrier"`
	TrackingLink     *string           `json:"tracking_link"`
	TrackingNumber   *string           `json:"tracking_number"`
}

func (in shipmentRequest) apply(sh *Shipment) {
	for _, field := range []struct{ from, to *string }{
		{in.Comments, &sh.Comments},
		{in.ShippingMethod, &sh.ShippingMethod},
		{in.ShippingProvider, &sh.ShippingProvider},
		{in.TrackingCarrier, &sh.TrackingCarrier},
		{in.TrackingLink, &sh.TrackingLink},
		{in.TrackingNumber, &sh.TrackingNumber},
	} {
		if field.from != nil {
			*field.to = *field.from
		}
	}
}

func (s *Store) shipmentWireLocked(o *order, sh *Shipment) shipmentWire {
	w := shipmentWire{
		ID: sh.ID, OrderID: o.ID, CustomerID: o.CustomerID, OrderAddressID: sh.OrderAddressID,
		DateCreated: rfc2822(sh.DateCreated), TrackingNumber: sh.TrackingNumber, ShippingMethod: sh.ShippingMethod,
		Comments: sh.Comments, ShippingProvider: sh.ShippingProvider,
		ProviderDisplayName: strings.ToUpper(sh.ShippingProvider), TrackingCarrier: sh.TrackingCarrier,
		TrackingLink: sh.TrackingLink, BillingAddress: o.Billing.wire(), ShippingAddress: o.Shipping.wire(),
	}
	if sh.TrackingNumber != "" && sh.TrackingLink == "" {
		w.GeneratedLink = "https://tracking.example.com/" + sh.TrackingNumber
	}
	for _, part := range sh.Items {
		item := shippedItemWire{OrderProductID: part.OrderProductID, Quantity: part.Quantity}
		if i := o.item(part.OrderProductID); i != nil {
			item.ProductID = i.ProductID
		}
		w.Items = append(w.Items, item)
	}
	if s.faults.unknownFields {
		w.Unknown = []any{nil, map[string]any{"by": "Friday"}}
	}
	return w
}

// shipmentOfPath finds the order and the shipment of the path.
func (s *Store) shipmentOfPath(r *request) (*order, *Shipment, *answer) {
	o, refusal := s.orderOfPath(r)
	if refusal != nil {
		return nil, nil, refusal
	}
	if id, ok := r.id("ship"); ok {
		for _, sh := range o.shipments {
			if sh.ID == id {
				return o, sh, nil
			}
		}
	}
	a := v2Error(http.StatusNotFound, notFoundMessage)
	return nil, nil, &a
}

func (s *Store) listShipments(r *request) answer {
	o, refusal := s.orderOfPath(r)
	if refusal != nil {
		return *refusal
	}
	return v2List(r, o.shipments, func(sh *Shipment) shipmentWire { return s.shipmentWireLocked(o, sh) })
}

func (s *Store) countShipments(r *request) answer {
	o, refusal := s.orderOfPath(r)
	if refusal != nil {
		return *refusal
	}
	return answer{http.StatusOK, map[string]int{"count": len(o.shipments)}}
}

func (s *Store) getShipment(r *request) answer {
	o, sh, refusal := s.shipmentOfPath(r)
	if refusal != nil {
		return *refusal
	}
	return answer{http.StatusOK, s.shipmentWireLocked(o, sh)}
}

func (s *Store) postShipment(r *request) answer {
	o, refusal := s.orderOfPath(r)
	if refusal != nil {
		return *refusal
	}
	var in shipmentRequest
	if err := json.Unmarshal(r.body, &in); err != nil {
		return v2Error(http.StatusBadRequest, "The request is not a shipment in JSON.")
	}
	sh := Shipment{OrderAddressID: in.OrderAddressID}
	in.apply(&sh)
	for _, item := range in.Items {
		sh.Items = append(sh.Items, ShippedItem{OrderProductID: item.OrderProductID, Quantity: item.Quantity})
	}
	if why := o.refuses(sh); why != "" {
		return v2Error(http.StatusBadRequest, why)
	}
	return answer{http.StatusCreated, s.shipmentWireLocked(o, s.shipLocked(o, sh))}
}

// putShipment changes a shipment's texts. As BigCommerce documents,
// store/shipment/updated is fired for the tracking number only.
func (s *Store) putShipment(r *request) answer {
	o, sh, refusal := s.shipmentOfPath(r)
	if refusal != nil {
		return *refusal
	}
	var in shipmentRequest
	if err := json.Unmarshal(r.body, &in); err != nil {
		return v2Error(http.StatusBadRequest, "The request is not a shipment in JSON.")
	}
	changed := *sh
	in.apply(&changed)
	if why := changed.refusesTexts(); why != "" {
		return v2Error(http.StatusBadRequest, why)
	}
	moved := changed.TrackingNumber != sh.TrackingNumber
	*sh = changed
	if moved {
		s.shipmentEventLocked(sh, "updated")
	}
	return answer{http.StatusOK, s.shipmentWireLocked(o, sh)}
}

// deleteShipment takes a shipment back. As BigCommerce documents, the order stays
// in its status.
func (s *Store) deleteShipment(r *request) answer {
	o, sh, refusal := s.shipmentOfPath(r)
	if refusal != nil {
		return *refusal
	}
	for _, part := range sh.Items {
		if i := o.item(part.OrderProductID); i != nil {
			i.QuantityShipped -= part.Quantity
		}
	}
	o.shipments = slices.DeleteFunc(o.shipments, func(other *Shipment) bool { return other == sh })
	s.shipmentEventLocked(sh, "deleted")
	return answer{status: http.StatusNoContent}
}
