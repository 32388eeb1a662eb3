package vendure_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/vendure"
	"github.com/orderbridge/orderbridge/activities/downstream/vendure/venduretest"
)

// effects are what the adapter did to the orders of a number.
func (f *fixture) effects(t *testing.T, number string) []venduretest.Effect {
	t.Helper()
	effects, err := f.server.Effects(t.Context(), number)
	require.NoError(t, err)
	return effects
}

// order is the one order of a number as Vendure has it.
func (f *fixture) order(t *testing.T, number string) venduretest.Order {
	t.Helper()
	order, err := f.server.Order(t.Context(), number)
	require.NoError(t, err)
	return order
}

func parcels(trackingNumbers ...string) []downstream.Shipment {
	shipments := make([]downstream.Shipment, 0, len(trackingNumbers))
	for _, number := range trackingNumbers {
		shipments = append(shipments, downstream.Shipment{TrackingNumber: number, Carrier: "ups"})
	}
	return shipments
}

// TestShippedOrdersAreNotCancelled shows both: that Vendure would cancel what is
// shipped, and that the adapter does not ask.
func TestShippedOrdersAreNotCancelled(t *testing.T) {
	t.Parallel()

	for _, state := range []string{venduretest.StateShipped, venduretest.StateDelivered} {
		t.Run(state, func(t *testing.T) {
			t.Parallel()

			f := newFixture(t)
			number := "trap-" + state
			order := f.add(t, number, state)
			_, err := f.adapter.Cancel(t.Context(), downstream.CancelRequest{Target: target(order)})
			requireKind(t, downstream.Refused, err)
			require.Empty(t, f.effects(t, number))
			require.Equal(t, state, f.order(t, number).State)

			require.NoError(t, f.server.SetState(t.Context(), number, venduretest.StateCancelled), "Vendure itself does")
			require.Equal(t, venduretest.StateCancelled, f.order(t, number).State)
		})
	}
}

// TestUnplacedOrdersAreLeftAlone covers states in which Vendure would go along,
// too.
func TestUnplacedOrdersAreLeftAlone(t *testing.T) {
	t.Parallel()

	for _, state := range []string{
		venduretest.StateDraft, venduretest.StateAddingItems, venduretest.StateArrangingPayment,
		venduretest.StateModifying, venduretest.StateArrangingAdditionalPayment,
	} {
		t.Run(state, func(t *testing.T) {
			t.Parallel()

			f := newFixture(t)
			number := "unplaced-" + state
			order := f.add(t, number, state)
			require.Equal(t, downstream.PhaseUnprocessed, order.Status.Phase)
			_, err := f.adapter.Cancel(t.Context(), downstream.CancelRequest{Target: target(order)})
			requireKind(t, downstream.Refused, err)
			_, err = f.adapter.Fulfill(t.Context(), downstream.FulfillRequest{Target: target(order)})
			requireKind(t, downstream.Refused, err)
			require.Empty(t, f.effects(t, number))
			require.Empty(t, f.order(t, number).Fulfillments)
		})
	}
}

// TestFulfillmentWithoutAWay covers open states from which no order becomes
// Shipped. Vendure would make the fulfillment all the same.
func TestFulfillmentWithoutAWay(t *testing.T) {
	t.Parallel()

	for state, advice := range map[string]string{
		venduretest.StatePaymentAuthorized:  "settle the order's payment",
		venduretest.StatePartiallyDelivered: "look at the order",
	} {
		t.Run(state, func(t *testing.T) {
			t.Parallel()

			f := newFixture(t)
			number := "noway-" + state
			order := f.add(t, number, state)
			before := f.order(t, number)
			_, err := f.adapter.Fulfill(t.Context(), downstream.FulfillRequest{Target: target(order), Shipments: parcels("A")})
			require.Contains(t, failure(t, downstream.Refused, err).Advice, advice)
			require.Equal(t, before, f.order(t, number))
		})
	}
}

func TestPartiallyShipped(t *testing.T) {
	t.Parallel()

	t.Run("the rest is fulfilled", func(t *testing.T) {
		t.Parallel()

		f := newFixture(t)
		order := f.add(t, "partial-1", venduretest.StatePartiallyShipped,
			venduretest.Line{SKU: venduretest.SKUMug, Quantity: 3}, venduretest.Line{SKU: venduretest.SKUTeapot, Quantity: 2})
		shipped := f.order(t, "partial-1").Fulfillments
		require.Len(t, shipped, 1)
		done, err := f.adapter.Fulfill(t.Context(), downstream.FulfillRequest{Target: target(order), Shipments: parcels("REST")})
		require.NoError(t, err)
		require.Equal(t, venduretest.StateShipped, done.Order.Status.Name)
		after := f.order(t, "partial-1").Fulfillments
		require.Len(t, after, 2)
		require.Equal(t, 5, pieces(after), "each piece is shipped once")
		require.Equal(t, []string{"REST"}, f.effects(t, "partial-1")[0].TrackingCodes)
	})

	t.Run("all of it is cancelled", func(t *testing.T) {
		t.Parallel()

		f := newFixture(t)
		order := f.add(t, "partial-2", venduretest.StatePartiallyShipped)
		done, err := f.adapter.Cancel(t.Context(), downstream.CancelRequest{Target: target(order)})
		require.NoError(t, err)
		require.Equal(t, venduretest.StateCancelled, done.Order.Status.Name)
		for _, line := range f.order(t, "partial-2").Lines {
			require.Zero(t, line.Quantity)
		}
	})
}

// pieces counts what is in fulfillments.
func pieces(fulfillments []venduretest.Fulfillment) int {
	n := 0
	for _, f := range fulfillments {
		for _, l := range f.Lines {
			n += l.Quantity
		}
	}
	return n
}

// TestTimeDoesNotTellChanges shows why the time of the last update is no version.
func TestTimeDoesNotTellChanges(t *testing.T) {
	t.Parallel()

	f := newFixture(t)
	before := f.add(t, "time-1", venduretest.StatePaymentSettled)
	updated := f.order(t, "time-1").UpdatedAt
	require.NoError(t, f.server.SetState(t.Context(), "time-1", venduretest.StateShipped))
	require.Equal(t, updated, f.order(t, "time-1").UpdatedAt, "of an order that was shipped since")
	after, err := f.adapter.Find(t.Context(), "time-1")
	require.NoError(t, err)
	require.NotEqual(t, before.Version, after.Version)
}

// TestChangedAndChangedBack is about an order that looks as before.
func TestChangedAndChangedBack(t *testing.T) {
	t.Parallel()

	f := newFixture(t)
	order := f.add(t, "back-1", venduretest.StatePaymentSettled)
	require.NoError(t, f.server.SetState(t.Context(), "back-1", venduretest.StateModifying))
	require.NoError(t, f.server.SetState(t.Context(), "back-1", venduretest.StatePaymentSettled))
	_, err := f.adapter.Cancel(t.Context(), downstream.CancelRequest{Target: target(order)})
	requireKind(t, downstream.VersionConflict, err)
	require.Empty(t, f.effects(t, "back-1"))
}

// TestOrderCode finds orders by the number that Vendure itself gave them.
func TestOrderCode(t *testing.T) {
	t.Parallel()

	f := newFixture(t)
	f.add(t, "code-1", venduretest.StatePaymentSettled)
	code := f.order(t, "code-1").Code
	config := f.config
	config.Field = vendure.FieldCode
	adapter := newAdapter(t, config)
	require.NoError(t, adapter.Probe(t.Context()))
	order, err := adapter.Find(t.Context(), code)
	require.NoError(t, err)
	require.Equal(t, code, order.Number)
	_, err = adapter.Find(t.Context(), "code-1")
	requireKind(t, downstream.NotFound, err)
	done, err := adapter.Cancel(t.Context(), downstream.CancelRequest{Target: target(order)})
	require.NoError(t, err)
	require.Equal(t, code, done.Order.Number)
}

// TestStock changes what other tests need, so that it runs before them, alone.
func TestStock(t *testing.T) { //nolint:paralleltest // see above
	f := newFixture(t)
	order := f.add(t, "stock-1", venduretest.StatePaymentSettled, venduretest.Line{SKU: venduretest.SKUTeapot, Quantity: 3})
	require.NoError(t, f.server.SetStock(t.Context(), venduretest.SKUTeapot, 2))
	_, err := f.adapter.Fulfill(t.Context(), downstream.FulfillRequest{Target: target(order)})
	require.Contains(t, failure(t, downstream.Refused, err, "Teapot").Advice, "stock")
	require.Empty(t, f.effects(t, "stock-1"))

	require.NoError(t, f.server.SetStock(t.Context(), venduretest.SKUTeapot, 1_000_000))
	_, err = f.adapter.Fulfill(t.Context(), downstream.FulfillRequest{Target: target(order)})
	require.NoError(t, err)
}
