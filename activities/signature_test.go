package activities_test

import (
	"strconv"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/channels"
)

// signed is a callback that was signed with a secret some time ago.
func signed(t *testing.T, secret string, age time.Duration) activities.SignedCallback {
	t.Helper()
	webhook, err := standardwebhooks.NewWebhookRaw([]byte(secret))
	require.NoError(t, err)
	at := time.Now().Add(-age)
	c := activities.SignedCallback{
		Channel: mainChannel, ID: "8ff0", Timestamp: strconv.FormatInt(at.Unix(), 10), Body: `{"data":{"id":218}}`,
	}
	c.Signature, err = webhook.Sign(c.ID, at, []byte(c.Body))
	require.NoError(t, err)
	return c
}

func TestCheckSignature(t *testing.T) {
	t.Parallel()
	const secret, former = "5ecret-of-the-account", "5ecret-of-a-former-account"
	for name, c := range map[string]struct {
		callback func(t *testing.T) activities.SignedCallback
		want     activities.SignatureResult
	}{
		"made with the client secret": {func(t *testing.T) activities.SignedCallback { t.Helper(); return signed(t, secret, 0) }, activities.SignatureValid},
		"repeated a day later":        {func(t *testing.T) activities.SignedCallback { t.Helper(); return signed(t, secret, 24*time.Hour) }, activities.SignatureValid},
		"made by a former account":    {func(t *testing.T) activities.SignedCallback { t.Helper(); return signed(t, former, 0) }, activities.SignatureValid},
		"made with another secret":    {func(t *testing.T) activities.SignedCallback { t.Helper(); return signed(t, "guessed", 0) }, activities.SignatureInvalid},
		"another body": {func(t *testing.T) activities.SignedCallback {
			t.Helper()
			callback := signed(t, secret, 0)
			callback.Body = `{"data":{"id":219}}`
			return callback
		}, activities.SignatureInvalid},
		"another version": {func(t *testing.T) activities.SignedCallback {
			t.Helper()
			callback := signed(t, secret, 0)
			callback.Signature = "v1a," + callback.Signature[3:]
			return callback
		}, activities.SignatureInvalid},
		"garbage": {func(*testing.T) activities.SignedCallback {
			return activities.SignedCallback{Channel: mainChannel, ID: "x", Timestamp: "noon", Signature: "v1"}
		}, activities.SignatureInvalid},
		"no signature": {func(*testing.T) activities.SignedCallback {
			return activities.SignedCallback{Channel: mainChannel, ID: "x", Timestamp: "1"}
		}, activities.SignatureMissing},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			channel := f.channel(mainChannel)
			channel.Store.ClientSecret = f.seal(secret)
			channel.Former = []channels.FormerStore{
				{Store: channels.Store{ClientSecret: []byte("sealed with a key that is gone")}},
				{Store: channels.Store{ClientSecret: f.seal(former)}},
			}
			f.directory.put(channel)
			var result activities.SignatureResult
			f.run(f.activities.CheckSignature, c.callback(t), &result)
			require.Equal(t, c.want, result)
			require.NotContains(t, f.log.String(), secret)
		})
	}
}

// TestCheckSignatureAfterARotation shows that a secret that was saved a moment
// ago is known before a signature is called invalid.
func TestCheckSignatureAfterARotation(t *testing.T) {
	t.Parallel()
	f := setup(t)
	channel := f.channel(mainChannel)
	channel.Store.ClientSecret = f.seal("old")
	f.directory.put(channel)
	channel.Store.ClientSecret = f.seal("new")
	f.directory.later(channel)
	var result activities.SignatureResult
	f.run(f.activities.CheckSignature, signed(t, "new", 0), &result)
	require.Equal(t, activities.SignatureValid, result)
}

// TestCheckSignatureOfTheStore checks what the fake store signs, which does it
// as BigCommerce documents.
func TestCheckSignatureOfTheStore(t *testing.T) {
	t.Parallel()
	f := setup(t)
	channel := f.channel(mainChannel)
	channel.Store.ClientSecret = f.seal(f.account.ClientSecret)
	f.directory.put(channel)
	f.sync(channel)
	f.order("Awaiting Shipment")
	require.NoError(t, f.store.SetStatus(218, 5))
	require.NoError(t, f.store.WaitIdle(t.Context()))
	deliveries := f.store.Deliveries()
	require.NotEmpty(t, deliveries)
	for _, d := range deliveries {
		header := d.Header
		var result activities.SignatureResult
		f.run(f.activities.CheckSignature, activities.SignedCallback{
			Channel: mainChannel, ID: header.Get("Webhook-Id"), Timestamp: header.Get("Webhook-Timestamp"),
			Signature: header.Get("Webhook-Signature"), Body: string(d.Body),
		}, &result)
		require.Equal(t, activities.SignatureValid, result)
	}
}
