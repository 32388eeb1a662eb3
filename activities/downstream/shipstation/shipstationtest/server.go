package shipstationtest

import (
	"crypto/subtle"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strconv"
	"time"
)

// maxBody is how large a request's body may be, in bytes.
const maxBody = 1 << 20

// answer is an HTTP answer before it is sent, so that a fault can replace it.
type answer struct {
	status int
	header http.Header
	body   []byte
}

type handler func(*http.Request) answer

func (s *System) routes() http.Handler {
	mux := http.NewServeMux()
	// Documented: these are the paths and methods.
	mux.Handle("GET /accounts/listtags", s.handle(CallTags, s.listTags))
	mux.Handle("GET /stores/{id}", s.handle(CallStore, s.getStore))
	mux.Handle("GET /orders", s.handle(CallList, s.listOrders))
	mux.Handle("GET /orders/{id}", s.handle(CallGet, s.getOrder))
	mux.Handle("POST /orders/createorder", s.handle(CallCreate, s.createOrder))
	mux.Handle("POST /orders/markasshipped", s.handle(CallShip, s.markAsShipped))
	return mux
}

// handle counts and authenticates, works, and lets the fault of the moment have
// its way.
func (s *System) handle(call Call, work handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		limits, within := s.count()
		guarded := func(r *http.Request) answer {
			switch {
			case !s.authenticated(r):
				// Documented: 401. Guessed: the body.
				return refusal(http.StatusUnauthorized, "401 Unauthorized")
			case !within:
				// Documented: 429 and the headers. Inferred: the body.
				return refusal(http.StatusTooManyRequests, "Too Many Requests")
			default:
				return work(r)
			}
		}
		fault, applied := s.faults.take(call)
		defer func() {
			s.log.Debug("ShipStation stand-in", "call", string(call), "fault", fault != nil, "took", time.Since(start))
		}()
		if fault == nil {
			guarded(r).with(limits).send(w)
			return
		}
		var truth answer
		if fault.AfterCommit || fault.Do == WrongContentType || fault.Do == Unlimited {
			truth = guarded(r).with(limits)
		}
		applied()
		s.suffer(w, r, fault, truth)
	})
}

// count counts a request. Documented: the three headers are on every answer, the
// limit is per minute, and the reset is in seconds until the next window.
// Guessed: a window begins with its first request, and requests beyond the
// limit and those that are not authenticated count too.
func (s *System) count() (limits http.Header, within bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if !now.Before(s.turns) {
		s.requests, s.turns = 0, now.Add(time.Minute)
	}
	s.requests++
	return limitHeaders(s.limit, max(s.limit-s.requests, 0), s.turns.Sub(now)), s.requests <= s.limit
}

func limitHeaders(limit, remaining int, reset time.Duration) http.Header {
	return http.Header{
		"X-Rate-Limit-Limit":     {strconv.Itoa(limit)},
		"X-Rate-Limit-Remaining": {strconv.Itoa(remaining)},
		"X-Rate-Limit-Reset":     {strconv.Itoa(int((reset + time.Second - 1) / time.Second))},
	}
}

// authenticated checks the basic authentication. Documented.
func (s *System) authenticated(r *http.Request) bool {
	key, secret, ok := r.BasicAuth()
	return ok && !s.faults.isRevoked() &&
		subtle.ConstantTimeCompare([]byte(key), []byte(s.APIKey)) == 1 &&
		subtle.ConstantTimeCompare([]byte(secret), []byte(s.APISecret)) == 1
}

// suffer answers a call that a fault applies to. truth is its answer when the
// work has been done.
func (s *System) suffer(w http.ResponseWriter, r *http.Request, fault *Fault, truth answer) {
	switch fault.Do {
	case Drop:
		panic(http.ErrAbortHandler)
	case Hang:
		s.hang(r)
		panic(http.ErrAbortHandler)
	case Garbage:
		answer{http.StatusOK, jsonHeader(), []byte(`}{ "orders": nonsense ` + Private)}.send(w)
	case HalfAnswer:
		half(w)
	case Hollow:
		// Guessed: an answer to a write that was not carried out.
		success(map[string]any{"orderStatus": "any", "customerEmail": Private}).send(w)
	case Unlimited:
		for name := range limitHeaders(0, 0, 0) {
			truth.header.Del(name)
		}
		truth.send(w)
	case WrongContentType:
		truth.header.Set("Content-Type", "text/html; charset=utf-8")
		truth.send(w)
	case Answer:
		fault.answer().send(w)
	}
}

// answer is what a fault of kind Answer answers.
func (f *Fault) answer() answer {
	status := f.Status
	if status == 0 {
		status = http.StatusServiceUnavailable
	}
	a := refusal(status, "a fault was asked for by "+Private)
	if status == http.StatusTooManyRequests && f.Reset > 0 {
		return a.with(limitHeaders(40, 0, f.Reset))
	}
	return a
}

// half announces an answer, sends half of it and breaks the connection.
func half(w http.ResponseWriter) {
	a := success(map[string]any{"orders": []string{}, "customerEmail": Private})
	a.header.Set("Content-Length", strconv.Itoa(len(a.body)))
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

func jsonHeader() http.Header {
	return http.Header{"Content-Type": {"application/json; charset=utf-8"}}
}

func success(body any) answer {
	return answer{http.StatusOK, jsonHeader(), encode(body)}
}

// refusal is an error answer. Inferred from clients: an object with a Message.
func refusal(status int, message string) answer {
	return answer{status, jsonHeader(), encode(map[string]string{"Message": message})}
}

// with adds headers to the answer.
func (a answer) with(header http.Header) answer {
	maps.Copy(a.header, header)
	return a
}

// send writes the answer. A client that has gone away is nobody's error.
func (a answer) send(w http.ResponseWriter) {
	maps.Copy(w.Header(), a.header)
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
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
