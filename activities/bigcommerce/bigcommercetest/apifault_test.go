package bigcommercetest_test

import (
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
)

func TestQuota(t *testing.T) {
	t.Parallel()
	store := newStore(t, bigcommercetest.WithPlan(bigcommercetest.PlanStandard), bigcommercetest.WithFrozenClockAt(noon))
	a := newApp(t, store, "app")
	other := newApp(t, store, "another app")

	r := a.call(http.MethodGet, "/v2/time", "")
	require.Equal(t, "30000", r.header.Get("X-Rate-Limit-Time-Window-Ms"))
	require.Equal(t, "30000", r.header.Get("X-Rate-Limit-Time-Reset-Ms"))
	require.Equal(t, "150", r.header.Get("X-Rate-Limit-Requests-Quota"))
	require.Equal(t, "149", r.header.Get("X-Rate-Limit-Requests-Left"))
	require.Empty(t, r.header.Get("X-Retry-After"))

	store.Clock().Advance(10500 * time.Millisecond)
	r = other.call(http.MethodGet, "/v2/orders/9", "")
	require.Equal(t, http.StatusNotFound, r.status)
	require.Equal(t, "148", r.header.Get("X-Rate-Limit-Requests-Left"), "shared, and on errors too")
	require.Equal(t, "19500", r.header.Get("X-Rate-Limit-Time-Reset-Ms"))

	store.Faults().SpendQuota(147)
	require.Equal(t, 1, store.QuotaLeft())
	require.Equal(t, http.StatusOK, a.call(http.MethodGet, "/v2/time", "").status)
	r = a.call(http.MethodGet, "/v2/time", "")
	require.Equal(t, http.StatusTooManyRequests, r.status)
	require.Equal(t, "20", r.header.Get("X-Retry-After"))
	require.Equal(t, "0", r.header.Get("X-Rate-Limit-Requests-Left"))
	require.Equal(t, `[{"status":429,`, r.body[:len(`[{"status":429,`)])
	require.Equal(t, `{"status":429,`, other.call(http.MethodGet, "/v3/hooks", "").body[:len(`{"status":429,`)])

	store.Faults().SetQuota(200)
	require.Equal(t, 50, store.QuotaLeft(), "what was spent stays spent")
	store.Faults().SetQuota(20)
	require.Zero(t, store.QuotaLeft())
	store.Clock().Advance(20 * time.Second)
	require.Equal(t, 20, store.QuotaLeft())

	calls := store.Calls()
	require.Len(t, calls, 5)
	require.Equal(t, bigcommercetest.Call{
		At: noon.Add(10500 * time.Millisecond), ClientID: other.ClientID, Method: http.MethodGet,
		Path: "/v2/orders/9", Status: http.StatusNotFound,
	}, calls[1])
}

func TestAPIFaults(t *testing.T) {
	t.Parallel()
	setup := func(t *testing.T, n int, method, path string, answer bigcommercetest.Answer) (*bigcommercetest.Store, *app) {
		t.Helper()
		store := newStore(t)
		store.AddOrder(bigcommercetest.Order{ID: 7})
		store.Faults().FailNext(n, method, path, answer)
		return store, newApp(t, store, "app")
	}
	const order = "/v2/orders/7"

	t.Run("the matching calls only", func(t *testing.T) {
		t.Parallel()
		store, a := setup(t, 2, http.MethodGet, "/orders/", bigcommercetest.Failure(http.StatusServiceUnavailable))
		require.Equal(t, 200, a.call(http.MethodGet, "/v2/time", "").status)
		require.Equal(t, 200, a.call(http.MethodPut, order, `{"staff_notes":"x"}`).status)
		r := a.call(http.MethodGet, order, "")
		require.Equal(t, 503, r.status)
		require.JSONEq(t, `[{"status":503,"message":"Service Unavailable"}]`, r.body)
		require.NotEmpty(t, r.header.Get("X-Rate-Limit-Requests-Left"))
		require.Equal(t, 503, a.call(http.MethodGet, order, "").status)
		require.Equal(t, 200, a.call(http.MethodGet, order, "").status)
		store.Faults().FailNext(-1, "", "", bigcommercetest.Failure(500))
		for range 3 {
			require.Contains(t, a.call(http.MethodGet, "/v3/hooks", "").body, `"title":"Internal Server Error"`)
		}
		store.Faults().ClearAPI()
		require.Equal(t, 200, a.call(http.MethodGet, order, "").status)
	})
	t.Run("rate limited", func(t *testing.T) {
		t.Parallel()
		_, a := setup(t, 1, "", "", bigcommercetest.RateLimited(12*time.Second))
		r := a.call(http.MethodGet, order, "")
		require.Equal(t, 429, r.status)
		require.Equal(t, "12", r.header.Get("X-Retry-After"))
		require.Equal(t, "0", r.header.Get("X-Rate-Limit-Requests-Left"))
		require.Equal(t, "12000", r.header.Get("X-Rate-Limit-Time-Reset-Ms"))
	})
	t.Run("overloaded", func(t *testing.T) {
		t.Parallel()
		_, a := setup(t, 1, "", "", bigcommercetest.Overloaded())
		r := a.call(http.MethodGet, order, "")
		require.Equal(t, 429, r.status)
		for name := range r.header {
			require.NotContains(t, name, "Rate")
			require.NotContains(t, name, "Retry")
		}
	})
	t.Run("garbage", func(t *testing.T) {
		t.Parallel()
		_, a := setup(t, 1, "", "", bigcommercetest.Garbage())
		r := a.call(http.MethodGet, order, "")
		require.Equal(t, 200, r.status)
		require.Equal(t, "text/html", r.header.Get("Content-Type"))
		require.Contains(t, r.body, "<!DOCTYPE")
	})
	t.Run("half", func(t *testing.T) {
		t.Parallel()
		_, a := setup(t, 1, "", "", bigcommercetest.HalfAnswer())
		r, err := a.try(http.MethodGet, order, "")
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		require.Equal(t, 200, r.status)
		require.NotEmpty(t, r.body)
	})
	t.Run("lost after the change", func(t *testing.T) {
		t.Parallel()
		store, a := setup(t, 1, http.MethodPut, "", bigcommercetest.LostAnswer(http.StatusBadGateway))
		require.Equal(t, 502, a.call(http.MethodPut, order, `{"status_id":5}`).status)
		o, _ := store.Order(7)
		require.EqualValues(t, 5, o.StatusID)
	})
	t.Run("failed before the change", func(t *testing.T) {
		t.Parallel()
		store, a := setup(t, 1, http.MethodPut, "", bigcommercetest.Failure(http.StatusBadGateway))
		require.Equal(t, 502, a.call(http.MethodPut, order, `{"status_id":5}`).status)
		o, _ := store.Order(7)
		require.Zero(t, o.StatusID)
	})
	t.Run("own words and headers", func(t *testing.T) {
		t.Parallel()
		_, a := setup(t, 1, "", "", bigcommercetest.Answer{
			Status: 422, Body: `{"batch_errors":[]}`, Header: http.Header{"content-type": {"application/problem+json"}},
		})
		r := a.call(http.MethodGet, order, "")
		require.Equal(t, 422, r.status)
		require.JSONEq(t, `{"batch_errors":[]}`, r.body)
		require.Equal(t, "application/problem+json", r.header.Get("Content-Type"))
	})
	t.Run("late for the client, after the change", func(t *testing.T) {
		t.Parallel()
		store, a := setup(t, 1, http.MethodPut, "", bigcommercetest.LateAnswer(time.Hour))
		changed, done := make(chan struct{}), make(chan error, 1)
		to := newReceiver(t, func(int, http.ResponseWriter, *http.Request) { close(changed) })
		a.subscribe("store/order/statusUpdated", to.URL)
		go func() {
			_, err := a.try(http.MethodPut, order, `{"status_id":5}`)
			done <- err
		}()
		<-changed
		require.NoError(t, store.Close())
		require.ErrorIs(t, <-done, io.EOF)
		o, _ := store.Order(7)
		require.EqualValues(t, 5, o.StatusID)
	})
	t.Run("cut off", func(t *testing.T) {
		t.Parallel()
		store, a := setup(t, -1, "", "", bigcommercetest.CutOff())
		_, err := a.try(http.MethodPut, order, `{"status_id":5}`)
		require.ErrorIs(t, err, io.EOF)
		o, _ := store.Order(7)
		require.Zero(t, o.StatusID)
	})
	t.Run("slow", func(t *testing.T) {
		t.Parallel()
		_, a := setup(t, 1, "", "", bigcommercetest.Slow(20*time.Millisecond))
		require.Equal(t, 200, a.call(http.MethodGet, order, "").status)
	})
	t.Run("too slow for the client", func(t *testing.T) {
		t.Parallel()
		store, a := setup(t, 1, "", "", bigcommercetest.Slow(time.Hour))
		a.client.Timeout = 50 * time.Millisecond
		_, err := a.try(http.MethodPut, order, `{"status_id":5}`)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NoError(t, store.Close(), "Close does not wait for slow answers")
		o, _ := store.Order(7)
		require.Zero(t, o.StatusID, "the call was not made")
	})
}
