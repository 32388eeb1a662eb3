package bigcommercetest_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
)

// noon is a fixed time of the tests that compare dates.
var noon = time.Date(2025, time.March, 10, 12, 0, 0, 0, time.UTC)

// orderFields are all the fields of V2's order object.
var orderFields = []string{
	"id", "customer_id", "date_created", "date_modified", "date_shipped", "status_id", "status", "subtotal_ex_tax",
	"subtotal_inc_tax", "subtotal_tax", "base_shipping_cost", "shipping_cost_ex_tax", "shipping_cost_inc_tax",
	"shipping_cost_tax", "shipping_cost_tax_class_id", "base_handling_cost", "handling_cost_ex_tax",
	"handling_cost_inc_tax", "handling_cost_tax", "handling_cost_tax_class_id", "base_wrapping_cost",
	"wrapping_cost_ex_tax", "wrapping_cost_inc_tax", "wrapping_cost_tax", "wrapping_cost_tax_class_id", "total_ex_tax",
	"total_inc_tax", "total_tax", "items_total", "items_shipped", "payment_method", "payment_provider_id",
	"payment_status", "refunded_amount", "order_is_digital", "store_credit_amount", "gift_certificate_amount",
	"ip_address", "ip_address_v6", "geoip_country", "geoip_country_iso2", "currency_id", "currency_code",
	"currency_exchange_rate", "default_currency_id", "default_currency_code", "staff_notes", "customer_message",
	"discount_amount", "coupon_discount", "shipping_address_count", "is_deleted", "ebay_order_id", "cart_id",
	"billing_address", "is_email_opt_in", "credit_card_type", "order_source", "channel_id", "external_source",
	"products", "shipping_addresses", "coupons", "external_id", "external_merchant_id", "external_order_id",
	"tax_provider_id", "store_default_currency_code", "store_default_to_transactional_exchange_rate", "custom_status",
	"customer_locale",
}

func TestOrderOnTheWire(t *testing.T) {
	t.Parallel()
	store := newStore(t, bigcommercetest.WithFrozenClockAt(noon))
	a := newApp(t, store, "app")
	store.SetStatusLabel(bigcommerce.StatusCancelled, "Called off")
	store.AddOrder(bigcommercetest.Order{
		ID: 218, StatusID: bigcommerce.StatusCancelled, ExternalOrderID: "SO-1",
		Items: []bigcommercetest.Item{{SKU: "A", PriceCents: 1050, Quantity: 2}},
	})
	r := a.call(http.MethodGet, "/v2/orders/218", "")
	require.Equal(t, http.StatusOK, r.status)
	require.Equal(t, "application/json", r.header.Get("Content-Type"))
	require.Equal(t, noon.Format(http.TimeFormat), r.header.Get("Date"), "the store's own clock")

	var got map[string]any
	r.decode(t, &got)
	for _, field := range orderFields {
		require.Contains(t, got, field)
	}
	for field, want := range map[string]any{
		"id": 218.0, "status_id": 5.0, "status": "Cancelled", "custom_status": "Called off",
		"date_created": "Mon, 10 Mar 2025 12:00:00 +0000", "date_shipped": "", "channel_id": 1.0,
		"subtotal_ex_tax": "21.0000", "subtotal_tax": "1.7325", "total_inc_tax": "35.7225", "refunded_amount": "0.0000",
		"items_total": 2.0, "items_shipped": 0.0, "external_order_id": "SO-1", "external_id": nil,
		"is_deleted": false, "credit_card_type": nil,
	} {
		require.Equal(t, want, got[field], field)
	}
	require.Equal(t, map[string]any{
		"url": store.URL + "/stores/" + store.Hash + "/v2/orders/218/products", "resource": "/orders/218/products",
	}, got["products"])
	link, ok := got["products"].(map[string]any)["url"].(string)
	require.True(t, ok)
	u, err := url.Parse(link)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, a.call(http.MethodGet, u.Path[len("/stores/")+len(store.Hash):], "").status)
}

func TestOrderPartsOnTheWire(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	a := newApp(t, store, "app")
	o := store.AddOrder(bigcommercetest.Order{StatusID: bigcommerce.StatusPending})
	require.NotEmpty(t, o.Items)
	require.NotEmpty(t, o.Shipping.City)
	require.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, o.CartID)

	base := fmt.Sprintf("/v2/orders/%d", o.ID)
	var products []struct {
		ID             int64
		SKU            string
		Quantity       int
		OrderAddressID int64 `json:"order_address_id"`
	}
	a.call(http.MethodGet, base+"/products", "").decode(t, &products)
	require.Len(t, products, len(o.Items))
	require.Equal(t, o.Items[0].ID, products[0].ID)
	require.Equal(t, o.Items[0].SKU, products[0].SKU)
	require.Equal(t, o.Shipping.ID, products[0].OrderAddressID)

	var addresses []struct {
		ID   int64
		City string
	}
	a.call(http.MethodGet, base+"/shipping_addresses", "").decode(t, &addresses)
	require.Equal(t, o.Shipping.ID, addresses[0].ID)
	require.Equal(t, o.Shipping.City, addresses[0].City)

	for _, empty := range []string{"/coupons", "/shipments", "/products?page=2"} {
		r := a.call(http.MethodGet, base+empty, "")
		require.Equal(t, http.StatusNoContent, r.status, empty)
		require.Empty(t, r.body)
	}
	digital := store.AddOrder(bigcommercetest.Order{Digital: true})
	require.Equal(t, 204, a.call(http.MethodGet, fmt.Sprintf("/v2/orders/%d/shipping_addresses", digital.ID), "").status)
}

func TestNotThere(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	a := newApp(t, store, "app")
	const v2 = `[{"status":404,"message":"The requested resource was not found."}]`
	for path, want := range map[string]string{
		"/v2/orders/9": v2, "/v2/orders/x": v2, "/v2/orders/9/products": v2, "/v2/orders/9/shipments": v2,
		"/v2/order_statuses/15": v2, "/v2/nothing": v2,
		"/v3/nothing": `{"status":404,"title":"The requested resource was not found.",` +
			`"type":"https://developer.bigcommerce.com/api-docs/getting-started/api-status-codes"}`,
	} {
		r := a.call(http.MethodGet, path, "")
		require.Equal(t, http.StatusNotFound, r.status, path)
		require.Equal(t, want, r.body, path)
	}
	require.Equal(t, http.StatusNotFound, a.call(http.MethodPatch, "/v2/orders", "").status)
}

func TestOrderListing(t *testing.T) {
	t.Parallel()
	store := newStore(t, bigcommercetest.WithFrozenClockAt(noon))
	a := newApp(t, store, "app")
	add := func(id int64, o bigcommercetest.Order) {
		o.ID = id
		store.AddOrder(o)
		store.Clock().Advance(time.Hour)
	}
	add(1, bigcommercetest.Order{StatusID: 5, CustomerID: 30, Billing: bigcommercetest.Address{Email: "a@example.com"}})
	add(2, bigcommercetest.Order{StatusID: 2, CustomerID: 20, ChannelID: 4, ExternalOrderID: "SO-2"})
	add(3, bigcommercetest.Order{StatusID: 5, CustomerID: 10, Items: []bigcommercetest.Item{{PriceCents: 1_000_000}}})
	add(4, bigcommercetest.Order{IsDeleted: true})
	require.NoError(t, store.SetStatus(1, bigcommerce.StatusRefunded)) // at 16:00

	for _, tc := range []struct {
		query string
		want  []int64
	}{
		{"", []int64{1, 2, 3}},
		{"min_id=2", []int64{2, 3}},
		{"max_id=2", []int64{1, 2}},
		{"status_id=5", []int64{3}},
		{"status_id=9", nil},
		{"channel_id=4", []int64{2}},
		{"customer_id=10", []int64{3}},
		{"email=a@example.com", []int64{1}},
		{"external_order_id=SO-2", []int64{2}},
		{"min_total=5000", []int64{3}},
		{"is_deleted=true", []int64{4}},
		{"min_date_modified=" + url.QueryEscape("Mon, 10 Mar 2025 14:00:00 +0000"), []int64{1, 3}},
		{"min_date_modified=2025-03-10T16:00:00Z", []int64{1}},
		{"max_date_created=" + url.QueryEscape("2025-03-10T14:00:00+01:00"), []int64{1, 2}},
		{"sort=date_modified:asc", []int64{2, 3, 1}},
		{"sort=date_modified:desc", []int64{1, 3, 2}},
		{"sort=customer_id", []int64{3, 2, 1}},
		{"limit=2", []int64{1, 2}},
		{"limit=2&page=2", []int64{3}},
		{"limit=2&page=3", nil},
	} {
		r := a.call(http.MethodGet, "/v2/orders?"+tc.query, "")
		if tc.want == nil {
			require.Equal(t, http.StatusNoContent, r.status, tc.query)
			require.Empty(t, r.body, tc.query)
			continue
		}
		var list []struct{ ID int64 }
		r.decode(t, &list)
		ids := make([]int64, 0, len(list))
		for _, o := range list {
			ids = append(ids, o.ID)
		}
		require.Equal(t, tc.want, ids, tc.query)
	}
	for _, bad := range []string{
		"status_id=5,2", "min_date_modified=yesterday", "sort=color", "sort=id:up", "page=0", "is_deleted=x", "min_total=x",
	} {
		r := a.call(http.MethodGet, "/v2/orders?"+bad, "")
		require.Equal(t, http.StatusBadRequest, r.status, bad)
		require.Equal(t, `[{"status":400,`, r.body[:len(`[{"status":400,`)], bad)
	}
	var count struct {
		Count    int
		Statuses []struct{ ID, Count int }
	}
	a.call(http.MethodGet, "/v2/orders/count?min_id=2", "").decode(t, &count)
	require.Equal(t, 2, count.Count)
	require.Len(t, count.Statuses, 15)
	require.Equal(t, 1, count.Statuses[5].Count)
}

func TestOrderPageSizes(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	a := newApp(t, store, "app")
	for range 260 {
		store.AddOrder(bigcommercetest.Order{})
	}
	for query, want := range map[string]int{"": 50, "?limit=250": 250, "?limit=1000": 250, "?limit=250&page=2": 10} {
		var list []struct{ ID int64 }
		a.call(http.MethodGet, "/v2/orders"+query, "").decode(t, &list)
		require.Len(t, list, want, query)
	}
}

func TestPutOrder(t *testing.T) {
	t.Parallel()
	setup := func(t *testing.T) (*bigcommercetest.Store, *app) {
		t.Helper()
		store := newStore(t, bigcommercetest.WithFrozenClockAt(noon))
		store.AddOrder(bigcommercetest.Order{ID: 7, StatusID: bigcommerce.StatusPending})
		store.Clock().Advance(time.Minute)
		return store, newApp(t, store, "app")
	}
	t.Run("status", func(t *testing.T) {
		t.Parallel()
		store, a := setup(t)
		r := a.call(http.MethodPut, "/v2/orders/7", `{"status_id":2}`)
		require.Equal(t, http.StatusOK, r.status)
		require.Contains(t, r.body, `"status":"Shipped"`)
		o, ok := store.Order(7)
		require.True(t, ok)
		require.Equal(t, noon.Add(time.Minute), o.DateModified)
		require.Equal(t, noon.Add(time.Minute), o.DateShipped)
		require.Equal(t, "store/order/statusUpdated", store.Events()[4].Scope)
	})
	t.Run("another field", func(t *testing.T) {
		t.Parallel()
		store, a := setup(t)
		a.call(http.MethodPut, "/v2/orders/7", `{"external_order_id":"SO-7"}`)
		a.call(http.MethodPut, "/v2/orders/7", `{"external_order_id":"SO-7"}`)
		o, _ := store.Order(7)
		require.Equal(t, "SO-7", o.ExternalOrderID)
		require.Len(t, store.Events(), 4, "updated once, for store and channel; no statusUpdated")
	})
	t.Run("write-once field", func(t *testing.T) {
		t.Parallel()
		_, a := setup(t)
		require.Equal(t, 200, a.call(http.MethodPut, "/v2/orders/7", `{"external_merchant_id":"m"}`).status)
		require.Equal(t, 400, a.call(http.MethodPut, "/v2/orders/7", `{"external_merchant_id":"n"}`).status)
	})
	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		store, a := setup(t)
		for _, body := range []string{`{"status_id":42}`, `{"status":"Cancelled"}`, `{`} {
			require.Equal(t, 400, a.call(http.MethodPut, "/v2/orders/7", body).status, body)
		}
		require.Len(t, store.Events(), 2, "nothing happened")
	})
	t.Run("archive", func(t *testing.T) {
		t.Parallel()
		store, a := setup(t)
		require.Equal(t, 204, a.call(http.MethodDelete, "/v2/orders/7", "").status)
		require.Equal(t, 200, a.call(http.MethodPut, "/v2/orders/7", `{"is_deleted":true}`).status)
		require.Len(t, store.Events(), 4, "archived once")
		require.Equal(t, "store/order/archived", store.Events()[2].Scope)
		require.Contains(t, a.call(http.MethodGet, "/v2/orders/7", "").body, `"is_deleted":true`)
	})
	t.Run("archive all by mistake", func(t *testing.T) {
		t.Parallel()
		store, a := setup(t)
		store.AddOrder(bigcommercetest.Order{ID: 8})
		require.Equal(t, 204, a.call(http.MethodDelete, "/v2/orders", "").status)
		o, _ := store.Order(8)
		require.True(t, o.IsDeleted)
		require.Equal(t, 204, a.call(http.MethodGet, "/v2/orders", "").status)
	})
}

func TestSetStatusErrors(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	require.ErrorIs(t, store.SetStatus(9, bigcommerce.StatusCancelled), bigcommercetest.ErrNoSuchOrder)
	require.ErrorIs(t, store.Archive(9), bigcommercetest.ErrNoSuchOrder)
	o := store.AddOrder(bigcommercetest.Order{})
	require.ErrorIs(t, store.SetStatus(o.ID, 15), bigcommercetest.ErrUnknownStatus)
	require.Equal(t, o.ID+1, store.AddOrder(bigcommercetest.Order{}).ID)
}

func TestStoreInformation(t *testing.T) {
	t.Parallel()
	store := newStore(t, bigcommercetest.WithFrozenClockAt(noon))
	a := newApp(t, store, "app")
	require.JSONEq(t, fmt.Sprintf(`{"time":%d}`, noon.Unix()), a.call(http.MethodGet, "/v2/time", "").body)
	var info map[string]any
	a.call(http.MethodGet, "/v2/store", "").decode(t, &info)
	require.Equal(t, store.Hash, info["id"])
	require.Equal(t, store.StoreID, info["store_id"])
	require.InDelta(t, 1, info["default_channel_id"], 0)

	store.SetStatusLabel(bigcommerce.StatusShipped, "On its way")
	var statuses []map[string]any
	a.call(http.MethodGet, "/v2/order_statuses", "").decode(t, &statuses)
	require.Len(t, statuses, 15)
	require.Equal(t, "Shipped", statuses[2]["name"])
	require.Equal(t, "On its way", statuses[2]["custom_label"])
	require.Contains(t, a.call(http.MethodGet, "/v2/order_statuses/5", "").body, `"name":"Cancelled"`)
}
