package activities_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
	"github.com/orderbridge/orderbridge/activities/callback"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/rest"
	"github.com/orderbridge/orderbridge/activities/downstream/rest/resttest"
	"github.com/orderbridge/orderbridge/activities/downstream/threepl"
	"github.com/orderbridge/orderbridge/activities/seal"
)

const (
	mainChannel  = "main"
	callbackBase = "http://127.0.0.1:9/webhooks/bigcommerce/"
)

// directory is a set of channels.
type directory struct {
	mu    sync.Mutex
	known map[string]channels.Channel
	next  map[string]channels.Channel
	err   error
}

func (d *directory) Channel(_ context.Context, id string) (channels.Channel, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err != nil {
		return channels.Channel{}, d.err
	}
	channel, ok := d.known[id]
	if !ok {
		return channels.Channel{}, fmt.Errorf("channel %s: %w", id, channels.ErrUnknown)
	}
	return channel, nil
}

// Forget makes a channel that was put with later known.
func (d *directory) Forget(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if next, ok := d.next[id]; ok {
		d.known[id] = next
	}
}

// later is what a channel is, but is remembered to be only once it is forgotten.
func (d *directory) later(c channels.Channel) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.next = map[string]channels.Channel{c.ID: c}
}

func (d *directory) put(c channels.Channel) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.known[c.ID] = c
}

// fixture is a store, an order system, and the activities between them.
type fixture struct {
	t           *testing.T
	store       *bigcommercetest.Store
	account     bigcommercetest.Account
	demo        *resttest.System
	keeper      *seal.Keeper
	secrets     *callback.Secrets
	directory   *directory
	registry    *prometheus.Registry
	connections *activities.Connections
	activities  *activities.Activities
	env         *testsuite.TestActivityEnvironment
	log         *bytes.Buffer
}

func setup(t *testing.T, options ...bigcommercetest.Option) *fixture {
	t.Helper()
	f := &fixture{
		t:         t,
		store:     bigcommercetest.New(t, append([]bigcommercetest.Option{bigcommercetest.WithHTTPDestinations()}, options...)...),
		demo:      resttest.New(t),
		directory: &directory{known: map[string]channels.Channel{}},
		registry:  prometheus.NewRegistry(),
		log:       &bytes.Buffer{},
	}
	f.account = f.store.AddAccount("orderbridge")
	masterKey := bytes.Repeat([]byte("k"), seal.MasterKeySize)
	var err error
	f.keeper, err = seal.NewLocal(masterKey)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.keeper.Close()) })
	f.secrets, err = callback.NewSecrets(masterKey)
	require.NoError(t, err)
	metrics, err := activities.NewMetrics(f.registry, activities.NewLabels(100))
	require.NoError(t, err)
	f.connections = activities.NewConnections(activities.ConnectionsConfig{
		Keeper: f.keeper, Drivers: drivers(), UserAgent: "Orderbridge/test", Metrics: metrics,
	})
	f.activities = activities.New(activities.Dependencies{Directory: f.directory, Connections: f.connections, Secrets: f.secrets, Metrics: metrics})
	f.directory.put(f.channel(mainChannel))
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.NewJSONHandler(f.log, nil))))
	f.env = suite.NewTestActivityEnvironment()
	f.env.RegisterActivity(f.activities)
	return f
}

func drivers() downstream.Drivers {
	return downstream.Drivers{rest.Driver(), threepl.Driver()}
}

func (f *fixture) seal(plain string) seal.Sealed {
	f.t.Helper()
	sealed, err := f.keeper.Seal(f.t.Context(), plain)
	require.NoError(f.t, err)
	return sealed
}

// channel returns a channel between the store and the order system that acts in
// "Awaiting Shipment".
func (f *fixture) channel(id string) channels.Channel {
	f.t.Helper()
	return channels.Channel{
		ID:            id,
		Active:        true,
		Revision:      1,
		Store:         channels.Store{Hash: f.store.Hash, BaseURL: f.store.URL, AccessToken: f.seal(f.account.AccessToken)},
		Downstream:    channels.Downstream{Adapter: "rest", BaseURL: f.demo.URL, Token: f.seal(f.demo.Token)},
		CallbackURL:   callbackBase + id,
		SecretVersion: 1,
		Settings: channels.Settings{
			ValidCancellationStatuses: []string{"Awaiting Shipment"},
			ValidFulfillmentStatuses:  []string{"Awaiting Shipment"},
		},
	}
}

// order places order 218 in the store and downstream and returns its
// downstream state.
func (f *fixture) order(status string) downstream.Order {
	f.t.Helper()
	f.store.AddOrder(bigcommercetest.Order{ID: 218, StatusID: bigcommerce.StatusAwaitingShipment})
	f.demo.AddOrder("218", status)
	return f.find()
}

// find reads order 218 downstream.
func (f *fixture) find() downstream.Order {
	f.t.Helper()
	var found activities.FindResult
	f.run(f.activities.FindDownstreamOrder, activities.OrderRef{Channel: mainChannel, OrderID: 218}, &found)
	require.Equal(f.t, activities.FoundOne, found.Found)
	return found.Order
}

// request asks for a change of order 218 as it was read.
func (f *fixture) request(order downstream.Order) activities.ApplyRequest {
	f.t.Helper()
	inStore, ok := f.store.Order(218)
	require.True(f.t, ok)
	return activities.ApplyRequest{
		StoreStatus: inStore.StatusID, Revision: 1,
		OrderRef:     activities.OrderRef{Channel: mainChannel, OrderID: 218},
		DownstreamID: order.ID, Version: order.Version,
	}
}

// run runs an activity that must succeed and decodes its result, which is
// checked for secrets.
func (f *fixture) run(activity, input, result any) {
	f.t.Helper()
	value, err := f.env.ExecuteActivity(activity, input)
	require.NoError(f.t, err)
	if result == nil {
		return
	}
	require.NoError(f.t, value.Get(result))
	text, err := json.Marshal(result)
	require.NoError(f.t, err)
	f.clean(string(text))
}

// fails runs an activity that must fail and returns the error that Temporal
// acts on, which is checked for secrets.
func (f *fixture) fails(activity, input any) *temporal.ApplicationError {
	f.t.Helper()
	_, err := f.env.ExecuteActivity(activity, input)
	var failure *temporal.ApplicationError
	require.ErrorAs(f.t, err, &failure)
	f.clean(err.Error())
	return failure
}

// clean fails the test if a text that goes into a history has a secret in it.
func (f *fixture) clean(text string) {
	f.t.Helper()
	for _, secret := range []string{f.account.AccessToken, f.demo.Token, f.secrets.Secret(mainChannel, 1)} {
		require.NotContains(f.t, text, secret)
	}
}

// client returns a client of the store with the credentials of an account.
func (f *fixture) client(account bigcommercetest.Account) *bigcommerce.Client {
	f.t.Helper()
	client, err := bigcommerce.NewClient(bigcommerce.Config{
		Channel: "by-hand", BaseURL: f.store.URL, StoreHash: f.store.Hash, AccessToken: account.AccessToken,
	})
	require.NoError(f.t, err)
	return client
}

// logged returns what the activities logged so far.
func (f *fixture) logged() string {
	f.t.Helper()
	text, err := io.ReadAll(bytes.NewReader(f.log.Bytes()))
	require.NoError(f.t, err)
	return string(text)
}
