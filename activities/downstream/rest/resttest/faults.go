package resttest

import (
	"strings"
	"time"

	"github.com/orderbridge/orderbridge/activities/downstream/downstreamtest/standin"
)

// FaultHeader is on every answer that breaks the contract because a Fault says
// so, with the Trouble as its value. Answers of a Fault that keep to the
// contract, such as a 503, do not carry it.
const FaultHeader = "Orderbridge-Demo-Fault"

// Call names the calls of the contract.
type Call string

// The calls of the contract. The zero Call stands for all of them, CallReads
// for those that only read and CallChanges for those that change an order.
const (
	CallStatuses Call = "list statuses"
	CallFind     Call = "find orders"
	CallGet      Call = "get order"
	CallCancel   Call = "cancel order"
	CallFulfill  Call = "fulfill order"
	CallReads    Call = "reads"
	CallChanges  Call = "changes"
)

// changes reports whether the call changes an order.
func (c Call) changes() bool { return c == CallCancel || c == CallFulfill }

// matches reports whether a fault for c is one for the call that came.
func (c Call) matches(came Call) bool {
	return c == "" || c == came || (c == CallReads && !came.changes()) || (c == CallChanges && came.changes())
}

// Trouble is what goes wrong.
type Trouble = standin.Trouble

const (
	// Answer answers Fault.Status with the problem that the contract has for
	// it, or with Fault.Problem. It is what a Fault without Trouble does.
	Answer Trouble = "answer"
	// Delay waits for Fault.Delay and then does what it should.
	Delay Trouble = "delay"
	// Drop closes the connection without an answer.
	Drop = standin.Drop
	// Garbage answers 200 with something that is not JSON.
	Garbage Trouble = "garbage"
	// HalfAnswer announces the whole answer, sends half of it and closes the
	// connection.
	HalfAnswer = standin.HalfAnswer
	// Hang answers nothing until the client gives up.
	Hang = standin.Hang
	// Hollow answers 200 as if an order had been changed, and changes nothing.
	// It is for CallCancel and CallFulfill.
	Hollow Trouble = "hollow"
	// Late answers what it should, when Faults.Clear is called.
	Late = standin.Late
	// WrongContentType answers what it should, as text/html.
	WrongContentType = standin.WrongContentType
)

// Fault makes the next calls go wrong.
type Fault struct {
	// AfterCommit lets the call take effect first, so that only its answer is
	// lost or wrong. Default: the call has no effect, except with Delay, Late
	// and WrongContentType.
	AfterCommit bool
	// Call is which calls it concerns. Default: all.
	Call Call
	// Delay is how long Delay waits.
	Delay time.Duration
	// Do is what goes wrong. Default Answer.
	Do Trouble
	// Problem is the problem type of Answer. Default: the one that goes with
	// Status; for 409 that is rest.ProblemInUse.
	Problem string
	// RetryAfter goes into the Retry-After header of Answer, in whole seconds.
	// Default: none, except 1 s with 429.
	RetryAfter time.Duration
	// Status is the HTTP status of Answer. Default 503.
	Status int
	// Times is how many calls go wrong. Default 1; below 0 all of them, until
	// Faults.Clear.
	Times int
}

// Faults are the switches that make a System misbehave. All of them can be used
// while it serves.
type Faults struct {
	queue    standin.Queue[Fault]
	switches standin.Switches[string]
}

// Inject arms a fault. Faults for one call apply in the order in which they
// were injected. The channel is closed when the fault first applies: with
// AfterCommit when the call has taken effect.
func (f *Faults) Inject(fault Fault) <-chan struct{} {
	if fault.Times == 0 {
		fault.Times = 1
	}
	if fault.Do == "" {
		fault.Do = Answer
	}
	return f.queue.Arm(fault, fault.Times)
}

// BeforeChange sets a function that runs before each cancellation and
// fulfillment is looked at, with the order's id: the moment between a client's
// read and its write. It may call the System's methods. nil removes it.
func (f *Faults) BeforeChange(hook func(orderID string)) { f.switches.Hook.Set(hook) }

// IgnoreNumberFilter makes a search answer every order, as systems do that skip
// a filter they do not know.
func (f *Faults) IgnoreNumberFilter(on bool) { f.switches.IgnoreFilters.Set(on) }

// MatchSubstrings makes a search answer every order whose number contains the
// one that is asked for, without regard to case.
func (f *Faults) MatchSubstrings(on bool) { f.switches.MatchSubstrings.Set(on) }

// StaleReads makes the next n reads show orders as they were before their last
// change.
func (f *Faults) StaleReads(n int) { f.switches.StaleReads.Set(n) }

// RevokeToken makes the System refuse its token with 401 until RestoreToken.
func (f *Faults) RevokeToken() { f.switches.Revoked.Set(true) }

// RestoreToken undoes RevokeToken.
func (f *Faults) RestoreToken() { f.switches.Revoked.Set(false) }

// Clear ends all faults. Calls that hang go on hanging until their clients give
// up.
func (f *Faults) Clear() {
	f.queue.Clear()
	f.switches.Clear()
}

// matcher is how a search compares numbers at the moment.
func (f *Faults) matcher(number string) func(string) bool {
	switch {
	case f.switches.IgnoreFilters.Get():
		return func(string) bool { return true }
	case f.switches.MatchSubstrings.Get():
		wanted := strings.ToLower(number)
		return func(n string) bool { return strings.Contains(strings.ToLower(n), wanted) }
	default:
		return func(n string) bool { return n == number }
	}
}

// take returns the fault that applies to a call, as standin.Queue.Take does.
func (f *Faults) take(call Call) (fault *Fault, applied func()) {
	return f.queue.Take(func(fault Fault) bool { return fault.Call.matches(call) })
}
