package activities_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
	"github.com/orderbridge/orderbridge/activities/channels"
)

// subscribed makes the hooks of the channel.
func (c *checker) subscribed() {
	c.t.Helper()
	c.hook(bigcommerce.ScopeOrderStatusUpdated, callbackBase+mainChannel, c.secrets.Secret(mainChannel, 1))
	c.hook(bigcommerce.ScopeHookDeliveryException, channels.ExceptionsURL(callbackBase+mainChannel), c.secrets.Secret(mainChannel, 1))
}

func (c *checker) hook(scope, destination, secret string) int64 {
	c.t.Helper()
	made, err := c.client(c.account).CreateHook(c.t.Context(), bigcommerce.HookRequest{
		Scope: scope, Destination: destination, IsActive: true, Headers: map[string]string{"X-Orderbridge-Secret": secret},
	})
	require.NoError(c.t, err)
	return made.ID
}

func TestCheckHooks(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		spoil func(*checker)
		want  activities.CheckResult
		says  []string
	}{
		"right": {
			spoil: (*checker).subscribed, want: activities.CheckOK,
			says: []string{"store/order/statusUpdated", "The last audit ended at", "healthy"},
		},
		"missing": {
			spoil: func(*checker) {}, want: activities.CheckFailed,
			says: []string{"no hook for store/order/statusUpdated", "orderbridge channels audit main"},
		},
		"only the one for exceptions is missing": {
			spoil: func(c *checker) {
				c.hook(bigcommerce.ScopeOrderStatusUpdated, callbackBase+mainChannel, c.secrets.Secret(mainChannel, 1))
			},
			want: activities.CheckWarning, says: []string{"no hook for store/hook/deliveryException"},
		},
		"deactivated": {
			spoil: func(c *checker) { c.subscribed(); require.NoError(c.t, c.store.DeactivateHook(c.store.Hooks()[0].ID)) },
			want:  activities.CheckFailed, says: []string{"switched off by BigCommerce"},
		},
		"wrong secret": {
			spoil: func(c *checker) { c.hook(bigcommerce.ScopeOrderStatusUpdated, callbackBase+mainChannel, "nonsense") },
			want:  activities.CheckFailed, says: []string{"not this channel's"},
		},
		"two": {
			spoil: func(c *checker) {
				c.subscribed()
				c.hook(bigcommerce.ScopeOrderStatusUpdated, callbackBase+"elsewhere", c.secrets.Secret(mainChannel, 1))
			},
			want: activities.CheckWarning, says: []string{"one of several"},
		},
		"exceptions go to another channel": {
			spoil: func(c *checker) {
				c.hook(bigcommerce.ScopeOrderStatusUpdated, callbackBase+mainChannel, c.secrets.Secret(mainChannel, 1))
				c.hook(bigcommerce.ScopeHookDeliveryException, channels.ExceptionsURL(callbackBase+"other"), c.secrets.Secret("other", 1))
			},
			want: activities.CheckOK,
			says: []string{"address and secret: store/order/statusUpdated. Delivery exceptions go to another channel"},
		},
		"old secret": {
			spoil: func(c *checker) {
				c.subscribed()
				channel := c.channel(mainChannel)
				channel.SecretVersion = 2
				c.directory.put(channel)
			},
			want: activities.CheckWarning, says: []string{"another version of the secret"},
		},
		"nothing wanted": {
			spoil: func(c *checker) {
				channel := c.channel(mainChannel)
				channel.Active = false
				c.directory.put(channel)
			},
			want: activities.CheckOK, says: []string{"No hook is wanted"},
		},
		"left of a channel that is not active": {
			spoil: func(c *checker) {
				c.subscribed()
				channel := c.channel(mainChannel)
				channel.Active = false
				c.directory.put(channel)
			},
			want: activities.CheckWarning, says: []string{"is not wanted by the settings", "orderbridge channels audit main"},
		},
		"of a check under way": {
			spoil: func(c *checker) {
				c.subscribed()
				c.hook(bigcommerce.ScopeOrderMetafieldCreated, channels.CheckURL(callbackBase+mainChannel), c.secrets.Secret(mainChannel, 1))
			},
			want: activities.CheckOK, says: []string{"Every wanted hook"},
		},
		"no audit for long": {
			spoil: func(c *checker) { c.subscribed(); c.temporal.status.Health.CheckedAt = time.Now().Add(-2 * time.Hour) },
			want:  activities.CheckWarning, says: []string{"The last audit ended", "Schedule audit/main"},
		},
		"no audit ever": {
			spoil: func(c *checker) { c.subscribed(); c.temporal.status.Health = channels.Health{} },
			want:  activities.CheckWarning, says: []string{"No audit has ended yet", "Schedule audit/main"},
		},
		"nobody answers for the channel": {
			spoil: func(c *checker) { c.subscribed(); c.temporal.status = nil },
			want:  activities.CheckWarning, says: []string{"could not be read"},
		},
		"revoked": {
			spoil: func(c *checker) { c.store.RevokeAccount(c.account.ClientID) }, want: activities.CheckFailed, says: []string{"401"},
		},
		"quota used up": {
			spoil: func(c *checker) { c.store.Faults().SpendQuota(1_000_000) }, want: activities.CheckWarning, says: []string{"share the quota"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := setupCheck(t)
			tc.spoil(c)
			before := c.store.Hooks()
			result := c.step(c.activities.CheckHooks)
			require.Equal(t, tc.want, result.Result, result.Detail)
			for _, words := range tc.says {
				require.Contains(t, result.Detail+result.Advice, words)
			}
			require.Equal(t, before, c.store.Hooks(), "a check changes nothing")
			require.NotContains(t, c.logged(), "mended")
		})
	}

	t.Run("blocked domain", func(t *testing.T) {
		t.Parallel()
		c := setupCheck(t)
		c.subscribed()
		c.store.Faults().FailNext(1, http.MethodGet, "/v3/hooks/admin", bigcommercetest.Answer{
			Status: http.StatusOK,
			Body: `{"data":{"emails":[],"hooks_list":[],"blocked_domains":[{"destination":"127.0.0.1:9","time_left":170,` +
				`"reasons":[{"failure_description":"Status code 500","count":31,"timestamp":1}]}]},"meta":{"pagination":{"total_pages":1}}}`,
		})
		result := c.step(c.activities.CheckHooks)
		require.Equal(t, activities.CheckFailed, result.Result)
		require.Contains(t, result.Detail, "delivers nothing to 127.0.0.1:9 for another 2m50s: Status code 500 (31 times)")
	})
}

func TestLastArrival(t *testing.T) {
	t.Parallel()
	c := setupCheck(t)
	var arrival activities.Arrival
	c.run(c.activities.LastArrival, request, &arrival)
	require.Equal(t, activities.Arrival{}, arrival)
	require.Equal(t, []string{`WorkflowType = 'OrderWebhook' AND OrderbridgeChannel = 'main'`}, c.temporal.asked)

	now := time.Now().UTC()
	c.temporal.ran("webhook/main/reconciled/7/1", now, nil)
	c.temporal.ran("webhook/main/store/order/statusUpdated/7/old", now.Add(-2*time.Hour), nil)
	c.temporal.ran("webhook/main/store/order/statusUpdated/8/new", now.Add(-time.Hour), nil)
	c.run(c.activities.LastArrival, request, &arrival)
	require.Equal(t, activities.Arrival{
		WorkflowID: "webhook/main/store/order/statusUpdated/8/new", RunID: "run", At: now.Add(-time.Hour),
	}, arrival)

	require.Equal(t, activities.CheckOK, arrival.Judge(now).Result)
	require.Equal(t, activities.CheckWarning, arrival.Judge(now.Add(25*time.Hour)).Result)
	require.Equal(t, activities.CheckWarning, activities.Arrival{}.Judge(now).Result)

	c.temporal.err = errors.New("no answer")
	_, err := c.env.ExecuteActivity(c.activities.LastArrival, request)
	require.ErrorContains(t, err, "channel main: look for the last webhook")
	c.temporal.err, c.temporal.asked = nil, nil
	c.run(c.activities.LastArrival, activities.CheckRequest{Channel: "x' OR 'a' = 'a"}, &arrival)
	require.Empty(t, c.temporal.asked, "what is no id does not get into a query")
}

func TestCheckSigning(t *testing.T) {
	t.Parallel()
	type input struct {
		Signed *activities.SignedCallback `json:"signed,omitempty"`
	}
	const id = "webhook/main/store/order/statusUpdated/7/h"
	// deliver has the store sign a callback.
	deliver := func(c *checker) *activities.SignedCallback {
		receiver := newSignedReceiver(c.t)
		c.hook(bigcommerce.ScopeOrderCreated, receiver.URL, "x")
		c.store.AddOrder(bigcommercetest.Order{ID: 7})
		require.NoError(c.t, c.store.WaitIdle(c.t.Context()))
		return <-receiver.signed
	}
	for name, tc := range map[string]struct {
		secret func(*checker) string
		mode   channels.SignatureMode
		ran    func(*checker)
		want   activities.CheckResult
		says   string
	}{
		"no client secret": {want: activities.CheckOK, says: "no client secret"},
		"off":              {secret: ofAccount, mode: channels.SignatureOff, want: activities.CheckOK, says: "settings.signature is off"},
		"nothing arrived":  {secret: ofAccount, want: activities.CheckOK, says: "No webhook has arrived yet"},
		"not kept any more": {
			secret: ofAccount, ran: func(c *checker) { c.temporal.ran(id, time.Now(), nil) },
			want: activities.CheckOK, says: "No webhook has arrived yet",
		},
		"rejected": {
			secret: ofAccount, ran: func(c *checker) { c.temporal.ran("webhook/main/rejected/h", time.Now(), input{}) },
			want: activities.CheckOK, says: "No webhook has arrived yet",
		},
		"valid": {
			secret: ofAccount, ran: func(c *checker) { c.temporal.ran(id, time.Now(), input{deliver(c)}) },
			want: activities.CheckOK, says: "fits the client secret",
		},
		"missing": {
			secret: ofAccount, ran: func(c *checker) { c.temporal.ran(id, time.Now(), input{}) },
			want: activities.CheckWarning, says: "had no signature",
		},
		"another secret": {
			secret: func(*checker) string { return "another-client-secret" }, ran: func(c *checker) { c.temporal.ran(id, time.Now(), input{deliver(c)}) },
			want: activities.CheckWarning, says: "does not fit",
		},
		"required": {
			secret: func(*checker) string { return "another-client-secret" }, mode: channels.SignatureRequire,
			ran:  func(c *checker) { c.temporal.ran(id, time.Now(), input{deliver(c)}) },
			want: activities.CheckFailed, says: "Webhooks have no effect",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := setupCheck(t)
			channel := c.channel(mainChannel)
			channel.Settings.Signature = tc.mode
			if tc.secret != nil {
				channel.Store.ClientSecret = c.seal(tc.secret(c))
			}
			c.directory.put(channel)
			if tc.ran != nil {
				tc.ran(c)
			}
			result := c.step(c.activities.CheckSigning)
			require.Equal(t, tc.want, result.Result, result.Detail)
			require.Contains(t, result.Detail, tc.says)
			require.NotContains(t, result.Detail, c.account.ClientSecret)
		})
	}
}

func ofAccount(c *checker) string { return c.account.ClientSecret }
