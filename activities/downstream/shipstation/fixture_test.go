package shipstation_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/downstreamtest"
	"github.com/orderbridge/orderbridge/activities/downstream/shipstation"
	"github.com/orderbridge/orderbridge/activities/downstream/shipstation/shipstationtest"
)

// patience is what the stand-in asks for with a 429.
const patience = 7 * time.Second

// clock is a clock that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, time.March, 4, 5, 6, 7, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// fixture is the stand-in behind the conformance suite's back door, and what
// the other tests work with.
type fixture struct {
	adapter *shipstation.Adapter
	clock   *clock
	system  *shipstationtest.System
}

// setup starts a stand-in and makes an adapter for it, which change may
// configure otherwise.
func setup(t *testing.T, change ...func(*shipstation.Config)) *fixture {
	t.Helper()
	f := &fixture{clock: newClock()}
	f.system = shipstationtest.New(t, shipstationtest.WithClock(f.clock.Now))
	f.adapter = f.another(t, change...)
	return f
}

// another makes another adapter for the same account.
func (f *fixture) another(t *testing.T, change ...func(*shipstation.Config)) *shipstation.Adapter {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	config := shipstation.Config{
		APIKey: f.system.APIKey, APISecret: f.system.APISecret, BaseURL: f.system.URL, Channel: "acme",
		// Long enough for any machine: no case waits for it.
		Timeout:   time.Minute,
		Transport: transport,
	}
	for _, c := range change {
		c(&config)
	}
	adapter, err := shipstation.New(config)
	require.NoError(t, err)
	adapter.SetClock(f.clock.Now)
	return adapter
}

// find finds an order that must be there.
func (f *fixture) find(t *testing.T, number string) downstream.Order {
	t.Helper()
	order, err := f.adapter.Find(t.Context(), number)
	require.NoError(t, err)
	return order
}

func cancelling(o downstream.Order) downstream.CancelRequest {
	return downstream.CancelRequest{Target: target(o), Reason: "cancelled in BigCommerce"}
}

func target(o downstream.Order) downstream.Target {
	return downstream.Target{OrderID: o.ID, Number: o.Number, Version: o.Version, IdempotencyKey: "k1"}
}

// failure is the *downstream.Error of this kind that err must be, free at any
// depth of what it must not repeat.
func (f *fixture) failure(t *testing.T, want downstream.Kind, err error) *downstream.Error {
	t.Helper()
	var e *downstream.Error
	require.ErrorAs(t, err, &e)
	for cause := err; cause != nil; cause = errors.Unwrap(cause) {
		for _, secret := range []string{shipstationtest.Private, f.system.APIKey, f.system.APISecret} {
			require.NotContains(t, cause.Error(), secret)
		}
	}
	require.Equal(t, want, e.Kind, "%v", err)
	require.Equal(t, "acme", e.Channel)
	require.NotEmpty(t, e.Advice)
	return e
}

func (f *fixture) requireKind(t *testing.T, want downstream.Kind, err error) {
	t.Helper()
	_ = f.failure(t, want, err)
}

func (f *fixture) Adapter() downstream.Adapter { return f.adapter }

func (*fixture) Capabilities() downstreamtest.Capabilities {
	return downstreamtest.Capabilities{
		Faults: slices.DeleteFunc(downstreamtest.Faults(), func(fault downstreamtest.Fault) bool {
			return fault == downstreamtest.FaultTokenExpired // an API key is not renewed
		}),
		Isolated:           true,
		MaxTrackingNumbers: 1,
		RetryAfter:         patience,
		Versions:           true,
	}
}

// wire is the status that ShipStation sends for one that its users see.
func wire(name string) string { return strings.ReplaceAll(strings.ToLower(name), " ", "_") }

func (f *fixture) AddOrder(_ testing.TB, number, status string) {
	f.system.AddOrder(number, wire(status))
}

func (f *fixture) SetStatus(tb testing.TB, number, status string) {
	tb.Helper()
	ids := f.system.IDs(number)
	require.Len(tb, ids, 1, "orders of number %s", number)
	require.NoError(tb, f.system.SetStatus(ids[0], wire(status)))
}

func (f *fixture) Effects(tb testing.TB, number string) []downstreamtest.Effect {
	tb.Helper()
	var effects []downstreamtest.Effect
	for _, e := range f.system.Effects() {
		if e.OrderNumber != number {
			continue
		}
		effect := downstreamtest.Effect{Action: downstreamtest.Cancelled}
		if e.Action == shipstationtest.ActionShip {
			effect.Action = downstreamtest.Fulfilled
			if e.Parcel.TrackingNumber != "" {
				effect.TrackingNumbers = []string{e.Parcel.TrackingNumber}
			}
		} else {
			require.Equal(tb, shipstationtest.ActionCancel, e.Action)
		}
		effects = append(effects, effect)
	}
	return effects
}

func (f *fixture) Inject(tb testing.TB, fault downstreamtest.Fault, on downstreamtest.Step) <-chan struct{} {
	tb.Helper()
	faults := f.system.Faults()
	injected := shipstationtest.Fault{Call: shipstationtest.CallReads}
	if on == downstreamtest.OnWrite {
		injected.Call = shipstationtest.CallChanges
	}
	switch fault {
	case downstreamtest.FaultForbidden:
		injected.Status = http.StatusForbidden
	case downstreamtest.FaultGarbage:
		injected.Do = shipstationtest.Garbage
	case downstreamtest.FaultHalfAnswer:
		injected.Do = shipstationtest.HalfAnswer
	case downstreamtest.FaultHollowSuccess:
		injected.Do = shipstationtest.Hollow
	case downstreamtest.FaultInUse:
		injected.Status = http.StatusConflict
	case downstreamtest.FaultLate:
		injected.Do = shipstationtest.Late
	case downstreamtest.FaultLostAnswer:
		injected.Do, injected.AfterCommit = shipstationtest.Drop, true
	case downstreamtest.FaultRateLimited:
		injected.Status, injected.Reset = http.StatusTooManyRequests, patience
	case downstreamtest.FaultServerError:
		injected.Status = http.StatusInternalServerError
	case downstreamtest.FaultSilent:
		injected.Do = shipstationtest.Hang
	case downstreamtest.FaultSilentAfterCommit:
		injected.Do, injected.AfterCommit = shipstationtest.Hang, true
	case downstreamtest.FaultWrongContentType:
		injected.Do = shipstationtest.WrongContentType
	case downstreamtest.FaultIgnoredFilter:
		faults.IgnoreFilters(true)
		return nil
	case downstreamtest.FaultRevoked:
		faults.Revoke(true)
		return nil
	case downstreamtest.FaultStaleRead:
		faults.StaleReads(1)
		return nil
	case downstreamtest.FaultSubstringFilter:
		faults.MatchSubstrings(true)
		return nil
	default:
		tb.Fatalf("the fault %q does not exist here", fault)
	}
	return faults.Inject(injected)
}

// Heal also lets the window of the rate limit pass: that is how a 429 heals.
func (f *fixture) Heal(testing.TB) {
	f.system.Faults().Clear()
	f.clock.Advance(time.Minute)
}

func TestConformance(t *testing.T) {
	t.Parallel()

	downstreamtest.Run(t, func(t *testing.T) downstreamtest.Fixture {
		t.Helper()
		return setup(t)
	})
}
