package shipstationtest

import (
	"strings"
	"time"

	"github.com/orderbridge/orderbridge/activities/downstream/downstreamtest/standin"
)

// Call names the calls of the API.
type Call string

// The calls of the API. The zero Call stands for all of them, CallReads for
// those that only read and CallChanges for those that change an order.
const (
	CallTags    Call = "list tags"
	CallStore   Call = "get store"
	CallList    Call = "list orders"
	CallGet     Call = "get order"
	CallCreate  Call = "create order"
	CallShip    Call = "mark as shipped"
	CallReads   Call = "reads"
	CallChanges Call = "changes"
)

// changes reports whether the call changes an order.
func (c Call) changes() bool { return c == CallCreate || c == CallShip }

// matches reports whether a fault for c is one for the call that came.
func (c Call) matches(came Call) bool {
	return c == "" || c == came || (c == CallReads && !came.changes()) || (c == CallChanges && came.changes())
}

// Trouble is what goes wrong.
type Trouble = standin.Trouble

const (
	// Answer answers Fault.Status. It is what a Fault without Trouble does.
	Answer Trouble = "answer"
	// Drop closes the connection without an answer.
	Drop = standin.Drop
	// Garbage answers 200 with something that is not JSON.
	Garbage Trouble = "garbage"
	// HalfAnswer announces an answer, sends half of it and closes the
	// connection.
	HalfAnswer = standin.HalfAnswer
	// Hang answers nothing until the client gives up.
	Hang = standin.Hang
	// Hollow answers 200 to a change that is not made.
	Hollow Trouble = "hollow"
	// Unlimited answers what it should, without the headers of the rate limit.
	Unlimited Trouble = "unlimited"
	// Late answers what it should, when Faults.Clear is called.
	Late = standin.Late
	// WrongContentType answers what it should, as text/html.
	WrongContentType = standin.WrongContentType
)

// Fault makes the next calls go wrong.
type Fault struct {
	// AfterCommit lets the call take effect first, so that only its answer is
	// lost or wrong. Default: the call has no effect, except with Late,
	// Unlimited and WrongContentType.
	AfterCommit bool
	// Call is which calls it concerns. Default: all.
	Call Call
	// Do is what goes wrong. Default Answer.
	Do Trouble
	// Reset goes into X-Rate-Limit-Reset of a 429, in whole seconds. Default:
	// no headers.
	Reset time.Duration
	// Status is the HTTP status of Answer. Default 503.
	Status int
	// Times is how many calls go wrong. Default 1.
	Times int
}

// Faults are the switches that make a System misbehave. All of them can be used
// while it serves.
type Faults struct {
	queue    standin.Queue[Fault]
	switches standin.Switches[int64]

	forgetful standin.Value[bool]
	passing   standin.Value[bool]
}

// Inject arms a fault. Faults for one call apply in the order in which they
// were injected. The channel is closed when the fault first applies: with
// AfterCommit when the call has taken effect.
func (f *Faults) Inject(fault Fault) <-chan struct{} {
	fault.Times = max(fault.Times, 1)
	if fault.Do == "" {
		fault.Do = Answer
	}
	return f.queue.Arm(fault, fault.Times)
}

// BeforeChange sets a function that runs before each change is made, with the
// order's id: the moment between a client's read and its write. It may call the
// System's methods. nil removes it.
func (f *Faults) BeforeChange(hook func(orderID int64)) { f.switches.Hook.Set(hook) }

// ForgetKeys makes an update take every orderKey for a new one.
func (f *Faults) ForgetKeys(on bool) { f.forgetful.Set(on) }

// IgnoreFilters makes a search answer every order.
func (f *Faults) IgnoreFilters(on bool) { f.switches.IgnoreFilters.Set(on) }

// MatchSubstrings makes a search answer every order whose number contains the
// one that is asked for, without regard to case. Guessed: the documentation
// only has the beginning.
func (f *Faults) MatchSubstrings(on bool) { f.switches.MatchSubstrings.Set(on) }

// PassOver makes an update of an order that may not be updated answer 200 with
// the order as it is, in place of 400.
func (f *Faults) PassOver(on bool) { f.passing.Set(on) }

// Revoke makes the System refuse its credentials with 401, or accept them again.
func (f *Faults) Revoke(on bool) { f.switches.Revoked.Set(on) }

// StaleReads makes the next n reads show orders as they were before their last
// change.
func (f *Faults) StaleReads(n int) { f.switches.StaleReads.Set(n) }

// Clear ends all faults. Calls that hang go on hanging until their clients give
// up.
func (f *Faults) Clear() {
	f.queue.Clear()
	f.switches.Clear()
	f.forgetful.Set(false)
	f.passing.Set(false)
}

// matcher is how a search filters at the moment. Documented: orderNumber
// matches the beginning, storeId a single store, and without either every order
// is answered. Guessed: case does not count.
func (f *Faults) matcher(number string, store int64) func(Document) bool {
	if f.switches.IgnoreFilters.Get() {
		return func(Document) bool { return true }
	}
	compare := strings.HasPrefix
	if f.switches.MatchSubstrings.Get() {
		compare = strings.Contains
	}
	return func(d Document) bool {
		return compare(strings.ToLower(d.text("orderNumber")), strings.ToLower(number)) && (store == 0 || d.store() == store)
	}
}

// take returns the fault that applies to a call, as standin.Queue.Take does.
func (f *Faults) take(call Call) (fault *Fault, applied func()) {
	return f.queue.Take(func(fault Fault) bool { return fault.Call.matches(call) })
}
