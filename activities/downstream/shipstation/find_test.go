package shipstation_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/shipstation"
	"github.com/orderbridge/orderbridge/activities/downstream/shipstation/shipstationtest"
)

func inStore(id int64) func(*shipstation.Config) {
	return func(c *shipstation.Config) { c.StoreID = id }
}

func TestFindComparesNumbers(t *testing.T) {
	t.Parallel()

	f := setup(t)
	for _, longer := range []string{"1010", "101-2", "101a"} {
		f.system.AddOrder(longer, shipstationtest.AwaitingShipment)
	}
	_, err := f.adapter.Find(t.Context(), "101")
	require.Equal(t, "101", f.failure(t, downstream.NotFound, err).Order)

	id := f.system.AddOrder(" 101 ", shipstationtest.OnHold)
	f.system.Faults().IgnoreFilters(true)
	got := f.find(t, "101")
	require.Equal(t, strconv.FormatInt(id, 10), got.ID)
	require.Equal(t, "101", got.Number)
	require.Equal(t, "On Hold", got.Status.Name)
}

func TestFindInStore(t *testing.T) {
	t.Parallel()

	const other = shipstationtest.StoreID + 1
	scene := func(t *testing.T, store int64) *fixture {
		t.Helper()
		f := setup(t, inStore(store))
		f.system.AddOrder("101", shipstationtest.AwaitingShipment)
		f.system.AddOrder("101", shipstationtest.OnHold, shipstationtest.InStore(other))
		return f
	}

	t.Run("any", func(t *testing.T) {
		t.Parallel()

		f := scene(t, 0)
		_, err := f.adapter.Find(t.Context(), "101")
		require.ErrorContains(t, f.failure(t, downstream.Ambiguous, err), "store id")
	})

	t.Run("one", func(t *testing.T) {
		t.Parallel()

		require.Equal(t, "On Hold", scene(t, other).find(t, "101").Status.Name)
	})

	t.Run("one while filters are ignored", func(t *testing.T) {
		t.Parallel()

		f := scene(t, other)
		f.system.Faults().IgnoreFilters(true)
		require.Equal(t, "On Hold", f.find(t, "101").Status.Name)
	})

	t.Run("another", func(t *testing.T) {
		t.Parallel()

		f := scene(t, other+1)
		f.system.Faults().IgnoreFilters(true)
		_, err := f.adapter.Find(t.Context(), "101")
		f.requireKind(t, downstream.NotFound, err)
	})

	t.Run("moved to another since", func(t *testing.T) {
		t.Parallel()

		f := scene(t, other)
		order := f.find(t, "101")
		id, err := strconv.ParseInt(order.ID, 10, 64)
		require.NoError(t, err)
		require.NoError(t, f.system.Edit(id, shipstationtest.InStore(other+1)))
		_, err = f.adapter.Cancel(t.Context(), cancelling(order))
		f.requireKind(t, downstream.Malformed, err)
		require.Empty(t, f.system.Effects())
	})
}

func TestFindPages(t *testing.T) {
	t.Parallel()

	scene := func(t *testing.T, orders int) *fixture {
		t.Helper()
		f := setup(t)
		for i := range orders {
			f.system.AddOrder(strconv.Itoa(10000+i), shipstationtest.Shipped)
		}
		f.system.Faults().IgnoreFilters(true)
		return f
	}

	t.Run("the order is on the last page", func(t *testing.T) {
		t.Parallel()

		f := scene(t, 2000)
		require.Equal(t, "11999", f.find(t, "11999").Number)
	})

	t.Run("its double is on another page", func(t *testing.T) {
		t.Parallel()

		f := scene(t, 501)
		f.system.AddOrder("10000", shipstationtest.Cancelled)
		_, err := f.adapter.Find(t.Context(), "10000")
		f.requireKind(t, downstream.Ambiguous, err)
	})

	t.Run("there are more than are read", func(t *testing.T) {
		t.Parallel()

		f := scene(t, 2001)
		_, err := f.adapter.Find(t.Context(), "10000")
		f.requireKind(t, downstream.Malformed, err)
	})
}

func TestFindOddOrders(t *testing.T) {
	t.Parallel()

	for name, odd := range map[string]shipstationtest.OrderOption{
		"unknown status":       shipstationtest.WithField("orderStatus", `"`+shipstationtest.Private+`"`),
		"no status":            shipstationtest.WithField("orderStatus", "null"),
		"no modifyDate":        shipstationtest.WithField("modifyDate", "null"),
		"modifyDate elsewhere": shipstationtest.WithField("modifyDate", `"03/04/2026"`),
		"id is text":           shipstationtest.WithField("orderId", `"`+shipstationtest.Private+`"`),
		"no id":                shipstationtest.WithField("orderId", "0"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			f := setup(t)
			f.system.AddOrder("1010", shipstationtest.OnHold, odd)
			f.system.AddOrder("101", shipstationtest.OnHold)
			require.Equal(t, "101", f.find(t, "101").Number, "another order may be as odd as it likes")
			_, err := f.adapter.Find(t.Context(), "1010")
			f.requireKind(t, downstream.Malformed, err)
		})
	}
}

// TestFindAnswers covers answers that the stand-in never gives.
func TestFindAnswers(t *testing.T) {
	t.Parallel()

	order := `{"orderId":7,"orderNumber":"101","orderStatus":"on_hold","modifyDate":"2015-08-17T09:21:59.4430000"}`
	for name, c := range map[string]struct {
		body string
		kind downstream.Kind // empty: success
	}{
		"as it should be":      {`{"orders":[` + order + `],"total":1,"page":1,"pages":1}`, ""},
		"no paging":            {`{"orders":[` + order + `]}`, ""},
		"the same order twice": {`{"orders":[` + order + `,` + order + `],"pages":1}`, ""},
		"no orders":            {`{"orders":[],"total":0,"page":1,"pages":0}`, downstream.NotFound},
		"no list":              {`{"Message":"` + shipstationtest.Private + `"}`, downstream.Malformed},
		"null list":            {`{"orders":null}`, downstream.Malformed},
		"a list of other":      {`{"orders":["` + shipstationtest.Private + `"]}`, downstream.Malformed},
		"something behind":     {`{"orders":[` + order + `]}{}`, downstream.Malformed},
		"empty":                {"", downstream.Malformed},
		"endless":              {`{"orders":[],"pages":1000000}`, downstream.Malformed},
		"too long":             {`{"orders":[` + order + `]}` + strings.Repeat(" ", 8<<20), downstream.Malformed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			var asked atomic.Int32
			f, adapter := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				asked.Add(1)
				w.Header().Set("Content-Type", "application/json")
				_, _ = fmt.Fprint(w, c.body)
			})
			got, err := adapter.Find(t.Context(), "101")
			require.LessOrEqual(t, asked.Load(), int32(4))
			if c.kind != "" {
				f.requireKind(t, c.kind, err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, downstream.Order{
				ID: "7", Number: "101", Version: "2015-08-17T09:21:59.443/on_hold",
				Status: downstream.Status{
					Name: "On Hold", Phase: downstream.PhaseOpen, Description: "Held back until a date or until a person lets it go.",
				},
			}, got)
		})
	}
}

// serve makes an adapter for a server that answers with handle. The fixture has
// its credentials, and no stand-in that is used.
func serve(t *testing.T, handle http.HandlerFunc) (*fixture, *shipstation.Adapter) {
	t.Helper()
	server := httptest.NewServer(handle)
	t.Cleanup(server.Close)
	f := setup(t)
	adapter := f.another(t, func(c *shipstation.Config) { c.BaseURL = server.URL + "/" })
	return f, adapter
}
