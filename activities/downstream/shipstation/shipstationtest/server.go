package shipstationtest

import (
	"crypto/subtle"
	"maps"
	"net/http"
	"strconv"
	"time"

	"github.com/orderbridge/orderbridge/activities/downstream/downstreamtest/standin"
)

// maxBody is how large a request's body may be, in bytes. Guessed.
const maxBody = 1 << 20

type answer = standin.Answer

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
			s.log.Debug(name, "call", string(call), "fault", fault != nil, "took", time.Since(start))
		}()
		if fault == nil {
			limited(guarded(r), limits).Send(w)
			return
		}
		var truth answer
		if fault.AfterCommit || fault.Do == Late || fault.Do == WrongContentType || fault.Do == Unlimited {
			truth = limited(guarded(r), limits)
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
	return ok && !s.faults.switches.Revoked.Get() &&
		subtle.ConstantTimeCompare([]byte(key), []byte(s.APIKey)) == 1 &&
		subtle.ConstantTimeCompare([]byte(secret), []byte(s.APISecret)) == 1
}

// suffer answers a call that a fault applies to. truth is its answer when the
// work has been done.
func (s *System) suffer(w http.ResponseWriter, r *http.Request, fault *Fault, truth answer) {
	switch fault.Do {
	case Late:
		s.server.Hold(w, r, s.faults.queue.Cleared(), truth)
	case Garbage:
		success("").WithBody(`}{ "orders": nonsense ` + Private).Send(w)
	case Hollow:
		// Guessed: an answer to a write that was not carried out.
		success(map[string]any{"orderStatus": "any", "customerEmail": Private}).Send(w)
	case Unlimited:
		for name := range limitHeaders(0, 0, 0) {
			truth.Header.Del(name)
		}
		truth.Send(w)
	case Answer:
		fault.answer().Send(w)
	default:
		if fault.Do == HalfAnswer {
			truth = success(map[string]any{"orders": []string{}, "customerEmail": Private})
		}
		s.server.Suffer(w, r, fault.Do, truth)
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
		return limited(a, limitHeaders(40, 0, f.Reset))
	}
	return a
}

const jsonType = "application/json; charset=utf-8"

func success(body any) answer { return standin.JSON(http.StatusOK, jsonType, body) }

// refusal is an error answer. Inferred from clients: an object with a Message.
func refusal(status int, message string) answer {
	return standin.JSON(status, jsonType, map[string]string{"Message": message})
}

// limited adds the headers of the rate limit to an answer.
func limited(a answer, limits http.Header) answer {
	maps.Copy(a.Header, limits)
	return a
}
