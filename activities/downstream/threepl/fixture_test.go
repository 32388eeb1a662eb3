package threepl_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/downstreamtest"
	"github.com/orderbridge/orderbridge/activities/downstream/threepl"
	"github.com/orderbridge/orderbridge/activities/downstream/threepl/threepltest"
)

const (
	// patience is what the stand-in asks for with a 429.
	patience = 7 * time.Second
	// private stands for everything in an answer that must not reach an error.
	private = "jane.doe@example.com"
)

// TestConformance runs the suite that every adapter must pass.
func TestConformance(t *testing.T) {
	t.Parallel()

	downstreamtest.Run(t, func(t *testing.T) downstreamtest.Fixture {
		t.Helper()
		system := threepltest.New(t)
		return &fixture{adapter: newAdapter(t, system, nil), system: system}
	})
}

// newAdapter makes an adapter for a stand-in, after alter has had its way.
func newAdapter(t *testing.T, system *threepltest.System, alter func(*threepl.Config)) *threepl.Adapter {
	t.Helper()
	config := threepl.Config{
		BaseURL:      system.URL,
		Channel:      "acme",
		ClientID:     system.ClientID,
		ClientSecret: system.ClientSecret,
		CustomerID:   threepltest.CustomerID,
		// Long enough for any machine: no case waits for it.
		Timeout:   time.Minute,
		TPL:       system.TPL,
		UserLogin: system.UserLogin,
	}
	if alter != nil {
		alter(&config)
	}
	adapter, err := threepl.New(config)
	require.NoError(t, err)
	t.Cleanup(adapter.Close)
	return adapter
}

// setup makes a stand-in with order 218 in a status, and the adapter's view.
func setup(t *testing.T, status string) (*threepltest.System, *threepl.Adapter, downstream.Order) {
	t.Helper()
	system := threepltest.New(t)
	_, err := system.AddOrder("218", status)
	require.NoError(t, err)
	adapter := newAdapter(t, system, nil)
	order, err := adapter.Find(t.Context(), "218")
	require.NoError(t, err)
	return system, adapter, order
}

func target(o downstream.Order) downstream.Target {
	return downstream.Target{OrderID: o.ID, Number: o.Number, Version: o.Version, IdempotencyKey: "k"}
}

// failure is the *downstream.Error of this kind that err must be, free of what
// it must not repeat at any depth.
func failure(t *testing.T, kind downstream.Kind, err error, secrets ...string) *downstream.Error {
	t.Helper()
	var e *downstream.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, kind, e.Kind, "%v", err)
	for cause := err; cause != nil; cause = errors.Unwrap(cause) {
		for _, text := range append(secrets, private) {
			require.NotContains(t, cause.Error(), text)
		}
	}
	require.Equal(t, "acme", e.Channel)
	require.NotEmpty(t, e.Advice)
	return e
}

// requireKind is failure for those who need no more than that.
func requireKind(t *testing.T, kind downstream.Kind, err error, secrets ...string) {
	t.Helper()
	_ = failure(t, kind, err, secrets...)
}

// fixture is the stand-in behind the conformance suite's back door.
type fixture struct {
	adapter *threepl.Adapter
	system  *threepltest.System
}

func (f *fixture) Adapter() downstream.Adapter { return f.adapter }

func (*fixture) Capabilities() downstreamtest.Capabilities {
	return downstreamtest.Capabilities{
		Faults:             downstreamtest.Faults(),
		Isolated:           true,
		MaxTrackingNumbers: 1,
		RetryAfter:         patience,
		Unfulfillable:      []string{threepl.StatusUnallocated},
		Versions:           true,
	}
}

func (f *fixture) AddOrder(tb testing.TB, number, status string) {
	tb.Helper()
	_, err := f.system.AddOrder(number, status)
	require.NoError(tb, err)
}

func (f *fixture) SetStatus(tb testing.TB, number, status string) {
	tb.Helper()
	order, ok := f.system.Order(number)
	require.True(tb, ok, "no order %s", number)
	require.NoError(tb, f.system.SetStatus(order.ID, status))
}

func (f *fixture) Effects(_ testing.TB, number string) []downstreamtest.Effect {
	var effects []downstreamtest.Effect
	for _, e := range f.system.Effects() {
		if e.OrderNumber != number {
			continue
		}
		effect := downstreamtest.Effect{Action: downstreamtest.Cancelled}
		if e.Action == threepltest.ActionConfirm {
			effect.Action = downstreamtest.Fulfilled
		}
		if e.TrackingNumber != "" {
			effect.TrackingNumbers = []string{e.TrackingNumber}
		}
		effects = append(effects, effect)
	}
	return effects
}

func (f *fixture) Inject(tb testing.TB, fault downstreamtest.Fault, on downstreamtest.Step) <-chan struct{} {
	tb.Helper()
	faults := f.system.Faults()
	call := threepltest.CallReads
	if on == downstreamtest.OnWrite {
		call = threepltest.CallChanges
	}
	switch fault {
	case downstreamtest.FaultForbidden:
		return faults.Inject(threepltest.Fault{Call: call, Status: http.StatusForbidden})
	case downstreamtest.FaultGarbage:
		return faults.Inject(threepltest.Fault{Call: call, Do: threepltest.Garbage})
	case downstreamtest.FaultHalfAnswer:
		return faults.Inject(threepltest.Fault{Call: call, Do: threepltest.HalfAnswer})
	case downstreamtest.FaultHollowSuccess:
		return faults.Inject(threepltest.Fault{Call: call, Do: threepltest.Hollow})
	case downstreamtest.FaultInUse:
		return faults.Inject(threepltest.Fault{Call: call, Status: http.StatusForbidden, Code: "InUse"})
	case downstreamtest.FaultLate:
		return faults.Inject(threepltest.Fault{Call: call, Do: threepltest.Late})
	case downstreamtest.FaultLostAnswer:
		return faults.Inject(threepltest.Fault{Call: call, Do: threepltest.Drop, AfterCommit: true})
	case downstreamtest.FaultRateLimited:
		return faults.Inject(threepltest.Fault{Call: call, Status: http.StatusTooManyRequests, RetryAfter: patience})
	case downstreamtest.FaultServerError:
		return faults.Inject(threepltest.Fault{Call: call})
	case downstreamtest.FaultSilent:
		return faults.Inject(threepltest.Fault{Call: call, Do: threepltest.Hang})
	case downstreamtest.FaultSilentAfterCommit:
		return faults.Inject(threepltest.Fault{Call: call, Do: threepltest.Hang, AfterCommit: true})
	case downstreamtest.FaultTokenExpired:
		return faults.Inject(threepltest.Fault{Call: call, Do: threepltest.ExpireToken})
	case downstreamtest.FaultWrongContentType:
		return faults.Inject(threepltest.Fault{Call: call, Do: threepltest.WrongContentType})
	case downstreamtest.FaultIgnoredFilter:
		faults.IgnoreFilter(true)
	case downstreamtest.FaultRevoked:
		faults.Revoke()
	case downstreamtest.FaultStaleRead:
		faults.StaleReads(1)
	case downstreamtest.FaultSubstringFilter:
		faults.MatchSubstrings(true)
	}
	return nil
}

func (f *fixture) Heal(testing.TB) { f.system.Faults().Clear() }
