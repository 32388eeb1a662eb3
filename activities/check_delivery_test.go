package activities_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
	"github.com/orderbridge/orderbridge/activities/callback"
	"github.com/orderbridge/orderbridge/activities/channels"
)

// signedReceiver is the destination of hooks and keeps what was signed.
type signedReceiver struct {
	*httptest.Server

	signed  chan *activities.SignedCallback
	headers chan http.Header
}

func newSignedReceiver(t *testing.T) *signedReceiver {
	t.Helper()
	r := &signedReceiver{signed: make(chan *activities.SignedCallback, 10), headers: make(chan http.Header, 10)}
	r.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		r.signed <- &activities.SignedCallback{
			ID: req.Header.Get("Webhook-Id"), Timestamp: req.Header.Get("Webhook-Timestamp"),
			Signature: req.Header.Get("Webhook-Signature"), Body: string(body),
		}
		r.headers <- req.Header
	}))
	t.Cleanup(r.Close)
	return r
}

// trialHooks returns the hooks that checks made.
func (c *checker) trialHooks() []bigcommercetest.Hook {
	var list []bigcommercetest.Hook
	for _, hook := range c.store.Hooks() {
		if hook.Scope == bigcommerce.ScopeOrderMetafieldCreated {
			list = append(list, hook)
		}
	}
	return list
}

func TestTrial(t *testing.T) {
	t.Parallel()
	c := setupCheck(t)
	receiver := newSignedReceiver(t)
	channel := c.channel(mainChannel)
	channel.CallbackURL = receiver.URL + "/webhooks/bigcommerce/main"
	c.directory.put(channel)
	c.store.AddOrder(bigcommercetest.Order{ID: 7, StatusID: bigcommerce.StatusAwaitingShipment})
	c.store.AddOrder(bigcommercetest.Order{ID: 8, StatusID: bigcommerce.StatusCancelled})
	// Neither is a check's, though both are near.
	c.hook(bigcommerce.ScopeOrderMetafieldCreated, "http://127.0.0.1:9/theirs", "x")
	theirs := c.hook(bigcommerce.ScopeOrderMetafieldCreated, receiver.URL+"/webhooks/bigcommerce/other/check", "x")
	require.NoError(t, c.store.DeleteHookByHand(theirs))

	var trial activities.Trial
	for range 2 { // what the first one makes is what an earlier check left behind
		trial = activities.Trial{}
		c.run(c.activities.PrepareTrial, request, &trial)
		require.Nil(t, trial.Verdict)
		require.Equal(t, int64(7), trial.OrderID, "the newest that no webhook could act on")
		hooks := c.trialHooks()
		require.Len(t, hooks, 2)
		require.Equal(t, channels.CheckURL(channel.CallbackURL), hooks[1].Destination)
		require.Equal(t, trial.HookID, hooks[1].ID)
	}
	for range 2 {
		var caused activities.Trial
		c.run(c.activities.CauseTrial, trial, &caused)
		require.Nil(t, caused.Verdict)
		require.Len(t, c.store.Metafields(7), 1)
		require.NoError(t, c.store.WaitIdle(t.Context()))
		version, ok := c.secrets.Verify(mainChannel, (<-receiver.headers).Get(callback.Header))
		require.True(t, ok, "it carries the channel's secret")
		require.Equal(t, 1, version)
	}
	metafield := c.store.Metafields(7)[0]
	require.Equal(t, "orderbridge", metafield.Namespace)
	require.Equal(t, "integration-check-main", metafield.Key)
	require.Equal(t, "app_only", metafield.PermissionSet)

	for range 2 { // it can be repeated
		c.run(c.activities.EndTrial, request, nil)
		require.Empty(t, c.store.Metafields(7))
		require.Len(t, c.trialHooks(), 1)
	}
	order, _ := c.store.Order(7)
	require.Equal(t, bigcommerce.StatusAwaitingShipment, order.StatusID)
}

func TestTrialChoosesTheNewestIfAllAreMapped(t *testing.T) {
	t.Parallel()
	c := setupCheck(t)
	c.store.AddOrder(bigcommercetest.Order{ID: 7, StatusID: bigcommerce.StatusShipped})
	c.store.AddOrder(bigcommercetest.Order{ID: 8, StatusID: bigcommerce.StatusCancelled})
	var trial activities.Trial
	c.run(c.activities.PrepareTrial, request, &trial)
	require.Equal(t, int64(8), trial.OrderID)
}

func TestTrialThatTheStoreDoesNotAllow(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		account []bigcommercetest.AccountOption
		spoil   func(*checker)
		says    string
	}{
		"no order":  {says: "no order yet"},
		"no orders": {account: []bigcommercetest.AccountOption{bigcommercetest.WithoutOrders()}, spoil: withOrder, says: "no permission to list orders"},
		"read-only": {
			account: []bigcommercetest.AccountOption{bigcommercetest.WithReadOnlyOrders()}, spoil: withOrder,
			says: "no permission to create a metafield of order 7",
		},
		"address refused": {
			spoil: func(c *checker) {
				withOrder(c)
				channel := c.channel(mainChannel)
				channel.CallbackURL = "ftp://hooks.example.com/main"
				c.directory.put(channel)
			},
			says: "destination",
		},
		"too many hooks": {
			spoil: func(c *checker) {
				withOrder(c)
				for n := range 10 {
					c.hook(bigcommerce.ScopeOrderMetafieldCreated, "http://127.0.0.1:9/"+string(rune('a'+n)), "x")
				}
			},
			says: "limit of 10 hooks",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := setupCheck(t)
			c.account = c.store.AddAccount("app", tc.account...)
			c.directory.put(c.channel(mainChannel))
			if tc.spoil != nil {
				tc.spoil(c)
			}
			foreign := len(c.trialHooks())
			var trial activities.Trial
			c.run(c.activities.PrepareTrial, request, &trial)
			if trial.Verdict == nil {
				c.run(c.activities.CauseTrial, trial, &trial)
			}
			require.NotNil(t, trial.Verdict)
			require.Equal(t, activities.CheckWarning, trial.Verdict.Result, "what a webhook needs is less")
			require.Contains(t, trial.Verdict.Detail, tc.says)
			require.NotEmpty(t, trial.Verdict.Advice)
			c.run(c.activities.EndTrial, request, nil)
			require.Len(t, c.trialHooks(), foreign)
			require.Empty(t, c.store.Metafields(7))
		})
	}
}

func withOrder(c *checker) { c.store.AddOrder(bigcommercetest.Order{ID: 7}) }

func TestTrialRepeats(t *testing.T) {
	t.Parallel()
	c := setupCheck(t)
	withOrder(c)
	// The answer is lost after the hook was made: the next attempt leaves one.
	c.store.Faults().FailNext(1, http.MethodPost, "/v3/hooks", bigcommercetest.LostAnswer(http.StatusBadGateway))
	failure := c.fails(c.activities.PrepareTrial, request)
	require.False(t, failure.NonRetryable())
	require.Len(t, c.trialHooks(), 1)
	var trial activities.Trial
	c.run(c.activities.PrepareTrial, request, &trial)
	require.Len(t, c.trialHooks(), 1)

	c.store.Faults().FailNext(1, http.MethodPost, "/v3/orders/7/metafields", bigcommercetest.LostAnswer(http.StatusBadGateway))
	require.False(t, c.fails(c.activities.CauseTrial, trial).NonRetryable())
	require.Len(t, c.store.Metafields(7), 1)
	c.run(c.activities.CauseTrial, trial, &trial)
	require.Len(t, c.store.Metafields(7), 1)

	c.store.Faults().FailNext(1, http.MethodDelete, "/v3/hooks/", bigcommercetest.Failure(http.StatusServiceUnavailable))
	require.False(t, c.fails(c.activities.EndTrial, request).NonRetryable())
	require.Empty(t, c.store.Metafields(7), "both are tried")
	c.run(c.activities.EndTrial, request, nil)
	require.Empty(t, c.trialHooks())
}
