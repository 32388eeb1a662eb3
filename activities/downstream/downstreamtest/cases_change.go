package downstreamtest

import (
	"slices"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
)

// shippedAt is when the suite's parcels were shipped.
var shippedAt = time.Date(2026, time.March, 4, 15, 16, 17, 0, time.UTC)

func changeCases() []testCase {
	all := forEach("an open order", nil, func(s *scene, a action) {
		order := s.add(downstream.PhaseOpen)
		got := s.succeed(a, target(order, newKey())).Order
		s.requireOneEffect(order.Number, a)
		require.Equal(s, got, s.find(order.Number), "what is returned is what is read afterwards")
		if s.caps.Versions {
			require.NotEqual(s, order.Version, got.Version)
		}
	})
	all = append(all, forEach("from every open status", nil, func(s *scene, a action) {
		for _, status := range s.settable() {
			if status.Phase != downstream.PhaseOpen {
				continue
			}
			number := newNumber()
			s.addOrder(number, status.Name)
			if a.does == Fulfilled && slices.Contains(s.caps.Unfulfillable, status.Name) {
				_, err := a.call(s.Context(), s.adapter, target(s.find(number), newKey()))
				s.requireKind(downstream.Refused, err)
				s.requireNoEffect(number)
				continue
			}
			s.succeed(a, target(s.find(number), newKey()))
			s.requireOneEffect(number, a)
		}
	})...)
	all = append(all, forEach("leaves other orders alone", nil, func(s *scene, a action) {
		bystander, order := s.add(downstream.PhaseOpen), s.add(downstream.PhaseOpen)
		s.succeed(a, target(order, newKey()))
		require.Equal(s, bystander, s.find(bystander.Number))
		s.requireNoEffect(bystander.Number)
	})...)
	for _, c := range forEach("changed since it was read", nil, changedMeanwhile) {
		c.unless = withoutVersions
		all = append(all, c)
	}
	return append(all,
		tracking("no tracking number"),
		tracking("one tracking number", "1Z999AA10123456784"),
		tracking("several tracking numbers", "1Z999AA10123456784", "9400 1000 0000", "ÄÖ-7/b"),
		testCase{name: "fulfill/shipment without tracking number", run: func(s *scene) {
			order := s.add(downstream.PhaseOpen)
			_, err := s.adapter.Fulfill(s.Context(), downstream.FulfillRequest{
				Target: target(order, newKey()), Shipments: []downstream.Shipment{{}},
			})
			require.NoError(s, err)
			s.requireOneEffect(order.Number, fulfilling())
			require.Empty(s, s.effects(order.Number)[0].TrackingNumbers)
		}},
		testCase{name: "cancel/reason that spans lines and is long", run: func(s *scene) {
			order := s.add(downstream.PhaseOpen)
			reason := make([]rune, 2000)
			for i := range reason {
				reason[i] = 'é'
			}
			reason[3], reason[4] = '\r', '\n'
			got, err := s.adapter.Cancel(s.Context(), downstream.CancelRequest{
				Target: target(order, newKey()), Reason: string(reason),
			})
			require.NoError(s, err)
			s.requireResult(cancelling(), target(order, ""), got.Order)
		}},
	)
}

func withoutVersions(c Capabilities) string {
	if !c.Versions {
		return "the system has no versions"
	}
	return ""
}

// changedMeanwhile changes an order between the read and the write, to another
// open status and, where there is only one, to the same.
func changedMeanwhile(s *scene, a action) {
	order := s.add(downstream.PhaseOpen)
	moved := order.Status.Name
	for _, status := range s.settable() {
		if status.Phase == downstream.PhaseOpen && !slices.Contains(s.caps.Unfulfillable, status.Name) {
			moved = status.Name
		}
	}
	s.setStatus(order.Number, moved)
	key := newKey()
	_, err := a.call(s.Context(), s.adapter, target(order, key))
	e := s.failure(downstream.VersionConflict, err)
	require.Equal(s, order.Number, e.Order)
	s.requireNoEffect(order.Number)

	// Read and ruled again, the request goes through, with the same key too.
	s.succeed(a, target(s.find(order.Number), key))
	s.requireOneEffect(order.Number, a)
}

// tracking fulfills with these tracking numbers.
func tracking(name string, trackingNumbers ...string) testCase {
	return testCase{name: "fulfill/" + name, run: func(s *scene) {
		order := s.add(downstream.PhaseOpen)
		got, err := s.adapter.Fulfill(s.Context(), downstream.FulfillRequest{
			Target: target(order, newKey()), Shipments: parcels(trackingNumbers...),
		})
		require.NoError(s, err)
		s.requireResult(fulfilling(), target(order, ""), got.Order)
		s.requireOneEffect(order.Number, fulfilling())
		require.ElementsMatch(s, s.caps.kept(trackingNumbers), s.effects(order.Number)[0].TrackingNumbers)
	}}
}
