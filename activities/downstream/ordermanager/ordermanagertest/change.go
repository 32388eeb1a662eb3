package ordermanagertest

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"
)

// maxBody is how large a request's body may be, in bytes. Guessed.
const maxBody = 256 << 10

// final are the statuses in which nothing can be changed any more. Inferred
// from their names; see Faults.Permissive.
var final = []string{"CANCELLED", "PROCESSED_OUTSIDE_OF_SKUBANA", "SHIPPED"}

// reasons are the values of cancelReasonType. Inferred: a client lists them.
var reasons = []string{
	"NO_INVENTORY", "SHIPPING_ADDRESS_UNDELIVERABLE", "CUSTOMER_EXCHANGE", "BUYER_CANCELLED", "BUYER_HAS_NOT_PAID",
	"GENERAL_ADJUSTMENT", "CARRIER_CREDIT_DECISION", "RISK_ASSESSMENT_INFORMATION_NOT_VALID", "CUSTOMER_RETURN",
	"MERCHANDISE_NOT_RECEIVED", "OTHER",
}

// cancel cancels one order. Inferred: everything is in the query, as a client
// sends it. Guessed: what is answered; that one which names no order is a 400,
// and one of an order that is not there, or not of the sales channel, a 404; and
// that an order in a final status is refused with a 400, be it cancelled already.
func (s *System) cancel(r *http.Request) answer {
	query := r.URL.Query()
	for name := range query {
		if !slices.Contains([]string{
			"cancelReason", "cancelReasonType", "orderId", "orderNumber", "refundOrdersOnChannels", "salesChannelId", "updateSalesChannels",
		}, name) {
			// Stricter than the API need be, to notice misspelled flags.
			return failure(http.StatusBadRequest, "Unknown parameter "+name)
		}
	}
	channel, ok := number(query.Get("salesChannelId"), 0)
	id, isID := number(query.Get("orderId"), 0)
	if !ok || !isID || (id == 0 && (channel == 0 || query.Get("orderNumber") == "")) {
		return failure(http.StatusBadRequest, "orderId, or orderNumber and salesChannelId, must be given")
	}
	if !slices.Contains(reasons, query.Get("cancelReasonType")) {
		return failure(http.StatusBadRequest, "cancelReasonType is not valid")
	}
	s.faults.switches.BeforeChange(id)

	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.wanted(id, query.Get("orderNumber"), channel)
	switch {
	case o == nil || (channel != 0 && o.SalesChannelID != channel):
		return failure(http.StatusNotFound, "Order not found")
	case slices.Contains(final, o.Status) && !s.faults.permissive.Get():
		return failure(http.StatusBadRequest, "Order is "+o.Status)
	}
	s.move(o, "CANCELLED")
	e := Effect{
		Action: ActionCancel, OrderID: o.ID, OrderNumber: o.Number,
		Reason: query.Get("cancelReason"), ReasonType: query.Get("cancelReasonType"),
	}
	e.echo("sales channel", query.Get("updateSalesChannels"))
	e.echo("refund", query.Get("refundOrdersOnChannels"))
	s.effects = append(s.effects, e)
	return success(o.view())
}

// echo notes whom the change is passed on to. Guessed: a flag that is not sent
// counts as true, which is the worst that it could mean.
func (e *Effect) echo(to, flag string) {
	if flag != "false" {
		e.Echoed = append(e.Echoed, to)
	}
}

// batch is the body of an external shipment. Documented: its members, and that
// trackingNumber and shipMethod.shippingCarrier are required.
type batch struct {
	NotifyCustomer *bool  `json:"notifyCustomer"`
	UpdateChannel  *bool  `json:"updateChannel"`
	Shipments      []item `json:"shipments"`
}

type item struct {
	OrderID        int64  `json:"orderId"`
	OrderNumber    string `json:"orderNumber"`
	SalesChannelID int64  `json:"salesChannelId,string"`
	TrackingNumber string `json:"trackingNumber"`
	ShipMethod     struct {
		ShippingCarrier string `json:"shippingCarrier"`
	} `json:"shipMethod"`
	ShipDate string `json:"shipDate"`
}

// ship creates shipments. Documented: the answer has a result for each. Guessed:
// the words of status, that what is not announced as JSON is a 415 and what cannot
// be understood a 400, and that several parcels of one order are all kept.
func (s *System) ship(r *http.Request) answer {
	if mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || mediaType != "application/json" {
		return failure(http.StatusUnsupportedMediaType, "The body must be application/json")
	}
	raw, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		return failure(http.StatusBadRequest, "The body breaks off")
	}
	var body batch
	decoder := json.NewDecoder(bytes.NewReader(raw))
	// Stricter than the API need be, to notice misspelled flags.
	decoder.DisallowUnknownFields()
	if decoder.Decode(&body) != nil || len(body.Shipments) == 0 {
		return failure(http.StatusBadRequest, "The body is not a list of shipments")
	}
	for _, it := range body.Shipments {
		s.faults.switches.BeforeChange(it.OrderID)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	results := make([]any, 0, len(body.Shipments))
	moved := map[int64]int{} // the effect of each order that this request ships
	for _, it := range body.Shipments {
		problem := s.shipOne(it, &body, moved)
		status := "SUCCESS"
		if problem != "" {
			status = "ERROR"
		}
		results = append(results, result(it.OrderID, status, problem))
	}
	return success(results)
}

// shipOne ships one parcel and returns why not. Guessed: that each of these is a
// failure of the parcel. s.mu is held.
func (s *System) shipOne(it item, body *batch, moved map[int64]int) (problem string) {
	o := s.wanted(it.OrderID, it.OrderNumber, it.SalesChannelID)
	if o == nil {
		return "Order not found"
	}
	shipDate, err := time.Parse(time.RFC3339, it.ShipDate)
	known, again := moved[o.ID]
	switch {
	case strings.TrimSpace(it.TrackingNumber) == "" || it.ShipMethod.ShippingCarrier == "":
		return "trackingNumber and shippingCarrier are required"
	case it.ShipDate != "" && err != nil:
		return "shipDate is not a date"
	case s.faults.refuses(it.TrackingNumber):
		return "Tracking number is not valid for " + Private
	case !again && slices.Contains(final, o.Status) && !s.faults.permissive.Get():
		return "Order is " + o.Status
	}
	if !again {
		s.move(o, "SHIPPED")
		e := Effect{Action: ActionShip, OrderID: o.ID, OrderNumber: o.Number}
		e.echo("customer", flag(body.NotifyCustomer))
		e.echo("sales channel", flag(body.UpdateChannel))
		s.effects = append(s.effects, e)
		known = len(s.effects) - 1
		moved[o.ID] = known
	}
	s.effects[known].Shipments = append(s.effects[known].Shipments,
		Shipment{TrackingNumber: it.TrackingNumber, Carrier: it.ShipMethod.ShippingCarrier, ShipDate: shipDate})
	return ""
}

func flag(value *bool) string {
	if value != nil && !*value {
		return "false"
	}
	return "true"
}

// result is what the API says of one parcel. Documented: its members.
func result(id int64, status, message string) map[string]any {
	return map[string]any{
		"order": map[string]any{"orderId": id}, "orderBatchNumber": 1,
		"processingMessage": message, "shipment": map[string]any{}, "status": status,
	}
}

// hollow is an answer to a change that was not made. Inferred: that there are
// such answers to shipments, which have a result each. Guessed: to a cancellation.
func hollow(call Call, r *http.Request, status, message string) answer {
	if call != CallShip {
		return success(result(0, status, message))
	}
	var body batch
	// What cannot be read has no shipments, and so no results.
	_ = json.NewDecoder(io.LimitReader(r.Body, maxBody)).Decode(&body)
	results := make([]any, 0, len(body.Shipments))
	for _, it := range body.Shipments {
		results = append(results, result(it.OrderID, status, message))
	}
	return success(results)
}

// wanted finds the order that a change names. Inferred: by id, or by number
// and sales channel. s.mu is held.
func (s *System) wanted(id int64, number string, channel int64) *order {
	if id != 0 {
		return s.byID(id)
	}
	for _, o := range s.orders {
		if number != "" && o.Number == number && o.SalesChannelID == channel {
			return o
		}
	}
	return nil
}
