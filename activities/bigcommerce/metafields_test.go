package bigcommerce_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
)

const oneMetafield = `{"data":{"id":14,"resource_type":"order","resource_id":"218","permission_set":"app_only",
	"namespace":"bridge","key":"note","value":"x","description":"","owner_client_id":"f00dbeef"},"meta":{}}`

func TestClientMetafields(t *testing.T) {
	t.Parallel()
	want := bigcommerce.Metafield{ID: 14, OrderID: 218, Namespace: "bridge", Key: "note"}

	t.Run("create", func(t *testing.T) {
		t.Parallel()
		store := setup(t, answer(http.StatusOK, oneMetafield))
		made, err := store.client.CreateOrderMetafield(t.Context(), 218, bigcommerce.MetafieldRequest{
			PermissionSet: bigcommerce.PermissionAppOnly, Namespace: "bridge", Key: "note", Value: "x", Description: "A note.",
		})
		require.NoError(t, err)
		require.Equal(t, want, made)
		request := store.received()[0]
		require.Equal(t, http.MethodPost, request.method)
		require.Equal(t, storePath+"/v3/orders/218/metafields", request.path)
		require.JSONEq(t, `{"permission_set":"app_only","namespace":"bridge","key":"note","value":"x","description":"A note."}`,
			request.body)
	})

	t.Run("list", func(t *testing.T) {
		t.Parallel()
		store := setup(t, answer(http.StatusOK, `{"data":[
			{"id":14,"resource_id":218,"namespace":"bridge","key":"note"},
			{"id":14,"resource_id":218,"namespace":"bridge","key":"note"},
			{"id":15,"resource_id":219,"namespace":"theirs","key":"note"}],"meta":{"pagination":{"total_pages":1}}}`))
		fields, err := store.client.OrderMetafields(t.Context(), "bridge", "note")
		require.NoError(t, err)
		require.Equal(t, []bigcommerce.Metafield{want}, fields, "neither repeated ones nor what was not asked for")
		request := store.received()[0]
		require.Equal(t, storePath+"/v3/orders/metafields", request.path)
		require.Equal(t, url.Values{"key": {"note"}, "namespace": {"bridge"}}.Encode(), request.query)
	})

	t.Run("delete", func(t *testing.T) {
		t.Parallel()
		store := setup(t, answer(http.StatusNoContent, ""))
		require.NoError(t, store.client.DeleteOrderMetafield(t.Context(), 218, 14))
		request := store.received()[0]
		require.Equal(t, http.MethodDelete, request.method)
		require.Equal(t, storePath+"/v3/orders/218/metafields/14", request.path)
	})

	t.Run("answers that make no sense", func(t *testing.T) {
		t.Parallel()
		for _, body := range []string{`{"data":{}}`, `{"data":{"id":14,"resource_id":999}}`, `[]`} {
			_, err := setup(t, answer(http.StatusOK, body)).client.CreateOrderMetafield(t.Context(), 218, bigcommerce.MetafieldRequest{})
			requireKind(t, err, bigcommerce.Malformed)
		}
		for _, body := range []string{`{"data":[{"id":14}]}`, `{"data":[{"resource_id":7}]}`} {
			_, err := setup(t, answer(http.StatusOK, body)).client.OrderMetafields(t.Context(), "bridge", "note")
			requireKind(t, err, bigcommerce.Malformed)
		}
	})

	t.Run("not sent", func(t *testing.T) {
		t.Parallel()
		store := setup(t, answer(http.StatusOK, oneMetafield))
		_, err := store.client.CreateOrderMetafield(t.Context(), 0, bigcommerce.MetafieldRequest{})
		requireKind(t, err, bigcommerce.Invalid)
		_, err = store.client.OrderMetafields(t.Context(), "", "note")
		requireKind(t, err, bigcommerce.Invalid)
		requireKind(t, store.client.DeleteOrderMetafield(t.Context(), 218, 0), bigcommerce.Invalid)
		require.Empty(t, store.received())
	})
}

func TestClientMetafieldsWithFakeStore(t *testing.T) {
	t.Parallel()
	store, client := setupFake(t)
	store.Faults().SetUnknownFields(true)
	for id := int64(1); id <= 60; id++ {
		store.AddOrder(bigcommercetest.Order{ID: id, StatusID: bigcommerce.StatusAwaitingShipment})
	}
	request := bigcommerce.MetafieldRequest{
		PermissionSet: bigcommerce.PermissionAppOnly, Namespace: "bridge", Key: "note", Value: "x", Description: "A note.",
	}
	for id := int64(1); id <= 60; id++ {
		made, err := client.CreateOrderMetafield(t.Context(), id, request)
		require.NoError(t, err)
		require.Equal(t, id, made.OrderID)
	}
	_, err := client.CreateOrderMetafield(t.Context(), 1, request)
	requireKind(t, err, bigcommerce.Conflict)
	_, err = client.CreateOrderMetafield(t.Context(), 1, bigcommerce.MetafieldRequest{Namespace: "bridge", Key: "other"})
	require.Contains(t, requireError(t, err, bigcommerce.Invalid).Fields, "permission_set")
	_, err = client.CreateOrderMetafield(t.Context(), 404, request)
	requireKind(t, err, bigcommerce.NotFound)
	fields, err := client.OrderMetafields(t.Context(), "bridge", "note")
	require.NoError(t, err)
	require.Len(t, fields, 60, "on as many pages as there are")
	for _, field := range fields {
		require.NoError(t, client.DeleteOrderMetafield(t.Context(), field.OrderID, field.ID))
	}
	requireKind(t, client.DeleteOrderMetafield(t.Context(), fields[0].OrderID, fields[0].ID), bigcommerce.NotFound)

	readOnly := fakeClient(t, store, store.AddAccount("reader", bigcommercetest.WithReadOnlyOrders()).AccessToken)
	_, err = readOnly.CreateOrderMetafield(t.Context(), 1, request)
	require.NotEmpty(t, requireError(t, err, bigcommerce.Forbidden).Title)
	_, err = readOnly.OrderMetafields(t.Context(), "bridge", "note")
	require.NoError(t, err)
}
