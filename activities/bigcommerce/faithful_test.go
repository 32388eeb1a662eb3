package bigcommerce_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
)

// setupFake starts the fake store, which knows nothing of the client, and makes
// a client of one of its API accounts.
func setupFake(t *testing.T) (*bigcommercetest.Store, *bigcommerce.Client) {
	t.Helper()
	store := bigcommercetest.New(t, bigcommercetest.WithFrozenClock(), bigcommercetest.WithHTTPDestinations())
	return store, fakeClient(t, store, store.AddAccount("app").AccessToken)
}

func fakeClient(t *testing.T, store *bigcommercetest.Store, token string) *bigcommerce.Client {
	t.Helper()
	client, err := bigcommerce.NewClient(bigcommerce.Config{
		Channel: testChannel, BaseURL: store.URL, StoreHash: store.Hash, AccessToken: token,
	})
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	return client
}

func TestClientWithFakeStore(t *testing.T) {
	t.Parallel()

	t.Run("orders and shipments", func(t *testing.T) {
		t.Parallel()
		store, client := setupFake(t)
		store.Faults().SetUnknownFields(true)
		placed := store.AddOrder(bigcommercetest.Order{ID: 218, StatusID: bigcommerce.StatusAwaitingShipment})
		store.AddOrder(bigcommercetest.Order{ID: 219, StatusID: bigcommerce.StatusCancelled})

		for _, wobble := range []bool{false, true} {
			store.Faults().SetWobble(wobble)
			order, err := client.Order(t.Context(), 218)
			require.NoError(t, err)
			require.Equal(t, bigcommerce.StatusAwaitingShipment, order.StatusID)
			require.Equal(t, placed.ItemsTotal(), order.ItemsTotal)
			require.WithinDuration(t, store.Clock().Now(), order.ReadAt, time.Second)
			require.WithinDuration(t, store.Clock().Now(), order.DateCreated, time.Second)
			_, known := order.TotalIncTax.Rat()
			require.True(t, known, "not an amount: %q", order.TotalIncTax)
			shipments, err := client.Shipments(t.Context(), 219)
			require.NoError(t, err)
			require.Empty(t, shipments)
		}

		shipment, err := store.Ship(218, bigcommercetest.Shipment{TrackingNumber: "1Z999", ShippingProvider: "ups"})
		require.NoError(t, err)
		shipments, err := client.Shipments(t.Context(), 218)
		require.NoError(t, err)
		require.Equal(t, []bigcommerce.Shipment{{
			ID: shipment.ID, OrderID: 218, DateCreated: shipment.DateCreated.UTC(), TrackingNumber: "1Z999", ShippingProvider: "ups",
		}}, shipments)

		status := bigcommerce.StatusShipped
		orders, err := client.Orders(t.Context(), bigcommerce.OrdersQuery{
			StatusID: &status, MinDateModified: store.Clock().Now().Add(-time.Hour), Sort: bigcommerce.SortByDateModified,
		})
		require.NoError(t, err)
		require.Len(t, orders, 1)
		require.Equal(t, int64(218), orders[0].ID)
		require.Equal(t, orders[0].ItemsTotal, orders[0].ItemsShipped)

		orders, err = client.Orders(t.Context(), bigcommerce.OrdersQuery{MinID: 1000})
		require.NoError(t, err)
		require.Empty(t, orders)
		_, err = client.Order(t.Context(), 404)
		require.NotEmpty(t, requireError(t, err, bigcommerce.NotFound).Title)
	})

	t.Run("life of a hook", func(t *testing.T) {
		t.Parallel()
		store, client := setupFake(t)
		request := bigcommerce.HookRequest{
			Scope: bigcommerce.ScopeOrderAll, Destination: "http://127.0.0.1:1/hook", IsActive: true,
			Headers: map[string]string{"X-Bridge-Secret": hookHeader},
		}
		hook, err := client.CreateHook(t.Context(), request)
		require.NoError(t, err)
		require.Equal(t, request.Headers, hook.Headers)
		_, err = client.CreateHook(t.Context(), request)
		require.Error(t, err, "the same scope and destination once more")
		found, err := client.Hooks(t.Context(), bigcommerce.HooksQuery{Scope: request.Scope, Destination: request.Destination})
		require.NoError(t, err)
		require.Equal(t, []bigcommerce.Hook{hook}, found)

		require.NoError(t, store.DeactivateHook(hook.ID))
		admin, err := client.HooksAdmin(t.Context())
		require.NoError(t, err)
		require.Len(t, admin.Hooks, 1)
		require.False(t, admin.Hooks[0].IsActive)
		active := true
		hook, err = client.UpdateHook(t.Context(), hook.ID, bigcommerce.HookUpdate{IsActive: &active})
		require.NoError(t, err)
		require.True(t, hook.IsActive)
		require.Equal(t, request.Headers, hook.Headers, "an update must leave the headers")

		require.NoError(t, client.SetHookAdminEmails(t.Context(), []string{"ops@shop.example"}))
		admin, err = client.HooksAdmin(t.Context())
		require.NoError(t, err)
		require.Equal(t, []string{"ops@shop.example"}, admin.Emails)

		require.NoError(t, client.DeleteHook(t.Context(), hook.ID))
		_, err = client.Hook(t.Context(), hook.ID)
		requireKind(t, err, bigcommerce.NotFound)
	})

	t.Run("store and credentials", func(t *testing.T) {
		t.Parallel()
		store, client := setupFake(t)
		at, err := client.Time(t.Context())
		require.NoError(t, err)
		require.WithinDuration(t, store.Clock().Now(), at, time.Second)
		described, err := client.Store(t.Context())
		require.NoError(t, err)
		require.Equal(t, store.Hash, described.Hash)
		require.NotEmpty(t, described.Timezone)
		_, err = fakeClient(t, store, "revoked").Time(t.Context())
		requireKind(t, err, bigcommerce.Unauthorized)
	})

	t.Run("quota that other apps use up", func(t *testing.T) {
		t.Parallel()
		store, client := setupFake(t)
		_, err := client.Time(t.Context())
		require.NoError(t, err)
		require.Positive(t, client.Quota().State().Left)
		store.Faults().SpendQuota(1_000_000)
		_, err = client.Time(t.Context())
		refused := requireError(t, err, bigcommerce.RateLimited)
		require.Equal(t, http.StatusTooManyRequests, refused.StatusCode)
		require.Positive(t, refused.RetryAfter)
		calls := len(store.Calls())
		_, err = client.Time(t.Context())
		require.Zero(t, requireError(t, err, bigcommerce.RateLimited).StatusCode)
		require.Len(t, store.Calls(), calls)
	})

	t.Run("callbacks", func(t *testing.T) {
		t.Parallel()
		store, client := setupFake(t)
		receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		t.Cleanup(receiver.Close)
		for _, scope := range []string{
			bigcommerce.ScopeOrderAll, bigcommerce.ScopeShipmentAll, bigcommerce.ChannelOrderScope(1, "statusUpdated"),
		} {
			_, err := client.CreateHook(t.Context(), bigcommerce.HookRequest{Scope: scope, Destination: receiver.URL, IsActive: true})
			require.NoError(t, err)
		}
		store.AddOrder(bigcommercetest.Order{ID: 218, StatusID: bigcommerce.StatusAwaitingShipment})
		_, err := store.Ship(218, bigcommercetest.Shipment{TrackingNumber: "1Z999"})
		require.NoError(t, err)
		require.NoError(t, store.SetStatus(218, bigcommerce.StatusRefunded))
		require.NoError(t, store.Archive(218))
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		require.NoError(t, store.WaitIdle(ctx))

		scopes := make(map[string]bool)
		for _, delivery := range store.Deliveries() {
			event, err := bigcommerce.ParseEvent(delivery.Body)
			require.NoError(t, err)
			require.Equal(t, int64(218), event.OrderID, "%s", event.Scope)
			require.Equal(t, store.Hash, event.StoreHash)
			require.Equal(t, delivery.EventHash, event.Hash)
			require.WithinDuration(t, store.Clock().Now(), event.CreatedAt, time.Second)
			scopes[event.Scope] = true
		}
		for _, scope := range []string{
			bigcommerce.ScopeOrderCreated, bigcommerce.ScopeOrderUpdated, bigcommerce.ScopeOrderStatusUpdated,
			bigcommerce.ScopeOrderArchived, bigcommerce.ScopeShipmentCreated, bigcommerce.ChannelOrderScope(1, "statusUpdated"),
		} {
			require.True(t, scopes[scope], scope)
		}
	})
}
