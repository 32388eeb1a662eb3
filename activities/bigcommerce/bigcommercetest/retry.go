package bigcommercetest

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"
)

// retryDelays is the documented schedule: how long after each failed attempt the
// next is made, 48 hours and 4 minutes together.
var retryDelays = []time.Duration{
	1 * time.Minute, 3 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	1 * time.Hour, 2 * time.Hour, 6 * time.Hour, 14 * time.Hour, 24 * time.Hour,
}

// exceptionPause is documented: how often one destination's failures are told
// with code 90001.
const exceptionPause = 10 * time.Minute

// The documented codes of store/hook/deliveryException.
const (
	exceptionWillRetry = 90001
	exceptionExhausted = 90002
	exceptionBlocked   = 90003
)

type exceptionData struct {
	Type    string `json:"type"`
	ID      int64  `json:"id"`
	Code    int    `json:"error_code"`
	Message string `json:"message"`
}

// RetrySchedule returns how long after each failed attempt of a webhook the next
// is made: eleven delays, 173,040 seconds in all.
func RetrySchedule() []time.Duration { return slices.Clone(retryDelays) }

// finish books the end of a delivery.
func (s *Store) finish(ctx context.Context, j *job, out *outgoing, done Delivery) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.poke()
	s.inFlight--
	now := s.clock.Now()
	s.followLocked(j, now)
	if ctx.Err() != nil {
		return // cut by Close, which is no fault of the receiver
	}
	s.deliveries = record(s.deliveries, done)
	level, outcome := slog.LevelDebug, "webhook delivered"
	if !done.OK() {
		level, outcome = slog.LevelInfo, "webhook not delivered: "+done.failure()
	}
	s.logger.Log(ctx, level, outcome, slog.Int64("hook", done.HookID), slog.String("scope", done.Scope),
		slog.Int64("order", done.OrderID), slog.Int("attempt", done.Attempt), slog.Int("status", done.Status))

	h := s.hooks[j.hookID]
	if s.countLocked(out.domain, now, done) && h != nil {
		s.exceptionLocked(h, now, exceptionBlocked, "Requests to "+out.domain.host+" are blocked for 3 minutes")
	}
	if done.OK() || j.copyNo > 0 || h == nil {
		return
	}
	if j.attempt <= len(retryDelays) {
		s.retryLocked(j, now)
		s.exceptionLocked(h, now, exceptionWillRetry,
			fmt.Sprintf("Non-200 response received when delivering to %s, will retry", done.Destination))
		return
	}
	s.exhaustedLocked(h, now)
}

func (s *Store) retryLocked(j *job, now time.Time) {
	s.enqueueLocked(&job{event: j.event, hookID: j.hookID, attempt: j.attempt + 1}, now.Add(retryDelays[j.attempt-1]))
}

// exhaustedLocked switches a hook off after the last failed attempt of one of its
// webhooks, as BigCommerce documents; one is enough.
func (s *Store) exhaustedLocked(h *hook, now time.Time) {
	if !h.IsActive {
		return
	}
	s.exceptionLocked(h, now, exceptionExhausted,
		fmt.Sprintf("All attempts to deliver to %s have failed, the hook is going to be disabled", h.Destination))
	s.deactivateLocked(h, now, "all retries failed")
	s.mailLocked(now, h, fmt.Sprintf("Webhook %d (%s) was deactivated", h.ID, h.Scope))
}

// postponeLocked moves a webhook whose domain is blocked to its next retry.
// Whether that uses up an attempt is not documented: it does here, except for
// the last, which waits for the end of the block so that no hook is switched off
// without a request.
func (s *Store) postponeLocked(j *job, out *outgoing, until, now time.Time) {
	done := out.Delivery
	done.Blocked = true
	s.deliveries = record(s.deliveries, done)
	switch {
	case j.copyNo > 0: // the original comes again, its copies do not
	case j.attempt <= len(retryDelays):
		s.retryLocked(j, now)
	default:
		s.enqueueLocked(&job{event: j.event, hookID: j.hookID, attempt: j.attempt}, until)
	}
}

// exceptionLocked tells the client of h about a failure, through its hook for
// delivery exceptions if it has one. Failures of that hook are not told: chosen.
func (s *Store) exceptionLocked(h *hook, now time.Time, code int, message string) {
	if h.Scope == exceptionScope {
		return
	}
	if code == exceptionWillRetry {
		key := h.ClientID + " " + h.Destination
		if last, told := s.exceptions[key]; told && now.Sub(last) < exceptionPause {
			return
		}
		s.exceptions[key] = now
	}
	s.fireLocked(exceptionScope, 0, exceptionData{Type: "webhook", ID: h.ID, Code: code, Message: message}, h.ClientID)
}
