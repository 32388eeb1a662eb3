package activities_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/rest/resttest"
)

// change is one of the two activities that change an order.
type change struct {
	name   string
	action resttest.Action
	call   resttest.Call
	status string // that the order has afterwards
	run    func(*fixture) func(context.Context, activities.ApplyRequest) (activities.ApplyResult, error)
}

func bothChanges() []change {
	return []change{
		{
			"cancel", resttest.ActionCancel, resttest.CallCancel, "Cancelled",
			func(f *fixture) func(context.Context, activities.ApplyRequest) (activities.ApplyResult, error) {
				return f.activities.CancelDownstreamOrder
			},
		},
		{
			"fulfill", resttest.ActionFulfill, resttest.CallFulfill, "Shipped",
			func(f *fixture) func(context.Context, activities.ApplyRequest) (activities.ApplyResult, error) {
				return f.activities.FulfillDownstreamOrder
			},
		},
	}
}

// forBoth runs a test for both changes, each on a fixture of its own.
func forBoth(t *testing.T, test func(t *testing.T, f *fixture, c change)) {
	t.Helper()
	for _, c := range bothChanges() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			test(t, setup(t), c)
		})
	}
}

// apply runs a change that must come to a result.
func (f *fixture) apply(c change, req activities.ApplyRequest) activities.ApplyResult {
	f.t.Helper()
	var result activities.ApplyResult
	f.run(c.run(f), req, &result)
	return result
}

func TestApply(t *testing.T) {
	t.Parallel()
	forBoth(t, func(t *testing.T, f *fixture, c change) {
		t.Helper()
		read := f.order("Awaiting Shipment")
		result := f.apply(c, f.request(read))
		require.Equal(t, activities.AppliedDone, result.Applied)
		require.Equal(t, c.status, result.Order.Status.Name)
		require.Equal(t, f.find(), result.Order, "the result is the order as it is now")
		require.NotEqual(t, read.Version, result.Order.Version)
		effects := f.demo.Effects()
		require.Len(t, effects, 1)
		require.Equal(t, c.action, effects[0].Action)
		require.Equal(t, "218", effects[0].OrderNumber)
		require.Empty(t, effects[0].TrackingNumbers, "it was not shipped in parcels")
	})
}

func TestCancelSaysWhoDidIt(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.apply(bothChanges()[0], f.request(f.order("Awaiting Shipment")))
	order, _ := f.demo.Order("218")
	require.Equal(t, "Cancelled in BigCommerce", order.CancelReason)
}

func TestApplyAgainIsOneEffect(t *testing.T) {
	t.Parallel()
	forBoth(t, func(t *testing.T, f *fixture, c change) {
		t.Helper()
		req := f.request(f.order("Awaiting Shipment"))
		first := f.apply(c, req)
		for range 3 {
			require.Equal(t, first, f.apply(c, req), "Temporal repeats what it has no record of")
		}
		require.Len(t, f.demo.Effects(), 1)
	})
}

func TestApplyAfterALostAnswerIsOneEffect(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]resttest.Fault{
		"connection cut":    {Do: resttest.Drop},
		"an error instead":  {Status: 500},
		"a gateway's error": {Status: 502},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			forBoth(t, func(t *testing.T, f *fixture, c change) {
				t.Helper()
				req := f.request(f.order("Awaiting Shipment"))
				lost := fault // shared with the test of the other change
				lost.Call, lost.Times, lost.AfterCommit = c.call, -1, true
				f.demo.Faults().Inject(lost)
				failure := f.fails(c.run(f), req)
				require.False(t, failure.NonRetryable(), "nobody knows yet whether it was done: %s", failure)
				require.Len(t, f.demo.Effects(), 1, "it was done, and we do not know")
				f.demo.Faults().Clear()
				result := f.apply(c, req)
				require.Equal(t, activities.AppliedDone, result.Applied, "by this request")
				require.Equal(t, c.status, result.Order.Status.Name)
				require.Len(t, f.demo.Effects(), 1)
			})
		})
	}
}

func TestApplyReadsBackWhenTheAnswerIsCut(t *testing.T) {
	t.Parallel()
	forBoth(t, func(t *testing.T, f *fixture, c change) {
		t.Helper()
		req := f.request(f.order("Awaiting Shipment"))
		f.demo.Faults().Inject(resttest.Fault{Do: resttest.HalfAnswer, Call: c.call, AfterCommit: true})
		require.Equal(t, activities.AppliedDone, f.apply(c, req).Applied)
		require.Len(t, f.demo.Effects(), 1)
	})
}

func TestApplyToAnOrderThatIsThereAlready(t *testing.T) {
	t.Parallel()
	forBoth(t, func(t *testing.T, f *fixture, c change) {
		t.Helper()
		read := f.order("Awaiting Shipment")
		require.NoError(t, f.demo.SetStatus(read.ID, c.status)) // somebody was faster
		result := f.apply(c, f.request(f.find()))
		require.Equal(t, activities.AppliedAlready, result.Applied)
		require.Equal(t, c.status, result.Order.Status.Name)
		require.Zero(t, result.Shipments)
		require.Empty(t, f.demo.Effects())
	})
}

func TestApplyToAnOrderThatChanged(t *testing.T) {
	t.Parallel()
	forBoth(t, func(t *testing.T, f *fixture, c change) {
		t.Helper()
		read := f.order("Awaiting Shipment")
		require.NoError(t, f.demo.SetStatus(read.ID, "On Hold"))
		require.Equal(t, activities.ApplyResult{Applied: activities.AppliedConflict}, f.apply(c, f.request(read)))
		require.Empty(t, f.demo.Effects())
	})
}

func TestApplyThatIsRefused(t *testing.T) {
	t.Parallel()
	forBoth(t, func(t *testing.T, f *fixture, c change) {
		t.Helper()
		result := f.apply(c, f.request(f.order("Processed Outside")))
		require.Equal(t, activities.AppliedRefused, result.Applied)
		require.Contains(t, result.Detail, "channel main")
		require.Contains(t, result.Detail, "218")
		require.Zero(t, result.Order)
		require.Empty(t, f.demo.Effects())
	})
}

func TestFulfillPassesOnShipments(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.store.AddOrder(bigcommercetest.Order{
		ID: 218, StatusID: bigcommerce.StatusAwaitingShipment, Items: []bigcommercetest.Item{{ID: 1, Quantity: 3}},
	})
	f.demo.AddOrder("218", "Awaiting Shipment")
	shipped := make([]time.Time, 0, 3)
	for _, parcel := range []bigcommercetest.Shipment{
		{TrackingNumber: "1Z-SECRET-1", ShippingProvider: "ups", TrackingCarrier: "ups-mi"},
		{TrackingNumber: "RM-SECRET-2", TrackingCarrier: "royal-mail"},
		{}, // shipped by hand
	} {
		parcel.Items = []bigcommercetest.ShippedItem{{OrderProductID: 1, Quantity: 1}}
		made, err := f.store.Ship(218, parcel)
		require.NoError(t, err)
		shipped = append(shipped, made.DateCreated)
	}
	var result activities.ApplyResult
	f.run(f.activities.FulfillDownstreamOrder, f.request(f.find()), &result)
	require.Equal(t, activities.AppliedDone, result.Applied)
	require.Equal(t, 3, result.Shipments)
	text, err := json.Marshal(result)
	require.NoError(t, err)
	require.NotContains(t, string(text), "SECRET", "tracking numbers stay out of histories")
	order, _ := f.demo.Order("218")
	require.Equal(t, []downstream.Shipment{
		{TrackingNumber: "1Z-SECRET-1", Carrier: "ups", ShippedAt: shipped[0].UTC()},
		{TrackingNumber: "RM-SECRET-2", Carrier: "royal-mail", ShippedAt: shipped[1].UTC()},
		{ShippedAt: shipped[2].UTC()},
	}, order.Shipments)
	require.NotContains(t, f.logged(), "SECRET")
}

func TestFulfillNeedsTheStore(t *testing.T) {
	t.Parallel()
	f := setup(t)
	req := f.request(f.order("Awaiting Shipment"))
	f.store.Faults().FailNext(1, "GET", "/shipments", bigcommercetest.Failure(500))
	failure := f.fails(f.activities.FulfillDownstreamOrder, req)
	require.Equal(t, string(activities.ReasonStoreUnavailable), failure.Type())
	require.False(t, failure.NonRetryable())
	require.Empty(t, f.demo.Effects(), "not without the tracking numbers")
}

func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	parcel := downstream.Shipment{TrackingNumber: "1Z", Carrier: "ups", ShippedAt: time.Unix(1_700_000_000, 0)}
	type input struct {
		workflow, action string
		req              activities.ApplyRequest
		shipments        []downstream.Shipment
	}
	base := func() input {
		req := activities.ApplyRequest{OrderRef: order218, DownstreamID: "1", Version: "1"}
		return input{"webhook/main/s/h", "cancel", req, []downstream.Shipment{parcel}}
	}
	key := func(in input) string {
		return activities.Target(in.workflow, in.action, in.req, in.shipments).IdempotencyKey
	}
	original, again := key(base()), key(base())
	require.Equal(t, original, again)
	require.Regexp(t, `^[\x21-\x7e]{1,64}$`, original, "the form that adapters may rely on")
	seen := map[string]string{original: "the original"}
	for name, modify := range map[string]func(*input){
		"workflow":        func(in *input) { in.workflow += "x" },
		"action":          func(in *input) { in.action = "fulfill" },
		"order":           func(in *input) { in.req.OrderID++ },
		"downstream id":   func(in *input) { in.req.DownstreamID = "2" },
		"version":         func(in *input) { in.req.Version = "2" },
		"moved boundary":  func(in *input) { in.req.DownstreamID, in.req.Version = `1" "`, `1"` },
		"no shipment":     func(in *input) { in.shipments = nil },
		"two shipments":   func(in *input) { in.shipments = []downstream.Shipment{parcel, parcel} },
		"tracking number": func(in *input) { in.shipments[0].TrackingNumber = "1Z2" },
		"carrier":         func(in *input) { in.shipments[0].Carrier = "dhl" },
		"date":            func(in *input) { in.shipments[0].ShippedAt = parcel.ShippedAt.Add(time.Second) },
	} {
		in := base()
		modify(&in)
		require.Empty(t, seen[key(in)], name)
		seen[key(in)] = name
	}
	utc := base()
	utc.shipments[0].ShippedAt = parcel.ShippedAt.In(time.FixedZone("elsewhere", 3600))
	require.Equal(t, original, key(utc), "the same moment in another time zone")
}

func TestTargetNamesTheOrder(t *testing.T) {
	t.Parallel()
	got := activities.Target("w", "cancel", activities.ApplyRequest{OrderRef: order218, DownstreamID: "77", Version: "5"}, nil)
	require.Equal(t, "77", got.OrderID)
	require.Equal(t, "218", got.Number)
	require.Equal(t, "5", got.Version)
}
