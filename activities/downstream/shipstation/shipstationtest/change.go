package shipstationtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"mime"
	"net/http"
	"slices"

	"github.com/orderbridge/orderbridge/activities/downstream/downstreamtest/standin"
)

// updatable are the statuses in which an order can be updated. Documented.
var updatable = []string{AwaitingPayment, AwaitingShipment, OnHold}

// required are the fields of an order that an update must have. Documented.
var required = []string{"orderNumber", "orderDate", "orderStatus", "billTo", "shipTo"}

// ownFields are those that ShipStation sets itself, whatever an update says.
// Guessed: that it passes over them in silence. Documented: that they are
// never given for a new order.
var ownFields = []string{"orderId", "createDate", "modifyDate"}

// createOrder creates or updates an order. Documented: by orderKey; the body is
// the whole order; a key that is not known, or none, makes a new order; only
// updatable ones can be updated.
func (s *System) createOrder(r *http.Request) answer {
	var doc Document
	if err := readBody(r, &doc); err != nil {
		return refusal(http.StatusBadRequest, err.Error())
	}
	for _, name := range required {
		if len(doc[name]) == 0 || string(doc[name]) == "null" {
			return refusal(http.StatusBadRequest, "The "+name+" field is required.")
		}
	}
	key := doc.text("orderKey")
	s.faults.switches.BeforeChange(func() int64 {
		s.mu.Lock()
		defer s.mu.Unlock()
		if o := s.byKey(key); o != nil {
			return o.id
		}
		return 0
	}())

	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.byKey(key)
	if o == nil || s.faults.forgetful.Get() {
		return success(s.create(doc).doc)
	}
	if !slices.Contains(updatable, o.doc.text("orderStatus")) {
		if s.faults.passing.Get() {
			// Guessed: the other way in which it could refuse.
			return success(o.doc)
		}
		// Documented: it may not be updated. Guessed: that this is a 400.
		return refusal(http.StatusBadRequest, "The order cannot be updated.")
	}
	// Inferred from "the entire resource must be provided": what is missing is
	// gone.
	o.before = o.doc
	own := o.doc
	o.doc = maps.Clone(doc)
	for _, name := range ownFields {
		o.doc[name] = own[name]
	}
	o.doc["modifyDate"] = standin.Encode(s.tick())
	action := ActionUpdate
	if o.doc.text("orderStatus") == Cancelled {
		action = ActionCancel
	}
	s.effects = append(s.effects, Effect{Action: action, OrderID: o.id, OrderNumber: o.doc.text("orderNumber")})
	return success(o.doc)
}

// create makes a new order of a document. s.mu is held.
func (s *System) create(doc Document) *order {
	id := int64(900001 + len(s.orders))
	made := maps.Clone(doc)
	made["orderId"] = standin.Encode(id)
	made["createDate"] = standin.Encode(s.tick())
	made["modifyDate"] = made["createDate"]
	o := &order{id: id, doc: made, before: made}
	s.orders = append(s.orders, o)
	s.effects = append(s.effects, Effect{Action: ActionCreate, OrderID: id, OrderNumber: made.text("orderNumber")})
	return o
}

// markAsShipped marks an order as shipped. Documented: the body, what of it is
// required, and the answer. Guessed, as the worst case: it does so in every
// status, again and again, with a record for each.
func (s *System) markAsShipped(r *http.Request) answer {
	var body struct {
		OrderID            int64  `json:"orderId"`
		CarrierCode        string `json:"carrierCode"`
		ShipDate           string `json:"shipDate"`
		TrackingNumber     string `json:"trackingNumber"`
		NotifyCustomer     bool   `json:"notifyCustomer"`
		NotifySalesChannel bool   `json:"notifySalesChannel"`
	}
	if err := readBody(r, &body); err != nil {
		return refusal(http.StatusBadRequest, err.Error())
	}
	if body.OrderID == 0 || body.CarrierCode == "" {
		return refusal(http.StatusBadRequest, "The orderId and carrierCode fields are required.")
	}
	s.faults.switches.BeforeChange(body.OrderID)

	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.byID(body.OrderID)
	if o == nil {
		// Inferred: as for reading it.
		return refusal(http.StatusNotFound, "Not Found")
	}
	o.before = maps.Clone(o.doc)
	o.doc["orderStatus"] = standin.Encode(Shipped)
	o.doc["modifyDate"] = standin.Encode(s.tick())
	s.effects = append(s.effects, Effect{
		Action: ActionShip, OrderID: o.id, OrderNumber: o.doc.text("orderNumber"),
		Parcel: Parcel{
			CarrierCode: body.CarrierCode, NotifyCustomer: body.NotifyCustomer, NotifySalesChannel: body.NotifySalesChannel,
			ShipDate: body.ShipDate, TrackingNumber: body.TrackingNumber,
		},
	})
	return success(map[string]any{"orderId": o.id, "orderNumber": o.doc.text("orderNumber")})
}

// byKey returns the order with this key, or nil. s.mu is held.
func (s *System) byKey(key string) *order {
	for _, o := range s.orders {
		if key != "" && o.doc.text("orderKey") == key {
			return o
		}
	}
	return nil
}

// readBody decodes a body. Guessed: that anything but JSON of a moderate size,
// announced as such, is refused. Members that are not known are no mistake in a
// Document, and one everywhere else, which is stricter than ShipStation may be:
// nothing should send them.
func readBody(r *http.Request, into any) error {
	if mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || mediaType != "application/json" {
		return errors.New("the body is not application/json")
	}
	raw, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil || len(raw) > maxBody {
		return errors.New("the body breaks off or is too long")
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return errors.New("the request is invalid")
	}
	return nil
}
