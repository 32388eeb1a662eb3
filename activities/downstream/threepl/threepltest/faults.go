package threepltest

import (
	"slices"
	"strings"
	"time"

	"github.com/orderbridge/orderbridge/activities/downstream/downstreamtest/standin"
)

// Call names the calls that the System answers.
type Call string

// The calls. CallReads stands for those that only read orders, CallChanges for
// those that change one.
const (
	CallToken   Call = "token"
	CallList    Call = "list orders"
	CallGet     Call = "get order"
	CallCancel  Call = "cancel order"
	CallConfirm Call = "confirm order"
	CallReads   Call = "reads"
	CallChanges Call = "changes"
)

// matches reports whether a fault for c is one for the call that came.
func (c Call) matches(came Call) bool {
	switch c {
	case CallReads:
		return came == CallList || came == CallGet
	case CallChanges:
		return came == CallCancel || came == CallConfirm
	default:
		return c == came
	}
}

// Trouble is what goes wrong.
type Trouble = standin.Trouble

const (
	// Answer answers Fault.Status and Fault.Code. It is what a Fault without
	// Trouble does.
	Answer Trouble = "answer"
	// Drop closes the connection without an answer.
	Drop = standin.Drop
	// ExpireToken ends the life of the request's token, and answers 401.
	ExpireToken Trouble = "expire token"
	// Garbage answers 200 with something that is not JSON.
	Garbage Trouble = "garbage"
	// HalfAnswer announces a whole answer, sends half of it and closes the
	// connection.
	HalfAnswer = standin.HalfAnswer
	// Hang answers nothing until the client gives up.
	Hang = standin.Hang
	// Hollow answers 204 as if an order had been changed, and changes nothing.
	Hollow Trouble = "hollow"
	// Late answers what it should, when Faults.Clear is called.
	Late = standin.Late
	// WrongContentType answers what it should, as text/html.
	WrongContentType = standin.WrongContentType
)

// Fault makes one call go wrong.
type Fault struct {
	// AfterCommit lets the call take effect first, so that only its answer is
	// lost or wrong. Default: the call has no effect, except with Late and
	// WrongContentType.
	AfterCommit bool
	// Call is which call it concerns. Required.
	Call Call
	// Code is the code of an OperationException, for Status 403. Default: a
	// role is missing.
	Code string
	// Do is what goes wrong. Default Answer.
	Do Trouble
	// RetryAfter goes into the Retry-After header of Answer, in whole seconds.
	// Default: none.
	RetryAfter time.Duration
	// Status is the HTTP status of Answer. Default 500.
	Status int
}

// Faults are the switches that make a System misbehave. All of them can be used
// while it serves.
type Faults struct {
	queue    standin.Queue[Fault]
	switches standin.Switches[string]

	denied standin.Value[[]string]
}

// Inject arms a fault for one call. Faults for one call apply in the order in
// which they were injected. The channel is closed when the fault applies: with
// AfterCommit when the call has taken effect.
func (f *Faults) Inject(fault Fault) <-chan struct{} {
	if fault.Do == "" {
		fault.Do = Answer
	}
	return f.queue.Arm(fault, 1)
}

// BeforeChange sets a function that runs before each cancellation and
// confirmation is looked at, with the order's id: the moment between a client's
// read and its write. It may call the System's methods. nil removes it.
func (f *Faults) BeforeChange(hook func(orderID string)) { f.switches.Hook.Set(hook) }

// DenyRoles takes these roles from the credentials.
func (f *Faults) DenyRoles(roles ...string) { f.denied.Set(roles) }

// IgnoreFilter makes a search answer every order, as the API is documented to
// do when the name of the parameter is misspelt.
func (f *Faults) IgnoreFilter(on bool) { f.switches.IgnoreFilters.Set(on) }

// MatchSubstrings makes a search answer every order whose reference number
// contains the one that is asked for, whoever's it is.
func (f *Faults) MatchSubstrings(on bool) { f.switches.MatchSubstrings.Set(on) }

// StaleReads makes the next n reads show orders as they were before their last
// change.
func (f *Faults) StaleReads(n int) { f.switches.StaleReads.Set(n) }

// Revoke makes the System accept no credentials and no tokens until Clear.
func (f *Faults) Revoke() { f.switches.Revoked.Set(true) }

// Clear ends all faults. Calls that hang go on hanging until their clients give
// up.
func (f *Faults) Clear() {
	f.queue.Clear()
	f.switches.Clear()
	f.denied.Set(nil)
}

func (f *Faults) lacks(role string) bool { return slices.Contains(f.denied.Get(), role) }

// matcher is how a search chooses orders at the moment.
func (f *Faults) matcher(filter string, conditions []condition) condition {
	switch {
	case f.switches.IgnoreFilters.Get():
		return func(Order) bool { return true }
	case f.switches.MatchSubstrings.Get():
		wanted := numberIn(filter)
		return func(o Order) bool { return strings.Contains(strings.ToLower(o.Number), wanted) }
	default:
		return func(o Order) bool {
			return !slices.ContainsFunc(conditions, func(c condition) bool { return !c(o) })
		}
	}
}

// take returns the fault that applies to a call, as standin.Queue.Take does.
func (f *Faults) take(call Call) (fault *Fault, applied func()) {
	return f.queue.Take(func(fault Fault) bool { return fault.Call.matches(call) })
}
