package resttest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/rest"
)

// maxBody is how large a request's body may be, in bytes.
const maxBody = 256 << 10

// content is the body of a change.
type content interface {
	check() error
	apply(o *order)
	parcels() []downstream.Shipment
}

// cancellation is the body of a cancellation. A pointer tells a member that is
// absent from one that is empty.
type cancellation struct {
	Reason *string `json:"reason"`
}

func (c *cancellation) check() error {
	if c.Reason == nil || len([]rune(*c.Reason)) > 500 {
		return errors.New("reason is absent or longer than 500 characters")
	}
	return nil
}

func (c *cancellation) apply(o *order) { o.CancelReason = *c.Reason }

func (*cancellation) parcels() []downstream.Shipment { return nil }

// fulfillment is the body of a fulfillment.
type fulfillment struct {
	Shipments *[]parcel `json:"shipments"`
}

type parcel struct {
	TrackingNumber *string    `json:"tracking_number"`
	Carrier        *string    `json:"carrier"`
	ShippedAt      *time.Time `json:"shipped_at"`
}

func (f *fulfillment) check() error {
	if f.Shipments == nil || len(*f.Shipments) > 500 {
		return errors.New("shipments is absent or has more than 500 elements")
	}
	for i, p := range *f.Shipments {
		for _, text := range []*string{p.TrackingNumber, p.Carrier} {
			if text != nil && (*text == "" || len([]rune(*text)) > 200) {
				return fmt.Errorf("shipment %d has a text that is empty or longer than 200 characters", i+1)
			}
		}
		if p.ShippedAt != nil {
			if _, offset := p.ShippedAt.Zone(); offset != 0 {
				return fmt.Errorf("shipment %d has a time that is not in UTC", i+1)
			}
		}
	}
	return nil
}

func (f *fulfillment) apply(o *order) { o.Shipments = f.parcels() }

func (f *fulfillment) parcels() []downstream.Shipment {
	shipments := make([]downstream.Shipment, 0, len(*f.Shipments))
	for _, p := range *f.Shipments {
		var s downstream.Shipment
		if p.TrackingNumber != nil {
			s.TrackingNumber = *p.TrackingNumber
		}
		if p.Carrier != nil {
			s.Carrier = *p.Carrier
		}
		if p.ShippedAt != nil {
			s.ShippedAt = *p.ShippedAt
		}
		shipments = append(shipments, s)
	}
	return shipments
}

// readBody decodes a body strictly: JSON, in size, with no member that the
// contract does not have.
func readBody(r *http.Request, into content) (answer, bool) {
	if mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || mediaType != "application/json" {
		return refusal(http.StatusUnsupportedMediaType, rest.ProblemMediaType, "the body is not application/json"), false
	}
	raw, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return badRequest("the body breaks off"), false
	}
	if len(raw) > maxBody {
		return refusal(http.StatusRequestEntityTooLarge, rest.ProblemBodyTooLarge, "the body is over %d bytes", maxBody), false
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return badRequest("the body is not what the contract describes"), false
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return badRequest("something follows the body's JSON"), false
	}
	if err := into.check(); err != nil {
		return badRequest("%v", err), false
	}
	return answer{}, true
}
