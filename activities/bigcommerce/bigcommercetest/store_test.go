package bigcommercetest_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
)

func TestStart(t *testing.T) {
	t.Parallel()
	t.Run("outlives the context of its start", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		store, err := bigcommercetest.Start(ctx, bigcommercetest.WithHash("demo1"))
		require.NoError(t, err)
		cancel()
		require.Equal(t, "demo1", store.Hash)
		require.Equal(t, 200, newApp(t, store, "app").call(http.MethodGet, "/v2/time", "").status)
		require.NoError(t, store.Close())
		require.NoError(t, store.Close(), "twice does no harm")
		_, err = newApp(t, store, "late").try(http.MethodGet, "/v2/time", "")
		require.Error(t, err)
	})
	t.Run("bad options are told all at once", func(t *testing.T) {
		t.Parallel()
		_, err := bigcommercetest.Start(t.Context(),
			bigcommercetest.WithHash("../x"), bigcommercetest.WithPlan(0), bigcommercetest.WithMaxInFlight(0),
			bigcommercetest.WithDeliveryTimeout(0), bigcommercetest.WithHookDelay(-1))
		for _, part := range []string{"store hash", "plan", "in flight", "time-out", "hook delay"} {
			require.ErrorContains(t, err, part)
		}
	})
	t.Run("taken address", func(t *testing.T) {
		t.Parallel()
		store := newStore(t)
		_, err := bigcommercetest.Start(t.Context(),
			bigcommercetest.WithListenAddress(strings.TrimPrefix(store.URL, "http://")))
		require.ErrorContains(t, err, "choose another address")
	})
}

func TestCloseCutsDeliveries(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	arrived, ended := make(chan struct{}), make(chan struct{})
	to := newReceiver(t, func(_ int, _ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
		close(ended)
	})
	newApp(t, store, "app").subscribe("store/order/created", to.URL)
	store.AddOrder(bigcommercetest.Order{})
	<-arrived
	require.NoError(t, store.Close())
	<-ended
	require.Empty(t, store.Deliveries(), "a delivery that Close cut is no failure")
}

func TestCloseEndsConnections(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	closed := make(chan struct{})
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateClosed {
			close(closed)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	newApp(t, store, "app").subscribe("store/order/created", server.URL)
	store.AddOrder(bigcommercetest.Order{})
	require.NoError(t, store.WaitIdle(patient(t)))
	require.NoError(t, store.Close())
	select {
	case <-closed:
	case <-patient(t).Done():
		t.Fatal("a connection to the receiver is still open")
	}
}

func TestWaitIdleGivesUp(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	arrived := make(chan struct{})
	to := newReceiver(t, func(_ int, _ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
	})
	newApp(t, store, "app").subscribe("store/order/created", to.URL)
	store.AddOrder(bigcommercetest.Order{})
	<-arrived
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, store.WaitIdle(ctx), context.Canceled)
	require.ErrorIs(t, store.Elapse(ctx, time.Hour), context.Canceled)
	require.NoError(t, store.Close())
}

func TestClock(t *testing.T) {
	t.Parallel()
	t.Run("frozen", func(t *testing.T) {
		t.Parallel()
		clock := newStore(t, bigcommercetest.WithFrozenClockAt(noon)).Clock()
		require.True(t, clock.Frozen())
		timer := clock.NewTimer(time.Hour)
		clock.Advance(-time.Hour)
		require.Equal(t, noon, clock.Now())
		clock.Advance(time.Hour)
		require.Equal(t, noon.Add(time.Hour), <-timer.Chan())
		require.Equal(t, time.Hour, clock.Since(noon))
		require.Equal(t, -time.Hour, clock.Until(noon))
	})
	t.Run("running, with retries that come by themselves", func(t *testing.T) {
		t.Parallel()
		store := bigcommercetest.New(t, bigcommercetest.WithHTTPDestinations())
		require.False(t, store.Clock().Frozen())
		second := make(chan struct{})
		to := newReceiver(t, func(n int, w http.ResponseWriter, _ *http.Request) {
			if n == 1 {
				w.WriteHeader(http.StatusInternalServerError)
				return
			}
			close(second)
		})
		newApp(t, store, "app").subscribe("store/order/created", to.URL)
		store.AddOrder(bigcommercetest.Order{})
		require.NoError(t, store.WaitIdle(patient(t)))
		before := time.Now()
		store.Clock().Advance(time.Minute - 200*time.Millisecond)
		require.True(t, store.Clock().Now().After(before.Add(time.Minute-time.Second)))
		select {
		case <-second: // nobody moved the clock for the rest of the minute
		case <-patient(t).Done():
			t.Fatal("the retry did not come")
		}
	})
}

func TestDeliveriesAreBounded(t *testing.T) {
	t.Parallel()
	store := newStore(t, bigcommercetest.WithMaxInFlight(3))
	arrived, released := make(chan struct{}, 30), make(chan struct{})
	release := sync.OnceFunc(func() { close(released) })
	to := newReceiver(t, func(int, http.ResponseWriter, *http.Request) {
		arrived <- struct{}{}
		<-released
	})
	t.Cleanup(release) // also when the test fails
	newApp(t, store, "app").subscribe("store/order/created", to.URL)
	place(store, 30)
	for range 3 {
		<-arrived
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorContains(t, store.WaitIdle(ended), "27 queued and 3 under way")
	release()
	require.NoError(t, store.WaitIdle(patient(t)))
	require.Len(t, to.all(), 30)
}

func TestSeed(t *testing.T) {
	t.Parallel()
	one := newStore(t, bigcommercetest.WithSeed(9), bigcommercetest.WithFrozenClockAt(noon))
	two := newStore(t, bigcommercetest.WithSeed(9), bigcommercetest.WithFrozenClockAt(noon))
	for range 20 {
		require.Equal(t, one.AddOrder(bigcommercetest.Order{}), two.AddOrder(bigcommercetest.Order{}))
	}
	require.NotEqual(t, one.Events()[0].Hash, two.Events()[0].Hash, "hashes never come twice")
	require.NotEqual(t, one.AddAccount("a").AccessToken, two.AddAccount("a").AccessToken)
}

func TestLogging(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	store := newStore(t, bigcommercetest.WithLogger(slog.New(slog.NewTextHandler(&out, nil))))
	a := newApp(t, store, "app")
	a.subscribe("store/order/created", newReceiver(t, always(http.StatusBadGateway)).URL)
	store.AddOrder(bigcommercetest.Order{})
	require.NoError(t, store.WaitIdle(patient(t)))
	require.NoError(t, store.DeactivateHook(store.Hooks()[0].ID))
	require.NoError(t, store.Close())
	require.Contains(t, out.String(), "webhook not delivered: answered 502")
	require.Contains(t, out.String(), "hook deactivated")
	require.NotContains(t, out.String(), "s3cret")
	require.NotContains(t, out.String(), a.AccessToken)
}

// fatal is a TB that notes its failure.
type fatal struct {
	testing.TB

	message string
}

func (f *fatal) Fatalf(format string, args ...any) { f.message = fmt.Sprintf(format, args...) }

func TestNewFailsTheTest(t *testing.T) {
	t.Parallel()
	tb := &fatal{TB: t}
	require.Nil(t, bigcommercetest.New(tb, bigcommercetest.WithHash("UPPER")))
	require.Contains(t, tb.message, "store hash")
}

func TestVerbose(t *testing.T) {
	t.Parallel()
	store := newStore(t, bigcommercetest.WithVerbose())
	newApp(t, store, "app").subscribe("store/order/*", newReceiver(t, nil).URL)
	store.AddOrder(bigcommercetest.Order{StatusID: bigcommerce.StatusPending})
	require.NoError(t, store.WaitIdle(patient(t)))
	require.Len(t, store.Deliveries(), 1)
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	store := newStore(t, bigcommercetest.WithPlan(bigcommercetest.PlanUnlimited))
	to := newReceiver(t, nil)
	store.Faults().SetDuplicateChance(0.2)
	store.Faults().SetDisorder(5 * time.Millisecond)
	a := newApp(t, store, "app")
	a.subscribe("store/order/*", to.URL)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 10 {
				o := store.AddOrder(bigcommercetest.Order{StatusID: bigcommerce.StatusPending})
				if err := store.SetStatus(o.ID, bigcommerce.StatusCancelled); err != nil {
					t.Errorf("set status: %v", err)
				}
				if _, err := a.try(http.MethodGet, fmt.Sprintf("/v2/orders/%d", o.ID), ""); err != nil {
					t.Errorf("get order: %v", err)
				}
				store.Clock().Advance(time.Second)
				_ = store.Deliveries()
			}
		})
	}
	all.Wait()
	require.NoError(t, store.WaitIdle(patient(t)))
	hashes := map[string]bool{}
	for _, d := range store.Deliveries() {
		hashes[d.EventHash] = true
	}
	require.Len(t, hashes, 240, "created, updated and statusUpdated of each order")
}
