package venduretest

import (
	"slices"
	"sync"
	"time"
)

// RetryAfter is how long a client must wait after RateLimited.
const RetryAfter = 7 * time.Second

// Fault names something that a Proxy makes go wrong. The names are those of
// the conformance suite's faults, so that one converts to the other. Each
// concerns the next request of its Step, unless it says that it lasts until
// Heal.
type Fault string

const (
	// Forbidden lasts: requests of the Step are sent on without their session,
	// to which Vendure's answer is the one that it gives to an administrator
	// without the permission: HTTP 200 with the error code FORBIDDEN. Logging in works.
	Forbidden Fault = "forbidden"
	// Garbage answers 200 with something that is not JSON. Not sent on.
	Garbage Fault = "garbage"
	// HalfAnswer announces a whole answer, sends half of it and closes the
	// connection. Not sent on.
	HalfAnswer Fault = "half answer"
	// HollowSuccess answers a change as Vendure does when it was carried out.
	// Not sent on. Only OnWrite.
	HollowSuccess Fault = "hollow success"
	// IgnoredFilter lasts: searches find every order that has a number.
	IgnoredFilter Fault = "ignored filter"
	// InternalError answers 200 with the error code INTERNAL_SERVER_ERROR, as
	// Vendure does when it throws. Not sent on.
	InternalError Fault = "internal error"
	// LostAnswer sends the request on and closes the connection.
	LostAnswer Fault = "lost answer"
	// RateLimited answers 429 with Retry-After, as a proxy before a shop does:
	// Vendure itself has no limit. Not sent on.
	RateLimited Fault = "rate limited"
	// Revoked lasts: sessions are not accepted, nor is the password. Vendure
	// answers this itself; it is sent another password and no session.
	Revoked Fault = "revoked"
	// ServerError answers 503 with a page of HTML, as a proxy before a shop
	// that is down does. Not sent on.
	ServerError Fault = "server error"
	// Silent answers nothing until the client gives up. Not sent on.
	Silent Fault = "silent"
	// SilentAfterCommit sends the request on, and then answers nothing until
	// the client gives up. Its signal comes between the two.
	SilentAfterCommit Fault = "silent after commit"
	// StaleRead answers a read with what the same read was answered before the
	// last change that went through. It waits for a read that was made before
	// such a change already. Only OnRead.
	StaleRead Fault = "stale read"
	// SubstringFilter lasts: searches find every order whose number contains
	// the one that is asked for, without regard to case.
	SubstringFilter Fault = "substring filter"
	// TokenExpired ends the session of the request, which is then sent on.
	TokenExpired Fault = "token expired"
	// WrongContentType sends the request on and calls the answer text/html.
	WrongContentType Fault = "wrong content type"
)

// Faults lists every fault.
func Faults() []Fault {
	return []Fault{
		Forbidden, Garbage, HalfAnswer, HollowSuccess, IgnoredFilter, InternalError, LostAnswer, RateLimited, Revoked,
		ServerError, Silent, SilentAfterCommit, StaleRead, SubstringFilter, TokenExpired, WrongContentType,
	}
}

// lasts reports whether a fault lasts until Heal.
func (f Fault) lasts() bool {
	switch f {
	case Forbidden, IgnoredFilter, Revoked, SubstringFilter:
		return true
	default:
		return false
	}
}

// whateverStep reports whether a fault concerns requests of both steps, and
// logins.
func (f Fault) whateverStep() bool { return f == IgnoredFilter || f == Revoked || f == SubstringFilter }

// Step is which requests a Fault concerns.
type Step string

const (
	// OnRead is a query.
	OnRead Step = "read"
	// OnWrite is a mutation after which an order's state is another:
	// cancelOrder and transitionFulfillmentToState.
	OnWrite Step = "write"
	// OnPrepare is addFulfillmentToOrder, after which the order looks as
	// before. No fault of the suite is meant for it.
	OnPrepare Step = "prepare"
	// onLogin is login, and every other mutation.
	onLogin Step = "login"
)

// faults are the switches of a Proxy.
type faults struct {
	mu     sync.Mutex
	armed  []*armed
	before func()
}

type armed struct {
	fault Fault
	hit   chan struct{}
	once  sync.Once
	step  Step
}

func (a *armed) strike() { a.once.Do(func() { close(a.hit) }) }

// Inject makes something go wrong at the next request of this step, or, when it
// lasts, at all of them until Heal. Faults of one step that do not last apply
// in the order in which they were injected. The channel is closed when the
// fault is first at work.
func (p *Proxy) Inject(fault Fault, step Step) <-chan struct{} {
	a := &armed{fault: fault, hit: make(chan struct{}), step: step}
	p.faults.mu.Lock()
	defer p.faults.mu.Unlock()
	p.faults.armed = append(p.faults.armed, a)
	return a.hit
}

// BeforeWrite sets a function that runs before the next request of step
// OnWrite or OnPrepare is sent on: the moment between a client's read and its
// write. It may use the Server. nil removes it.
func (p *Proxy) BeforeWrite(hook func()) {
	p.faults.mu.Lock()
	defer p.faults.mu.Unlock()
	p.faults.before = hook
}

// Heal ends every fault, and removes the function of BeforeWrite. Requests that
// are under way go on.
func (p *Proxy) Heal() {
	p.faults.mu.Lock()
	defer p.faults.mu.Unlock()
	p.faults.armed, p.faults.before = nil, nil
}

// take returns the fault that applies to a request, if there is one, those that
// last first. possible says whether a fault can be at work on this request.
func (f *faults) take(step Step, possible func(Fault) bool) *armed {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, lasting := range []bool{true, false} {
		for i, a := range f.armed {
			if a.fault.lasts() != lasting || (a.step != step && !a.fault.whateverStep()) || !possible(a.fault) {
				continue
			}
			if !lasting {
				f.armed = slices.Delete(f.armed, i, i+1)
			}
			return a
		}
	}
	return nil
}

// hook returns the function of BeforeWrite, once.
func (f *faults) hook(step Step) func() {
	f.mu.Lock()
	defer f.mu.Unlock()
	hook := f.before
	if hook == nil || (step != OnWrite && step != OnPrepare) {
		return func() {}
	}
	f.before = nil
	return hook
}
