package downstreamtest

import (
	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
)

// doneCases are about orders that are already in the wished state. That is
// success, however the system puts it.
func doneCases() []testCase {
	all := forEach("already done", nil, func(s *scene, a action) {
		order := s.add(a.wished)
		s.findDone(a, target(order, newKey()))
		s.requireNoEffect(order.Number)
	})
	all = append(all, forEach("done since it was read", nil, func(s *scene, a action) {
		order := s.add(downstream.PhaseOpen)
		done, ok := s.status(a.wished)
		require.True(s, ok)
		s.setStatus(order.Number, done)
		s.findDone(a, target(order, newKey()))
		s.requireNoEffect(order.Number)
	})...)
	return append(all, forEach("done by another request", nil, func(s *scene, a action) {
		order := s.add(downstream.PhaseOpen)
		require.False(s, s.succeed(a, target(order, newKey())).AlreadyDone)
		s.findDone(a, target(order, newKey()))
		s.findDone(a, target(s.find(order.Number), newKey()))
		s.requireOneEffect(order.Number, a)
	})...)
}

// refusalCases are about orders that can no longer be changed. An adapter
// refuses also where its system would go along.
func refusalCases() []testCase {
	all := forEach("too late", nil, func(s *scene, a action) {
		order := s.add(a.other().wished)
		_, err := a.call(s.Context(), s.adapter, target(order, newKey()))
		s.requireKind(downstream.Refused, err)
		s.requireNoEffect(order.Number)
		s.requirePhase(order.Number, a.other().wished)
	})
	all = append(all, forEach("too late after the other", nil, func(s *scene, a action) {
		order := s.add(downstream.PhaseOpen)
		s.succeed(a.other(), target(order, newKey()))
		_, err := a.call(s.Context(), s.adapter, target(s.find(order.Number), newKey()))
		s.requireKind(downstream.Refused, err)
		s.requireOneEffect(order.Number, a.other())
	})...)
	all = append(all, forEach("the other came first, unread", nil, func(s *scene, a action) {
		order := s.add(downstream.PhaseOpen)
		s.succeed(a.other(), target(order, newKey()))
		_, err := a.call(s.Context(), s.adapter, target(order, newKey()))
		want := downstream.Refused
		if s.caps.Versions {
			want = downstream.VersionConflict
		}
		s.requireKind(want, err)
		s.requireOneEffect(order.Number, a.other())
	})...)
	for _, c := range forEach("a closed order", nil, func(s *scene, a action) {
		order := s.add(downstream.PhaseClosed)
		_, err := a.call(s.Context(), s.adapter, target(order, newKey()))
		s.requireKind(downstream.Refused, err)
		s.requireNoEffect(order.Number)
		s.requirePhase(order.Number, downstream.PhaseClosed)
	}) {
		c.phase = downstream.PhaseClosed
		all = append(all, c)
	}
	return all
}

// repeatCases are about one request that is made twice, as Temporal does when
// it does not know whether the first attempt worked.
func repeatCases() []testCase {
	all := forEach("repeated", nil, func(s *scene, a action) {
		order := s.add(downstream.PhaseOpen)
		request := target(order, newKey())
		first := s.succeed(a, request)
		for range 3 {
			again := s.succeed(a, request)
			require.Equal(s, first.Order, again.Order)
			if s.caps.IdempotencyKeys {
				require.False(s, again.AlreadyDone, "a repetition is recognized by its key")
			}
		}
		s.requireOneEffect(order.Number, a)
	})
	return append(all, forEach("repeated with the version read since", nil, func(s *scene, a action) {
		order := s.add(downstream.PhaseOpen)
		key := newKey()
		s.succeed(a, target(order, key))
		s.succeed(a, target(s.find(order.Number), key))
		s.requireOneEffect(order.Number, a)
	})...)
}
