package resttest

import (
	"crypto/sha256"
	"net/http"
	"regexp"
	"time"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/downstreamtest/standin"
	"github.com/orderbridge/orderbridge/activities/downstream/rest"
)

var (
	entityTag      = regexp.MustCompile(`^"([\x21\x23-\x7E]{1,128})"$`)
	idempotencyKey = regexp.MustCompile(`^[\x21-\x7E]([\x20-\x7E]{0,62}[\x21-\x7E])?$`)
)

// record is what is kept of a request that changed an order.
type record struct {
	answer      answer
	at          time.Time
	fingerprint [sha256.Size]byte
}

// change is a request to change an order that has the contract's form.
type change struct {
	action      Action
	orderID     string
	version     string
	key         string
	fingerprint [sha256.Size]byte
	apply       func(*order)
	parcels     []downstream.Shipment
}

func (s *System) cancelOrder(r *http.Request) answer {
	var body cancellation
	return s.change(r, &body, ActionCancel)
}

func (s *System) fulfillOrder(r *http.Request) answer {
	var body fulfillment
	return s.change(r, &body, ActionFulfill)
}

// change checks the form of a request and carries it out.
func (s *System) change(r *http.Request, body content, action Action) answer {
	if bad, ok := onlyQuery(r); !ok {
		return bad
	}
	if bad, ok := readBody(r, body); !ok {
		return bad
	}
	ch := change{
		action:      action,
		orderID:     r.PathValue("id"),
		key:         r.Header.Get("Idempotency-Key"),
		fingerprint: sha256.Sum256(append([]byte(string(action)+"\n"+r.PathValue("id")+"\n"), standin.Encode(body)...)),
		apply:       body.apply,
		parcels:     body.parcels(),
	}
	if ch.key == "" {
		return refusal(http.StatusBadRequest, rest.ProblemKeyMissing, "a change needs an Idempotency-Key")
	}
	if !idempotencyKey.MatchString(ch.key) {
		return badRequest("the Idempotency-Key is not 1 to 64 characters of printable ASCII")
	}
	tag := r.Header.Get("If-Match")
	if match := entityTag.FindStringSubmatch(tag); match != nil {
		ch.version = match[1]
	} else if tag != "" {
		return badRequest("If-Match is not one strong entity tag")
	}
	s.faults.switches.BeforeChange(ch.orderID)
	return s.commit(ch)
}

// commit is everything that must not be interleaved with another change: the
// recorded key, the version, the state, the effect.
func (s *System) commit(ch change) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if kept, ok := s.keys[ch.key]; ok && now.Sub(kept.at) < KeyRetention {
		if kept.fingerprint != ch.fingerprint {
			return refusal(http.StatusUnprocessableEntity, rest.ProblemKeyReused, "the Idempotency-Key belongs to another request")
		}
		replayed := kept.answer
		replayed = replayed.With("Idempotency-Replayed", "true")
		return replayed
	}
	o := s.byID(ch.orderID)
	if o == nil {
		return noSuchOrder()
	}
	if ch.version == "" {
		return refusal(http.StatusPreconditionRequired, rest.ProblemVersionMissing, "a change needs If-Match")
	}
	if ch.version != o.Version {
		return refusal(http.StatusPreconditionFailed, rest.ProblemVersionStale, "the order has another version by now")
	}
	if bad, ok := s.allowed(o); !ok {
		return bad
	}

	ch.apply(o)
	o.move(s.named(ch.action.phase()))
	effect := Effect{Action: ch.action, At: now, IdempotencyKey: ch.key, OrderID: o.ID, OrderNumber: o.Number}
	for _, p := range ch.parcels {
		if p.TrackingNumber != "" {
			effect.TrackingNumbers = append(effect.TrackingNumbers, p.TrackingNumber)
		}
	}
	s.effects = append(s.effects, effect)
	for key, kept := range s.keys {
		if now.Sub(kept.at) >= KeyRetention {
			delete(s.keys, key)
		}
	}
	done := shown(o.view())
	s.keys[ch.key] = record{answer: done, at: now, fingerprint: ch.fingerprint}
	close(s.changed)
	s.changed = make(chan struct{})
	return done
}

// allowed says whether an order can be changed in the state that it is in.
// s.mu is held.
func (s *System) allowed(o *order) (answer, bool) {
	problemType := rest.ProblemNotAllowed
	switch s.phase(o.Status) {
	case downstream.PhaseOpen:
		return answer{}, true
	case downstream.PhaseCancelled:
		problemType = rest.ProblemAlreadyCancelled
	case downstream.PhaseFulfilled:
		problemType = rest.ProblemAlreadyFulfilled
	case downstream.PhaseUnprocessed, downstream.PhaseClosed:
	}
	return refusal(http.StatusConflict, problemType, "the order is in status %q", o.Status), false
}

// phase is where an action leads.
func (a Action) phase() downstream.Phase {
	if a == ActionCancel {
		return downstream.PhaseCancelled
	}
	return downstream.PhaseFulfilled
}
