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
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// The customer and the facility of the orders that AddOrder adds.
const (
	CustomerID int64 = 12
	FacilityID int64 = 3
)

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
	log       *slog.Logger
	now       func() time.Time
	server    *http.Server
	served    chan struct{}
	stop      chan struct{}
	stopOnce  sync.Once
	tokenLife time.Duration
	unwatch   func() bool

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

// WithLogger sets where requests are logged, at level debug. Default: nowhere.
func WithLogger(log *slog.Logger) Option { return func(s *System) { s.log = log } }

// WithTokenLife sets how long a token is valid, in whole seconds. Default one
// hour. Documented: expires_in 3600 in the sample.
func WithTokenLife(d time.Duration) Option { return func(s *System) { s.tokenLife = d } }

// TB is the part of testing.TB that New needs. It is declared here so that the
// product can hold a stand-in without holding package testing.
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
		tb.Fatalf("start the stand-in: %v", err)
		return nil
	}
	tb.Cleanup(s.Close)
	return s
}

// Start starts a System on any free port of the loopback, which runs until
// Close is called or ctx ends. It fails when it cannot listen.
func Start(ctx context.Context, opts ...Option) (*System, error) {
	s := &System{
		ClientID:     rand.Text(),
		ClientSecret: rand.Text(),
		TPL:          "{5fd0a2ab-3f20-4b0d-9a3e-2b6a2e7d1c44}",
		UserLogin:    "bridge",
		faults:       &Faults{},
		log:          slog.New(slog.DiscardHandler),
		now:          time.Now,
		served:       make(chan struct{}),
		stop:         make(chan struct{}),
		tokenLife:    time.Hour,
		changed:      make(chan struct{}),
		tokens:       map[string]time.Time{},
	}
	for _, opt := range opts {
		opt(s)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("3PL Warehouse Manager stand-in: listen: %w", err)
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
	s.unwatch = context.AfterFunc(ctx, s.Close)
	return s, nil
}

func (s *System) serve(listener net.Listener) {
	defer close(s.served)
	if err := s.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		s.log.Error("3PL Warehouse Manager stand-in stopped", "error", err)
	}
}

// Close stops the System, ends the requests under way, and waits until it no
// longer listens. It may be called more than once.
func (s *System) Close() {
	s.stopOnce.Do(func() {
		close(s.stop)
		if err := s.server.Close(); err != nil {
			s.log.Warn("3PL Warehouse Manager stand-in: close", "error", err)
		}
	})
	<-s.served
}

// Faults returns the switches that make the System misbehave.
func (s *System) Faults() *Faults { return s.faults }
