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
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// SalesChannelID is the sales channel of orders that AddOrder adds.
const SalesChannelID int64 = 4711

// System is a running stand-in. It is safe for concurrent use.
type System struct {
	// URL is the base URL of the API, for example "http://127.0.0.1:41234".
	URL string
	// Token is the bearer token that it accepts.
	Token string

	faults   *Faults
	log      *slog.Logger
	server   *http.Server
	served   chan struct{}
	stop     chan struct{}
	stopOnce sync.Once
	unwatch  func() bool

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

// TB is the part of testing.TB that New needs. It is declared here so that a
// program can hold a stand-in without holding package testing.
type TB interface {
	Cleanup(f func())
	Fatalf(format string, args ...any)
	Helper()
}

// New starts a System that lasts as long as the test.
func New(tb TB, opts ...Option) *System {
	tb.Helper()
	s, err := Start(context.Background(), opts...)
	if err != nil {
		tb.Fatalf("start the stand-in for Order Manager: %v", err)
		return nil
	}
	tb.Cleanup(s.Close)
	return s
}

// Start starts a System that runs until Close is called or ctx ends. It fails
// when the address cannot be listened on.
func Start(ctx context.Context, opts ...Option) (*System, error) {
	o := options{address: "127.0.0.1:0", log: slog.New(slog.DiscardHandler), token: rand.Text()}
	for _, opt := range opts {
		opt(&o)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", o.address)
	if err != nil {
		return nil, fmt.Errorf("stand-in for Order Manager: listen on %s: %w", o.address, err)
	}
	s := &System{
		URL:    "http://" + listener.Addr().String(),
		Token:  o.token,
		faults: &Faults{},
		log:    o.log,
		served: make(chan struct{}),
		stop:   make(chan struct{}),
		clock:  time.Now().UTC().Truncate(time.Second),
	}
	s.server = &http.Server{
		Handler:           s.routes(),
		ErrorLog:          slog.NewLogLogger(o.log.Handler(), slog.LevelWarn),
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      2 * time.Minute,
	}
	go s.serve(listener)
	s.unwatch = context.AfterFunc(ctx, s.Close)
	return s, nil
}

func (s *System) serve(listener net.Listener) {
	defer close(s.served)
	if err := s.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		s.log.Error("stand-in for Order Manager stopped", "error", err)
	}
}

// Close stops the System, ends the requests under way, and waits until it no
// longer listens. It may be called more than once.
func (s *System) Close() {
	s.stopOnce.Do(func() {
		close(s.stop)
		if err := s.server.Close(); err != nil {
			s.log.Warn("stand-in for Order Manager: close", "error", err)
		}
	})
	<-s.served
}

// Faults returns the switches that make the System misbehave.
func (s *System) Faults() *Faults { return s.faults }
