package shipstation

import (
	"strings"

	"github.com/orderbridge/orderbridge/activities/downstream"
)

// shipped is the body that marks an order as shipped. What is optional and
// unknown is left out. The two switches are always sent: BigCommerce knows of
// the shipment, and has told the customer if anybody should.
type shipped struct {
	OrderID            int64  `json:"orderId"`
	CarrierCode        string `json:"carrierCode"`
	ShipDate           string `json:"shipDate,omitempty"`
	TrackingNumber     string `json:"trackingNumber,omitempty"`
	NotifyCustomer     bool   `json:"notifyCustomer"`
	NotifySalesChannel bool   `json:"notifySalesChannel"`
}

// parcel chooses the shipment that ShipStation is told of: the first with a
// tracking number, or else the first.
func (a *Adapter) parcel(orderID int64, shipments []downstream.Shipment) shipped {
	var chosen downstream.Shipment
	for i, s := range shipments {
		if i == 0 {
			chosen = s
		}
		if strings.TrimSpace(s.TrackingNumber) != "" {
			chosen = s
			break
		}
	}
	body := shipped{
		OrderID:        orderID,
		CarrierCode:    a.carrier(chosen.Carrier),
		TrackingNumber: strings.TrimSpace(chosen.TrackingNumber),
	}
	if !chosen.ShippedAt.IsZero() {
		body.ShipDate = chosen.ShippedAt.In(a.zone).Format("2006-01-02")
	}
	return body
}

// carrier is the carrier code for a carrier as BigCommerce calls it. A code
// that ShipStation does not know could keep the order from being shipped, so
// only names that are sure are passed on.
func (a *Adapter) carrier(name string) string {
	name = foldCarrier(name)
	if code, ok := a.config.Carriers[name]; ok {
		return code
	}
	switch name {
	case "usps", "ups", "fedex":
		return name
	default:
		return a.config.DefaultCarrier
	}
}

func foldCarrier(name string) string { return strings.ToLower(strings.TrimSpace(name)) }
