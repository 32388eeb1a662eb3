package threepl

import (
	"cmp"
	"regexp"
	"strings"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
)

var (
	// orderID is the form of an order's id: a positive number.
	orderID = regexp.MustCompile(`^[1-9]\d{0,17}$`)
	// entityTag is the form of an ETag, which is kept and sent back as it came.
	entityTag = regexp.MustCompile(`^(W/)?"[\x21\x23-\x7E]{1,256}"$`)
)

// orderPage is one page of a search. The orders' member is named after the
// page that documents them.
type orderPage struct {
	TotalResults *int `json:"totalResults"`
	Embedded     struct {
		Orders []wireOrder `json:"http://api.3plCentral.com/rels/orders/order"`
	} `json:"_embedded"`
}

// wireOrder is the part of an order that is looked at. What it says of people
// and places is not decoded.
type wireOrder struct {
	ReferenceNum string `json:"referenceNum"`
	ReadOnly     struct {
		CustomerIdentifier identifier `json:"customerIdentifier"`
		FacilityIdentifier identifier `json:"facilityIdentifier"`
		FullyAllocated     bool       `json:"fullyAllocated"`
		IsClosed           bool       `json:"isClosed"`
		OnHoldDate         happened   `json:"onHoldDate"`
		OrderID            int64      `json:"orderId"`
		PackStarted        happened   `json:"packStarted"`
		PickStarted        happened   `json:"pickStarted"`
		Status             *int       `json:"status"`
	} `json:"readOnly"`
}

type identifier struct {
	ID int64 `json:"id"`
}

// happened is whether a point of time is set. Absent, null, the empty text and
// the first moment of .NET's calendar stand for one that is not.
type happened bool

// UnmarshalJSON implements json.Unmarshaler.
func (h *happened) UnmarshalJSON(raw []byte) error {
	switch text := strings.Trim(string(raw), `"`); {
	case text == "", text == "null", text == "false", strings.HasPrefix(text, "0001-01-01"):
		*h = false
	default:
		*h = true
	}
	return nil
}

// cancellation is the body of a cancellation; its reason is required.
type cancellation struct {
	Reason string `json:"reason"`
}

// confirmation is the body of a fulfillment.
type confirmation struct {
	RecalcAutoCharges bool   `json:"recalcAutoCharges,omitempty"`
	TrackingNumber    string `json:"trackingNumber,omitempty"`
}

// maxReason bounds a reason, in characters. The vendor documents no limit.
const maxReason = 250

func newCancellation(req downstream.CancelRequest) cancellation {
	return cancellation{Reason: cmp.Or(overhttp.OneLine(req.Reason, maxReason), "Cancelled in BigCommerce")}
}

// newConfirmation makes the body of a fulfillment, with the first tracking
// number that there is.
func newConfirmation(req downstream.FulfillRequest, recalculate bool) confirmation {
	c := confirmation{RecalcAutoCharges: recalculate}
	for _, s := range req.Shipments {
		if c.TrackingNumber = strings.TrimSpace(s.TrackingNumber); c.TrackingNumber != "" {
			break
		}
	}
	return c
}
