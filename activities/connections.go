package activities

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/seal"
	"github.com/orderbridge/orderbridge/activities/spans"
)

// ConnectionsConfig configures Connections.
type ConnectionsConfig struct {
	// Keeper opens the sealed credentials. Required.
	Keeper *seal.Keeper
	// Drivers are the kinds of downstream systems that channels can name.
	// Required.
	Drivers downstream.Drivers
	// Timeout bounds one request to either side. Default: 10 seconds.
	Timeout time.Duration
	// UserAgent is sent to BigCommerce.
	UserAgent string
	// Metrics counts the calls. Nil counts nothing.
	Metrics *Metrics
	// Transport carries all requests. Nil means one that all clients share,
	// so that replacing a client leaves no connections behind.
	Transport http.RoundTripper
	// Tracing records a span for each request. Nil records none.
	Tracing trace.TracerProvider
}

// Connections makes and keeps the clients of every channel. One client serves
// until its channel's store or downstream system changes.
type Connections struct {
	config ConnectionsConfig

	mu     sync.Mutex
	kept   map[string]connection
	quotas map[string]*bigcommerce.Quota
}

type connection struct {
	// madeFrom is the channel's two ends, sealed credentials included. Not its
	// revision: the revisions of a channel that ended and was added again
	// count from 1 again.
	madeFrom ends

	store   *bigcommerce.Client
	adapter downstream.Adapter
}

type ends struct {
	store      channels.Store
	downstream channels.Downstream
}

func endsOf(c channels.Channel) ends { return ends{c.Store, c.Downstream} }

func (e ends) equal(other ends) bool { return reflect.DeepEqual(e, other) }

// NewConnections returns Connections without any connection yet.
func NewConnections(config ConnectionsConfig) *Connections {
	if config.Timeout <= 0 {
		config.Timeout = 10 * time.Second
	}
	if config.Transport == nil {
		config.Transport = bigcommerce.NewTransport()
	}
	if config.Tracing != nil {
		config.Transport = spans.NewTransport(config.Transport, config.Tracing)
	}
	return &Connections{config: config, kept: map[string]connection{}, quotas: map[string]*bigcommerce.Quota{}}
}

// Store returns the client of the channel's store.
func (c *Connections) Store(ctx context.Context, channel channels.Channel) (*bigcommerce.Client, error) {
	conn, err := c.get(ctx, channel)
	return conn.store, err
}

// Downstream returns the adapter of the channel's downstream system.
func (c *Connections) Downstream(ctx context.Context, channel channels.Channel) (downstream.Adapter, error) {
	conn, err := c.get(ctx, channel)
	return conn.adapter, err
}

func (c *Connections) get(ctx context.Context, channel channels.Channel) (connection, error) {
	c.mu.Lock()
	conn, ok := c.kept[channel.ID]
	c.mu.Unlock()
	if ok && conn.madeFrom.equal(endsOf(channel)) {
		return conn, nil
	}
	conn, err := c.open(ctx, channel)
	if err != nil {
		return connection{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kept[channel.ID] = conn
	return conn, nil
}

// open makes clients without keeping them, so that credentials can be tried
// before they are saved.
func (c *Connections) open(ctx context.Context, channel channels.Channel) (connection, error) {
	store, err := c.openStore(ctx, channel.ID, channel.Store)
	if err != nil {
		return connection{}, err
	}
	driver, ok := c.config.Drivers.Find(channel.Downstream.Adapter)
	if !ok {
		return connection{}, &downstream.Error{
			Kind: downstream.Misconfigured, Channel: channel.ID, Call: "connect",
			Detail: fmt.Sprintf("there is no adapter %q", channel.Downstream.Adapter),
			Advice: "set downstream.adapter to one of " + c.config.Drivers.Names(),
		}
	}
	secret, err := c.config.Keeper.Open(ctx, channel.Downstream.Token)
	if err != nil {
		return connection{}, fmt.Errorf("channel %s: downstream token: %w", channel.ID, err)
	}
	adapter, err := driver.New(downstream.Config{
		Channel:   channel.ID,
		BaseURL:   channel.Downstream.BaseURL,
		Token:     secret,
		Options:   channel.Downstream.Options.Values(),
		Timeout:   c.config.Timeout,
		Transport: c.config.Transport,
	})
	if err != nil {
		return connection{}, err // it names the channel
	}
	adapter = c.config.Metrics.instrument(channel.Downstream.Adapter, adapter)
	return connection{madeFrom: endsOf(channel), store: store, adapter: adapter}, nil
}

// openStore makes the client of one store for a channel, without keeping it.
func (c *Connections) openStore(ctx context.Context, channel string, store channels.Store) (*bigcommerce.Client, error) {
	token, err := c.config.Keeper.Open(ctx, store.AccessToken)
	if err != nil {
		return nil, fmt.Errorf("channel %s: store access token: %w", channel, err)
	}
	client, err := bigcommerce.NewClient(bigcommerce.Config{
		Channel:     channel,
		BaseURL:     store.BaseURL,
		StoreHash:   store.Hash,
		AccessToken: token,
		Timeout:     c.config.Timeout,
		Transport:   c.config.Transport,
		UserAgent:   c.config.UserAgent,
		Quota:       c.quota(store),
		Observe:     c.config.Metrics.observeStore,
	})
	if err != nil {
		return nil, fmt.Errorf("channel %s: %w", channel, storeProblems(err))
	}
	return client, nil
}

// settingOf is what the fields of a client's configuration are called in the
// settings of a channel.
var settingOf = map[string]string{
	"StoreHash": "store.hash", "BaseURL": "store.base_url", "AccessToken": "store.access_token",
}

// storeProblems turns the mistakes in a client's configuration into problems of
// a channel. An error that is about anything else stays what it is.
func storeProblems(err error) error {
	joined, ok := errors.AsType[interface {
		error
		Unwrap() []error
	}](err)
	if !ok {
		return err
	}
	problems := make([]error, 0, len(joined.Unwrap()))
	for _, mistake := range joined.Unwrap() {
		config, ok := errors.AsType[bigcommerce.ConfigError](mistake)
		field, known := settingOf[config.Field]
		if !ok || !known {
			return err
		}
		problems = append(problems, channels.ProblemError{Field: field, Message: config.Message})
	}
	return errors.Join(problems...)
}

// apiOf names a store: its hash below the address of its API.
func apiOf(store channels.Store) string {
	return strings.TrimRight(cmp.Or(store.BaseURL, bigcommerce.DefaultBaseURL), "/") + "/" + store.Hash
}

// quota returns the one record of a store's rate limit that all its clients
// share, across channels and revisions.
func (c *Connections) quota(store channels.Store) *bigcommerce.Quota {
	c.mu.Lock()
	defer c.mu.Unlock()
	q, ok := c.quotas[apiOf(store)]
	if !ok {
		q = &bigcommerce.Quota{}
		c.quotas[apiOf(store)] = q
		c.config.Metrics.watch(store.Hash, q)
	}
	return q
}
