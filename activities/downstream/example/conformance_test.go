package example_test

import (
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/downstreamtest"
	"github.com/orderbridge/orderbridge/activities/downstream/downstreamtest/standin"
	"github.com/orderbridge/orderbridge/activities/downstream/example"
	"github.com/orderbridge/orderbridge/activities/downstream/example/exampletest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	downstreamtest.Run(t, func(t *testing.T) downstreamtest.Fixture {
		t.Helper()
		return newFixture(t)
	})
}

// fixture is the stand-in behind the suite's back door.
type fixture struct {
	adapter *example.Adapter
	system  *exampletest.System
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	system := exampletest.New(t)
	opened, err := example.Driver().New(downstream.Config{
		Channel: "acme", BaseURL: system.URL, Token: system.Key,
		Options: downstream.Values{"warehouse_id": strconv.Itoa(exampletest.Warehouse)},
		Timeout: time.Minute, // long enough for any machine: no case waits for it
	})
	require.NoError(t, err)
	adapter, ok := opened.(*example.Adapter)
	require.True(t, ok)
	t.Cleanup(adapter.Close)
	return &fixture{adapter: adapter, system: system}
}

func (f *fixture) Adapter() downstream.Adapter { return f.adapter }

func (*fixture) Capabilities() downstreamtest.Capabilities {
	return downstreamtest.Capabilities{
		Faults: slices.DeleteFunc(downstreamtest.Faults(), func(fault downstreamtest.Fault) bool {
			return fault == downstreamtest.FaultTokenExpired // keys do not expire
		}),
		Isolated:           true,
		MaxTrackingNumbers: -1,
		RetryAfter:         7 * time.Second,
		Versions:           true,
	}
}

func (f *fixture) AddOrder(_ testing.TB, number, status string) { f.system.AddOrder(number, status) }

func (f *fixture) SetStatus(tb testing.TB, number, status string) {
	tb.Helper()
	require.NoError(tb, f.system.SetState(number, status))
}

func (f *fixture) Effects(_ testing.TB, number string) []downstreamtest.Effect {
	made := f.system.Effects(number)
	effects := make([]downstreamtest.Effect, 0, len(made))
	for _, e := range made {
		action := downstreamtest.Fulfilled
		if e.State == "Cancelled" {
			action = downstreamtest.Cancelled
		}
		effects = append(effects, downstreamtest.Effect{Action: action, TrackingNumbers: e.TrackingNumbers})
	}
	return effects
}

// faults are those that concern one call.
var faults = map[downstreamtest.Fault]exampletest.Fault{
	downstreamtest.FaultForbidden:         {Status: http.StatusForbidden},
	downstreamtest.FaultGarbage:           {Do: exampletest.Garbage},
	downstreamtest.FaultHalfAnswer:        {Do: standin.HalfAnswer},
	downstreamtest.FaultHollowSuccess:     {Do: exampletest.Hollow},
	downstreamtest.FaultInUse:             {Status: http.StatusLocked},
	downstreamtest.FaultLate:              {Do: standin.Late, AfterCommit: true},
	downstreamtest.FaultLostAnswer:        {Do: standin.Drop, AfterCommit: true},
	downstreamtest.FaultRateLimited:       {Status: http.StatusTooManyRequests, RetryAfter: 7 * time.Second},
	downstreamtest.FaultServerError:       {Status: http.StatusServiceUnavailable},
	downstreamtest.FaultSilent:            {Do: standin.Hang},
	downstreamtest.FaultSilentAfterCommit: {Do: standin.Hang, AfterCommit: true},
	downstreamtest.FaultWrongContentType:  {Do: standin.WrongContentType},
}

func (f *fixture) Inject(tb testing.TB, fault downstreamtest.Fault, on downstreamtest.Step) <-chan struct{} {
	tb.Helper()
	switch fault {
	case downstreamtest.FaultIgnoredFilter:
		f.system.Faults.IgnoreFilters.Set(true)
	case downstreamtest.FaultRevoked:
		f.system.Faults.Revoked.Set(true)
	case downstreamtest.FaultStaleRead:
		f.system.Faults.StaleReads.Set(1)
	case downstreamtest.FaultSubstringFilter:
		f.system.Faults.MatchSubstrings.Set(true)
	default:
		made, known := faults[fault]
		require.True(tb, known, "the fault %q is not known here", fault)
		made.OnWrite = on == downstreamtest.OnWrite
		return f.system.Faults.Inject(made)
	}
	return nil
}

func (f *fixture) Heal(testing.TB) { f.system.Faults.Heal() }
