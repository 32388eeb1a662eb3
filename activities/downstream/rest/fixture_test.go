package rest_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/downstreamtest"
	"github.com/orderbridge/orderbridge/activities/downstream/rest"
	"github.com/orderbridge/orderbridge/activities/downstream/rest/contracttest"
	"github.com/orderbridge/orderbridge/activities/downstream/rest/resttest"
	downstreamcontract "github.com/orderbridge/orderbridge/docs/downstream-contract"
)

// patience is what the demo system asks for with a 429.
const patience = 7 * time.Second

// newChecker holds exchanges to the contract, except for the answers that a
// fault makes break it.
func newChecker(t *testing.T) *contracttest.Checker {
	t.Helper()
	checker, err := contracttest.New(downstreamcontract.Document(), contracttest.WithExcuse(func(resp *http.Response) bool {
		return resp.Header.Get(resttest.FaultHeader) != ""
	}))
	require.NoError(t, err)
	return checker
}

// newAdapter makes an adapter for a demo system, through a checker if there is
// one.
func newAdapter(t *testing.T, system *resttest.System, checker *contracttest.Checker) *rest.Adapter {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	config := rest.Config{
		BaseURL: system.URL,
		Channel: "acme",
		// Long enough for any machine: no case waits for it.
		Timeout:   time.Minute,
		Token:     system.Token,
		Transport: transport,
	}
	if checker != nil {
		config.Transport = checker.Transport(transport, "")
	}
	adapter, err := rest.New(config)
	require.NoError(t, err)
	return adapter
}

// fixture is the demo system behind the conformance suite's back door.
type fixture struct {
	adapter *rest.Adapter
	system  *resttest.System
}

func newFixture(t *testing.T, checker *contracttest.Checker) *fixture {
	t.Helper()
	system := resttest.New(t)
	return &fixture{adapter: newAdapter(t, system, checker), system: system}
}

func (f *fixture) Adapter() downstream.Adapter { return f.adapter }

func (*fixture) Capabilities() downstreamtest.Capabilities {
	return downstreamtest.Capabilities{
		Faults: slices.DeleteFunc(downstreamtest.Faults(), func(fault downstreamtest.Fault) bool {
			return fault == downstreamtest.FaultTokenExpired // the token is not renewed
		}),
		IdempotencyKeys:    true,
		Isolated:           true,
		MaxTrackingNumbers: -1,
		RetryAfter:         patience,
		Versions:           true,
	}
}

func (f *fixture) AddOrder(_ testing.TB, number, status string) { f.system.AddOrder(number, status) }

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
		action := downstreamtest.Cancelled
		if e.Action == resttest.ActionFulfill {
			action = downstreamtest.Fulfilled
		}
		effects = append(effects, downstreamtest.Effect{Action: action, TrackingNumbers: e.TrackingNumbers})
	}
	return effects
}

func (f *fixture) Inject(tb testing.TB, fault downstreamtest.Fault, on downstreamtest.Step) <-chan struct{} {
	tb.Helper()
	faults := f.system.Faults()
	call := resttest.CallReads
	if on == downstreamtest.OnWrite {
		call = resttest.CallChanges
	}
	switch fault {
	case downstreamtest.FaultForbidden:
		return faults.Inject(resttest.Fault{Call: call, Status: http.StatusForbidden})
	case downstreamtest.FaultGarbage:
		return faults.Inject(resttest.Fault{Call: call, Do: resttest.Garbage})
	case downstreamtest.FaultHalfAnswer:
		return faults.Inject(resttest.Fault{Call: call, Do: resttest.HalfAnswer})
	case downstreamtest.FaultHollowSuccess:
		return faults.Inject(resttest.Fault{Call: call, Do: resttest.Hollow})
	case downstreamtest.FaultInUse:
		return faults.Inject(resttest.Fault{Call: call, Status: http.StatusConflict})
	case downstreamtest.FaultLate:
		return faults.Inject(resttest.Fault{Call: call, Do: resttest.Late})
	case downstreamtest.FaultLostAnswer:
		return faults.Inject(resttest.Fault{Call: call, Do: resttest.Drop, AfterCommit: true})
	case downstreamtest.FaultRateLimited:
		return faults.Inject(resttest.Fault{Call: call, Status: http.StatusTooManyRequests, RetryAfter: patience})
	case downstreamtest.FaultServerError:
		return faults.Inject(resttest.Fault{Call: call, Status: http.StatusServiceUnavailable})
	case downstreamtest.FaultSilent:
		return faults.Inject(resttest.Fault{Call: call, Do: resttest.Hang})
	case downstreamtest.FaultSilentAfterCommit:
		return faults.Inject(resttest.Fault{Call: call, Do: resttest.Hang, AfterCommit: true})
	case downstreamtest.FaultWrongContentType:
		return faults.Inject(resttest.Fault{Call: call, Do: resttest.WrongContentType})
	case downstreamtest.FaultIgnoredFilter:
		faults.IgnoreNumberFilter(true)
	case downstreamtest.FaultRevoked:
		faults.RevokeToken()
	case downstreamtest.FaultStaleRead:
		faults.StaleReads(1)
	case downstreamtest.FaultSubstringFilter:
		faults.MatchSubstrings(true)
	case downstreamtest.FaultTokenExpired:
		tb.Fatalf("the fault %q does not exist here", fault)
	}
	return nil
}

func (f *fixture) Heal(testing.TB) { f.system.Faults().Clear() }
