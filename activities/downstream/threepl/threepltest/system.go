// Package threepltest is a stand-in for Extensiv 3PL Warehouse Manager: a real
// HTTP server on the loopback that answers the part of the API that package
// threepl uses, with a back door for tests and with faults on demand.
//
// It was made from documentation, without the system at hand. Each behavior is
// labeled as documented, inferred or guessed, in the code and in FIDELITY.md.
package threepltest

import (
	"context"
	"crypto/rand"
	"log/slog"
	"sync"
	"time"

	"github.com/orderbridge/orderbridge/activities/downstream/downstreamtest/standin"
)

// The customer and the facility of the orders that AddOrder adds.
const (
	CustomerID int64 = 12
	FacilityID int64 = 3
)

// name is what the System is called in errors and logs.
const name = "3PL Warehouse Manager stand-in"

// System is a running stand-in. It is safe for concurrent use.
type System struct {
	// URL is the API's base URL, for example "http://127.0.0.1:41234".
	URL string
	// ClientID and ClientSecret are the credentials that get a token.
	ClientID, ClientSecret string
	// TPL is the GUID that a token request may name.
	TPL string
	// UserLogin is the login that a token request must name.
	UserLogin string

	faults    *Faults
	listen    string
	log       *slog.Logger
	now       func() time.Time
	server    *standin.Server
	tokenLife time.Duration

	mu       sync.Mutex
	changed  chan struct{} // closed and replaced when an effect is committed
	effects  []Effect
	issued   int
	orders   []*order
	revision uint64
	tokens   map[string]time.Time
}

// Option changes how a System is made.
type Option func(*System)

// WithClock sets the clock for the life of tokens and for dates. Default
// time.Now.
func WithClock(now func() time.Time) Option { return func(s *System) { s.now = now } }

// WithListenAddress sets the TCP address. Default "127.0.0.1:0", which is any
// free port of the loopback.
func WithListenAddress(address string) Option { return func(s *System) { s.listen = address } }

// WithLogger sets where requests are logged, at level debug. Default: nowhere.
func WithLogger(log *slog.Logger) Option { return func(s *System) { s.log = log } }

// WithTokenLife sets how long a token is valid, in whole seconds. Default one
// hour. Documented: expires_in 3600 in the sample.
func WithTokenLife(d time.Duration) Option { return func(s *System) { s.tokenLife = d } }

// TB is the part of testing.TB that New needs.
type TB = standin.TB

// New starts a System that lasts as long as the test.
func New(tb TB, opts ...Option) *System {
	tb.Helper()
	return standin.New(tb, name, func(ctx context.Context) (*System, error) { return Start(ctx, opts...) })
}

// Start starts a System, which runs until Close is called or ctx ends. It fails
// when it cannot listen.
func Start(ctx context.Context, opts ...Option) (*System, error) {
	s := &System{
		ClientID:     rand.Text(),
		ClientSecret: rand.Text(),
		TPL:          "{5fd0a2ab-3f20-4b0d-9a3e-2b6a2e7d1c44}",
		UserLogin:    "bridge",
		faults:       &Faults{},
		listen:       "127.0.0.1:0",
		log:          slog.New(slog.DiscardHandler),
		now:          time.Now,
		tokenLife:    time.Hour,
		changed:      make(chan struct{}),
		tokens:       map[string]time.Time{},
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
