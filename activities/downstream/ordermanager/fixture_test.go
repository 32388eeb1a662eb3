package ordermanager_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/downstreamtest"
	"github.com/orderbridge/orderbridge/activities/downstream/ordermanager"
	"github.com/orderbridge/orderbridge/activities/downstream/ordermanager/ordermanagertest"
)

func TestConformance(t *testing.T) {
	t.Parallel()

	downstreamtest.Run(t, func(t *testing.T) downstreamtest.Fixture {
		t.Helper()
		return newFixture(t)
	})
}

// codes is the vocabulary in both of its forms: what users see, and what the
// API says.
var codes = map[string]string{
	"SKU Unprocessed":              "SKU_UNPROCESSED",
	"Unresolved":                   "UNRESOLVED",
	"Awaiting Payment":             "AWAITING_PAYMENT",
	"Pending Shipment Plan":        "FBA_INBOUND_SHIPMENT_PLAN",
	"Awaiting Shipment":            "AWAITING_SHIPMENT",
	"Awaiting Dropship":            "AWAITING_DROPSHIP",
	"Awaiting MC Fulfillment":      "AWAITING_MC_FULFILLMENT",
	"Awaiting 3PL Export":          "AWAITING_3PL_EXPORT",
	"Pending Fulfillment":          "PENDING_FULFILLMENT",
	"On Hold":                      "ON_HOLD",
	"Shipped":                      "SHIPPED",
	"Canceled":                     "CANCELLED",
	"Processed Outside of Skubana": "PROCESSED_OUTSIDE_OF_SKUBANA",
}

// configFor is the configuration for a stand-in, at a pace that no test feels.
func configFor(system *ordermanagertest.System) ordermanager.Config {
	return ordermanager.Config{
		BaseURL:           system.URL,
		Channel:           "acme",
		RequestsPerSecond: 1000,
		SalesChannelID:    ordermanagertest.SalesChannelID,
		// Long enough for any machine: no case waits for it.
		Timeout: time.Minute,
		Token:   system.Token,
	}
}

func newAdapter(t *testing.T, config ordermanager.Config) *ordermanager.Adapter {
	t.Helper()
	adapter, err := ordermanager.New(config)
	require.NoError(t, err)
	t.Cleanup(adapter.Close)
	return adapter
}

// fixture is the stand-in behind the conformance suite's back door.
type fixture struct {
	adapter *ordermanager.Adapter
	system  *ordermanagertest.System
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	system := ordermanagertest.New(t)
	return &fixture{adapter: newAdapter(t, configFor(system)), system: system}
}

func (f *fixture) Adapter() downstream.Adapter { return f.adapter }

func (*fixture) Capabilities() downstreamtest.Capabilities {
	return downstreamtest.Capabilities{
		Faults: slices.DeleteFunc(downstreamtest.Faults(), func(fault downstreamtest.Fault) bool {
			// Tokens are not renewed, and orders are not held as far as anybody knows.
			return fault == downstreamtest.FaultTokenExpired || fault == downstreamtest.FaultInUse
		}),
		Isolated:           true,
		MaxTrackingNumbers: -1,
		Versions:           true,
	}
}

func (f *fixture) AddOrder(tb testing.TB, number, status string) {
	tb.Helper()
	require.Contains(tb, codes, status)
	f.system.AddOrder(number, codes[status])
}

func (f *fixture) SetStatus(tb testing.TB, number, status string) {
	tb.Helper()
	order, ok := f.system.Order(number)
	require.True(tb, ok, "no order %s", number)
	require.Contains(tb, codes, status)
	require.NoError(tb, f.system.SetStatus(order.ID, codes[status]))
}

func (f *fixture) Effects(tb testing.TB, number string) []downstreamtest.Effect {
	tb.Helper()
	var effects []downstreamtest.Effect
	for _, e := range f.system.Effects() {
		require.Empty(tb, e.Echoed, "somebody else was told")
		if e.OrderNumber != number {
			continue
		}
		effect := downstreamtest.Effect{Action: downstreamtest.Cancelled}
		if e.Action == ordermanagertest.ActionShip {
			effect.Action = downstreamtest.Fulfilled
		}
		for _, s := range e.Shipments {
			if s.TrackingNumber != ordermanager.DefaultNoTracking {
				effect.TrackingNumbers = append(effect.TrackingNumbers, s.TrackingNumber)
			}
		}
		effects = append(effects, effect)
	}
	return effects
}

func (f *fixture) Inject(tb testing.TB, fault downstreamtest.Fault, on downstreamtest.Step) <-chan struct{} {
	tb.Helper()
	faults := f.system.Faults()
	made := ordermanagertest.Fault{Call: ordermanagertest.CallReads}
	if on == downstreamtest.OnWrite {
		made.Call = ordermanagertest.CallChanges
	}
	switch fault {
	case downstreamtest.FaultForbidden:
		made.Status = http.StatusForbidden
	case downstreamtest.FaultGarbage:
		made.Do = ordermanagertest.Garbage
	case downstreamtest.FaultHalfAnswer:
		made.Do = ordermanagertest.HalfAnswer
	case downstreamtest.FaultHollowSuccess:
		made.Do = ordermanagertest.Hollow
	case downstreamtest.FaultLate:
		made.Do = ordermanagertest.Late
	case downstreamtest.FaultLostAnswer:
		made.Do, made.AfterCommit = ordermanagertest.Drop, true
	case downstreamtest.FaultRateLimited:
		made.Status = http.StatusTooManyRequests
	case downstreamtest.FaultServerError:
		made.Status = http.StatusServiceUnavailable
	case downstreamtest.FaultSilent:
		made.Do = ordermanagertest.Hang
	case downstreamtest.FaultSilentAfterCommit:
		made.Do, made.AfterCommit = ordermanagertest.Hang, true
	case downstreamtest.FaultWrongContentType:
		made.Do = ordermanagertest.WrongContentType
	case downstreamtest.FaultIgnoredFilter:
		faults.IgnoreFilters(true)
		return nil
	case downstreamtest.FaultRevoked:
		faults.RevokeToken()
		return nil
	case downstreamtest.FaultStaleRead:
		faults.StaleReads(1)
		return nil
	case downstreamtest.FaultSubstringFilter:
		faults.MatchSubstrings(true)
		return nil
	case downstreamtest.FaultInUse, downstreamtest.FaultTokenExpired:
		tb.Fatalf("the fault %q does not exist here", fault)
	default:
		tb.Fatalf("the fault %q is not known here", fault)
	}
	return faults.Inject(made)
}

func (f *fixture) Heal(testing.TB) { f.system.Faults().Clear() }
