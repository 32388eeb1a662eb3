package downstreamtest

import (
	"context"
	"slices"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
)

// action is one of the two changes, so that a case is written once for both.
type action struct {
	name   string
	does   Action
	wished downstream.Phase
	call   func(ctx context.Context, a downstream.Adapter, target downstream.Target) (downstream.Change, error)
}

func actions() []action {
	return []action{cancelling(), fulfilling()}
}

func cancelling() action {
	return action{
		name: "cancel", does: Cancelled, wished: downstream.PhaseCancelled,
		call: func(ctx context.Context, a downstream.Adapter, target downstream.Target) (downstream.Change, error) {
			return a.Cancel(ctx, downstream.CancelRequest{Target: target, Reason: "cancelled in BigCommerce"})
		},
	}
}

func fulfilling() action {
	return action{
		name: "fulfill", does: Fulfilled, wished: downstream.PhaseFulfilled,
		call: func(ctx context.Context, a downstream.Adapter, target downstream.Target) (downstream.Change, error) {
			return a.Fulfill(ctx, downstream.FulfillRequest{Target: target, Shipments: parcels("1Z999AA10123456784")})
		},
	}
}

// other is the action that contradicts this one.
func (a action) other() action {
	if a.does == Cancelled {
		return fulfilling()
	}
	return cancelling()
}

// parcels makes a shipment for each tracking number.
func parcels(trackingNumbers ...string) []downstream.Shipment {
	shipments := make([]downstream.Shipment, 0, len(trackingNumbers))
	for _, number := range trackingNumbers {
		shipments = append(shipments, downstream.Shipment{TrackingNumber: number, Carrier: "ups", ShippedAt: shippedAt})
	}
	return shipments
}

// forEach makes one case for each action.
func forEach(name string, needs []Fault, run func(s *scene, a action)) []testCase {
	made := make([]testCase, 0, 2)
	for _, a := range actions() {
		made = append(made, testCase{
			name:  a.name + "/" + name,
			needs: needs,
			run:   func(s *scene) { run(s, a) },
		})
	}
	return made
}

// succeed makes a change that must work, and checks what it returns.
func (s *scene) succeed(a action, target downstream.Target) downstream.Change {
	s.Helper()
	done, err := a.call(s.Context(), s.adapter, target)
	require.NoError(s, err, "%s order %s", a.name, target.Number)
	s.requireResult(a, target, done.Order)
	return done
}

// findDone makes a change that somebody else has made already, and checks that
// the adapter says so.
func (s *scene) findDone(a action, target downstream.Target) {
	s.Helper()
	require.True(s, s.succeed(a, target).AlreadyDone, "order %s was %s already, and not by this request", target.Number, a.wished)
}

// requireResult checks the order that a change returned.
func (s *scene) requireResult(a action, target downstream.Target, got downstream.Order) {
	s.Helper()
	require.Equal(s, a.wished, got.Status.Phase, "phase of the order that was returned")
	require.Equal(s, target.OrderID, got.ID)
	require.Equal(s, target.Number, got.Number)
	require.Contains(s, s.statuses, got.Status)
}

// requireOneEffect checks that the system did this once to an order, and
// nothing else.
func (s *scene) requireOneEffect(number string, a action) {
	s.Helper()
	effects := s.effects(number)
	require.Len(s, effects, 1, "effects on order %s", number)
	require.Equal(s, a.does, effects[0].Action)
}

func (s *scene) requireNoEffect(number string) {
	s.Helper()
	require.Empty(s, s.effects(number), "effects on order %s", number)
}

// kept is what a system keeps of tracking numbers.
func (c Capabilities) kept(trackingNumbers []string) []string {
	if c.MaxTrackingNumbers < 0 || c.MaxTrackingNumbers >= len(trackingNumbers) {
		return slices.Clone(trackingNumbers)
	}
	return slices.Clone(trackingNumbers[:c.MaxTrackingNumbers])
}
