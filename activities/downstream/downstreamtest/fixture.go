// Package downstreamtest is the conformance suite that every adapter of
// package downstream must pass, whatever system it talks to: a real one, or a
// stand-in on the loopback.
//
// An adapter's test gives Run a Fixture: the adapter, and a back door to the
// system behind it. Cases that a system cannot show, because it has no
// versions or because its stand-in cannot be made to fail in that way, are
// left out according to the Fixture's Capabilities, and named in the log.
package downstreamtest

import (
	"testing"
	"time"

	"github.com/orderbridge/orderbridge/activities/downstream"
)

// Fixture is an adapter together with a back door to the system that it talks
// to. Its methods may be called from several goroutines. What the back door
// cannot do is a reason to fail the test, not to return.
type Fixture interface {
	// Adapter returns the adapter under test, always the same.
	Adapter() downstream.Adapter
	// Capabilities says what the system can show. It is the same for every
	// Fixture of one run.
	Capabilities() Capabilities
	// AddOrder adds an order with this channel order number and status. Orders
	// of other numbers may exist; of this number there is none, unless the
	// case adds a second one on purpose.
	AddOrder(tb testing.TB, number, status string)
	// SetStatus changes the one order of this number as a user of the system
	// would. Where there are versions it gets another one.
	SetStatus(tb testing.TB, number, status string)
	// Effects returns what was done to the orders of this number through the
	// adapter, oldest first: transitions that took place, not requests.
	Effects(tb testing.TB, number string) []Effect
	// Inject makes something go wrong; see Fault. The channel is closed when
	// it first happens. For faults that last it may be nil.
	Inject(tb testing.TB, fault Fault, on Step) <-chan struct{}
	// Heal ends the faults that last, and lets those answers go that are late.
	Heal(tb testing.TB)
}

// Action is what was done to an order.
type Action string

const (
	// Cancelled is a cancellation.
	Cancelled Action = "cancelled"
	// Fulfilled is a fulfillment.
	Fulfilled Action = "fulfilled"
)

// Effect is one transition of an order.
type Effect struct {
	// Action is what was done.
	Action Action
	// TrackingNumbers are those that the system kept, in their order.
	TrackingNumbers []string
}

// Capabilities says what a system, or its stand-in, can show.
type Capabilities struct {
	// Faults are those that Inject knows.
	Faults []Fault
	// IdempotencyKeys: the system itself recognizes a repeated request and
	// answers it as it did before, also when the order has moved on.
	IdempotencyKeys bool
	// Isolated: each Fixture has a system of its own, so that cases can run
	// at the same time.
	Isolated bool
	// MaxTrackingNumbers is how many tracking numbers of one order the system
	// keeps. 0: none; below 0: any number.
	MaxTrackingNumbers int
	// RetryAfter is what FaultRateLimited asks to wait, or 0 when the system
	// does not say.
	RetryAfter time.Duration
	// Unfulfillable are the open statuses in which the system cancels an order
	// but refuses, for good, to fulfill it.
	Unfulfillable []string
	// UniqueNumbers: the system allows one order a number, so that a search
	// is never ambiguous.
	UniqueNumbers bool
	// Unsettable are the statuses that the back door cannot put an order in.
	Unsettable []string
	// Versions: Order.Version is not empty, and a change against a version
	// that is no longer current fails with VersionConflict.
	Versions bool
}
