package bigcommerce_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
)

// shipmentPages serves this many shipments in pages of 50.
func shipmentPages(total int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var page int
		_, _ = fmt.Sscan(r.URL.Query().Get("page"), &page)
		var entries []string
		for i := (page-1)*50 + 1; i <= min(page*50, total); i++ {
			entries = append(entries, fmt.Sprintf(`{"id":%d,"order_id":218}`, i))
		}
		if len(entries) == 0 {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		answer(http.StatusOK, "["+strings.Join(entries, ",")+"]")(w, r)
	}
}

func TestClientShipments(t *testing.T) {
	t.Parallel()

	t.Run("every field", func(t *testing.T) {
		t.Parallel()
		store := setup(t, answerFile(t, "shipments.json"))
		shipments, err := store.client.Shipments(t.Context(), 218)
		require.NoError(t, err)
		require.Equal(t, []bigcommerce.Shipment{
			{
				ID: 12, OrderID: 218, DateCreated: time.Date(2026, 1, 3, 10, 0, 0, 0, time.UTC),
				TrackingNumber: "1Z999AA10123456784", ShippingProvider: "ups", TrackingCarrier: "ups",
				ShippingMethod: "Ground", TrackingLink: "https://track.example/1Z999AA10123456784",
			},
			{ID: 13, OrderID: 218, TrackingNumber: "42"},
		}, shipments)
		require.Equal(t, storePath+"/v2/orders/218/shipments", store.received()[0].path)
		require.Len(t, store.received(), 1)
	})

	for _, test := range []struct{ total, requests int }{{0, 1}, {1, 1}, {49, 1}, {50, 2}, {51, 2}, {100, 3}} {
		t.Run(fmt.Sprintf("%d shipments", test.total), func(t *testing.T) {
			t.Parallel()
			store := setup(t, shipmentPages(test.total))
			shipments, err := store.client.Shipments(t.Context(), 218)
			require.NoError(t, err)
			require.NotNil(t, shipments)
			require.Len(t, shipments, test.total)
			require.Len(t, store.received(), test.requests)
		})
	}

	t.Run("too many", func(t *testing.T) {
		t.Parallel()
		store := setup(t, shipmentPages(5000))
		_, err := store.client.Shipments(t.Context(), 218)
		requireKind(t, err, bigcommerce.Malformed)
		require.Len(t, store.received(), 20)
	})

	t.Run("store that ignores the page", func(t *testing.T) {
		t.Parallel()
		store := setup(t, func(w http.ResponseWriter, r *http.Request) {
			query := r.URL.Query()
			query.Set("page", "1")
			r.URL.RawQuery = query.Encode()
			shipmentPages(50)(w, r)
		})
		shipments, err := store.client.Shipments(t.Context(), 218)
		require.NoError(t, err)
		require.Len(t, shipments, 50)
		require.Len(t, store.received(), 2)
	})
}

func TestClientShipmentsFailures(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		handle http.HandlerFunc
		order  int64
		kind   bigcommerce.Kind
	}{
		"order not there":         {answer(http.StatusNotFound, `[{"status":404,"message":"Not here."}]`), 218, bigcommerce.NotFound},
		"shipment without id":     {answer(http.StatusOK, `[{"order_id":218}]`), 218, bigcommerce.Malformed},
		"shipment of another one": {answer(http.StatusOK, `[{"id":1,"order_id":219}]`), 218, bigcommerce.Malformed},
		"id that cannot be one":   {answer(http.StatusOK, `[]`), -1, bigcommerce.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := setup(t, test.handle)
			_, err := store.client.Shipments(t.Context(), test.order)
			requireKind(t, err, test.kind)
		})
	}
}
