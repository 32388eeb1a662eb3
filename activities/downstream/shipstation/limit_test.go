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

// counted counts the requests of an adapter and their failures.
func counted(n, limited *int) func(*shipstation.Config) {
	return func(c *shipstation.Config) {
		c.Observe = func(_ context.Context, e shipstation.Exchange) {
			*n++
			if e.Kind == downstream.RateLimited {
				*limited++
			}
		}
	}
}

func TestLimitIsShared(t *testing.T) {
	t.Parallel()

	var asked, limited int
	f := setup(t, counted(&asked, &limited))
	second := f.another(t, counted(&asked, &limited))
	f.system.AddOrder("101", shipstationtest.AwaitingShipment)
	for range 20 {
		require.NoError(t, f.adapter.Probe(t.Context()))
		require.NoError(t, second.Probe(t.Context()))
	}
	for _, a := range []*shipstation.Adapter{f.adapter, second, f.another(t, counted(&asked, &limited))} {
		_, err := a.Find(t.Context(), "101")
		e := f.failure(t, downstream.RateLimited, err)
		require.Zero(t, e.StatusCode, "ShipStation was not asked")
		require.GreaterOrEqual(t, e.RetryAfter, time.Minute)
	}
	require.Equal(t, 40, asked)
	require.Zero(t, limited)

	f.clock.Advance(time.Minute)
	require.Equal(t, "101", f.find(t, "101").Number)
}

func TestLimitIsOfOneAPIKey(t *testing.T) {
	t.Parallel()

	f, other := setup(t), setup(t)
	for range 40 {
		require.NoError(t, f.adapter.Probe(t.Context()))
	}
	f.requireKind(t, downstream.RateLimited, f.adapter.Probe(t.Context()))
	require.NoError(t, other.adapter.Probe(t.Context()))
}

// TestLimitLeavesRoomForWrites uses a minute up with reading. What is left does
// not suffice for a change, so none is begun.
func TestLimitLeavesRoomForWrites(t *testing.T) {
	t.Parallel()

	var asked, limited int
	f := setup(t, counted(&asked, &limited))
	f.system.AddOrder("101", shipstationtest.AwaitingShipment)
	order := f.find(t, "101")
	for range 37 {
		require.NoError(t, f.adapter.Probe(t.Context()))
	}
	_, err := f.adapter.Cancel(t.Context(), cancelling(order))
	f.requireKind(t, downstream.RateLimited, err)
	require.Equal(t, 38, asked)
	require.NoError(t, f.adapter.Probe(t.Context()), "what a change could not use is still there")
	require.NoError(t, f.adapter.Probe(t.Context()))
	f.requireKind(t, downstream.RateLimited, f.adapter.Probe(t.Context()))

	f.clock.Advance(time.Minute)
	_, err = f.adapter.Cancel(t.Context(), cancelling(order))
	require.NoError(t, err)
	require.Len(t, f.system.Effects(), 1)
	require.Equal(t, 40+3, asked, "a change takes three requests")
}

// TestLimitSearchesSpareChanges is about searches, which come before changes and
// must not leave them without requests.
func TestLimitSearchesSpareChanges(t *testing.T) {
	t.Parallel()

	f := setup(t)
	f.system.AddOrder("101", shipstationtest.AwaitingShipment)
	var order downstream.Order
	for range 37 {
		order = f.find(t, "101")
	}
	_, err := f.adapter.Find(t.Context(), "101")
	f.requireKind(t, downstream.RateLimited, err)
	_, err = f.adapter.Cancel(t.Context(), cancelling(order))
	require.NoError(t, err)
}

// TestLimitUsedElsewhere is about another process with the same API key: this
// one learns of it from headers and from a 429.
func TestLimitUsedElsewhere(t *testing.T) {
	t.Parallel()

	elsewhere := func(t *testing.T, f *fixture, n int) {
		t.Helper()
		transport := &http.Transport{}
		defer transport.CloseIdleConnections()
		for range n {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.system.URL+"/accounts/listtags", http.NoBody)
			require.NoError(t, err)
			req.SetBasicAuth(f.system.APIKey, f.system.APISecret)
			resp, err := transport.RoundTrip(req)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
		}
	}

	t.Run("headers", func(t *testing.T) {
		t.Parallel()

		f := setup(t)
		elsewhere(t, f, 39)
		require.NoError(t, f.adapter.Probe(t.Context()))
		e := f.failure(t, downstream.RateLimited, f.adapter.Probe(t.Context()))
		require.Zero(t, e.StatusCode, "ShipStation was not asked")
		require.Equal(t, time.Minute, e.RetryAfter)
	})

	t.Run("429", func(t *testing.T) {
		t.Parallel()

		f := setup(t)
		elsewhere(t, f, 40)
		f.clock.Advance(20 * time.Second)
		e := f.failure(t, downstream.RateLimited, f.adapter.Probe(t.Context()))
		require.Equal(t, http.StatusTooManyRequests, e.StatusCode)
		require.Equal(t, 40*time.Second, e.RetryAfter)
		e = f.failure(t, downstream.RateLimited, f.another(t).Probe(t.Context()))
		require.Zero(t, e.StatusCode, "ShipStation was not asked again")
		f.clock.Advance(40 * time.Second)
		require.NoError(t, f.adapter.Probe(t.Context()))
	})

	t.Run("no headers", func(t *testing.T) {
		t.Parallel()

		f := setup(t)
		f.system.Faults().Inject(shipstationtest.Fault{Do: shipstationtest.Unlimited, Times: 40})
		for range 40 {
			require.NoError(t, f.adapter.Probe(t.Context()))
		}
		f.requireKind(t, downstream.RateLimited, f.adapter.Probe(t.Context()))
		f.clock.Advance(time.Minute)
		require.NoError(t, f.adapter.Probe(t.Context()))
	})
}

// TestLimitInTheMiddle is about a 429 between the write and the read after it:
// the repetition finds what was done.
func TestLimitInTheMiddle(t *testing.T) {
	t.Parallel()

	f := setup(t)
	f.system.AddOrder("101", shipstationtest.AwaitingShipment)
	order := f.find(t, "101")
	f.system.Faults().BeforeChange(func(int64) {
		f.system.Faults().Inject(shipstationtest.Fault{
			Call: shipstationtest.CallGet, Status: http.StatusTooManyRequests, Reset: patience,
		})
	})
	_, err := f.adapter.Cancel(t.Context(), cancelling(order))
	require.Equal(t, patience, f.failure(t, downstream.RateLimited, err).RetryAfter)
	f.clock.Advance(patience)
	done, err := f.adapter.Cancel(t.Context(), cancelling(order))
	require.NoError(t, err)
	require.True(t, done.AlreadyDone)
	require.Len(t, f.system.Effects(), 1)
}
