package bigcommercetest_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
)

// listening is a store with one hook on order/created.
func listening(t *testing.T, opts ...bigcommercetest.Option) (*bigcommercetest.Store, *receiver) {
	t.Helper()
	store, to := newStore(t, opts...), newReceiver(t, nil)
	newApp(t, store, "app").subscribe("store/order/created", to.URL)
	return store, to
}

func place(store *bigcommercetest.Store, n int) []int64 {
	ids := make([]int64, 0, n)
	for range n {
		ids = append(ids, store.AddOrder(bigcommercetest.Order{}).ID)
	}
	return ids
}

func TestDuplicates(t *testing.T) {
	t.Parallel()
	t.Run("counted", func(t *testing.T) {
		t.Parallel()
		store, to := listening(t)
		store.Faults().DuplicateNext(1, 2, 20*time.Millisecond)
		place(store, 1)
		require.NoError(t, store.WaitIdle(patient(t)))
		got := to.all()
		require.Len(t, got, 3, "WaitIdle waits for copies")
		require.Equal(t, got[0].body, got[1].body)
		require.Equal(t, got[0].header.Get("Webhook-Id"), got[2].header.Get("Webhook-Id"))
		place(store, 1)
		require.NoError(t, store.WaitIdle(patient(t)))
		require.Len(t, to.all(), 4, "the next one comes once")
	})
	t.Run("by chance", func(t *testing.T) {
		t.Parallel()
		store, to := listening(t)
		store.Faults().SetDuplicateChance(1)
		place(store, 2)
		require.NoError(t, store.WaitIdle(patient(t)))
		require.GreaterOrEqual(t, len(to.all()), 4)
		require.LessOrEqual(t, len(to.all()), 6)
	})
	t.Run("copies are not retried", func(t *testing.T) {
		t.Parallel()
		store := newStore(t)
		to := newReceiver(t, always(http.StatusInternalServerError))
		newApp(t, store, "app").subscribe("store/order/created", to.URL)
		store.Faults().DuplicateNext(1, 1, 0)
		place(store, 1)
		require.NoError(t, store.Elapse(patient(t), time.Minute))
		require.Len(t, to.all(), 3)
	})
}

func TestHoldAndRelease(t *testing.T) {
	t.Parallel()
	held := func(t *testing.T, seed int64) (*bigcommercetest.Store, *receiver, []int64) {
		t.Helper()
		store, to := listening(t, bigcommercetest.WithSeed(seed))
		store.Faults().HoldDeliveries()
		ids := place(store, 12)
		require.NoError(t, store.WaitIdle(patient(t)))
		require.Empty(t, to.all())
		require.Len(t, store.Faults().HeldDeliveries(), 12)
		return store, to, ids
	}
	release := func(t *testing.T, store *bigcommercetest.Store, order func([]bigcommercetest.Held) []bigcommercetest.Held) {
		t.Helper()
		store.Faults().ReleaseDeliveries(order)
		require.NoError(t, store.WaitIdle(patient(t)))
		require.Empty(t, store.Faults().HeldDeliveries())
	}
	t.Run("as they were", func(t *testing.T) {
		t.Parallel()
		store, to, ids := held(t, 1)
		release(t, store, nil)
		require.Equal(t, ids, to.orders(t))
	})
	t.Run("reversed", func(t *testing.T) {
		t.Parallel()
		store, to, ids := held(t, 1)
		release(t, store, bigcommercetest.Reversed)
		slices.Reverse(ids)
		require.Equal(t, ids, to.orders(t))
		more := place(store, 1)
		require.NoError(t, store.WaitIdle(patient(t)))
		require.Equal(t, more[0], to.orders(t)[12], "nothing is held any more")
	})
	t.Run("shuffled the same way for the same seed", func(t *testing.T) {
		t.Parallel()
		one, toOne, ids := held(t, 42)
		two, toTwo, _ := held(t, 42)
		release(t, one, one.Faults().Shuffled)
		release(t, two, two.Faults().Shuffled)
		require.Equal(t, toOne.orders(t), toTwo.orders(t))
		require.NotEqual(t, ids, toOne.orders(t))
		require.ElementsMatch(t, ids, toOne.orders(t))
	})
	t.Run("some left out", func(t *testing.T) {
		t.Parallel()
		store, to, ids := held(t, 1)
		release(t, store, func(all []bigcommercetest.Held) []bigcommercetest.Held {
			require.Equal(t, ids[0], all[0].OrderID)
			return all[3:5]
		})
		require.Equal(t, ids[3:5], to.orders(t))
	})
	t.Run("held again halfway", func(t *testing.T) {
		t.Parallel()
		store := newStore(t)
		to := newReceiver(t, nil)
		to.answer = func(n int, _ http.ResponseWriter, _ *http.Request) {
			if n == 2 {
				store.Faults().HoldDeliveries()
			}
		}
		newApp(t, store, "app").subscribe("store/order/created", to.URL)
		store.Faults().HoldDeliveries()
		ids := place(store, 5)
		require.NoError(t, store.WaitIdle(patient(t)))
		store.Faults().ReleaseDeliveries(nil)
		require.NoError(t, store.WaitIdle(patient(t)))
		require.Equal(t, ids[:2], to.orders(t))
		release(t, store, nil)
		require.Equal(t, ids, to.orders(t))
	})
}

func TestDisorder(t *testing.T) {
	t.Parallel()
	store, to := listening(t, bigcommercetest.WithSeed(3))
	store.Faults().SetDisorder(200 * time.Millisecond)
	ids := place(store, 8)
	require.NoError(t, store.WaitIdle(patient(t)))
	require.ElementsMatch(t, ids, to.orders(t))
	require.NotEqual(t, ids, to.orders(t), "eight waits drawn from 200 ms are not in ascending order with this seed")
}

func TestLostAndLateWebhooks(t *testing.T) {
	t.Parallel()
	t.Run("the next ones", func(t *testing.T) {
		t.Parallel()
		store, to := listening(t)
		store.Faults().DropNext(2)
		ids := place(store, 3)
		require.NoError(t, store.Elapse(patient(t), 49*time.Hour))
		require.Equal(t, ids[2:], to.orders(t))
		events := store.Events()
		require.Equal(t, 1, events[0].Hooks)
		require.Equal(t, 1, events[0].Dropped)
		require.Zero(t, events[1].Hooks, "nobody asked for the channel's")
		require.Zero(t, events[4].Dropped)
	})
	t.Run("all", func(t *testing.T) {
		t.Parallel()
		store, to := listening(t)
		store.Faults().SetDropChance(1)
		place(store, 5)
		require.NoError(t, store.WaitIdle(patient(t)))
		require.Empty(t, to.all())
	})
	t.Run("late", func(t *testing.T) {
		t.Parallel()
		store, to := listening(t)
		store.Faults().SetDelay(time.Hour)
		place(store, 1)
		require.NoError(t, store.Elapse(patient(t), time.Hour-time.Second))
		require.Empty(t, to.all())
		require.NoError(t, store.Elapse(patient(t), time.Second))
		require.Len(t, to.all(), 1)
	})
}

func TestWebhookShapes(t *testing.T) {
	t.Parallel()
	body := func(t *testing.T, hook string, change func(*bigcommercetest.Faults)) string {
		t.Helper()
		store, to := newStore(t), newReceiver(t, nil)
		newApp(t, store, "app").subscribe(hook, to.URL)
		store.AddOrder(bigcommercetest.Order{ID: 7, StatusID: bigcommerce.StatusPending})
		require.NoError(t, store.WaitIdle(patient(t)))
		before := len(to.all())
		change(store.Faults())
		require.NoError(t, store.SetStatus(7, bigcommerce.StatusCancelled))
		require.NoError(t, store.WaitIdle(patient(t)))
		return to.all()[before].body
	}
	const status = "store/order/statusUpdated"
	require.Contains(t, body(t, status, func(f *bigcommercetest.Faults) { f.SetBareStatus(true) }),
		`"data":{"type":"order","id":7}`)
	wobbled := body(t, status, func(f *bigcommercetest.Faults) { f.SetWobble(true) })
	require.Contains(t, wobbled, `"id":"7"`)
	require.Regexp(t, `"store_id":[0-9]`, wobbled)
	require.Contains(t, body(t, "store/order/*", func(f *bigcommercetest.Faults) { f.SetWildcardScope(true) }),
		`"scope":"store/order/*"`)
	require.Contains(t, body(t, status, func(f *bigcommercetest.Faults) { f.SetUnknownFields(true) }), `"delivery_region"`)
}

func TestEmit(t *testing.T) {
	t.Parallel()
	store, to := newStore(t), newReceiver(t, nil)
	newApp(t, store, "app").subscribe("store/order/transaction/created", to.URL)
	e, err := store.Emit("store/order/transaction/created", 250, map[string]any{"type": "transaction", "order_id": "250"})
	require.NoError(t, err)
	require.Equal(t, 1, e.Hooks)
	require.NoError(t, store.WaitIdle(patient(t)))
	require.Contains(t, to.all()[0].body, `"order_id":"250"`)
	_, err = store.Emit("store/order/created", 0, func() {})
	require.Error(t, err)
}

func TestWobblingOrders(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	a := newApp(t, store, "app")
	store.AddOrder(bigcommercetest.Order{ID: 7, StatusID: bigcommerce.StatusPending})
	store.Faults().SetWobble(true)
	store.Faults().SetUnknownFields(true)
	read := func() map[string]any {
		var fields map[string]any
		require.NoError(t, json.Unmarshal([]byte(a.call(http.MethodGet, "/v2/orders/7", "").body), &fields))
		return fields
	}
	got := read()
	require.Equal(t, "7", got["id"])
	require.Equal(t, "1", got["status_id"])
	require.IsType(t, 0.0, got["total_inc_tax"])
	require.Equal(t, map[string]any{}, got["credit_card_type"])
	require.Equal(t, "false", got["is_deleted"])
	require.Contains(t, got, "fulfillment_promise")
	address, ok := got["billing_address"].(map[string]any)
	require.True(t, ok)
	require.IsType(t, 0.0, address["zip"])

	store.Faults().SetWobble(false)
	store.Faults().SetUnknownFields(false)
	got = read()
	require.InDelta(t, 7, got["id"], 0)
	require.NotContains(t, got, "fulfillment_promise")
}
