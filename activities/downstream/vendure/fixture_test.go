package vendure_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/downstreamtest"
	"github.com/orderbridge/orderbridge/activities/downstream/vendure"
	"github.com/orderbridge/orderbridge/activities/downstream/vendure/venduretest"
)

// TestConformance runs the suite that every adapter must pass, against a real
// Vendure.
func TestConformance(t *testing.T) {
	t.Parallel()

	downstreamtest.Run(t, func(t *testing.T) downstreamtest.Fixture {
		t.Helper()
		return newFixture(t)
	})
}

// private stands for everything in an answer that must not reach an error. It is
// in whatever the proxy invents.
const private = "jane.doe@example.com"

func newAdapter(t *testing.T, config vendure.Config) *vendure.Adapter {
	t.Helper()
	adapter, err := vendure.New(config)
	require.NoError(t, err)
	t.Cleanup(adapter.Close)
	return adapter
}

// fixture is the shared server behind the conformance suite's back door, with a
// proxy and an adapter that are the test's own as long as it runs.
type fixture struct {
	adapter *vendure.Adapter
	config  vendure.Config
	proxy   *venduretest.Proxy
	server  *venduretest.Server
}

// fixtures are those that no test uses at the moment: to begin a session costs
// Vendure a quarter of a second.
var fixtures struct {
	mu   sync.Mutex
	free []*fixture
}

// newFixture returns a fixture that no other test uses meanwhile.
func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := takeFixture()
	if f == nil {
		f = makeFixture(t)
	}
	t.Cleanup(func() {
		f.proxy.Heal()
		fixtures.mu.Lock()
		defer fixtures.mu.Unlock()
		fixtures.free = append(fixtures.free, f)
	})
	return f
}

func takeFixture() *fixture {
	fixtures.mu.Lock()
	defer fixtures.mu.Unlock()
	last := len(fixtures.free) - 1
	if last < 0 {
		return nil
	}
	f := fixtures.free[last]
	fixtures.free = fixtures.free[:last]
	return f
}

// makeFixture makes a fixture that lasts until closeFixtures.
func makeFixture(t *testing.T) *fixture {
	t.Helper()
	server := shared(t)
	proxy, err := venduretest.NewProxy(t.Context(), server)
	require.NoError(t, err)
	config := vendure.Config{
		BaseURL:  proxy.URL,
		Channel:  "acme",
		Password: server.AdapterPassword,
		// Long enough for any machine: no case waits for it.
		Timeout:  time.Minute,
		Username: server.AdapterUsername,
	}
	adapter, err := vendure.New(config)
	require.NoError(t, err)
	return &fixture{adapter: adapter, config: config, proxy: proxy, server: server}
}

// closeFixtures is for the end of all tests.
func closeFixtures() {
	for f := takeFixture(); f != nil; f = takeFixture() {
		f.adapter.Close()
		f.proxy.Close()
	}
}

func (f *fixture) Adapter() downstream.Adapter { return f.adapter }

func (*fixture) Capabilities() downstreamtest.Capabilities {
	return downstreamtest.Capabilities{
		Faults: slices.DeleteFunc(downstreamtest.Faults(), func(fault downstreamtest.Fault) bool {
			// Nobody can hold an order; for what comes near it see
			// TestFulfillmentOfSomebodyElse. The proxy keeps no answer back.
			return fault == downstreamtest.FaultInUse || fault == downstreamtest.FaultLate
		}),
		// Every case has its own numbers, proxy and adapter.
		Isolated:           true,
		MaxTrackingNumbers: -1,
		RetryAfter:         venduretest.RetryAfter,
		Unfulfillable:      []string{venduretest.StatePaymentAuthorized, venduretest.StatePartiallyDelivered},
		Unsettable:         []string{venduretest.StateCreated},
		Versions:           true,
	}
}

func (f *fixture) AddOrder(tb testing.TB, number, status string) {
	tb.Helper()
	require.NoError(tb, f.server.AddOrder(tb.Context(), number, status))
}

func (f *fixture) SetStatus(tb testing.TB, number, status string) {
	tb.Helper()
	require.NoError(tb, f.server.SetState(tb.Context(), number, status))
}

func (f *fixture) Effects(tb testing.TB, number string) []downstreamtest.Effect {
	tb.Helper()
	done, err := f.server.Effects(tb.Context(), number)
	require.NoError(tb, err)
	effects := make([]downstreamtest.Effect, 0, len(done))
	for _, e := range done {
		effect := downstreamtest.Effect{Action: downstreamtest.Action(e.Action)}
		for _, code := range e.TrackingCodes {
			effect.TrackingNumbers = append(effect.TrackingNumbers, strings.Split(code, ", ")...)
		}
		effects = append(effects, effect)
	}
	return effects
}

func (f *fixture) Inject(_ testing.TB, fault downstreamtest.Fault, on downstreamtest.Step) <-chan struct{} {
	return f.proxy.Inject(venduretest.Fault(fault), venduretest.Step(on))
}

func (f *fixture) Heal(testing.TB) { f.proxy.Heal() }

// add adds an order and returns it as the adapter finds it.
func (f *fixture) add(t *testing.T, number, state string, lines ...venduretest.Line) downstream.Order {
	t.Helper()
	require.NoError(t, f.server.AddOrder(t.Context(), number, state, lines...))
	order, err := f.adapter.Find(t.Context(), number)
	require.NoError(t, err)
	return order
}

func target(o downstream.Order) downstream.Target {
	return downstream.Target{OrderID: o.ID, Number: o.Number, Version: o.Version, IdempotencyKey: "k"}
}

// failure is the *downstream.Error of this kind that err must be, free of what
// it must not repeat at any depth.
func failure(t *testing.T, kind downstream.Kind, err error, secrets ...string) *downstream.Error {
	t.Helper()
	require.Error(t, err)
	var e *downstream.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, kind, e.Kind, "%v", err)
	for cause := err; cause != nil; cause = errors.Unwrap(cause) {
		for _, text := range append(secrets, private, password) {
			require.NotContains(t, cause.Error(), text)
		}
	}
	require.Equal(t, "acme", e.Channel)
	require.NotEmpty(t, e.Call)
	require.NotEmpty(t, e.Advice)
	return e
}

// requireKind is failure for those who need no more than that.
func requireKind(t *testing.T, kind downstream.Kind, err error, secrets ...string) {
	t.Helper()
	_ = failure(t, kind, err, secrets...)
}

const password = "hunter2hunter2"
