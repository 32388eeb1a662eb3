package threepltest

import (
	"io"
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
		fault := s.faults.take(call)
		defer func() {
			s.log.Debug("3PL Warehouse Manager stand-in", "call", string(call), "fault", fault != nil, "took", time.Since(start))
		}()
		if fault == nil {
			work(r).send(w)
			return
		}
		truth := empty(http.StatusOK)
		if fault.AfterCommit || fault.Do == WrongContentType {
			truth = work(r)
		}
		close(fault.hit)
		s.suffer(w, r, fault.Fault, truth)
	})
}

// suffer answers a call that a fault applies to. truth is its answer when the
// work has been done.
func (s *System) suffer(w http.ResponseWriter, r *http.Request, fault Fault, truth answer) {
	switch fault.Do {
	case Drop:
		panic(http.ErrAbortHandler)
	case ExpireToken:
		s.expire(r)
		empty(http.StatusUnauthorized).send(w)
	case Garbage:
		a := success("")
		a.body = []byte(`}{ "totalResults": nonsense`)
		a.send(w)
	case HalfAnswer:
		half(w)
	case Hang:
		s.hang(r)
		panic(http.ErrAbortHandler)
	case Hollow:
		done().send(w)
	case WrongContentType:
		truth.with("Content-Type", "text/html; charset=utf-8").send(w)
	case Answer:
		fault.answer().send(w)
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
		a = a.with("Retry-After", strconv.Itoa(int(f.RetryAfter/time.Second)))
	}
	return a
}

// half sends the first half of an answer and breaks the connection.
func half(w http.ResponseWriter) {
	a := success(map[string]any{"totalResults": 1, "_embedded": map[string]any{ordersRel: []any{}}})
	a = a.with("Content-Length", strconv.Itoa(len(a.body)))
	a.body = a.body[:len(a.body)/2]
	a.send(w)
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
