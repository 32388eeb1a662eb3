package shipstation_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/shipstation"
	"github.com/orderbridge/orderbridge/activities/downstream/shipstation/shipstationtest"
)

func TestAnswerStatuses(t *testing.T) {
	t.Parallel()

	for _, c := range []struct {
		status int
		find   downstream.Kind
		cancel downstream.Kind
	}{
		{http.StatusNoContent, downstream.Malformed, downstream.Unavailable},
		{http.StatusFound, downstream.Misconfigured, downstream.Misconfigured},
		{http.StatusBadRequest, downstream.Invalid, downstream.Invalid},
		{http.StatusUnauthorized, downstream.Unauthorized, downstream.Unauthorized},
		{http.StatusPaymentRequired, downstream.Forbidden, downstream.Forbidden},
		{http.StatusForbidden, downstream.Forbidden, downstream.Forbidden},
		{http.StatusNotFound, downstream.Misconfigured, downstream.Misconfigured},
		{http.StatusMethodNotAllowed, downstream.Misconfigured, downstream.Misconfigured},
		{http.StatusRequestTimeout, downstream.Timeout, downstream.Timeout},
		{http.StatusConflict, downstream.InUse, downstream.InUse},
		{http.StatusLocked, downstream.InUse, downstream.InUse},
		{http.StatusGone, downstream.NotFound, downstream.NotFound},
		{http.StatusUnprocessableEntity, downstream.Invalid, downstream.Invalid},
		{http.StatusTooManyRequests, downstream.RateLimited, downstream.RateLimited},
		{http.StatusInternalServerError, downstream.Unavailable, downstream.Unavailable},
		{http.StatusNotImplemented, downstream.Misconfigured, downstream.Misconfigured},
		{http.StatusServiceUnavailable, downstream.Unavailable, downstream.Unavailable},
		{http.StatusGatewayTimeout, downstream.Timeout, downstream.Timeout},
	} {
		t.Run(http.StatusText(c.status), func(t *testing.T) {
			t.Parallel()

			f := setup(t)
			f.system.AddOrder("101", shipstationtest.AwaitingShipment)
			order := f.find(t, "101")
			f.system.Faults().Inject(shipstationtest.Fault{Call: shipstationtest.CallList, Status: c.status})
			_, err := f.adapter.Find(t.Context(), "101")
			e := f.failure(t, c.find, err)
			require.Equal(t, "101", e.Order)
			if c.find != downstream.Malformed {
				require.Equal(t, c.status, e.StatusCode)
			}

			f.clock.Advance(time.Minute)
			f.system.Faults().Inject(shipstationtest.Fault{Call: shipstationtest.CallChanges, Status: c.status})
			_, err = f.adapter.Cancel(t.Context(), cancelling(order))
			f.requireKind(t, c.cancel, err)
			require.Empty(t, f.system.Effects())

			f.clock.Advance(time.Minute)
			_, err = f.adapter.Cancel(t.Context(), cancelling(order))
			require.NoError(t, err)
		})
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()

	elsewhere := make(chan struct{}, 1)
	f, adapter := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/elsewhere" {
			elsewhere <- struct{}{}
			return
		}
		http.Redirect(w, r, "/elsewhere?"+shipstationtest.Private, http.StatusTemporaryRedirect)
	})
	f.requireKind(t, downstream.Misconfigured, adapter.Probe(t.Context()))
	require.Empty(t, elsewhere)
}

func TestRetryAfterOfAnOutage(t *testing.T) {
	t.Parallel()

	f, adapter := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "90")
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	require.Equal(t, 90*time.Second, f.failure(t, downstream.Unavailable, adapter.Probe(t.Context())).RetryAfter)
}

func TestProbe(t *testing.T) {
	t.Parallel()

	t.Run("every store", func(t *testing.T) {
		t.Parallel()

		require.NoError(t, setup(t).adapter.Probe(t.Context()))
	})

	t.Run("the store", func(t *testing.T) {
		t.Parallel()

		require.NoError(t, setup(t, inStore(shipstationtest.StoreID)).adapter.Probe(t.Context()))
	})

	t.Run("no such store", func(t *testing.T) {
		t.Parallel()

		f := setup(t, inStore(7))
		require.Contains(t, f.failure(t, downstream.Misconfigured, f.adapter.Probe(t.Context())).Advice, "store id")
	})

	t.Run("another secret", func(t *testing.T) {
		t.Parallel()

		f := setup(t, func(c *shipstation.Config) { c.APISecret = "another" })
		f.requireKind(t, downstream.Unauthorized, f.adapter.Probe(t.Context()))
	})

	t.Run("nobody there", func(t *testing.T) {
		t.Parallel()

		f := setup(t)
		f.system.Close()
		f.requireKind(t, downstream.Unavailable, f.adapter.Probe(t.Context()))
	})
}

func TestObserve(t *testing.T) {
	t.Parallel()

	var seen []shipstation.Exchange
	f := setup(t, func(c *shipstation.Config) {
		c.Observe = func(_ context.Context, e shipstation.Exchange) {
			e.Duration = 0
			seen = append(seen, e)
		}
	})
	f.system.AddOrder("101", shipstationtest.AwaitingShipment)
	order := f.find(t, "101")
	f.system.Faults().Inject(shipstationtest.Fault{Call: shipstationtest.CallShip, Status: http.StatusForbidden})
	_, err := f.adapter.Fulfill(t.Context(), downstream.FulfillRequest{Target: target(order)})
	f.requireKind(t, downstream.Forbidden, err)
	f.system.Close()
	f.requireKind(t, downstream.Unavailable, f.adapter.Probe(t.Context()))
	require.Equal(t, []shipstation.Exchange{
		{Channel: "acme", Method: "GET", Route: "/orders", StatusCode: 200},
		{Channel: "acme", Method: "GET", Route: "/orders/{id}", StatusCode: 200},
		{Channel: "acme", Kind: downstream.Forbidden, Method: "POST", Route: "/orders/markasshipped", StatusCode: 403},
		{Channel: "acme", Kind: downstream.Unavailable, Method: "GET", Route: "/accounts/listtags"},
	}, seen)
}

// TestWaitingForAnotherChange is about a caller that gives up while another one
// changes the same order.
func TestWaitingForAnotherChange(t *testing.T) {
	t.Parallel()

	f := setup(t)
	f.system.AddOrder("101", shipstationtest.AwaitingShipment)
	order := f.find(t, "101")
	hit := f.system.Faults().Inject(shipstationtest.Fault{Call: shipstationtest.CallChanges, Do: shipstationtest.Hang})
	first, give := context.WithCancel(t.Context())
	defer give()
	done := make(chan error, 1)
	go func() {
		_, err := f.adapter.Cancel(first, cancelling(order))
		done <- err
	}()
	<-hit

	second, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := f.adapter.Cancel(second, cancelling(order))
	f.requireKind(t, downstream.Timeout, err)
	require.ErrorIs(t, err, context.Canceled)
	give()
	f.requireKind(t, downstream.Timeout, <-done)

	_, err = f.adapter.Cancel(t.Context(), cancelling(order))
	require.NoError(t, err)
	require.Len(t, f.system.Effects(), 1)
}
