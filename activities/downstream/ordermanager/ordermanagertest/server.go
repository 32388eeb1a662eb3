package ordermanagertest

import (
	"crypto/subtle"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/orderbridge/orderbridge/activities/downstream/downstreamtest/standin"
)

type answer = standin.Answer

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
			s.log.Debug(name, "call", string(call), "fault", string(trouble), "took", time.Since(start))
		}()
		if fault == nil {
			guarded(r).Send(w)
			return
		}
		var truth answer
		if fault.AfterCommit || fault.Do == Late || fault.Do == WrongContentType {
			truth = guarded(r)
		}
		applied()
		s.suffer(w, r, call, fault, truth)
	})
}

// Documented: bearer tokens.
func (s *System) authenticated(r *http.Request) bool {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return ok && !s.faults.switches.Revoked.Get() && subtle.ConstantTimeCompare([]byte(token), []byte(s.Token)) == 1
}

// suffer answers a call that a fault applies to. truth is its answer when the
// work has been done.
func (s *System) suffer(w http.ResponseWriter, r *http.Request, call Call, fault *Fault, truth answer) {
	switch fault.Do {
	case Late:
		s.server.Hold(w, r, s.faults.queue.Cleared(), truth)
	case Garbage:
		success("").WithBody(`}{ "orderId": nonsense ` + Private).Send(w)
	case Hollow:
		hollow(call, r, "SUCCESS", "").Send(w)
	case HiddenFailure:
		hollow(call, r, "ERROR", "Order cannot be processed for "+Private).Send(w)
	case Answer:
		a := failure(fault.Status, "A fault was asked for, "+Private)
		if fault.RetryAfter > 0 {
			// Guessed: that a 429 can carry it.
			a.Header.Set("Retry-After", strconv.Itoa(int(fault.RetryAfter/time.Second)))
		}
		a.Send(w)
	default:
		if truth.Status == 0 {
			truth = success([]any{map[string]any{"orderId": 1, "orderNumber": "1"}})
		}
		s.server.Suffer(w, r, fault.Do, truth)
	}
}

const jsonType = "application/json;charset=UTF-8"

func success(body any) answer { return standin.JSON(http.StatusOK, jsonType, body) }

// failure answers an error. Guessed: the form of its body.
func failure(status int, message string) answer {
	return standin.JSON(status, jsonType, map[string]any{"status": status, "message": message})
}
