package bigcommercetest_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
)

// codes returns the error codes that a receiver of delivery exceptions got.
func codes(t *testing.T, store *bigcommercetest.Store) []int {
	t.Helper()
	var list []int
	for _, e := range store.Events() {
		if e.Scope != "store/hook/deliveryException" {
			continue
		}
		var data struct {
			Type string
			Code int `json:"error_code"`
			ID   int64
		}
		response{body: string(e.Data)}.decode(t, &data)
		require.Equal(t, "webhook", data.Type)
		require.Positive(t, data.ID)
		list = append(list, data.Code)
	}
	return list
}

func TestRetriesUntilTheHookIsSwitchedOff(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	a := newApp(t, store, "Shop Sync")
	a.call(http.MethodPut, "/v3/hooks/admin", `{"emails":["ops@example.com"]}`)
	hook := a.subscribe("store/order/created", newReceiver(t, always(http.StatusBadGateway)).URL)
	alarm := newReceiver(t, nil)
	a.subscribe("store/hook/deliveryException", alarm.URL)
	start := store.Clock().Now()
	store.AddOrder(bigcommercetest.Order{})
	require.NoError(t, store.Elapse(patient(t), 49*time.Hour))

	var at []int
	var hash string
	for _, d := range store.Deliveries() {
		if d.HookID != hook.ID {
			continue
		}
		at = append(at, int(d.At.Sub(start).Seconds()))
		require.Equal(t, len(at), d.Attempt)
		if hash == "" {
			hash = d.EventHash
		}
		require.Equal(t, hash, d.EventHash, "the same hash in every attempt")
		require.Equal(t, hash, d.Header.Get("Webhook-Id"))
	}
	require.Equal(t, []int{0, 60, 240, 540, 1140, 2040, 3840, 7440, 14640, 36240, 86640, 173040}, at)

	require.False(t, store.Hooks()[0].IsActive)
	require.Equal(t, bigcommercetest.HookDeactivated, store.Hooks()[0].Status)
	require.True(t, store.Hooks()[1].IsActive)
	mails := store.Emails()
	require.Len(t, mails, 1)
	require.Equal(t, []string{"shop-sync@example.com", "ops@example.com"}, mails[0].To)
	require.Equal(t, hook.ID, mails[0].HookID)

	// The failures after 60, 240 and 540 seconds are within ten minutes of the first.
	told := codes(t, store)
	require.Equal(t, []int{90001, 90001, 90001, 90001, 90001, 90001, 90001, 90001, 90002}, told)
	require.Len(t, alarm.all(), len(told))
	require.Contains(t, alarm.all()[0].body, fmt.Sprintf(`"data":{"type":"webhook","id":%d,"error_code":90001`, hook.ID))

	store.AddOrder(bigcommercetest.Order{})
	require.NoError(t, store.WaitIdle(patient(t)))
	require.Len(t, codes(t, store), len(told), "an inactive hook gets nothing")
}

func TestRetryThatSucceeds(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	to := newReceiver(t, func(n int, w http.ResponseWriter, _ *http.Request) {
		if n < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	newApp(t, store, "app").subscribe("store/order/created", to.URL)
	store.AddOrder(bigcommercetest.Order{})
	require.NoError(t, store.Elapse(patient(t), 49*time.Hour))
	require.Len(t, to.all(), 3)
	require.True(t, store.Hooks()[0].IsActive)
	require.Empty(t, store.Emails())
}

func TestFailingExceptionHookIsNotToldOf(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	a := newApp(t, store, "app")
	a.subscribe("store/order/created", newReceiver(t, always(http.StatusNotFound)).URL)
	a.subscribe("store/hook/deliveryException", newReceiver(t, always(http.StatusNotFound)).URL)
	store.AddOrder(bigcommercetest.Order{})
	require.NoError(t, store.WaitIdle(patient(t)))
	require.Equal(t, []int{90001}, codes(t, store))
}

func TestQuietHooksAreSwitchedOff(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	a := newApp(t, store, "app")
	a.subscribe("store/order/created", newReceiver(t, nil).URL)
	a.subscribe("store/order/archived", newReceiver(t, nil).URL)
	const day = 24 * time.Hour

	store.Clock().Advance(60 * day)
	store.AddOrder(bigcommercetest.Order{})
	require.NoError(t, store.WaitIdle(patient(t)))
	store.Clock().Advance(30*day - time.Second)
	require.True(t, store.Hooks()[1].IsActive)
	store.Clock().Advance(time.Second)
	hooks := store.Hooks()
	require.True(t, hooks[0].IsActive, "delivered to 30 days ago")
	require.False(t, hooks[1].IsActive)
	require.Equal(t, bigcommercetest.HookDeactivated, hooks[1].Status)

	store.Clock().Advance(90 * day)
	order := store.AddOrder(bigcommercetest.Order{})
	require.NoError(t, store.Archive(order.ID))
	require.NoError(t, store.WaitIdle(patient(t)))
	require.Len(t, store.Deliveries(), 1, "an event does not wake a hook that is off")
}

func TestBlockedDomain(t *testing.T) {
	t.Parallel()
	fill := func(t *testing.T, failures, of int) (*bigcommercetest.Store, *app) {
		t.Helper()
		store := newStore(t, bigcommercetest.WithMaxInFlight(1))
		a := newApp(t, store, "app")
		to := newReceiver(t, func(n int, w http.ResponseWriter, _ *http.Request) {
			if n <= failures {
				w.WriteHeader(http.StatusInternalServerError)
			}
		})
		a.subscribe("store/order/created", to.URL)
		a.subscribe("store/hook/deliveryException", newReceiver(t, nil).URL)
		other := newApp(t, store, "another client of the same domain")
		other.subscribe("store/order/archived", to.URL)
		for range of {
			store.AddOrder(bigcommercetest.Order{})
		}
		require.NoError(t, store.WaitIdle(patient(t)))
		return store, a
	}

	t.Run("99 requests are too few", func(t *testing.T) {
		t.Parallel()
		store, _ := fill(t, 99, 99)
		require.Empty(t, store.BlockedDomains())
	})
	t.Run("90 of 100 are enough", func(t *testing.T) {
		t.Parallel()
		store, _ := fill(t, 10, 100)
		require.Empty(t, store.BlockedDomains())
	})
	t.Run("89 of 100 are not", func(t *testing.T) {
		t.Parallel()
		store, a := fill(t, 11, 100)
		require.Len(t, store.BlockedDomains(), 1)
		require.Equal(t, []int{90001, 90003}, codes(t, store))
		var admin adminView
		a.call(http.MethodGet, "/v3/hooks/admin", "").decode(t, &admin)
		require.Len(t, admin.Data.BlockedDomains, 1)
		blocked := admin.Data.BlockedDomains[0]
		require.Equal(t, 180, blocked.TimeLeft)
		require.Equal(t, "answered 500", blocked.Reasons[0].FailureDescription)
		require.Equal(t, 11, blocked.Reasons[0].Count)
		require.Contains(t, store.Hooks()[0].Destination, blocked.Destination)

		before := len(store.Deliveries())
		late := store.AddOrder(bigcommercetest.Order{})
		require.NoError(t, store.Archive(late.ID))
		require.NoError(t, store.WaitIdle(patient(t)))
		during := store.Deliveries()[before:]
		require.Len(t, during, 2)
		require.True(t, during[0].Blocked)
		require.False(t, during[1].Blocked, "a block is for one client")

		require.NoError(t, store.Elapse(patient(t), 4*time.Minute))
		require.Empty(t, store.BlockedDomains())
		last := store.Deliveries()
		var attempts []int
		for _, d := range last {
			if d.OrderID == late.ID && d.Scope == "store/order/created" && d.OK() {
				attempts = append(attempts, d.Attempt)
			}
		}
		require.Equal(t, []int{3}, attempts, "blocked at first and after a minute, then delivered")
	})
	t.Run("failures of two minutes ago are forgotten", func(t *testing.T) {
		t.Parallel()
		store, _ := fill(t, 50, 50)
		store.Clock().Advance(2 * time.Minute)
		for range 99 {
			store.AddOrder(bigcommercetest.Order{})
		}
		require.NoError(t, store.WaitIdle(patient(t)))
		require.Empty(t, store.BlockedDomains())
	})
}
