package vendure_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/vendure/venduretest"
)

// TestHalfMadeFulfillmentIsResumed is about what a crash between the two
// requests leaves behind.
func TestHalfMadeFulfillmentIsResumed(t *testing.T) {
	t.Parallel()

	threeLines := []venduretest.Line{
		{SKU: venduretest.SKUMug, Quantity: 2}, {SKU: venduretest.SKUTeapot, Quantity: 1}, {SKU: venduretest.SKUMug, Quantity: 4},
	}
	for name, c := range map[string]struct {
		number   string
		lines    []venduretest.Line
		tracking []string
		code     string
	}{
		"one tracking number":      {"half-1", nil, []string{"1Z"}, "1Z"},
		"no tracking number":       {"half-2", nil, nil, ""},
		"several tracking numbers": {"half-3", nil, []string{"1Z", "9400 1000"}, "1Z, 9400 1000"},
		"several lines":            {"half-4", threeLines, []string{"1Z"}, "1Z"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			f := newFixture(t)
			order := f.add(t, c.number, venduretest.StatePaymentSettled, c.lines...)
			require.NoError(t, f.server.AddFulfillment(t.Context(), c.number, c.code))

			found, err := f.adapter.Find(t.Context(), c.number)
			require.NoError(t, err)
			require.Equal(t, order, found, "a repetition has the version from before the crash")
			done, err := f.adapter.Fulfill(t.Context(), downstream.FulfillRequest{Target: target(order), Shipments: parcels(c.tracking...)})
			require.NoError(t, err)
			require.False(t, done.AlreadyDone)
			after := f.order(t, c.number)
			require.Equal(t, venduretest.StateShipped, after.State)
			require.Len(t, after.Fulfillments, 1, "it is not doubled")
			require.Equal(t, c.code, after.Fulfillments[0].TrackingCode)
			require.Len(t, f.effects(t, c.number), 1)
		})
	}
}

// TestCrashes are crashes of the adapter itself, at each of its requests.
func TestCrashes(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct {
		number string
		fault  venduretest.Fault
		step   venduretest.Step
	}{
		"before the fulfillment is made": {"crash-1", venduretest.ServerError, venduretest.OnPrepare},
		"after it is made":               {"crash-2", venduretest.LostAnswer, venduretest.OnPrepare},
		"before it is shipped":           {"crash-3", venduretest.ServerError, venduretest.OnWrite},
		"after it is shipped":            {"crash-4", venduretest.LostAnswer, venduretest.OnWrite},
		"Vendure throws":                 {"crash-5", venduretest.InternalError, venduretest.OnWrite},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			f := newFixture(t)
			order := f.add(t, c.number, venduretest.StatePaymentSettled)
			request := downstream.FulfillRequest{Target: target(order), Shipments: parcels("A", "B")}
			hit := f.proxy.Inject(c.fault, c.step)
			_, err := f.adapter.Fulfill(t.Context(), request)
			requireKind(t, downstream.Unavailable, err)
			<-hit
			_, err = f.adapter.Fulfill(t.Context(), request)
			require.NoError(t, err)
			effects := f.effects(t, c.number)
			require.Len(t, effects, 1)
			require.Equal(t, 1, effects[0].Fulfillments)
			require.Equal(t, []string{"A, B"}, effects[0].TrackingCodes)
		})
	}
}

// TestHalfMadeAndMoreToShip is about a half-made fulfillment of a part.
func TestHalfMadeAndMoreToShip(t *testing.T) {
	t.Parallel()

	f := newFixture(t)
	order := f.add(t, "more-1", venduretest.StatePaymentSettled)
	require.NoError(t, f.server.AddPartialFulfillment(t.Context(), "more-1", "1Z"))
	done, err := f.adapter.Fulfill(t.Context(), downstream.FulfillRequest{Target: target(order), Shipments: parcels("1Z")})
	require.NoError(t, err)
	require.Equal(t, venduretest.StateShipped, done.Order.Status.Name)
	after := f.order(t, "more-1").Fulfillments
	require.Len(t, after, 2)
	require.Equal(t, 3, pieces(after), "each piece is shipped once")
}

// TestFulfillmentOfSomebodyElse is about a fulfillment that the adapter did not
// begin: it is neither shipped with a number that it was not meant for, nor
// doubled.
func TestFulfillmentOfSomebodyElse(t *testing.T) {
	t.Parallel()

	t.Run("is waited for", func(t *testing.T) {
		t.Parallel()

		f := newFixture(t)
		order := f.add(t, "else-1", venduretest.StatePaymentSettled)
		require.NoError(t, f.server.AddPartialFulfillment(t.Context(), "else-1", "THEIRS"))
		before := f.order(t, "else-1")
		request := downstream.FulfillRequest{Target: target(order), Shipments: parcels("OURS")}
		_, err := f.adapter.Fulfill(t.Context(), request)
		requireKind(t, downstream.InUse, err, "THEIRS", "OURS")
		require.Equal(t, before, f.order(t, "else-1"))

		require.NoError(t, f.server.SetState(t.Context(), "else-1", venduretest.StateShipped))
		done, err := f.adapter.Fulfill(t.Context(), request)
		require.NoError(t, err)
		require.True(t, done.AlreadyDone)
		require.Empty(t, f.effects(t, "else-1"))
	})

	t.Run("does not keep an order from being cancelled", func(t *testing.T) {
		t.Parallel()

		f := newFixture(t)
		order := f.add(t, "else-2", venduretest.StatePaymentSettled)
		require.NoError(t, f.server.AddFulfillment(t.Context(), "else-2", "THEIRS"))
		done, err := f.adapter.Cancel(t.Context(), downstream.CancelRequest{Target: target(order)})
		require.NoError(t, err)
		require.False(t, done.AlreadyDone)
		require.Equal(t, venduretest.StateCancelled, f.order(t, "else-2").State)
	})
}

// TestRaces are about people who are faster than the adapter's write, after it
// has read the order.
func TestRaces(t *testing.T) {
	t.Parallel()

	t.Run("cancelled before the fulfillment is made", func(t *testing.T) {
		t.Parallel()

		f := newFixture(t)
		order := f.add(t, "race-1", venduretest.StatePaymentSettled)
		f.proxy.BeforeWrite(func() { f.set(t, "race-1", venduretest.StateCancelled) })
		_, err := f.adapter.Fulfill(t.Context(), downstream.FulfillRequest{Target: target(order)})
		requireKind(t, downstream.VersionConflict, err)
		require.Empty(t, f.order(t, "race-1").Fulfillments)
	})

	t.Run("cancelled before the fulfillment is shipped", func(t *testing.T) {
		t.Parallel()

		f := newFixture(t)
		order := f.add(t, "race-2", venduretest.StatePaymentSettled)
		f.proxy.BeforeWrite(func() {
			f.proxy.BeforeWrite(func() { f.set(t, "race-2", venduretest.StateCancelled) })
		})
		_, err := f.adapter.Fulfill(t.Context(), downstream.FulfillRequest{Target: target(order)})
		requireKind(t, downstream.VersionConflict, err)
		require.Equal(t, venduretest.StateCancelled, f.order(t, "race-2").State)
	})

	t.Run("fulfilled by somebody else before", func(t *testing.T) {
		t.Parallel()

		f := newFixture(t)
		order := f.add(t, "race-3", venduretest.StatePaymentSettled)
		f.proxy.BeforeWrite(func() { f.set(t, "race-3", venduretest.StateShipped) })
		done, err := f.adapter.Fulfill(t.Context(), downstream.FulfillRequest{Target: target(order)})
		require.NoError(t, err)
		require.True(t, done.AlreadyDone)
		require.Len(t, f.order(t, "race-3").Fulfillments, 1)
	})

	t.Run("cancelled by somebody else before", func(t *testing.T) {
		t.Parallel()

		f := newFixture(t)
		order := f.add(t, "race-4", venduretest.StatePaymentSettled)
		f.proxy.BeforeWrite(func() { f.set(t, "race-4", venduretest.StateCancelled) })
		done, err := f.adapter.Cancel(t.Context(), downstream.CancelRequest{Target: target(order)})
		require.NoError(t, err)
		require.True(t, done.AlreadyDone)
	})

	// This is the one that only Vendure could close: see the package comment.
	t.Run("shipped before the cancellation", func(t *testing.T) {
		t.Parallel()

		f := newFixture(t)
		order := f.add(t, "race-5", venduretest.StatePaymentSettled)
		f.proxy.BeforeWrite(func() { f.set(t, "race-5", venduretest.StateShipped) })
		_, err := f.adapter.Cancel(t.Context(), downstream.CancelRequest{Target: target(order)})
		require.NoError(t, err)
		after := f.order(t, "race-5")
		require.Equal(t, venduretest.StateCancelled, after.State)
		require.Equal(t, "Shipped", after.Fulfillments[0].State)
	})
}

// set changes an order as a user of Vendure would, from any goroutine.
func (f *fixture) set(t *testing.T, number, state string) {
	t.Helper()
	if err := f.server.SetState(t.Context(), number, state); err != nil {
		t.Error(err)
	}
}
