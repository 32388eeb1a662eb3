// Package shipstationtest is a stand-in for ShipStation's API V1: a real HTTP
// server on the loopback with a back door for tests and with faults on demand.
//
// It has the calls that the adapter needs and is strict about them. Where
// ShipStation's documentation is silent it does what would hurt most. Comments
// say of each behavior whether it is documented, inferred or guessed, and
// FIDELITY.md lists them.
package shipstationtest

import (
	"context"
	"crypto/rand"
	"log/slog"
	"sync"
	"time"

	"github.com/orderbridge/orderbridge/activities/downstream/downstreamtest/standin"
)

// StoreID is the store that orders are in unless InStore says otherwise.
const StoreID int64 = 12345

// name is what the System is called in errors and logs.
const name = "ShipStation stand-in"

// System is a running stand-in. It is safe for concurrent use.
type System struct {
	// APIKey and APISecret are the credentials that it accepts.
	APIKey    string
	APISecret string
	// URL is the base URL, for example "http://127.0.0.1:41234".
	URL string

	faults *Faults
	log    *slog.Logger
	now    func() time.Time
	server *standin.Server

	mu       sync.Mutex
	effects  []Effect
	limit    int
	listen   string
	modified time.Time // of the last change, which no other shares
	orders   []*order
	requests int // in the present window
	turns    time.Time
}

// Option changes how a System is made.
type Option func(*System)

// WithClock sets the clock for the windows of the rate limit and for the dates
// of orders. Default time.Now.
func WithClock(now func() time.Time) Option { return func(s *System) { s.now = now } }

// WithCredentials sets what is accepted. Default: random ones.
func WithCredentials(apiKey, apiSecret string) Option {
	return func(s *System) { s.APIKey, s.APISecret = apiKey, apiSecret }
}

// WithLimit sets how many requests a window allows. Default 40.
func WithLimit(n int) Option { return func(s *System) { s.limit = n } }

// WithListenAddress sets the TCP address. Default "127.0.0.1:0", which is any
// free port of the loopback.
func WithListenAddress(address string) Option { return func(s *System) { s.listen = address } }

// WithLogger sets where requests are logged, at level debug. Default: nowhere.
func WithLogger(log *slog.Logger) Option { return func(s *System) { s.log = log } }

// TB is the part of testing.TB that New needs.
type TB = standin.TB

// New starts a System that lasts as long as the test.
func New(tb TB, opts ...Option) *System {
	tb.Helper()
	return standin.New(tb, name, func(ctx context.Context) (*System, error) { return Start(ctx, opts...) })
}

// Start starts a System that runs until Close is called or ctx ends. It fails
// when it cannot listen.
func Start(ctx context.Context, opts ...Option) (*System, error) {
	s := &System{
		APIKey:    rand.Text(),
		APISecret: rand.Text(),
		faults:    &Faults{},
		// Documented: 40 requests a minute.
		limit:  40,
		listen: "127.0.0.1:0",
		log:    slog.New(slog.DiscardHandler),
		now:    time.Now,
	}
	for _, opt := range opts {
		opt(s)
	}
	server, err := standin.Listen(ctx, name, s.listen, s.log)
	if err != nil {
		return nil, err
	}
	s.server, s.URL = server, server.URL
	server.Serve(ctx, s.routes())
	return s, nil
}

// Close stops the System, ends the requests under way, and waits until it no
// longer listens. It may be called more than once.
func (s *System) Close() { s.server.Close() }

// Faults returns the switches that make the System misbehave.
func (s *System) Faults() *Faults { return s.faults }
