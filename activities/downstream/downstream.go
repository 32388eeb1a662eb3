// Package downstream is the port to the system that ships: the order or
// warehouse manager in which an order is cancelled or fulfilled when it is
// cancelled or fulfilled in BigCommerce.
//
// One package below this one is one adapter. An adapter translates; it decides
// nothing. Whether an order may be cancelled is ruled by the workflows from
// the Status that the adapter reports.
package downstream

import (
	"context"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Adapter is one connection to one downstream system, for one sales channel.
// It is safe for concurrent use. Every method honors the deadline of its
// context and returns an *Error when it fails.
type Adapter interface {
	// Statuses lists every status that an order can have in this system, in
	// the order in which a person should see them. The list is never empty.
	Statuses(ctx context.Context) ([]Status, error)

	// Find returns the one order whose channel order number equals number:
	// trimmed of surrounding space, case kept, never a substring or prefix.
	// It fails with NotFound when there is none and with Ambiguous when
	// there is more than one.
	Find(ctx context.Context, number string) (Order, error)

	// Cancel cancels the order that Find returned, provided its version is
	// still Target.Version, and returns the order as read back afterwards.
	// It fails with VersionConflict when the order changed meanwhile (read
	// and rule again) and with Refused when the system will not do it. An
	// order that was cancelled already is not an error: see
	// Change.AlreadyDone.
	Cancel(ctx context.Context, req CancelRequest) (Change, error)

	// Fulfill marks the order as shipped, with its tracking numbers if there
	// are any. Versions, errors and repetition are as in Cancel.
	Fulfill(ctx context.Context, req FulfillRequest) (Change, error)

	// Probe makes the cheapest authenticated call that there is. A nil error
	// means that the address answers and that the credentials are valid.
	Probe(ctx context.Context) error
}

// Phase says what a status means for the rules. It is all that they know of a
// downstream system's own vocabulary.
type Phase string

const (
	// PhaseUnprocessed orders have arrived but cannot be changed yet: wait.
	PhaseUnprocessed Phase = "unprocessed"
	// PhaseOpen orders may be cancelled or fulfilled, if the merchant
	// selected their status.
	PhaseOpen Phase = "open"
	// PhaseCancelled is final: the order is cancelled.
	PhaseCancelled Phase = "cancelled"
	// PhaseFulfilled is final: the order is shipped.
	PhaseFulfilled Phase = "fulfilled"
	// PhaseClosed is final: the order ended in another way, for example
	// outside of the system.
	PhaseClosed Phase = "closed"
)

// Phases lists every phase.
func Phases() []Phase {
	return []Phase{PhaseUnprocessed, PhaseOpen, PhaseCancelled, PhaseFulfilled, PhaseClosed}
}

// Valid reports whether p is one of Phases.
func (p Phase) Valid() bool {
	switch p {
	case PhaseUnprocessed, PhaseOpen, PhaseCancelled, PhaseFulfilled, PhaseClosed:
		return true
	default:
		return false
	}
}

// Final reports whether an order in this phase never changes again.
func (p Phase) Final() bool {
	return p == PhaseCancelled || p == PhaseFulfilled || p == PhaseClosed
}

// MaxStatusName is how many characters the name of a status can have.
const MaxStatusName = 100

// ValidStatusName reports whether a status can have this name: 1 to
// MaxStatusName characters, all of which can be seen or are plain spaces.
// People choose among the names, and they stand in logs and edit histories.
func ValidStatusName(name string) bool {
	return name != "" && utf8.ValidString(name) && utf8.RuneCountInString(name) <= MaxStatusName &&
		!strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) })
}

// Status is one status of a downstream system's own vocabulary.
type Status struct {
	// Name is what that system's users see, for example "Awaiting Shipment".
	// It is compared exactly. See ValidStatusName.
	Name string `json:"name"`
	// Phase is what it means for the rules.
	Phase Phase `json:"phase"`
	// Description says in one line what the status means. It may be empty.
	Description string `json:"description,omitempty"`
}

// Order is what the rules need to know of an order in the downstream system.
// It holds no personal data: it is recorded in workflow histories.
type Order struct {
	// ID is the downstream system's own identifier.
	ID string `json:"id"`
	// Number is the order number of the sales channel, which is the
	// BigCommerce order id.
	Number string `json:"number"`
	// Status is the order's status when it was read.
	Status Status `json:"status"`
	// Version identifies the state that was read, for example an ETag. It is
	// opaque, and empty only where the system has no versions.
	Version string `json:"version"`
}

// Change is what came of a Cancel or a Fulfill.
type Change struct {
	// Order is the order as read back afterwards, in the wished phase.
	Order Order
	// AlreadyDone is set when the order was in the wished phase without this
	// request. It is not set for the repetition of a request that did it,
	// where the system recognizes repetitions.
	AlreadyDone bool
}

// Target names the order that a request is about, and the version of it on
// which the decision rests.
type Target struct {
	// OrderID is Order.ID of the order that was ruled on.
	OrderID string `json:"order_id"`
	// Number is Order.Number, for messages.
	Number string `json:"number"`
	// Version is Order.Version of the order that was ruled on.
	Version string `json:"version"`
	// IdempotencyKey is the same for every repetition of one request and
	// differs between requests: printable ASCII, at most 64 characters.
	IdempotencyKey string `json:"idempotency_key"`
}

// CancelRequest asks for the cancellation of one order.
type CancelRequest struct {
	Target
	// Reason is one line for the downstream system's users.
	Reason string `json:"reason"`
}

// FulfillRequest asks for one order to be marked as shipped.
type FulfillRequest struct {
	Target
	// Shipments are the parcels that BigCommerce knows of. There may be none:
	// an order can be marked as shipped by hand, without a tracking number.
	Shipments []Shipment `json:"shipments"`
}

// Shipment is one parcel.
type Shipment struct {
	// TrackingNumber is the carrier's number; empty when there is none.
	TrackingNumber string `json:"tracking_number,omitempty"`
	// Carrier is the name that BigCommerce has for the carrier, for example
	// "usps"; empty when it is not known.
	Carrier string `json:"carrier,omitempty"`
	// ShippedAt is when the shipment was recorded in BigCommerce, in UTC.
	ShippedAt time.Time `json:"shipped_at,omitzero"`
}
