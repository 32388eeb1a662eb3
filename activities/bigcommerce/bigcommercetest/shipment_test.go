package bigcommercetest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
)

func shippable(t *testing.T) (*bigcommercetest.Store, *app, bigcommercetest.Order) {
	t.Helper()
	store := newStore(t)
	o := store.AddOrder(bigcommercetest.Order{
		ID: 7, StatusID: bigcommerce.StatusAwaitingFulfillment,
		Items: []bigcommercetest.Item{{SKU: "A", Quantity: 2}, {SKU: "B", Quantity: 1}},
	})
	return store, newApp(t, store, "app"), o
}

// scopes returns the events of the store itself, without those for channels.
func scopes(store *bigcommercetest.Store) []string {
	var list []string
	for _, e := range store.Events() {
		if !strings.HasPrefix(e.Scope, "store/channel/") {
			list = append(list, strings.TrimPrefix(e.Scope, "store/"))
		}
	}
	return list
}

func TestShip(t *testing.T) {
	t.Parallel()
	t.Run("all at once", func(t *testing.T) {
		t.Parallel()
		store, _, _ := shippable(t)
		sh, err := store.Ship(7, bigcommercetest.Shipment{TrackingNumber: "1Z9", ShippingProvider: "ups"})
		require.NoError(t, err)
		require.Positive(t, sh.ID)
		o, _ := store.Order(7)
		require.Equal(t, bigcommerce.StatusShipped, o.StatusID)
		require.Equal(t, 3, o.ItemsShipped())
		require.Equal(t, store.Clock().Now(), o.DateShipped)
		require.Equal(t, []string{"order/created", "shipment/created", "order/updated", "order/statusUpdated"}, scopes(store))
		require.JSONEq(t, fmt.Sprintf(`{"type":"shipment","id":%d,"orderId":7}`, sh.ID), string(store.Events()[2].Data))
		require.Len(t, store.Shipments(7), 1)

		_, err = store.Ship(7, bigcommercetest.Shipment{})
		require.ErrorIs(t, err, bigcommercetest.ErrInvalidShipment, "nothing is left")
		_, err = store.Ship(8, bigcommercetest.Shipment{})
		require.ErrorIs(t, err, bigcommercetest.ErrNoSuchOrder)
	})
	t.Run("in parts", func(t *testing.T) {
		t.Parallel()
		store, _, order := shippable(t)
		for range 2 {
			_, err := store.Ship(7, bigcommercetest.Shipment{
				Items: []bigcommercetest.ShippedItem{{OrderProductID: order.Items[0].ID, Quantity: 1}},
			})
			require.NoError(t, err)
			o, _ := store.Order(7)
			require.Equal(t, bigcommerce.StatusPartiallyShipped, o.StatusID)
			require.True(t, o.DateShipped.IsZero())
		}
		_, err := store.Ship(7, bigcommercetest.Shipment{})
		require.NoError(t, err)
		o, _ := store.Order(7)
		require.Equal(t, bigcommerce.StatusShipped, o.StatusID)
		require.Equal(t, []string{
			"order/created",
			"shipment/created", "order/updated", "order/statusUpdated",
			"shipment/created", "order/updated", // still Partially Shipped
			"shipment/created", "order/updated", "order/statusUpdated",
		}, scopes(store))
	})
}

func TestShipmentAPI(t *testing.T) {
	t.Parallel()
	store, a, o := shippable(t)
	const path = "/v2/orders/7/shipments"
	require.JSONEq(t, `{"count":0}`, a.call(http.MethodGet, path+"/count", "").body)

	r := a.call(http.MethodPost, path, fmt.Sprintf(
		`{"order_address_id":%d,"tracking_number":"TN-1","items":[{"order_product_id":%d,"quantity":2}]}`,
		o.Shipping.ID, o.Items[0].ID))
	require.Equal(t, http.StatusCreated, r.status, r.body)
	type view struct {
		ID             int64
		OrderID        int64  `json:"order_id"`
		TrackingNumber string `json:"tracking_number"`
		DateCreated    string `json:"date_created"`
		Items          []struct {
			OrderProductID int64 `json:"order_product_id"`
			Quantity       int
		}
	}
	var made view
	r.decode(t, &made)
	require.Equal(t, int64(7), made.OrderID)
	require.Equal(t, "TN-1", made.TrackingNumber)
	require.Equal(t, o.Items[0].ID, made.Items[0].OrderProductID)
	require.Equal(t, store.Clock().Now().Format("Mon, 02 Jan 2006 15:04:05 +0000"), made.DateCreated)

	var list []view
	a.call(http.MethodGet, path, "").decode(t, &list)
	require.Equal(t, []view{made}, list)
	require.JSONEq(t, `{"count":1}`, a.call(http.MethodGet, path+"/count", "").body)

	one := fmt.Sprintf("%s/%d", path, made.ID)
	before := len(store.Events())
	require.Equal(t, 200, a.call(http.MethodPut, one, `{"comments":"fragile"}`).status)
	require.Len(t, store.Events(), before, "only the tracking number fires shipment/updated")
	require.Equal(t, 200, a.call(http.MethodPut, one, `{"tracking_number":"TN-2"}`).status)
	require.Equal(t, "store/shipment/updated", store.Events()[before].Scope)
	var got view
	a.call(http.MethodGet, one, "").decode(t, &got)
	require.Equal(t, "TN-2", got.TrackingNumber)

	require.Equal(t, 204, a.call(http.MethodDelete, one, "").status)
	require.Equal(t, "store/shipment/deleted", store.Events()[before+1].Scope)
	after, _ := store.Order(7)
	require.Equal(t, bigcommerce.StatusPartiallyShipped, after.StatusID, "the status stays")
	require.Zero(t, after.ItemsShipped())
	require.Equal(t, 404, a.call(http.MethodGet, one, "").status)
}

func TestShipmentRefusals(t *testing.T) {
	t.Parallel()
	store, a, o := shippable(t)
	item := o.Items[0].ID
	valid := fmt.Sprintf(`"order_address_id":%d,"items":[{"order_product_id":%d,"quantity":1}]`, o.Shipping.ID, item)
	for name, body := range map[string]string{
		"no JSON":         `{`,
		"no address":      fmt.Sprintf(`{"items":[{"order_product_id":%d,"quantity":1}]}`, item),
		"other address":   fmt.Sprintf(`{"order_address_id":1,"items":[{"order_product_id":%d,"quantity":1}]}`, item),
		"no items":        fmt.Sprintf(`{"order_address_id":%d}`, o.Shipping.ID),
		"product's id":    fmt.Sprintf(`{"order_address_id":%d,"items":[{"order_product_id":%d,"quantity":1}]}`, o.Shipping.ID, o.Items[0].ProductID),
		"too many":        fmt.Sprintf(`{"order_address_id":%d,"items":[{"order_product_id":%d,"quantity":3}]}`, o.Shipping.ID, item),
		"twice too many":  fmt.Sprintf(`{"order_address_id":%d,"items":[{"order_product_id":%d,"quantity":2},{"order_product_id":%d,"quantity":1}]}`, o.Shipping.ID, item, item),
		"tracking number": `{` + valid + `,"tracking_number":"` + strings.Repeat("1", 51) + `"}`,
		"tracking link":   `{` + valid + `,"tracking_link":"` + strings.Repeat("1", 501) + `"}`,
		"comments":        `{` + valid + `,"comments":"` + strings.Repeat("1", 65_536) + `"}`,
		"provider":        `{` + valid + `,"shipping_provider":"pigeon"}`,
	} {
		r := a.call(http.MethodPost, "/v2/orders/7/shipments", body)
		require.Equal(t, http.StatusBadRequest, r.status, name)
		require.True(t, strings.HasPrefix(r.body, `[{"status":400,`), name)
	}
	require.Empty(t, store.Shipments(7))
	require.Equal(t, 201, a.call(http.MethodPost, "/v2/orders/7/shipments", `{`+valid+`,"shipping_provider":"carrier_9"}`).status)
}
