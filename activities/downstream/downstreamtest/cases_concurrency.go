package downstreamtest

import (
	"context"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
)

// rivals is how many requests are made at the same time.
const rivals = 8

// concurrencyCases are about requests for one order at the same time.
func concurrencyCases() []testCase {
	all := forEach("rivals with keys of their own", nil, func(s *scene, a action) {
		order := s.add(downstream.PhaseOpen)
		results := s.race(func(ctx context.Context, _ int) (downstream.Change, error) {
			return a.call(ctx, s.adapter, target(order, newKey()))
		})
		s.requireRace(a, order, results)
		first := 0
		for _, r := range results {
			if r.err == nil && !r.change.AlreadyDone {
				first++
			}
		}
		require.Equal(s, 1, first, "one rival did it, the others found it done")
	})
	all = append(all, forEach("one request made many times", nil, func(s *scene, a action) {
		order := s.add(downstream.PhaseOpen)
		request := target(order, newKey())
		results := s.race(func(ctx context.Context, _ int) (downstream.Change, error) {
			return a.call(ctx, s.adapter, request)
		})
		s.requireRace(a, order, results)
		if s.caps.IdempotencyKeys {
			for _, r := range results {
				require.NoError(s, r.err, "a repeated request is answered as the first was")
			}
		}
		s.succeed(a, request)
		s.requireOneEffect(order.Number, a)
	})...)
	return append(all, testCase{
		name: "cancel and fulfill/at the same time", unless: withoutVersions,
		run: func(s *scene) {
			order := s.add(downstream.PhaseOpen)
			s.race(func(ctx context.Context, i int) (downstream.Change, error) {
				return actions()[i%2].call(ctx, s.adapter, target(order, newKey()))
			})
			effects := s.effects(order.Number)
			require.Len(s, effects, 1, "both were carried out")
			winner := cancelling()
			if effects[0].Action == Fulfilled {
				winner = fulfilling()
			}
			s.requirePhase(order.Number, winner.wished)
		},
	})
}

type result struct {
	change downstream.Change
	err    error
}

// race makes the calls at the same time and waits for all of them.
func (s *scene) race(call func(ctx context.Context, i int) (downstream.Change, error)) []result {
	s.Helper()
	start, done := make(chan struct{}), make(chan struct{})
	results := make([]result, rivals)
	for i := range rivals {
		go func() {
			<-start
			results[i].change, results[i].err = call(s.Context(), i)
			done <- struct{}{}
		}()
	}
	close(start)
	for range rivals {
		<-done
	}
	return results
}

// requireRace checks that one of the rivals did it, and that each of the others
// was told so or told to look again.
func (s *scene) requireRace(a action, order downstream.Order, results []result) {
	s.Helper()
	succeeded := 0
	for _, r := range results {
		if r.err == nil {
			succeeded++
			s.requireResult(a, target(order, ""), r.change.Order)
			continue
		}
		e := s.kindOf(r.err)
		require.Contains(s, []downstream.Kind{downstream.VersionConflict, downstream.InUse}, e.Kind, "%v", r.err)
	}
	require.Positive(s, succeeded, "nobody succeeded")
	s.requireOneEffect(order.Number, a)
	s.requirePhase(order.Number, a.wished)
}
