package exampletest

import (
	"net/http"
	"strconv"
	"time"

	"github.com/orderbridge/orderbridge/activities/downstream/downstreamtest/standin"
)

// Troubles beside those of package standin.
const (
	// Garbage answers 200 with something that is not JSON.
	Garbage standin.Trouble = "garbage"
	// Hollow answers 200 and nothing that was asked for.
	Hollow standin.Trouble = "hollow"
)

// Fault makes one call go wrong.
type Fault struct {
	// OnWrite concerns the next call that changes an order. Default: the next
	// one that reads.
	OnWrite bool
	// AfterCommit carries a change out first.
	AfterCommit bool
	// Do is what goes wrong. Default: Status is answered.
	Do standin.Trouble
	// Status is an HTTP status. Required without Do.
	Status int
	// RetryAfter goes into the header of that name, in whole seconds. Default:
	// none.
	RetryAfter time.Duration
}

// Faults make a System misbehave, while it serves.
type Faults struct {
	standin.Switches[string]

	calls standin.Queue[Fault]
}

// Inject makes one call go wrong. The channel is closed when it does, and with
// AfterCommit when it has been carried out.
func (f *Faults) Inject(fault Fault) <-chan struct{} { return f.calls.Arm(fault, 1) }

// Heal ends all faults.
func (f *Faults) Heal() {
	f.Clear()
	f.calls.Clear()
}

// handle authenticates, works, and lets a fault have its way.
func (s *System) handle(writes bool, work func(*http.Request) standin.Answer) http.Handler {
	guarded := func(r *http.Request) standin.Answer {
		if !s.authenticated(r) {
			return failure(http.StatusUnauthorized)
		}
		return work(r)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fault, applied := s.Faults.calls.Take(func(f Fault) bool { return f.OnWrite == writes })
		if fault == nil {
			guarded(r).Send(w)
			return
		}
		truth := answer(http.StatusOK, map[string]string{"message": Private})
		if fault.AfterCommit || (!writes && fault.Do != Hollow) {
			truth = guarded(r)
		}
		applied()
		switch {
		case s.Suffer(w, r, fault.Do, truth):
		case fault.Do == standin.Late:
			s.Hold(w, r, s.Faults.calls.Cleared(), truth)
		case fault.Do == Garbage:
			truth.WithBody("}{ " + Private).Send(w)
		case fault.Do == Hollow:
			truth.Send(w)
		default:
			a := failure(fault.Status)
			if fault.RetryAfter > 0 {
				a = a.With("Retry-After", strconv.Itoa(int(fault.RetryAfter/time.Second)))
			}
			a.Send(w)
		}
	})
}
