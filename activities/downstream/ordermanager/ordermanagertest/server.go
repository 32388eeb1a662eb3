package ordermanagertest

import (
	"crypto/subtle"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// answer is an HTTP answer before it is sent, so that a fault can replace or
// lose it.
type answer struct {
	status int
	header http.Header
	body   []byte
}

type handler func(*http.Request) answer

func (s *System) routes() http.Handler {
	mux := http.NewServeMux()
	// Documented: methods and paths.
	mux.Handle("GET /v1.1/orders", s.handle(CallFind, s.findOrders))
	mux.Handle("GET /v1.1/orders/{id}", s.handle(CallGet, s.getOrder))
	mux.Handle("PUT /v1.1/shipment/external", s.handle(CallShip, s.ship))
	// Inferred: a client calls it.
	mux.Handle("POST /v1/orders/cancel", s.handle(CallCancel, s.cancel))
	return mux
}

// handle authenticates, works, and lets the fault of the moment have its way.
func (s *System) handle(call Call, work handler) http.Handler {
	guarded := func(r *http.Request) answer {
		if !s.authenticated(r) {
			// Inferred: clients take a 401 for a token that is not valid. The
			// body is guessed.
			return failure(http.StatusUnauthorized, "The access token is not valid")
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
			s.log.Debug("stand-in for Order Manager", "call", string(call), "fault", string(trouble), "took", time.Since(start))
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
		s.suffer(w, r, call, fault, truth)
	})
}

// Documented: bearer tokens.
func (s *System) authenticated(r *http.Request) bool {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return ok && !s.faults.isRevoked() && subtle.ConstantTimeCompare([]byte(token), []byte(s.Token)) == 1
}

// suffer answers a call that a fault applies to. truth is its answer when the
// work has been done.
func (s *System) suffer(w http.ResponseWriter, r *http.Request, call Call, fault *Fault, truth answer) {
	switch fault.Do {
	case Drop:
		panic(http.ErrAbortHandler)
	case Hang:
		s.hang(r)
		panic(http.ErrAbortHandler)
	case Garbage:
		answer{http.StatusOK, jsonHeader(), []byte(`}{ "orderId": nonsense ` + Private)}.send(w)
	case HalfAnswer:
		half(w, truth)
	case Hollow:
		hollow(call, r, "SUCCESS", "").send(w)
	case HiddenFailure:
		hollow(call, r, "ERROR", "Order cannot be processed for "+Private).send(w)
	case WrongContentType:
		truth.header.Set("Content-Type", "text/html; charset=utf-8")
		truth.send(w)
	case Answer:
		a := failure(fault.Status, "A fault was asked for, "+Private)
		if fault.RetryAfter > 0 {
			// Guessed: that a 429 can carry it.
			a.header.Set("Retry-After", strconv.Itoa(int(fault.RetryAfter/time.Second)))
		}
		a.send(w)
	}
}

// half announces a whole answer, sends half of it and breaks the connection.
func half(w http.ResponseWriter, truth answer) {
	if truth.status == 0 {
		truth = success([]any{map[string]any{"orderId": 1, "orderNumber": "1"}})
	}
	truth.header.Set("Content-Length", strconv.Itoa(len(truth.body)))
	truth.body = truth.body[:len(truth.body)/2]
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

func jsonHeader() http.Header { return http.Header{"Content-Type": {"application/json;charset=UTF-8"}} }

func success(body any) answer { return answer{http.StatusOK, jsonHeader(), encode(body)} }

// failure answers an error. Guessed: the form of its body.
func failure(status int, message string) answer {
	return answer{status, jsonHeader(), encode(map[string]any{"status": status, "message": message})}
}

// encode writes JSON. Everything that is answered here can be encoded; if that
// ever changes, the answer is not JSON and every test of it fails.
func encode(v any) []byte {
	body, err := json.Marshal(v)
	if err != nil {
		return []byte(err.Error())
	}
	return body
}

// send writes the answer. A client that has gone away is nobody's error.
func (a answer) send(w http.ResponseWriter) {
	maps.Copy(w.Header(), a.header)
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
}
