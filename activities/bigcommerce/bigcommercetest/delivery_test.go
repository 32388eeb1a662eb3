package bigcommercetest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
)

func TestDeliveryOnTheWire(t *testing.T) {
	t.Parallel()
	store := newStore(t, bigcommercetest.WithHash("abc123"))
	a := newApp(t, store, "app")
	to := newReceiver(t, nil)
	a.subscribe("store/order/statusUpdated", to.URL)
	order := store.AddOrder(bigcommercetest.Order{ID: 218, StatusID: bigcommerce.StatusAwaitingPayment})
	require.NoError(t, store.SetStatus(order.ID, bigcommerce.StatusCancelled))
	require.NoError(t, store.WaitIdle(patient(t)))

	require.Len(t, to.all(), 1)
	got := to.all()[0]
	pattern := regexp.MustCompile(`^\{"producer":"stores/abc123","hash":"([0-9a-f]{40})","created_at":([0-9]+),` +
		`"store_id":"` + store.StoreID + `","scope":"store/order/statusUpdated",` +
		`"data":\{"type":"order","id":218,"status":\{"previous_status_id":7,"new_status_id":5\}\}\}$`)
	parts := pattern.FindStringSubmatch(got.body)
	require.NotNil(t, parts, got.body)
	require.Equal(t, strconv.FormatInt(store.Clock().Now().Unix(), 10), parts[2])

	for name, want := range map[string]string{
		"Content-Type": "application/json", "User-Agent": "pekko-http/1.3.0", "Accept-Encoding": "gzip",
		"X-Secret": "s3cret", "Webhook-Id": parts[1], "Webhook-Timestamp": parts[2],
		"Content-Length": strconv.Itoa(len(got.body)),
	} {
		require.Equal(t, []string{want}, got.header[name], name)
	}
	verifier, err := standardwebhooks.NewWebhookRaw([]byte(a.ClientSecret))
	require.NoError(t, err)
	require.NoError(t, verifier.Verify([]byte(got.body), got.header))
	require.Error(t, verifier.Verify([]byte(got.body+" "), got.header), "a changed body")

	made := store.Deliveries()
	require.Len(t, made, 1)
	require.True(t, made[0].OK())
	require.Equal(t, got.body, string(made[0].Body))
	require.Equal(t, parts[1], made[0].EventHash)
	require.Equal(t, int64(218), made[0].OrderID)
}

func TestScopesThatDeliver(t *testing.T) {
	t.Parallel()
	const updated, status = "store/order/updated", "store/order/statusUpdated"
	for _, tc := range []struct {
		hook string
		want []string // scope and data of what cancelling order 7 of channel 3 sends
	}{
		{status, []string{status}},
		{"store/order/*", []string{updated, status}},
		{"store/channel/3/order/statusUpdated", []string{"store/channel/3/order/statusUpdated"}},
		{"store/channel/3/order/*", []string{"store/channel/3/order/updated", "store/channel/3/order/statusUpdated"}},
		{"store/channel/*/order/updated", []string{"store/channel/3/order/updated"}},
		{"store/channel/4/order/*", nil},
		{"store/order/created", nil},
		{"store/shipment/*", nil},
	} {
		t.Run(tc.hook, func(t *testing.T) {
			t.Parallel()
			store := newStore(t, bigcommercetest.WithMaxInFlight(1))
			store.AddOrder(bigcommercetest.Order{ID: 7, ChannelID: 3, StatusID: bigcommerce.StatusPending})
			newApp(t, store, "app").subscribe(tc.hook, newReceiver(t, nil).URL)
			require.NoError(t, store.SetStatus(7, bigcommerce.StatusCancelled))
			require.NoError(t, store.SetStatus(7, bigcommerce.StatusCancelled), "no change, no event")
			require.NoError(t, store.WaitIdle(patient(t)))
			var scopes []string //nolint:prealloc // A nil list is what some cases want.
			for _, d := range store.Deliveries() {
				scopes = append(scopes, d.Scope)
				if regexp.MustCompile("^store/channel").MatchString(d.Scope) {
					require.Contains(t, string(d.Body), `"data":{"order_id":7}`)
				}
			}
			require.Equal(t, tc.want, scopes)
			require.Len(t, store.Events(), 6, "created, updated, statusUpdated, for store and channel")
		})
	}
}

func TestWhatCountsAsReceived(t *testing.T) {
	t.Parallel()
	redirected := newReceiver(t, nil)
	for name, tc := range map[string]struct {
		answer func(int, http.ResponseWriter, *http.Request)
		status int
		ok     bool
	}{
		"200": {always(http.StatusOK), 200, true},
		"204": {always(http.StatusNoContent), 204, true},
		"404": {always(http.StatusNotFound), 404, false},
		"500": {always(http.StatusInternalServerError), 500, false},
		"redirect": {func(_ int, w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, redirected.URL, http.StatusFound)
		}, 302, false},
		"cut":       {func(int, http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 0, false},
		"no answer": {func(_ int, _ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			timeout := patience
			if name == "no answer" {
				timeout = 100 * time.Millisecond
			}
			store := newStore(t, bigcommercetest.WithDeliveryTimeout(timeout))
			newApp(t, store, "app").subscribe("store/order/created", newReceiver(t, tc.answer).URL)
			store.AddOrder(bigcommercetest.Order{})
			require.NoError(t, store.WaitIdle(patient(t)))
			require.Len(t, store.Deliveries(), 1)
			require.Equal(t, tc.status, store.Deliveries()[0].Status)
			require.Equal(t, tc.ok, store.Deliveries()[0].OK())
			require.Equal(t, tc.status == 0, store.Deliveries()[0].Err != nil)
			store.Clock().Advance(time.Minute)
			require.NoError(t, store.WaitIdle(patient(t)))
			require.Equal(t, tc.ok, len(store.Deliveries()) == 1, "a retry follows a failure only")
		})
	}
	require.Empty(t, redirected.all(), "redirects are not followed")
}

func TestDeliveryOverTLS(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(server.Close)

	t.Run("certificate that is trusted", func(t *testing.T) {
		t.Parallel()
		store := newStore(t, bigcommercetest.WithTransport(server.Client().Transport))
		newApp(t, store, "app").subscribe("store/order/created", server.URL)
		store.AddOrder(bigcommercetest.Order{})
		require.NoError(t, store.WaitIdle(patient(t)))
		require.True(t, store.Deliveries()[0].OK())
	})
	t.Run("certificate that is self-signed", func(t *testing.T) {
		t.Parallel()
		store := newStore(t)
		newApp(t, store, "app").subscribe("store/order/created", server.URL)
		store.AddOrder(bigcommercetest.Order{})
		require.NoError(t, store.WaitIdle(patient(t)))
		require.ErrorContains(t, store.Deliveries()[0].Err, "certificate")
	})
}

func TestHooksAreReadAtDelivery(t *testing.T) {
	t.Parallel()
	setup := func(t *testing.T, opts ...bigcommercetest.Option) (*bigcommercetest.Store, *app, *receiver, hookView) {
		t.Helper()
		store := newStore(t, opts...)
		a, to := newApp(t, store, "app"), newReceiver(t, always(http.StatusTeapot))
		hook := a.subscribe("store/order/created", to.URL)
		return store, a, to, hook
	}

	t.Run("deleted hooks are not retried", func(t *testing.T) {
		t.Parallel()
		store, _, to, hook := setup(t)
		store.AddOrder(bigcommercetest.Order{})
		require.NoError(t, store.WaitIdle(patient(t)))
		require.NoError(t, store.DeleteHookByHand(hook.ID))
		require.NoError(t, store.Elapse(patient(t), 48*time.Hour))
		require.Len(t, to.all(), 1)
	})
	t.Run("retries use new headers", func(t *testing.T) {
		t.Parallel()
		store, a, to, hook := setup(t)
		store.AddOrder(bigcommercetest.Order{})
		require.NoError(t, store.WaitIdle(patient(t)))
		a.call(http.MethodPut, fmt.Sprintf("/v3/hooks/%d", hook.ID), `{"headers":{"X-Secret":"new"}}`)
		require.NoError(t, store.Elapse(patient(t), time.Minute))
		require.Len(t, to.all(), 2)
		require.Equal(t, "new", to.all()[1].header.Get("X-Secret"))
	})
	t.Run("new and changed hooks work after the delay", func(t *testing.T) {
		t.Parallel()
		store, a, to, hook := setup(t, bigcommercetest.WithHookDelay(time.Minute))
		store.AddOrder(bigcommercetest.Order{})
		require.NoError(t, store.WaitIdle(patient(t)))
		require.Empty(t, to.all(), "not yet")
		store.Clock().Advance(time.Minute)
		a.call(http.MethodPut, fmt.Sprintf("/v3/hooks/%d", hook.ID), `{"headers":{"X-Secret":"new"}}`)
		store.AddOrder(bigcommercetest.Order{})
		require.NoError(t, store.WaitIdle(patient(t)))
		require.Len(t, to.all(), 1)
		require.Equal(t, "s3cret", to.all()[0].header.Get("X-Secret"), "still as before")
		require.NoError(t, store.Elapse(patient(t), time.Minute))
		require.Equal(t, "new", to.all()[1].header.Get("X-Secret"))
	})
}
