package bigcommercetest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
)

// logLimit bounds each of the store's records (events, deliveries, calls,
// e-mails), so that a store that runs for days does not grow without end.
const logLimit = 100_000

// TB is the part of testing.TB that [New] uses. It is spelled out so that a
// command that uses [Start] does not link the testing package.
type TB interface {
	Cleanup(f func())
	Fatalf(format string, args ...any)
	Helper()
	Logf(format string, args ...any)
}

// Store is one running store. Its methods are safe for concurrent use. Make it
// with [New] or [Start].
type Store struct {
	// Hash is the store hash in API paths and in the producer of webhooks.
	Hash string
	// StoreID is the number, as a string of digits, in store_id of webhooks.
	StoreID string
	// URL is where the server listens, without a slash at the end. The API is at
	// {URL}/stores/{Hash}/v2 and /v3.
	URL string

	clock   *Clock
	client  *http.Client
	faults  *Faults
	logger  *slog.Logger
	opts    settings
	routes  *http.ServeMux
	server  *http.Server
	cancel  context.CancelFunc
	running sync.WaitGroup // the scheduler, the server, deliveries and API calls
	wake    chan struct{}  // tells the scheduler to look again

	mu         sync.Mutex // guards all below
	closed     bool
	rand       *rand.Rand
	accounts   map[string]*Account // by client id
	blocks     map[domainKey]*domain
	calls      []Call
	changed    chan struct{} // closed and replaced when deliveries change
	deliveries []Delivery
	emails     []Email
	events     []Event
	exceptions map[string]time.Time // last "will retry" notice, by destination
	held       []*job
	hooks      map[int64]*hook
	inFlight   int
	labels     map[bigcommerce.StatusID]string
	lastHook   int64
	lastItem   int64
	lastField  int64
	lastShip   int64
	mailTo     []string
	metafields []*Metafield
	orders     map[int64]*order
	quota      *quota
	queue      jobQueue
	sequence   int64
	soon       []*job // due, but some milliseconds of real time away
}

// New starts a store and closes it when the test ends. A store that cannot start
// fails the test.
func New(tb TB, opts ...Option) *Store {
	tb.Helper()
	o := defaultSettings()
	for _, opt := range opts {
		opt(&o)
	}
	if o.verbose {
		o.logger = slog.New(slog.NewTextHandler(testLog{tb}, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	s, err := start(context.Background(), o)
	if err != nil {
		tb.Fatalf("start the fake BigCommerce store: %v", err)
		return nil
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Logf("close the fake BigCommerce store: %v", err)
		}
	})
	return s
}

// Start starts a store for a command. ctx bounds the start only; the store runs
// until [Store.Close]. It fails on a bad option and on an address that cannot be
// listened on.
func Start(ctx context.Context, opts ...Option) (*Store, error) {
	o := defaultSettings()
	for _, opt := range opts {
		opt(&o)
	}
	return start(ctx, o)
}

func start(ctx context.Context, o settings) (*Store, error) {
	if err := o.validate(); err != nil {
		return nil, fmt.Errorf("fake BigCommerce store: %w", err)
	}
	var listen net.ListenConfig
	listener, err := listen.Listen(ctx, "tcp", o.listenAddress)
	if err != nil {
		return nil, fmt.Errorf("fake BigCommerce store: %w; choose another address", err)
	}

	s := newStore(o)
	s.URL = "http://" + listener.Addr().String()
	life, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.cancel = cancel
	s.server = &http.Server{
		Handler:           http.HandlerFunc(s.serveHTTP),
		BaseContext:       func(net.Listener) context.Context { return life },
		ErrorLog:          slog.NewLogLogger(o.logger.Handler(), slog.LevelDebug),
		ReadHeaderTimeout: 10 * time.Second,
	}
	s.running.Go(func() { s.schedule(life) })
	s.running.Go(func() {
		if err := s.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.logger.Error("the API of the fake store stopped", slog.Any("error", err))
		}
	})
	return s, nil
}

func newStore(o settings) *Store {
	s := &Store{
		Hash:       o.hash,
		StoreID:    randomDigits(10),
		accounts:   map[string]*Account{},
		blocks:     map[domainKey]*domain{},
		changed:    make(chan struct{}),
		exceptions: map[string]time.Time{},
		hooks:      map[int64]*hook{},
		labels:     map[bigcommerce.StatusID]string{},
		lastHook:   firstHookID,
		lastItem:   1000,
		logger:     o.logger,
		opts:       o,
		orders:     map[int64]*order{},
		quota:      &quota{perWindow: int(o.plan), left: int(o.plan)},
		rand:       newRand(o.seed),
		wake:       make(chan struct{}, 1),
	}
	if s.Hash == "" {
		s.Hash = randomText(10)
	}
	s.clock = newClock(o, s.poke)
	s.client = newDeliveryClient(o)
	s.faults = &Faults{store: s}
	s.routes = s.newRoutes()
	return s
}

// Clock returns the store's clock.
func (s *Store) Clock() *Clock { return s.clock }

// Faults returns the switches of the store's misbehavior.
func (s *Store) Faults() *Faults { return s.faults }

// Close stops the server and the deliveries, cuts what is under way and returns
// when every goroutine of the store has ended. More calls do nothing.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.mu.Unlock()

	s.cancel()
	err := s.server.Close()
	s.running.Wait()
	s.client.CloseIdleConnections()
	if err != nil {
		return fmt.Errorf("close the fake BigCommerce store: %w", err)
	}
	return nil
}

// poke makes the scheduler look at the deliveries again.
func (s *Store) poke() {
	select {
	case s.wake <- struct{}{}:
	default: // it has been told already
	}
}

// record appends v to a record of the store and forgets the older half when the
// record is full.
func record[T any](to []T, v T) []T {
	if len(to) >= logLimit {
		to = append(make([]T, 0, logLimit), to[logLimit/2:]...)
	}
	return append(to, v)
}

// testLog writes a logger's lines to the test's log.
type testLog struct{ tb TB }

func (w testLog) Write(line []byte) (int, error) {
	w.tb.Logf("%s", line)
	return len(line), nil
}
