package downstreamtest

import (
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
)

func statusCases() []testCase {
	return []testCase{
		{name: "statuses/can be used", run: usableStatuses},
		{name: "statuses/each reads back with its phase", run: statusesReadBack},
		{name: "probe/passes", run: func(s *scene) {
			require.NoError(s, s.adapter.Probe(s.Context()))
		}},
		{name: "probe/revoked credentials", needs: []Fault{FaultRevoked}, run: func(s *scene) {
			s.inject(FaultRevoked, OnRead)
			s.requireKind(downstream.Unauthorized, s.adapter.Probe(s.Context()))
			s.heal()
			require.NoError(s, s.adapter.Probe(s.Context()))
		}},
		{name: "probe/system fails", needs: []Fault{FaultServerError}, run: func(s *scene) {
			s.inject(FaultServerError, OnRead)
			s.requireKind(downstream.Unavailable, s.adapter.Probe(s.Context()))
		}},
	}
}

func usableStatuses(s *scene) {
	require.NotEmpty(s, s.statuses)
	names, phases := map[string]bool{}, map[downstream.Phase]bool{}
	for _, status := range s.statuses {
		require.NotEmpty(s, status.Name)
		require.Equal(s, strings.TrimSpace(status.Name), status.Name, "the name is padded")
		require.NotContains(s, names, status.Name, "the name comes twice")
		require.True(s, status.Phase.Valid(), "status %q has the phase %q", status.Name, status.Phase)
		names[status.Name], phases[status.Phase] = true, true
	}
	for _, phase := range []downstream.Phase{downstream.PhaseOpen, downstream.PhaseCancelled, downstream.PhaseFulfilled} {
		require.Contains(s, phases, phase, "no status has this phase")
	}
}

func statusesReadBack(s *scene) {
	require.NotEmpty(s, s.settable())
	for _, status := range s.settable() {
		number := newNumber()
		s.addOrder(number, status.Name)
		order := s.find(number)
		require.Equal(s, status, order.Status)
		require.Equal(s, number, order.Number)
		require.NotEmpty(s, order.ID)
		require.Equal(s, s.caps.Versions, order.Version != "", "version %q", order.Version)
	}
}

func findCases() []testCase {
	return []testCase{
		{name: "find/no such order", run: func(s *scene) {
			_, err := s.adapter.Find(s.Context(), newNumber())
			s.requireKind(downstream.NotFound, err)
		}},
		{name: "find/no such order while filters are ignored", needs: []Fault{FaultIgnoredFilter}, run: func(s *scene) {
			s.add(downstream.PhaseOpen)
			s.inject(FaultIgnoredFilter, OnRead)
			_, err := s.adapter.Find(s.Context(), newNumber())
			s.requireKind(downstream.NotFound, err)
		}},
		{name: "find/equal among all while filters are ignored", needs: []Fault{FaultIgnoredFilter}, run: func(s *scene) {
			s.add(downstream.PhaseOpen)
			wanted := s.add(downstream.PhaseOpen)
			s.add(downstream.PhaseOpen)
			s.inject(FaultIgnoredFilter, OnRead)
			require.Equal(s, wanted, s.find(wanted.Number))
		}},
		{name: "find/substrings are not equal", run: substrings(false)},
		{name: "find/substrings are not equal while the system matches them", needs: []Fault{FaultSubstringFilter}, run: substrings(true)},
		{name: "find/equal among substrings", needs: []Fault{FaultSubstringFilter}, run: equalAmongSubstrings},
		{name: "find/space around the number", run: func(s *scene) {
			order := s.add(downstream.PhaseOpen)
			require.Equal(s, order, s.find(" \t"+order.Number+" \n"))
		}},
		{name: "find/case matters", run: caseMatters},
		{name: "find/empty number", run: func(s *scene) {
			_, err := s.adapter.Find(s.Context(), "  ")
			s.requireKind(downstream.Invalid, err)
		}},
		{name: "find/two orders with one number", run: ambiguous, unless: func(c Capabilities) string {
			if c.UniqueNumbers {
				return "the system allows one order a number"
			}
			return ""
		}},
		{name: "find/follows the order", run: followsTheOrder},
	}
}

// substrings looks for a number that is only part of those that exist.
func substrings(faulty bool) func(s *scene) {
	return func(s *scene) {
		open, _ := s.status(downstream.PhaseOpen)
		number := newNumber()
		s.addOrder(number+"0", open)
		s.addOrder("1"+number, open)
		if faulty {
			s.inject(FaultSubstringFilter, OnRead)
		}
		_, err := s.adapter.Find(s.Context(), number)
		s.requireKind(downstream.NotFound, err)
	}
}

func equalAmongSubstrings(s *scene) {
	open, _ := s.status(downstream.PhaseOpen)
	number := newNumber()
	s.addOrder(number+"0", open)
	s.addOrder(number, open)
	s.addOrder("1"+number, open)
	s.inject(FaultSubstringFilter, OnRead)
	require.Equal(s, number, s.find(number).Number)
}

func caseMatters(s *scene) {
	open, _ := s.status(downstream.PhaseOpen)
	lower := "w" + newNumber()
	s.addOrder(lower, open)
	require.Equal(s, lower, s.find(lower).Number)
	if s.caps.knows(FaultSubstringFilter) {
		s.inject(FaultSubstringFilter, OnRead)
	}
	_, err := s.adapter.Find(s.Context(), strings.ToUpper(lower))
	s.requireKind(downstream.NotFound, err)
}

func ambiguous(s *scene) {
	open, _ := s.status(downstream.PhaseOpen)
	done, _ := s.status(downstream.PhaseCancelled)
	for _, second := range []string{open, done} {
		number := newNumber()
		s.addOrder(number, open)
		s.addOrder(number, second)
		_, err := s.adapter.Find(s.Context(), number)
		e := s.failure(downstream.Ambiguous, err)
		require.Equal(s, number, e.Order)
	}
}

func followsTheOrder(s *scene) {
	before := s.add(downstream.PhaseOpen)
	done, ok := s.status(downstream.PhaseFulfilled)
	require.True(s, ok)
	s.setStatus(before.Number, done)
	after := s.find(before.Number)
	require.Equal(s, before.ID, after.ID)
	require.Equal(s, done, after.Status.Name)
	if s.caps.Versions {
		require.NotEqual(s, before.Version, after.Version)
	}
}
