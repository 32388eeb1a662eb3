package vendure

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
)

// orderID is the form of identifiers. Shops choose their own: numbers, UUIDs,
// or either of them with a prefix.
var orderID = regexp.MustCompile(`^[0-9A-Za-z_-]{1,100}$`)

// States of a fulfillment that matter here. A shop can have others.
const (
	fulfillmentCancelled = "Cancelled"
	fulfillmentDelivered = "Delivered"
	fulfillmentPending   = "Pending"
	fulfillmentShipped   = "Shipped"
)

// envelope is what every answer is made of.
type envelope struct {
	Data   map[string]json.RawMessage `json:"data"`
	Errors []wireError                `json:"errors"`
}

// envelopeOf reads an answer, as far as it can be read.
func envelopeOf(ans overhttp.Answer) envelope {
	var e envelope
	if ans.MediaType != "application/json" || ans.JSON(&e) != nil {
		return envelope{}
	}
	return e
}

// wireError is an error of the request. Its message is looked into but never
// repeated: it can name a customer, or be that of the database.
type wireError struct {
	Message    string `json:"message"`
	Extensions struct {
		Code string `json:"code"`
	} `json:"extensions"`
}

// result is what a mutation answers: the thing that it made, or an error.
type result struct {
	Type      string `json:"__typename"` //nolint:tagliatelle // GraphQL's own name
	ErrorCode string `json:"errorCode"`
	ID        string `json:"id"`
}

// result returns the answer's only member, if it is one of a mutation.
func (e envelope) result() (result, bool) {
	for _, raw := range e.Data {
		var r result
		if len(e.Data) == 1 && json.Unmarshal(raw, &r) == nil && r.Type != "" {
			return r, true
		}
	}
	return result{}, false
}

type wireOrder struct {
	ID string `json:"id"`
	// Code is the number if Vendure's code is.
	Code         *string `json:"number"`
	CustomFields struct {
		Number *string `json:"number"`
	} `json:"customFields"`
	State        string        `json:"state"`
	UpdatedAt    string        `json:"updatedAt"`
	NextStates   []string      `json:"nextStates"`
	Lines        []line        `json:"lines"`
	Fulfillments []fulfillment `json:"fulfillments"`
	History      struct {
		TotalItems int `json:"totalItems"`
	} `json:"history"`
}

type line struct {
	ID       string `json:"id"`
	Quantity int    `json:"quantity"`
}

type fulfillment struct {
	ID           string  `json:"id"`
	State        string  `json:"state"`
	TrackingCode string  `json:"trackingCode"`
	Lines        []lines `json:"lines"`
}

// lines are so many of a line of an order.
type lines struct {
	OrderLineID string `json:"orderLineId"`
	Quantity    int    `json:"quantity"`
}

// number returns the channel order number; empty when the order has none.
func (o *wireOrder) number() string {
	for _, number := range []*string{o.Code, o.CustomFields.Number} {
		if number != nil {
			return strings.TrimSpace(*number)
		}
	}
	return ""
}

// version tells one state of the order from the next. See the package comment.
func (o *wireOrder) version() string {
	sum := sha256.New()
	// %q keeps the parts apart, whatever they contain.
	_, _ = fmt.Fprintf(sum, "%q %d %q", o.State, o.History.TotalItems, o.UpdatedAt)
	for _, l := range o.Lines {
		_, _ = fmt.Fprintf(sum, " line %q %d", l.ID, l.Quantity)
	}
	for _, f := range o.Fulfillments {
		if f.State != fulfillmentPending {
			_, _ = fmt.Fprintf(sum, " fulfillment %q %q", f.ID, f.State)
		}
	}
	return hex.EncodeToString(sum.Sum(nil)[:16])
}

// quantity counts what was ordered and not cancelled.
func (o *wireOrder) quantity() int {
	n := 0
	for _, l := range o.Lines {
		n += l.Quantity
	}
	return n
}

// rest returns what is in no fulfillment.
func (o *wireOrder) rest() []lines {
	taken := map[string]int{}
	for _, f := range o.Fulfillments {
		if f.State == fulfillmentCancelled {
			continue
		}
		for _, l := range f.Lines {
			taken[l.OrderLineID] += l.Quantity
		}
	}
	var rest []lines
	for _, l := range o.Lines {
		if left := l.Quantity - taken[l.ID]; left > 0 {
			rest = append(rest, lines{OrderLineID: l.ID, Quantity: left})
		}
	}
	return rest
}

// check says what an answer lacks of an order.
func (o *wireOrder) check() error {
	switch {
	case !orderID.MatchString(o.ID):
		return errors.New("the order has no id")
	case o.Lines == nil || o.Fulfillments == nil || o.NextStates == nil || o.UpdatedAt == "":
		return errors.New("the order is not complete")
	default:
		return nil
	}
}
