package rest_test

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/rest"
	"github.com/orderbridge/orderbridge/activities/downstream/rest/resttest"
)

func TestVocabulary(t *testing.T) {
	t.Parallel()

	t.Run("is kept", func(t *testing.T) {
		t.Parallel()

		var asked atomic.Int32
		adapter := serveAll(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/statuses" {
				asked.Add(1)
				answer(w, http.StatusOK, vocabulary)
				return
			}
			answer(w, http.StatusOK, `{"orders":[`+order("Open", "v1")+`]}`)
		})
		for range 3 {
			_, err := adapter.Find(t.Context(), "218")
			require.NoError(t, err)
		}
		require.EqualValues(t, 1, asked.Load())
	})

	t.Run("is asked for when a status is new", func(t *testing.T) {
		t.Parallel()

		system := resttest.New(t)
		adapter := newAdapter(t, system, newChecker(t))
		system.AddOrder("218", "On Hold")
		_, err := adapter.Find(t.Context(), "218")
		require.NoError(t, err)

		novel := downstream.Status{Name: "Quarantine", Phase: downstream.PhaseClosed}
		system.SetStatuses(append(resttest.Statuses(), novel)...)
		system.AddOrder("219", novel.Name)
		got, err := adapter.Find(t.Context(), "219")
		require.NoError(t, err)
		require.Equal(t, novel, got.Status)
	})

	t.Run("of the demo system is complete", func(t *testing.T) {
		t.Parallel()

		got, err := newAdapter(t, resttest.New(t), newChecker(t)).Statuses(t.Context())
		require.NoError(t, err)
		require.Equal(t, resttest.Statuses(), got)
		for _, phase := range downstream.Phases() {
			require.Condition(t, func() bool {
				for _, s := range got {
					if s.Phase == phase && s.Description != "" {
						return true
					}
				}
				return false
			}, "phase %s", phase)
		}
	})
}

func TestFindPages(t *testing.T) {
	t.Parallel()

	setup := func(t *testing.T, orders int) (*resttest.System, *rest.Adapter) {
		t.Helper()
		system := resttest.New(t, resttest.WithPageSize(10))
		for i := range orders {
			system.AddOrder(strconv.Itoa(1000+i), "On Hold")
		}
		system.Faults().IgnoreNumberFilter(true)
		return system, newAdapter(t, system, newChecker(t))
	}

	t.Run("the order is on the last page", func(t *testing.T) {
		t.Parallel()

		_, adapter := setup(t, 100)
		got, err := adapter.Find(t.Context(), "1099")
		require.NoError(t, err)
		require.Equal(t, "1099", got.Number)
	})

	t.Run("its double is on another page", func(t *testing.T) {
		t.Parallel()

		system, adapter := setup(t, 20)
		system.AddOrder("1000", "Shipped")
		_, err := adapter.Find(t.Context(), "1000")
		require.True(t, downstream.IsKind(err, downstream.Ambiguous), "%v", err)
	})

	t.Run("there are more than can be read", func(t *testing.T) {
		t.Parallel()

		_, adapter := setup(t, 101)
		_, err := adapter.Find(t.Context(), "1000")
		require.True(t, downstream.IsKind(err, downstream.Malformed), "one match proves nothing while others may follow: %v", err)
	})
}

func TestWhatIsSent(t *testing.T) {
	t.Parallel()

	type sent struct {
		path   string
		header http.Header
		body   string
	}
	var got []sent
	phase := "Open"
	adapter := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return
			}
			got = append(got, sent{r.URL.Path, r.Header, string(body)})
			if phase = "Gone"; strings.HasSuffix(r.URL.Path, "fulfillment") {
				phase = "Sent"
			}
		}
		answer(w, http.StatusOK, order(phase, "v2"))
	})
	cancel := cancelRequest()
	cancel.Reason = " two\r\n lines\t" + strings.Repeat("é", 600)
	_, err := adapter.Cancel(t.Context(), cancel)
	require.NoError(t, err)
	east := time.FixedZone("east", 3600)
	_, err = adapter.Fulfill(t.Context(), downstream.FulfillRequest{
		Target: cancel.Target,
		Shipments: []downstream.Shipment{
			{TrackingNumber: " 1Z ", Carrier: "ups", ShippedAt: time.Date(2026, 3, 4, 1, 2, 3, 0, east)}, {},
		},
	})
	require.NoError(t, err)

	require.Len(t, got, 2)
	require.Equal(t, "/orders/o1/cancellation", got[0].path)
	require.JSONEq(t, `{"reason":"two lines `+strings.Repeat("é", 490)+`"}`, got[0].body)
	require.Equal(t, "/orders/o1/fulfillment", got[1].path)
	require.JSONEq(t, `{"shipments":[{"tracking_number":"1Z","carrier":"ups","shipped_at":"2026-03-04T00:02:03Z"},{}]}`, got[1].body)
	for _, s := range got {
		require.Equal(t, `"v1"`, s.header.Get("If-Match"))
		require.Equal(t, "k1", s.header.Get("Idempotency-Key"))
		require.Equal(t, "Bearer "+secret, s.header.Get("Authorization"))
		require.Equal(t, "application/json", s.header.Get("Content-Type"))
	}
}

func TestObserve(t *testing.T) {
	t.Parallel()

	system := resttest.New(t)
	system.AddOrder("218", "On Hold")
	var (
		mu   sync.Mutex
		seen []rest.Exchange
	)
	adapter, err := rest.New(rest.Config{
		BaseURL: system.URL, Channel: "acme", Token: system.Token,
		Observe: func(_ context.Context, e rest.Exchange) {
			mu.Lock()
			defer mu.Unlock()
			require.GreaterOrEqual(t, e.Duration, time.Duration(0))
			e.Duration = 0
			seen = append(seen, e)
		},
	})
	require.NoError(t, err)
	t.Cleanup(adapter.Close)

	found, err := adapter.Find(t.Context(), "218")
	require.NoError(t, err)
	system.Faults().Inject(resttest.Fault{Call: resttest.CallCancel, Status: http.StatusTooManyRequests})
	_, err = adapter.Cancel(t.Context(), downstream.CancelRequest{
		Target: downstream.Target{OrderID: found.ID, Number: "218", Version: found.Version, IdempotencyKey: "k"},
	})
	require.True(t, downstream.IsKind(err, downstream.RateLimited), "%v", err)
	system.Close()
	require.True(t, downstream.IsKind(adapter.Probe(t.Context()), downstream.Unavailable))
	require.Equal(t, []rest.Exchange{
		{Channel: "acme", Method: "GET", Route: "/orders", StatusCode: 200},
		{Channel: "acme", Method: "GET", Route: "/statuses", StatusCode: 200},
		{Channel: "acme", Kind: downstream.RateLimited, Method: "POST", Route: "/orders/{id}/cancellation", StatusCode: 429},
		{Channel: "acme", Kind: downstream.Unavailable, Method: "GET", Route: "/statuses"},
	}, seen)
}
