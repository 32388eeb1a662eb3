package threepltest

import (
	"net/http"
	"strconv"
	"time"
)

type handler func(*http.Request) answer

// routes are the calls of the API that are answered. Documented: the paths, and
// the roles that the calls need.
func (s *System) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /AuthServer/api/Token", s.handle(CallToken, s.issueToken))
	mux.Handle("GET /orders", s.handle(CallList, s.guard("OrderView", s.listOrders)))
	mux.Handle("GET /orders/{id}", s.handle(CallGet, s.guard("OrderView", s.getOrder)))
	mux.Handle("POST /orders/{id}/canceler", s.handle(CallCancel, s.guard("OrderWrite", s.cancelOrder)))
	mux.Handle("POST /orders/{id}/confirmer", s.handle(CallConfirm, s.guard("OrderConfirm", s.confirmOrder)))
	return mux
}

// guard lets only those in who may.
func (s *System) guard(role string, work handler) handler {
	return func(r *http.Request) answer {
		switch {
		case !s.authenticated(r):
			return empty(http.StatusUnauthorized)
		case s.faults.lacks(role):
			return forbidden()
		default:
			return work(r)
		}
	}
}

// handle works and lets the fault of the moment have its way.
func (s *System) handle(call Call, work handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		fault, applied := s.faults.take(call)
		defer func() {
			s.log.Debug(name, "call", string(call), "fault", fault != nil, "took", time.Since(start))
		}()
		if fault == nil {
			work(r).Send(w)
			return
		}
		truth := empty(http.StatusOK)
		if fault.AfterCommit || fault.Do == Late || fault.Do == WrongContentType {
			truth = work(r)
		}
		applied()
		s.suffer(w, r, fault, truth)
	})
}

// suffer answers a call that a fault applies to. truth is its answer when the
// work has been done.
func (s *System) suffer(w http.ResponseWriter, r *http.Request, fault *Fault, truth answer) {
	switch fault.Do {
	case Late:
		s.server.Hold(w, r, s.faults.queue.Cleared(), truth)
	case ExpireToken:
		s.expire(r)
		empty(http.StatusUnauthorized).Send(w)
	case Garbage:
		success("").WithBody(`}{ "totalResults": nonsense`).Send(w)
	case Hollow:
		done().Send(w)
	case Answer:
		fault.answer().Send(w)
	default:
		if fault.Do == HalfAnswer {
			truth = success(map[string]any{"totalResults": 1, "_embedded": map[string]any{ordersRel: []any{}}})
		}
		s.server.Suffer(w, r, fault.Do, truth)
	}
}

// answer is what a fault of kind Answer answers. Guessed: 429 and its header,
// which are documented nowhere.
func (f *Fault) answer() answer {
	a := empty(f.Status)
	switch {
	case f.Status == 0:
		a = broken(http.StatusInternalServerError)
	case f.Status == http.StatusForbidden && f.Code != "":
		a = operation(f.Code)
	case f.Status == http.StatusForbidden:
		a = forbidden()
	case f.Status >= http.StatusInternalServerError:
		a = broken(f.Status)
	}
	if f.RetryAfter > 0 {
		a = a.With("Retry-After", strconv.Itoa(int(f.RetryAfter/time.Second)))
	}
	return a
}
