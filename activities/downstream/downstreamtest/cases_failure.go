package downstreamtest

import (
	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
)

// failureCases are about requests that the system answers with a failure and
// does not carry out.
func failureCases() []testCase {
	all := []testCase{
		failedRead(FaultForbidden, downstream.Forbidden),
		failedRead(FaultRateLimited, downstream.RateLimited),
		failedRead(FaultRevoked, downstream.Unauthorized),
		failedRead(FaultServerError, downstream.Unavailable),
		failedRead(FaultGarbage, downstream.Malformed),
		failedRead(FaultHalfAnswer, downstream.Malformed),
		failedRead(FaultWrongContentType, downstream.Malformed),
		{name: "find/credentials expired", needs: []Fault{FaultTokenExpired}, run: func(s *scene) {
			order := s.add(downstream.PhaseOpen)
			hit := s.inject(FaultTokenExpired, OnRead)
			require.Equal(s, order, s.find(order.Number))
			s.requireHit(hit)
		}},
	}
	for _, f := range []struct {
		fault Fault
		kind  downstream.Kind
	}{
		{FaultForbidden, downstream.Forbidden},
		{FaultInUse, downstream.InUse},
		{FaultRateLimited, downstream.RateLimited},
		{FaultRevoked, downstream.Unauthorized},
		{FaultServerError, downstream.Unavailable},
	} {
		all = append(all, failedWrite(f.fault, f.kind)...)
	}
	return append(all, forEach("credentials expired", []Fault{FaultTokenExpired}, func(s *scene, a action) {
		order := s.add(downstream.PhaseOpen)
		hit := s.inject(FaultTokenExpired, OnWrite)
		s.succeed(a, target(order, newKey()))
		s.requireHit(hit)
		s.requireOneEffect(order.Number, a)
	})...)
}

// failedRead finds an order while a fault is at work, and again afterwards.
func failedRead(fault Fault, kind downstream.Kind) testCase {
	return testCase{name: "find/" + string(fault), needs: []Fault{fault}, run: func(s *scene) {
		order := s.add(downstream.PhaseOpen)
		hit := s.inject(fault, OnRead)
		_, err := s.adapter.Find(s.Context(), order.Number)
		e := s.failure(kind, err)
		require.Equal(s, order.Number, e.Order)
		s.requireWait(e)
		s.requireHit(hit)
		s.heal()
		require.Equal(s, order, s.find(order.Number))
	}}
}

// failedWrite makes a change while a fault is at work, and repeats it
// afterwards.
func failedWrite(fault Fault, kind downstream.Kind) []testCase {
	return forEach(string(fault), []Fault{fault}, func(s *scene, a action) {
		order := s.add(downstream.PhaseOpen)
		request := target(order, newKey())
		hit := s.inject(fault, OnWrite)
		_, err := a.call(s.Context(), s.adapter, request)
		e := s.failure(kind, err)
		require.Equal(s, order.Number, e.Order)
		s.requireWait(e)
		s.requireHit(hit)
		s.heal()
		s.requireNoEffect(order.Number)
		s.succeed(a, request)
		s.requireOneEffect(order.Number, a)
	})
}

// requireWait checks that an error says how long to wait when, and only when,
// the system did.
func (s *scene) requireWait(e *downstream.Error) {
	s.Helper()
	if e.Kind == downstream.RateLimited {
		require.Equal(s, s.caps.RetryAfter, e.RetryAfter)
	}
}

// requireHit checks that a fault was at work, so that a case cannot pass
// without it. Faults that last may have no signal.
func (s *scene) requireHit(hit <-chan struct{}) {
	s.Helper()
	if hit == nil {
		return
	}
	select {
	case <-hit:
	default:
		require.Fail(s, "the fault was never at work")
	}
}

// doubtCases are about changes whose answer says too little or the wrong
// thing. The adapter reports a failure or, if it could find out, the truth;
// either way the repetition ends in one effect.
func doubtCases() []testCase {
	var all []testCase
	for _, fault := range []Fault{FaultGarbage, FaultHalfAnswer, FaultHollowSuccess} {
		all = append(all, forEach(string(fault), []Fault{fault}, func(s *scene, a action) {
			order := s.add(downstream.PhaseOpen)
			request := target(order, newKey())
			hit := s.inject(fault, OnWrite)
			_, err := a.call(s.Context(), s.adapter, request)
			e := s.kindOf(err)
			require.Contains(s, retryable(), e.Kind, "nothing was carried out: %v", err)
			s.requireHit(hit)
			s.requireNoEffect(order.Number)
			s.succeed(a, request)
			s.requireOneEffect(order.Number, a)
		})...)
	}
	all = append(all, forEach(string(FaultLostAnswer), []Fault{FaultLostAnswer}, func(s *scene, a action) {
		order := s.add(downstream.PhaseOpen)
		request := target(order, newKey())
		hit := s.inject(FaultLostAnswer, OnWrite)
		if _, err := a.call(s.Context(), s.adapter, request); err != nil {
			require.Contains(s, retryable(), s.kindOf(err).Kind, "%v", err)
		}
		s.requireHit(hit)
		s.requireOneEffect(order.Number, a)
		s.succeed(a, request)
		s.requireOneEffect(order.Number, a)
	})...)
	return append(all, forEach(string(FaultStaleRead), []Fault{FaultStaleRead}, func(s *scene, a action) {
		order := s.add(downstream.PhaseOpen)
		request := target(order, newKey())
		s.inject(FaultStaleRead, OnRead)
		if _, err := a.call(s.Context(), s.adapter, request); err != nil {
			require.Contains(s, retryable(), s.kindOf(err).Kind, "%v", err)
		}
		s.heal()
		s.succeed(a, request)
		s.requireOneEffect(order.Number, a)
	})...)
}

// retryable are the kinds after which a caller makes the same request again.
func retryable() []downstream.Kind {
	return []downstream.Kind{downstream.Malformed, downstream.Timeout, downstream.Unavailable}
}
