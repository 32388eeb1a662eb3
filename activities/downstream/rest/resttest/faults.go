package resttest

import (
	"slices"
	"strings"
	"sync"
	"time"
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
type Trouble string

const (
	// Answer answers Fault.Status with the problem that the contract has for
	// it, or with Fault.Problem. It is what a Fault without Trouble does.
	Answer Trouble = "answer"
	// Delay waits for Fault.Delay and then does what it should.
	Delay Trouble = "delay"
	// Drop closes the connection without an answer.
	Drop Trouble = "drop"
	// Garbage answers 200 with something that is not JSON.
	Garbage Trouble = "garbage"
	// HalfAnswer announces the whole answer, sends half of it and closes the
	// connection.
	HalfAnswer Trouble = "half answer"
	// Hang answers nothing until the client gives up.
	Hang Trouble = "hang"
	// Hollow answers 200 as if an order had been changed, and changes nothing.
	// It is for CallCancel and CallFulfill.
	Hollow Trouble = "hollow"
	// WrongContentType answers what it should, as text/html.
	WrongContentType Trouble = "wrong content type"
)

// Fault makes the next calls go wrong.
type Fault struct {
	// AfterCommit lets the call take effect first, so that only its answer is
	// lost or wrong. Default: the call has no effect, except with Delay and
	// WrongContentType.
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
	mu        sync.Mutex
	armed     []*armed
	hook      func(orderID string)
	noFilter  bool
	revoked   bool
	stale     int
	substring bool
}

type armed struct {
	Fault

	hit  chan struct{}
	seen bool
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
	f.mu.Lock()
	defer f.mu.Unlock()
	a := &armed{Fault: fault, hit: make(chan struct{})}
	f.armed = append(f.armed, a)
	return a.hit
}

// BeforeChange sets a function that runs before each cancellation and
// fulfillment is looked at, with the order's id: the moment between a client's
// read and its write. It may call the System's methods. nil removes it.
func (f *Faults) BeforeChange(hook func(orderID string)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hook = hook
}

// IgnoreNumberFilter makes a search answer every order, as systems do that skip
// a filter they do not know.
func (f *Faults) IgnoreNumberFilter(on bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.noFilter = on
}

// MatchSubstrings makes a search answer every order whose number contains the
// one that is asked for, without regard to case.
func (f *Faults) MatchSubstrings(on bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.substring = on
}

// StaleReads makes the next n reads show orders as they were before their last
// change.
func (f *Faults) StaleReads(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stale = n
}

// RevokeToken makes the System refuse its token with 401 until RestoreToken.
func (f *Faults) RevokeToken() { f.setRevoked(true) }

// RestoreToken undoes RevokeToken.
func (f *Faults) RestoreToken() { f.setRevoked(false) }

// Clear ends all faults. Calls that hang go on hanging until their clients give
// up.
func (f *Faults) Clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.armed, f.hook, f.noFilter, f.revoked, f.stale, f.substring = nil, nil, false, false, 0, false
}

func (f *Faults) setRevoked(on bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.revoked = on
}

func (f *Faults) isRevoked() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.revoked
}

func (f *Faults) beforeChange(orderID string) {
	f.mu.Lock()
	hook := f.hook
	f.mu.Unlock()
	if hook != nil {
		hook(orderID)
	}
}

func (f *Faults) staleRead() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stale <= 0 {
		return false
	}
	f.stale--
	return true
}

// matcher is how a search compares numbers at the moment.
func (f *Faults) matcher(number string) func(string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.noFilter:
		return func(string) bool { return true }
	case f.substring:
		wanted := strings.ToLower(number)
		return func(n string) bool { return strings.Contains(strings.ToLower(n), wanted) }
	default:
		return func(n string) bool { return n == number }
	}
}

// take returns the fault that applies to a call, and a function that says that
// it has applied. Without a fault both are nil.
func (f *Faults) take(call Call) (*Fault, func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, a := range f.armed {
		if !a.Call.matches(call) {
			continue
		}
		first := !a.seen
		a.seen = true
		if a.Times > 0 {
			if a.Times--; a.Times == 0 {
				f.armed = slices.Delete(f.armed, i, i+1)
			}
		}
		fault := a.Fault
		return &fault, func() {
			if first {
				close(a.hit)
			}
		}
	}
	return nil, nil
}
