package bigcommerce_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
)

var (
	orderCreated  = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	orderModified = time.Date(2026, 1, 3, 14, 15, 16, 0, time.UTC)
	serverTime    = time.Date(2026, 1, 4, 8, 9, 10, 0, time.UTC)
)

// dated answers with the store's own time in the Date header.
func dated(body string) http.HandlerFunc {
	return answer(http.StatusOK, body, "Date", serverTime.Format(http.TimeFormat))
}

func TestClientOrder(t *testing.T) {
	t.Parallel()

	t.Run("every field", func(t *testing.T) {
		t.Parallel()
		store := setup(t, dated(readFile(t, "answers/order.json")))
		order, err := store.client.Order(t.Context(), 218)
		require.NoError(t, err)
		require.Equal(t, bigcommerce.Order{
			ID: 218, StatusID: bigcommerce.StatusCancelled, Status: "Cancelled", CustomStatus: "Called off", ChannelID: 2,
			DateCreated: orderCreated, DateModified: orderModified, ItemsTotal: 3, TotalIncTax: "139.4500",
			PaymentStatus: "captured", ExternalOrderID: "SO-9001", ExternalSource: "warehouse", ReadAt: serverTime,
		}, order)

		request := store.received()[0]
		require.Equal(t, http.MethodGet, request.method)
		require.Equal(t, storePath+"/v2/orders/218", request.path)
		require.Equal(t, testAuth, request.header.Get("X-Auth-Token"))
		require.Equal(t, "application/json", request.header.Get("Accept"))
		require.Equal(t, bigcommerce.DefaultUserAgent, request.header.Get("User-Agent"))
		require.Empty(t, request.header.Get("Content-Type"))
	})

	t.Run("wobbling types", func(t *testing.T) {
		t.Parallel()
		store := setup(t, dated(readFile(t, "answers/order_wobbling.json")))
		order, err := store.client.Order(t.Context(), 218)
		require.NoError(t, err)
		require.Equal(t, bigcommerce.Order{
			ID: 218, StatusID: bigcommerce.StatusCancelled, Status: "Cancelled", ChannelID: 1,
			DateCreated: orderCreated, DateModified: orderModified, ItemsTotal: 3, TotalIncTax: "139.45",
			ExternalOrderID: "9001", IsDeleted: true, ReadAt: serverTime,
		}, order)
	})

	t.Run("survives a workflow history without personal data", func(t *testing.T) {
		t.Parallel()
		store := setup(t, dated(readFile(t, "answers/order.json")))
		order, err := store.client.Order(t.Context(), 218)
		require.NoError(t, err)
		raw, err := json.Marshal(order)
		require.NoError(t, err)
		for _, personal := range []string{"Ada", "shop.example", "192.0.2.17", "upper bell", "twice", "Sample Way"} {
			require.NotContains(t, string(raw), personal)
		}
		var again bigcommerce.Order
		require.NoError(t, json.Unmarshal(raw, &again))
		require.Equal(t, order, again)
	})

	t.Run("local time without a Date header", func(t *testing.T) {
		t.Parallel()
		clock := clockwork.NewFakeClockAt(serverTime.Add(time.Hour))
		store := setup(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Date"] = nil // Keeps net/http from adding its own.
			answer(http.StatusOK, `{"id":218,"status_id":0}`)(w, r)
		}, func(c *bigcommerce.Config) { c.Clock = clock })
		order, err := store.client.Order(t.Context(), 218)
		require.NoError(t, err)
		require.Equal(t, clock.Now().UTC(), order.ReadAt)
		require.Equal(t, bigcommerce.StatusIncomplete, order.StatusID)
		require.Equal(t, int64(1), order.ChannelID)
	})
}

func TestClientOrderMalformed(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"no id":                  `{"status_id":5}`,
		"no status":              `{"id":218}`,
		"status null":            `{"id":218,"status_id":null}`,
		"status without meaning": `{"id":218,"status_id":"cancelled"}`,
		"status negative":        `{"id":218,"status_id":-1}`,
		"another order":          `{"id":219,"status_id":5}`,
		"list":                   `[{"id":218,"status_id":5}]`,
		"null":                   `null`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := setup(t, answer(http.StatusOK, body))
			_, err := store.client.Order(t.Context(), 218)
			failure := requireError(t, err, bigcommerce.Malformed)
			require.Equal(t, "get order 218", failure.Call)
		})
	}

	t.Run("no content", func(t *testing.T) {
		t.Parallel()
		store := setup(t, answer(http.StatusNoContent, ""))
		_, err := store.client.Order(t.Context(), 218)
		requireKind(t, err, bigcommerce.Malformed)
	})

	t.Run("id that cannot be one is not asked for", func(t *testing.T) {
		t.Parallel()
		store := setup(t, answer(http.StatusOK, `{}`))
		_, err := store.client.Order(t.Context(), 0)
		requireKind(t, err, bigcommerce.Invalid)
		require.Empty(t, store.received())
	})
}

func TestClientOrders(t *testing.T) {
	t.Parallel()

	t.Run("query", func(t *testing.T) {
		t.Parallel()
		store := setup(t, dated(`[{"id":1,"status_id":0},{"id":"2","status_id":"10"}]`))
		status := bigcommerce.StatusIncomplete
		orders, err := store.client.Orders(t.Context(), bigcommerce.OrdersQuery{
			Page: 2, Limit: 250, MinID: 10, MaxID: 20, MinDateModified: orderCreated,
			MaxDateModified: orderModified.In(time.FixedZone("", 3600)),
			StatusID:        &status, ChannelID: 3, Sort: bigcommerce.SortByDateModified,
		})
		require.NoError(t, err)
		require.Equal(t, []bigcommerce.Order{
			{ID: 1, StatusID: bigcommerce.StatusIncomplete, ChannelID: 1, ReadAt: serverTime},
			{ID: 2, StatusID: bigcommerce.StatusCompleted, ChannelID: 1, ReadAt: serverTime},
		}, orders)
		request := store.received()[0]
		require.Equal(t, storePath+"/v2/orders", request.path)
		require.Equal(t, "channel_id=3&limit=250&max_date_modified=Sat%2C+03+Jan+2026+14%3A15%3A16+%2B0000&max_id=20"+
			"&min_date_modified=Fri%2C+02+Jan+2026+03%3A04%3A05+%2B0000&min_id=10&page=2"+
			"&sort=date_modified%3Aasc&status_id=0", request.query)
	})

	t.Run("zero query asks for nothing in particular", func(t *testing.T) {
		t.Parallel()
		store := setup(t, answer(http.StatusOK, `[]`))
		orders, err := store.client.Orders(t.Context(), bigcommerce.OrdersQuery{})
		require.NoError(t, err)
		require.Empty(t, orders)
		require.Empty(t, store.received()[0].query)
	})

	t.Run("204 is an empty list", func(t *testing.T) {
		t.Parallel()
		store := setup(t, answer(http.StatusNoContent, ""))
		orders, err := store.client.Orders(t.Context(), bigcommerce.OrdersQuery{Page: 7})
		require.NoError(t, err)
		require.NotNil(t, orders)
		require.Empty(t, orders)
	})

	t.Run("one without a status spoils the page", func(t *testing.T) {
		t.Parallel()
		store := setup(t, answer(http.StatusOK, `[{"id":1,"status_id":0},{"id":2}]`))
		_, err := store.client.Orders(t.Context(), bigcommerce.OrdersQuery{})
		failure := requireError(t, err, bigcommerce.Malformed)
		require.Contains(t, failure.Title, "order 2 of 2")
	})

	t.Run("page that cannot be is not asked for", func(t *testing.T) {
		t.Parallel()
		store := setup(t, answer(http.StatusOK, `[]`))
		for _, query := range []bigcommerce.OrdersQuery{{Page: -1}, {Limit: -1}, {Limit: bigcommerce.MaxOrdersLimit + 1}} {
			_, err := store.client.Orders(t.Context(), query)
			requireKind(t, err, bigcommerce.Invalid)
		}
		require.Empty(t, store.received())
	})
}
