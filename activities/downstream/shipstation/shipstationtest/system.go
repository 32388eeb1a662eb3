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
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// StoreID is the store that orders are in unless InStore says otherwise.
const StoreID int64 = 12345

// System is a running stand-in. It is safe for concurrent use.
type System struct {
	// APIKey and APISecret are the credentials that it accepts.
	APIKey    string
	APISecret string
	// URL is the base URL, for example "http://127.0.0.1:41234".
	URL string

	faults   *Faults
	log      *slog.Logger
	now      func() time.Time
	server   *http.Server
	served   chan struct{}
	stop     chan struct{}
	stopOnce sync.Once

	mu       sync.Mutex
	effects  []Effect
	limit    int
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

// WithLogger sets where requests are logged, at level debug. Default: nowhere.
func WithLogger(log *slog.Logger) Option { return func(s *System) { s.log = log } }

// TB is the part of testing.TB that New needs.
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
		tb.Fatalf("start the ShipStation stand-in: %v", err)
		return nil
	}
	tb.Cleanup(s.Close)
	return s
}

// Start starts a System on a free port of the loopback that runs until Close is
// called or ctx ends. It fails when it cannot listen.
func Start(ctx context.Context, opts ...Option) (*System, error) {
	s := &System{
		APIKey:    rand.Text(),
		APISecret: rand.Text(),
		faults:    &Faults{},
		// Documented: 40 requests a minute.
		limit:  40,
		log:    slog.New(slog.DiscardHandler),
		now:    time.Now,
		served: make(chan struct{}),
		stop:   make(chan struct{}),
	}
	for _, opt := range opts {
		opt(s)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("ShipStation stand-in: listen: %w", err)
	}
	s.URL = "http://" + listener.Addr().String()
	s.server = &http.Server{
		Handler:           s.routes(),
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      2 * time.Minute,
	}
	go s.serve(listener)
	context.AfterFunc(ctx, s.Close)
	return s, nil
}

func (s *System) serve(listener net.Listener) {
	defer close(s.served)
	if err := s.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		s.log.Error("ShipStation stand-in stopped", "error", err)
	}
}

// Close stops the System, ends the requests under way, and waits until it no
// longer listens. It may be called more than once.
func (s *System) Close() {
	s.stopOnce.Do(func() {
		close(s.stop)
		if err := s.server.Close(); err != nil {
			s.log.Warn("ShipStation stand-in: close", "error", err)
		}
	})
	<-s.served
}

// Faults returns the switches that make the System misbehave.
func (s *System) Faults() *Faults { return s.faults }
