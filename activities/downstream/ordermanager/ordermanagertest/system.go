// Package ordermanagertest is a stand-in for Extensiv Order Manager's API: a
// real HTTP server on the loopback, with a back door for tests and with faults
// on demand.
//
// Nobody who wrote it had an account. Every behavior therefore carries a label:
// documented (a vendor's page or a published description of it says so), inferred
// (clients of the API rely on it, or its words suggest it) or guessed. FIDELITY.md
// lists them with their sources. Where nothing is known the stand-in does what
// is hardest for a client.
package ordermanagertest

import (
	"context"
	"crypto/rand"
	"log/slog"
	"sync"
	"time"

	"github.com/orderbridge/orderbridge/activities/downstream/downstreamtest/standin"
)

// SalesChannelID is the sales channel of orders that AddOrder adds.
const SalesChannelID int64 = 4711

// name is what the System is called in errors and logs.
const name = "stand-in for Order Manager"

// System is a running stand-in. It is safe for concurrent use.
type System struct {
	// URL is the base URL of the API, for example "http://127.0.0.1:41234".
	URL string
	// Token is the bearer token that it accepts.
	Token string

	faults *Faults
	log    *slog.Logger
	server *standin.Server

	mu      sync.Mutex
	clock   time.Time
	effects []Effect
	orders  []*order
}

// Option changes how a System is made.
type Option func(*options)

type options struct {
	address string
	log     *slog.Logger
	token   string
}

// WithListenAddress sets the TCP address. Default "127.0.0.1:0", which is any
// free port.
func WithListenAddress(address string) Option { return func(o *options) { o.address = address } }

// WithLogger sets where requests are logged, at level debug. Default: nowhere.
func WithLogger(log *slog.Logger) Option { return func(o *options) { o.log = log } }

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
	o := options{address: "127.0.0.1:0", log: slog.New(slog.DiscardHandler), token: rand.Text()}
	for _, opt := range opts {
		opt(&o)
	}
	server, err := standin.Listen(ctx, name, o.address, o.log)
	if err != nil {
		return nil, err
	}
	s := &System{
		URL:    server.URL,
		Token:  o.token,
		faults: &Faults{},
		log:    o.log,
		server: server,
		clock:  time.Now().UTC().Truncate(time.Second),
	}
	server.Serve(ctx, s.routes())
	return s, nil
}

// Close stops the System, ends the requests under way, and waits until it no
// longer listens. It may be called more than once.
func (s *System) Close() { s.server.Close() }

// Faults returns the switches that make the System misbehave.
func (s *System) Faults() *Faults { return s.faults }
