package venduretest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream/vendure/venduretest"
)

func TestAddOrder(t *testing.T) {
	t.Parallel()

	for _, state := range venduretest.States() {
		t.Run(state, func(t *testing.T) {
			t.Parallel()

			s, number := shared(t), "add-"+state
			require.NoError(t, s.AddOrder(t.Context(), number, state))
			requireState(t, number, state)
			requireNoEffect(t, number)
		})
	}

	t.Run("NoSuchState", func(t *testing.T) {
		t.Parallel()

		require.ErrorContains(t, shared(t).AddOrder(t.Context(), "none", venduretest.StateCreated), "Created")
	})

	t.Run("NoSuchProduct", func(t *testing.T) {
		t.Parallel()

		err := shared(t).AddOrder(t.Context(), "none", venduretest.StateDraft, venduretest.Line{SKU: "CUP-1", Quantity: 1})
		require.ErrorContains(t, err, "CUP-1")
	})

	t.Run("TwoOfOneNumber", func(t *testing.T) {
		t.Parallel()

		s := shared(t)
		require.NoError(t, s.AddOrder(t.Context(), "add-twice", venduretest.StateDraft))
		require.NoError(t, s.AddOrder(t.Context(), "add-twice", venduretest.StateDraft))
		_, err := s.Order(t.Context(), "add-twice")
		require.ErrorContains(t, err, "there are 2")
		_, err = s.Order(t.Context(), "add-never")
		require.ErrorContains(t, err, "there are 0")
	})
}

func TestSetState(t *testing.T) {
	t.Parallel()

	for _, e := range []struct{ from, to string }{
		{venduretest.StateDraft, venduretest.StateArrangingPayment},
		{venduretest.StateAddingItems, venduretest.StateAddingItems},
		{venduretest.StateArrangingPayment, venduretest.StatePaymentSettled},
		{venduretest.StateArrangingPayment, venduretest.StateArrangingPayment},
		{venduretest.StatePaymentAuthorized, venduretest.StatePaymentSettled},
		{venduretest.StatePaymentAuthorized, venduretest.StatePaymentAuthorized},
		{venduretest.StatePaymentAuthorized, venduretest.StateShipped},
		{venduretest.StatePaymentAuthorized, venduretest.StateCancelled},
		{venduretest.StatePaymentSettled, venduretest.StatePaymentSettled},
		{venduretest.StatePaymentSettled, venduretest.StatePartiallyShipped},
		{venduretest.StatePartiallyShipped, venduretest.StatePartiallyShipped},
		{venduretest.StatePartiallyShipped, venduretest.StateShipped},
		{venduretest.StatePartiallyShipped, venduretest.StateCancelled},
		{venduretest.StatePartiallyDelivered, venduretest.StatePartiallyDelivered},
		{venduretest.StatePartiallyDelivered, venduretest.StateDelivered},
		{venduretest.StateShipped, venduretest.StateDelivered},
		{venduretest.StateShipped, venduretest.StateCancelled},
		{venduretest.StateModifying, venduretest.StatePaymentSettled},
		{venduretest.StateModifying, venduretest.StateModifying},
		{venduretest.StateModifying, venduretest.StateShipped},
		{venduretest.StateDraft, venduretest.StateCancelled},
		{venduretest.StateAddingItems, venduretest.StateCancelled},
		{venduretest.StateDelivered, venduretest.StateCancelled},
		{venduretest.StateArrangingAdditionalPayment, venduretest.StateArrangingAdditionalPayment},
		{venduretest.StateArrangingAdditionalPayment, venduretest.StateCancelled},
		{venduretest.StateShipped, venduretest.StateShipped},
	} {
		t.Run(e.from+" to "+e.to, func(t *testing.T) {
			t.Parallel()

			s, number := shared(t), e.from+"-"+e.to
			require.NoError(t, s.AddOrder(t.Context(), number, e.from))
			require.NoError(t, s.SetState(t.Context(), number, e.to))
			requireState(t, number, e.to)
			requireNoEffect(t, number)
		})
	}

	for _, e := range []struct{ from, to string }{
		{venduretest.StateCancelled, venduretest.StatePaymentSettled},
		{venduretest.StateCancelled, venduretest.StateCancelled},
		{venduretest.StateDelivered, venduretest.StateDelivered},
		{venduretest.StateDraft, venduretest.StateDraft},
		{venduretest.StateModifying, venduretest.StateCancelled},
	} {
		t.Run("no way from "+e.from+" to "+e.to, func(t *testing.T) {
			t.Parallel()

			s, number := shared(t), "no-way-"+e.from+"-"+e.to
			require.NoError(t, s.AddOrder(t.Context(), number, e.from))
			require.ErrorContains(t, s.SetState(t.Context(), number, e.to), "ORDER_STATE_TRANSITION_ERROR")
			requireState(t, number, e.from)
		})
	}
}

func TestAddFulfillment(t *testing.T) {
	t.Parallel()

	s := shared(t)
	require.NoError(t, s.AddOrder(t.Context(), "half-made", venduretest.StatePaymentSettled))
	require.NoError(t, s.AddPartialFulfillment(t.Context(), "half-made", "1Z1"))
	require.NoError(t, s.AddFulfillment(t.Context(), "half-made", "1Z2"))
	order := requireState(t, "half-made", venduretest.StatePaymentSettled)
	require.Len(t, order.Fulfillments, 2)
	for i, tracking := range []string{"1Z1", "1Z2"} {
		require.Equal(t, "Pending", order.Fulfillments[i].State)
		require.Equal(t, tracking, order.Fulfillments[i].TrackingCode)
	}
	require.ErrorContains(t, s.AddFulfillment(t.Context(), "half-made", ""), "nothing")
	require.ErrorContains(t, s.AddPartialFulfillment(t.Context(), "half-made", ""), "nothing")

	require.NoError(t, s.SetState(t.Context(), "half-made", venduretest.StateShipped))
	require.Len(t, requireState(t, "half-made", venduretest.StateShipped).Fulfillments, 2, "the pending ones are shipped")
}

func TestEffects(t *testing.T) {
	t.Parallel()

	t.Run("Cancelled", func(t *testing.T) {
		t.Parallel()

		s := shared(t)
		require.NoError(t, s.AddOrder(t.Context(), "cancel", venduretest.StatePaymentSettled))
		a := connect(t, s.URL, s.AdapterUsername, s.AdapterPassword)
		a.cancel(a.orderID("cancel"))
		effects, err := s.Effects(t.Context(), "cancel")
		require.NoError(t, err)
		require.Equal(t, []venduretest.Effect{{Action: venduretest.Cancelled, State: venduretest.StateCancelled}}, effects)
	})

	t.Run("Fulfilled", func(t *testing.T) {
		t.Parallel()

		s := shared(t)
		require.NoError(t, s.AddOrder(t.Context(), "fulfill", venduretest.StatePaymentSettled))
		require.NoError(t, s.AddPartialFulfillment(t.Context(), "fulfill", "1Z1"))
		require.NoError(t, s.AddFulfillment(t.Context(), "fulfill", "1Z2"))
		order, err := s.Order(t.Context(), "fulfill")
		require.NoError(t, err)
		a := connect(t, s.URL, s.AdapterUsername, s.AdapterPassword)
		requireNoEffect(t, "fulfill")
		a.ship(order.Fulfillments[0].ID)
		a.ship(order.Fulfillments[1].ID)
		effects, err := s.Effects(t.Context(), "fulfill")
		require.NoError(t, err)
		want := venduretest.Effect{Action: venduretest.Fulfilled, Fulfillments: 2, TrackingCodes: []string{"1Z1", "1Z2"}}
		first, second := want, want
		first.State, second.State = venduretest.StatePartiallyShipped, venduretest.StateShipped
		require.Equal(t, []venduretest.Effect{first, second}, effects)
	})
}

// TestAdapterPermissions shows that the adapter's role is the least that does.
func TestAdapterPermissions(t *testing.T) {
	t.Parallel()

	s := shared(t)
	require.NoError(t, s.AddOrder(t.Context(), "permissions", venduretest.StatePaymentSettled))
	order, err := s.Order(t.Context(), "permissions")
	require.NoError(t, err)

	require.NoError(t, s.AddAdministrator(t.Context(), "reader", "secret", []string{"ReadOrder"}))
	reader := connect(t, s.URL, "reader", "secret")
	require.Equal(t, order.ID, reader.orderID("permissions"))
	require.Equal(t, "FORBIDDEN", reader.send(cancelDocument, map[string]any{"id": order.ID}).code(t))

	require.NoError(t, s.AddAdministrator(t.Context(), "writer", "secret", []string{"UpdateOrder"}))
	writer := connect(t, s.URL, "writer", "secret")
	require.Equal(t, "FORBIDDEN", writer.send(findDocument, map[string]any{"number": "permissions"}).code(t))

	require.Equal(t, []string{"ReadOrder", "UpdateOrder"}, venduretest.AdapterPermissions())
	adapter := connect(t, s.URL, s.AdapterUsername, s.AdapterPassword)
	adapter.cancel(adapter.orderID("permissions"))
	requireState(t, "permissions", venduretest.StateCancelled)
}

func TestAddAPIKey(t *testing.T) {
	t.Parallel()

	s := shared(t)
	require.NoError(t, s.AddOrder(t.Context(), "key", venduretest.StatePaymentSettled))
	key, err := s.AddAPIKey(t.Context(), "program", venduretest.AdapterPermissions())
	require.NoError(t, err)
	program := &client{t: t, url: s.URL, key: key}
	program.cancel(program.orderID("key"))
	requireState(t, "key", venduretest.StateCancelled)
	requireNoEffect(t, "key")
}

func requireState(t *testing.T, number, state string) venduretest.Order {
	t.Helper()
	order, err := shared(t).Order(t.Context(), number)
	require.NoError(t, err)
	require.Equal(t, state, order.State)
	return order
}

func requireNoEffect(t *testing.T, number string) {
	t.Helper()
	effects, err := shared(t).Effects(t.Context(), number)
	require.NoError(t, err)
	require.Empty(t, effects)
}
