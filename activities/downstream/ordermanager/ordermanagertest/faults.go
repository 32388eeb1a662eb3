package ordermanagertest

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/orderbridge/orderbridge/activities/downstream/downstreamtest/standin"
)

// Call names the calls of the API that the stand-in knows.
type Call string

// The calls. The zero Call stands for all of them, CallReads for those that only
// read and CallChanges for those that change an order.
const (
	CallFind    Call = "find orders"
	CallGet     Call = "get order"
	CallCancel  Call = "cancel order"
	CallShip    Call = "ship order"
	CallReads   Call = "reads"
	CallChanges Call = "changes"
)

// matches reports whether a fault for c is one for the call that came.
func (c Call) matches(came Call) bool {
	changes := came == CallCancel || came == CallShip
	return c == "" || c == came || (c == CallReads && !changes) || (c == CallChanges && changes)
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
	// HalfAnswer announces the whole answer, sends half of it and closes the
	// connection.
	HalfAnswer = standin.HalfAnswer
	// Hang answers nothing until the client gives up.
	Hang = standin.Hang
	// HiddenFailure answers a change with 200 and a failure inside of it, and
	// changes nothing.
	HiddenFailure Trouble = "hidden failure"
	// Hollow answers a change with a success and changes nothing.
	Hollow Trouble = "hollow"
	// Late answers what it should, when Faults.Clear is called.
	Late = standin.Late
	// WrongContentType answers what it should, as text/html.
	WrongContentType = standin.WrongContentType
)

// Fault makes the next calls go wrong.
type Fault struct {
	// AfterCommit lets the call take effect first, so that only its answer is
	// lost or wrong. Default: the call has no effect, except with Late and
	// WrongContentType.
	AfterCommit bool
	// Call is which calls it concerns. Default: all.
	Call Call
	// Do is what goes wrong. Default Answer.
	Do Trouble
	// RetryAfter goes into the Retry-After header of Answer, in whole seconds.
	// Default: none.
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
	switches standin.Switches[int64]

	permissive standin.Value[bool]
	refused    standin.Value[[]string]
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
	if fault.Status == 0 {
		fault.Status = http.StatusServiceUnavailable
	}
	return f.queue.Arm(fault, fault.Times)
}

// BeforeChange sets a function that runs before each change is carried out,
// with the order's id: the moment between a client's read and its write. It may
// call the System's methods. nil removes it.
func (f *Faults) BeforeChange(hook func(orderID int64)) { f.switches.Hook.Set(hook) }

// IgnoreFilters makes a search answer every order of every sales channel.
func (f *Faults) IgnoreFilters(on bool) { f.switches.IgnoreFilters.Set(on) }

// MatchSubstrings makes a search answer every order whose number contains the
// one that is asked for, without regard to case and sales channel.
func (f *Faults) MatchSubstrings(on bool) { f.switches.MatchSubstrings.Set(on) }

// Permissive makes the System cancel and ship orders in every status.
func (f *Faults) Permissive(on bool) { f.permissive.Set(on) }

// RefuseTracking makes the System refuse parcels with this tracking number.
func (f *Faults) RefuseTracking(number string) {
	f.refused.Change(func(numbers []string) []string { return append(numbers, number) })
}

// RevokeToken makes the System refuse its token with 401 until Clear.
func (f *Faults) RevokeToken() { f.switches.Revoked.Set(true) }

// StaleReads makes the next n reads show orders as they were before their last
// change.
func (f *Faults) StaleReads(n int) { f.switches.StaleReads.Set(n) }

// Clear ends all faults. Calls that hang go on hanging until their clients give
// up.
func (f *Faults) Clear() {
	f.queue.Clear()
	f.switches.Clear()
	f.permissive.Set(false)
	f.refused.Set(nil)
}

func (f *Faults) refuses(number string) bool { return slices.Contains(f.refused.Get(), number) }

// matcher is how a search compares orders at the moment.
func (f *Faults) matcher(numbers []string, channel int64) func(Order) bool {
	switch {
	case f.switches.IgnoreFilters.Get():
		return func(Order) bool { return true }
	case f.switches.MatchSubstrings.Get():
		return func(o Order) bool {
			return slices.ContainsFunc(numbers, func(n string) bool {
				return strings.Contains(strings.ToLower(o.Number), strings.ToLower(n))
			})
		}
	default:
		return equalTo(numbers, channel)
	}
}

// take returns the fault that applies to a call, as standin.Queue.Take does.
func (f *Faults) take(call Call) (fault *Fault, applied func()) {
	return f.queue.Take(func(fault Fault) bool { return fault.Call.matches(call) })
}
