package resttest

import (
	"crypto/subtle"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/rest"
)

type handler func(*http.Request) answer

func (s *System) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /statuses", s.handle(CallStatuses, s.listStatuses))
	mux.Handle("GET /orders", s.handle(CallFind, s.findOrders))
	mux.Handle("GET /orders/{id}", s.handle(CallGet, s.getOrder))
	mux.Handle("POST /orders/{id}/cancellation", s.handle(CallCancel, s.cancelOrder))
	mux.Handle("POST /orders/{id}/fulfillment", s.handle(CallFulfill, s.fulfillOrder))
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		refusal(http.StatusNotFound, rest.ProblemNotFound, "the contract has no such call").Send(w)
	})
	return mux
}

// handle authenticates, works, and lets the fault of the moment have its way.
func (s *System) handle(call Call, work handler) http.Handler {
	guarded := func(r *http.Request) answer {
		if !s.authenticated(r) {
			return refusal(http.StatusUnauthorized, rest.ProblemUnauthorized, "the token is missing or not valid")
		}
		return work(r)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		fault, applied := s.faults.take(call)
		trouble := Trouble("")
		if fault != nil {
			trouble = fault.Do
		}
		defer func() {
			s.log.Debug(name, "call", string(call), "fault", string(trouble), "took", time.Since(start))
		}()
		if fault == nil {
			guarded(r).Send(w)
			return
		}
		var truth answer
		if fault.AfterCommit || fault.Do == WrongContentType {
			truth = guarded(r)
		}
		applied()
		s.suffer(w, r, call, fault, truth, guarded)
	})
}

func (s *System) authenticated(r *http.Request) bool {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return ok && !s.faults.switches.Revoked.Get() && subtle.ConstantTimeCompare([]byte(token), []byte(s.Token)) == 1
}

// suffer answers a call that a fault applies to. truth is its answer when
// the work has been done.
func (s *System) suffer(w http.ResponseWriter, r *http.Request, call Call, fault *Fault, truth answer, work handler) {
	switch fault.Do {
	case Delay:
		if !s.server.Wait(r, fault.Delay) {
			panic(http.ErrAbortHandler)
		}
		if !fault.AfterCommit {
			truth = work(r)
		}
		truth.Send(w)
	case Garbage:
		broken(Garbage, success("")).WithBody(`}{ "orders": nonsense`).Send(w)
	case Hollow:
		s.hollow(r, call).Send(w)
	case Late:
		s.server.Hold(w, r, s.faults.queue.Cleared(), truth)
	case Answer:
		fault.answer().Send(w)
	default:
		if truth.Status == 0 {
			truth = success(map[string]any{"orders": []view{}, "statuses": []downstream.Status{}})
		}
		s.server.Suffer(w, r, fault.Do, broken(fault.Do, truth))
	}
}

// answer is what a fault of kind Answer answers.
func (f *Fault) answer() answer {
	status, problemType := f.Status, f.Problem
	if status == 0 {
		status = http.StatusServiceUnavailable
	}
	if problemType == "" {
		problemType = problemFor(status)
	}
	a := refusal(status, problemType, "a fault was asked for")
	if f.RetryAfter > 0 {
		a.Header.Set("Retry-After", strconv.Itoa(int(f.RetryAfter/time.Second)))
	}
	return a
}

// hollow is the answer of a system that reports a change and makes none.
func (s *System) hollow(r *http.Request, call Call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.byID(r.PathValue("id"))
	if o == nil {
		return noSuchOrder()
	}
	claimed := *o
	claimed.move(s.named(downstream.PhaseFulfilled))
	if call == CallCancel {
		claimed.Status = s.named(downstream.PhaseCancelled)
	}
	return shown(claimed.view())
}

// broken copies an answer and marks it as one that breaks the contract.
func broken(trouble Trouble, a answer) answer { return a.With(FaultHeader, string(trouble)) }
