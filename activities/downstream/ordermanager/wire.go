package ordermanager

import (
	"encoding/json"
	"regexp"
	"strings"
	"time"

	"github.com/orderbridge/orderbridge/activities/downstream"
)

// Paths of the API, below the base URL.
const (
	routeOrders = "/v1.1/orders"
	routeOrder  = "/v1.1/orders/{id}"
	routeCancel = "/v1/orders/cancel"
	routeShip   = "/v1.1/shipment/external"
)

// maxReason bounds the reason of a cancellation, in characters. No limit is
// published; the reason travels in the address, which should stay short.
const maxReason = 255

// orderID is the form of the API's identifiers.
var orderID = regexp.MustCompile(`^[1-9]\d{0,17}$`)

// wireOrder is the part of an order that is looked at. Clients of the API read
// orderStatus and salesChannel; a list of its fields names them status and
// salesChannelId, so either is taken.
type wireOrder struct {
	OrderID      int64       `json:"orderId"`
	OrderNumber  string      `json:"orderNumber"`
	OrderStatus  string      `json:"orderStatus"`
	Status       string      `json:"status"`
	ModifiedDate string      `json:"modifiedDate"`
	ChannelID    json.Number `json:"salesChannelId"`
	SalesChannel struct {
		ID json.Number `json:"salesChannelId"`
	} `json:"salesChannel"`
}

// channel returns the number of the order's sales channel, or 0.
func (o *wireOrder) channel() int64 {
	for _, n := range []json.Number{o.SalesChannel.ID, o.ChannelID} {
		if id, err := n.Int64(); err == nil && id > 0 {
			return id
		}
	}
	return 0
}

func (o *wireOrder) status() string {
	if o.OrderStatus != "" {
		return o.OrderStatus
	}
	return o.Status
}

// version tells one state of the order from the next.
func (o *wireOrder) version() string {
	return strings.ToUpper(o.status()) + "@" + o.ModifiedDate
}

// shipmentBatch is the body of an external shipment. The flags are sent although
// they are false: what the API does without them is not known.
type shipmentBatch struct {
	NotifyCustomer bool       `json:"notifyCustomer"`
	UpdateChannel  bool       `json:"updateChannel"`
	Shipments      []shipment `json:"shipments"`
}

type shipment struct {
	OrderID        int64      `json:"orderId"`
	TrackingNumber string     `json:"trackingNumber"`
	ShipMethod     shipMethod `json:"shipMethod"`
	ShipDate       string     `json:"shipDate,omitempty"`
}

type shipMethod struct {
	ShippingCarrier string `json:"shippingCarrier"`
}

// newBatch makes the body of an external shipment: one item for each tracking
// number, or one without any when there is none at all.
func (c Config) newBatch(id int64, parcels []downstream.Shipment) shipmentBatch {
	var batch shipmentBatch
	seen := map[string]bool{}
	for _, p := range parcels {
		if number := strings.TrimSpace(p.TrackingNumber); number != "" && !seen[number] {
			seen[number] = true
			batch.Shipments = append(batch.Shipments, c.newShipment(id, number, p))
		}
	}
	if len(batch.Shipments) == 0 {
		var p downstream.Shipment
		if len(parcels) > 0 {
			p = parcels[0]
		}
		batch.Shipments = []shipment{c.newShipment(id, c.NoTracking, p)}
	}
	return batch
}

func (c Config) newShipment(id int64, number string, p downstream.Shipment) shipment {
	carrier := strings.TrimSpace(p.Carrier)
	if known, ok := c.Carriers[strings.ToLower(carrier)]; ok {
		carrier = known
	}
	if carrier == "" {
		carrier = c.DefaultCarrier
	}
	s := shipment{OrderID: id, TrackingNumber: number, ShipMethod: shipMethod{ShippingCarrier: carrier}}
	if !p.ShippedAt.IsZero() {
		s.ShipDate = p.ShippedAt.UTC().Format(time.RFC3339)
	}
	return s
}

// itemResult is what the API says of one parcel.
type itemResult struct {
	Status            string `json:"status"`
	ProcessingMessage string `json:"processingMessage"`
}

// failed reports whether the parcel was refused. The words of status are not
// published, so this is a guess. It only serves to explain why an order is not
// what it should be.
func (r *itemResult) failed() bool {
	s := strings.ToUpper(r.Status)
	for _, bad := range []string{"ERROR", "FAIL", "INVALID", "REJECT", "NOT_"} {
		if strings.Contains(s, bad) {
			return true
		}
	}
	return s == "" && r.ProcessingMessage != ""
}

// refusals counts the parcels that an answer says were refused, and returns the
// status of the first of them. An answer of any other shape tells of none.
func refusals(body []byte) (n int, first string) {
	var items []itemResult
	if json.Unmarshal(body, &items) != nil {
		return 0, ""
	}
	for _, item := range items {
		if item.failed() {
			if n++; n == 1 {
				first = item.Status
			}
		}
	}
	return n, first
}
