package ordermanager_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
)

// TestFulfillInTwoProcesses is about two processes that ship one order in the
// same moment: what the documentation says of it is what happens.
func TestFulfillInTwoProcesses(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct {
		permissive bool
		effects    int
	}{
		"the second is refused": {false, 1},
		"nothing is refused":    {true, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			f := newFixture(t)
			f.system.Faults().Permissive(c.permissive)
			elsewhere := newAdapter(t, configFor(f.system))
			elsewhere.Part()
			f.AddOrder(t, "218", "Awaiting Shipment")
			order, err := f.adapter.Find(t.Context(), "218")
			require.NoError(t, err)
			request := downstream.FulfillRequest{Target: downstream.Target{
				OrderID: order.ID, Number: order.Number, Version: order.Version, IdempotencyKey: "k",
			}}
			other := make(chan error, 1)
			f.system.Faults().BeforeChange(func(int64) {
				f.system.Faults().BeforeChange(nil)
				_, err := elsewhere.Fulfill(t.Context(), request)
				other <- err
			})
			done, err := f.adapter.Fulfill(t.Context(), request)
			require.NoError(t, err)
			require.NoError(t, <-other)
			require.False(t, done.AlreadyDone, "both say that they did it")
			require.Len(t, f.system.Effects(), c.effects)
		})
	}
}
