package resttest

import (
	"crypto/subtle"
	"io"
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
		refusal(http.StatusNotFound, rest.ProblemNotFound, "the contract has no such call").send(w)
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
			s.log.Debug("demo order system", "call", string(call), "fault", string(trouble), "took", time.Since(start))
		}()
		if fault == nil {
			guarded(r).send(w)
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
	return ok && !s.faults.isRevoked() && subtle.ConstantTimeCompare([]byte(token), []byte(s.Token)) == 1
}

// suffer answers a call that a fault applies to. truth is its answer when
// the work has been done.
func (s *System) suffer(w http.ResponseWriter, r *http.Request, call Call, fault *Fault, truth answer, work handler) {
	switch fault.Do {
	case Delay:
		if !s.wait(r, fault.Delay) {
			panic(http.ErrAbortHandler)
		}
		if !fault.AfterCommit {
			truth = work(r)
		}
		truth.send(w)
	case Drop:
		panic(http.ErrAbortHandler)
	case Hang:
		s.hang(r)
		panic(http.ErrAbortHandler)
	case Garbage:
		broken(Garbage, success("")).with("Content-Type", "application/json").withBody(`}{ "orders": nonsense`).send(w)
	case HalfAnswer:
		half(w, truth)
	case Hollow:
		s.hollow(r, call).send(w)
	case WrongContentType:
		broken(WrongContentType, truth).with("Content-Type", "text/html; charset=utf-8").send(w)
	case Answer:
		fault.answer().send(w)
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
		a.header.Set("Retry-After", strconv.Itoa(int(f.RetryAfter/time.Second)))
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

// half sends the first half of an answer and breaks the connection. Without a
// true answer it makes one up.
func half(w http.ResponseWriter, truth answer) {
	if truth.status == 0 {
		truth = success(map[string]any{"orders": []view{}, "statuses": []downstream.Status{}})
	}
	whole := len(truth.body)
	truth = broken(HalfAnswer, truth).with("Content-Length", strconv.Itoa(whole))
	truth.body = truth.body[:whole/2]
	truth.send(w)
	// Without a flush the server would drop what it holds, and the client
	// would see no answer at all.
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// hang waits until the client gives up or the System stops.
func (s *System) hang(r *http.Request) {
	// The server notices that a client has gone only after the request's body
	// has been read.
	_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, maxBody+1))
	select {
	case <-r.Context().Done():
	case <-s.stop:
	}
}

// wait waits for d. It reports false when the client gave up or the System
// stopped before.
func (s *System) wait(r *http.Request, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
		return false
	case <-s.stop:
		return false
	}
}

// broken copies an answer and marks it as one that breaks the contract.
func broken(trouble Trouble, a answer) answer {
	return answer{status: a.status, header: a.header.Clone(), body: a.body}.with(FaultHeader, string(trouble))
}

func (a answer) with(name, value string) answer {
	a.header.Set(name, value)
	return a
}

func (a answer) withBody(body string) answer {
	a.body = []byte(body)
	return a
}
