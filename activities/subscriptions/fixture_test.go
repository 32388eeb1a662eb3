package subscriptions_test

import (
	"bytes"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/log"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
	"github.com/orderbridge/orderbridge/activities/callback"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/seal"
	"github.com/orderbridge/orderbridge/activities/subscriptions"
)

const callbackURL = "https://bridge.example/webhooks/bigcommerce/main"

var masterKey = bytes.Repeat([]byte("k"), seal.MasterKeySize)

// fixture is a store with a clock of its own, and a channel that wants its
// hooks there.
type fixture struct {
	t       *testing.T
	store   *bigcommercetest.Store
	account bigcommercetest.Account
	channel channels.Channel
	secrets *callback.Secrets
}

func setup(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{t: t, store: bigcommercetest.New(t, bigcommercetest.WithFrozenClock())}
	f.account = f.store.AddAccount("orderbridge")
	var err error
	f.secrets, err = callback.NewSecrets(masterKey)
	require.NoError(t, err)
	f.channel = channels.Channel{
		ID: "main", Active: true, Revision: 3, CallbackURL: callbackURL, SecretVersion: 1,
		Settings: channels.Settings{ValidCancellationStatuses: []string{"Awaiting Shipment"}},
	}
	return f
}

// client returns a client of an account that knows nothing of the quota yet.
func (f *fixture) client(account bigcommercetest.Account) *bigcommerce.Client {
	f.t.Helper()
	client, err := bigcommerce.NewClient(bigcommerce.Config{
		Channel: "main", BaseURL: f.store.URL, StoreHash: f.store.Hash, AccessToken: account.AccessToken,
	})
	require.NoError(f.t, err)
	return client
}

func (f *fixture) sync() subscriptions.Sync {
	return subscriptions.Sync{
		Store: f.client(f.account), Channel: f.channel, Secrets: f.secrets, Cause: channels.AuditScheduled, Logger: f.logger(),
	}
}

func (f *fixture) logger() log.Logger { return log.NewStructuredLogger(slog.New(slog.DiscardHandler)) }

func (f *fixture) run(sync subscriptions.Sync) channels.AuditReport {
	f.t.Helper()
	report, err := sync.Run(f.t.Context())
	require.NoError(f.t, err)
	return report
}

// headers are those of a right hook.
func (f *fixture) headers() map[string]string {
	return map[string]string{callback.Header: f.secrets.Secret("main", 1)}
}

// kinds returns the kinds of findings, in their order.
func kinds(findings []channels.Finding) []channels.FindingKind {
	list := make([]channels.FindingKind, 0, len(findings))
	for _, finding := range findings {
		list = append(list, finding.Kind)
	}
	return list
}
