// Package resttest is a demo order system: a real HTTP server on the loopback
// that implements the downstream contract to the letter, with a back door for
// tests and with faults on demand.
//
// It keeps everything in memory and has no notion of customers or prices. What
// it is strict about is the contract: versions, idempotency keys, problem
// types, and requests that carry what they should not.
package resttest

import (
	"context"
	"crypto/rand"
	"log/slog"
	"sync"
	"time"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/downstreamtest/standin"
)

// KeyRetention is how long an idempotency key is kept: the least that the
// contract asks for.
const KeyRetention = 7 * 24 * time.Hour

// name is what the System is called in errors and logs.
const name = "demo order system"

// System is a running demo order system. It is safe for concurrent use.
type System struct {
	// URL is the base URL of the contract, for example
	// "http://127.0.0.1:41234".
	URL string
	// Token is the bearer token that it accepts.
	Token string

	faults   *Faults
	log      *slog.Logger
	now      func() time.Time
	pageSize int
	server   *standin.Server

	mu       sync.Mutex
	changed  chan struct{} // closed and replaced when an effect is committed
	effects  []Effect
	keys     map[string]record
	orders   []*order
	statuses []downstream.Status
}

// Option changes how a System is made.
type Option func(*options)

type options struct {
	address  string
	log      *slog.Logger
	now      func() time.Time
	pageSize int
	statuses []downstream.Status
	token    string
}

// WithClock sets the clock for Effect.At and for the age of idempotency keys.
// Default time.Now.
func WithClock(now func() time.Time) Option { return func(o *options) { o.now = now } }

// WithListenAddress sets the TCP address. Default "127.0.0.1:0", which is any
// free port.
func WithListenAddress(address string) Option { return func(o *options) { o.address = address } }

// WithLogger sets where requests are logged, at level debug. Default: nowhere.
func WithLogger(log *slog.Logger) Option { return func(o *options) { o.log = log } }

// WithPageSize sets how many orders a page of a search holds, 1 to 100.
// Default 100.
func WithPageSize(n int) Option { return func(o *options) { o.pageSize = min(max(n, 1), maxPage) } }

// WithStatuses replaces the vocabulary. Default Statuses().
func WithStatuses(statuses ...downstream.Status) Option {
	return func(o *options) { o.statuses = statuses }
}

// WithToken sets the bearer token. Default: a random one.
func WithToken(token string) Option { return func(o *options) { o.token = token } }

// TB is the part of testing.TB that New needs.
type TB = standin.TB

// New starts a System that lasts as long as the test.
func New(tb TB, opts ...Option) *System {
	tb.Helper()
	return standin.New(tb, name, func(ctx context.Context) (*System, error) { return Start(ctx, opts...) })
}

// Start starts a System that runs until Close is called or ctx ends. It fails
// when the address cannot be listened on.
func Start(ctx context.Context, opts ...Option) (*System, error) {
	o := options{
		address:  "127.0.0.1:0",
		log:      slog.New(slog.DiscardHandler),
		now:      time.Now,
		pageSize: maxPage,
		statuses: Statuses(),
		token:    rand.Text(),
	}
	for _, opt := range opts {
		opt(&o)
	}
	server, err := standin.Listen(ctx, name, o.address, o.log)
	if err != nil {
		return nil, err
	}
	s := &System{
		URL:      server.URL,
		Token:    o.token,
		faults:   &Faults{},
		log:      o.log,
		now:      o.now,
		pageSize: o.pageSize,
		server:   server,
		changed:  make(chan struct{}),
		keys:     map[string]record{},
		statuses: o.statuses,
	}
	server.Serve(ctx, s.routes())
	return s, nil
}

// Close stops the System, ends the requests under way, and waits until it no
// longer listens. It may be called more than once.
func (s *System) Close() { s.server.Close() }

// Faults returns the switches that make the System misbehave.
func (s *System) Faults() *Faults { return s.faults }
