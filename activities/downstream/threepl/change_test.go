package threepl_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/threepl"
	"github.com/orderbridge/orderbridge/activities/downstream/threepl/threepltest"
)

func TestForbiddenIsSplit(t *testing.T) {
	t.Parallel()

	for _, c := range []struct {
		code string
		kind downstream.Kind
		says string
	}{
		{"", downstream.Forbidden, "OrderWrite"},
		{"InUse", downstream.InUse, "somebody else"},
		{"AlreadyCompleted", downstream.Refused, "AlreadyCompleted"},
		{"NotFullyAllocated", downstream.Refused, "NotFullyAllocated"},
		{"DateBeforeFreeze", downstream.Refused, "DateBeforeFreeze"},
		{"DateInFuture", downstream.Refused, "DateInFuture"},
		{"Unallocated", downstream.Refused, "Unallocated"},
		{"FullyAllocated", downstream.Refused, "FullyAllocated"},
		{"OrderNotConfirmed", downstream.Refused, "OrderNotConfirmed"},
		{"MixedFacilitiesInBatch", downstream.Refused, "MixedFacilitiesInBatch"},
		{"WrongCustomerInBatch", downstream.Refused, "WrongCustomerInBatch"},
		{"SomethingNew " + private, downstream.Refused, "not documented"},
		// These claim what the order does not show.
		{"OrderConfirmed", downstream.Unavailable, "not visible yet"},
		{"OrderCanceled", downstream.Unavailable, "not visible yet"},
	} {
		t.Run("code "+c.code, func(t *testing.T) {
			t.Parallel()

			system, adapter, order := setup(t, threepl.StatusAllocated)
			system.Faults().Inject(threepltest.Fault{Call: threepltest.CallCancel, Status: http.StatusForbidden, Code: c.code})
			_, err := adapter.Cancel(t.Context(), downstream.CancelRequest{Target: target(order)})
			e := failure(t, c.kind, err)
			require.Equal(t, http.StatusForbidden, e.StatusCode)
			require.Contains(t, e.Detail, c.says)
			require.Empty(t, system.Effects())
		})
	}
}

func TestMissingRolesAreNamed(t *testing.T) {
	t.Parallel()

	system, adapter, order := setup(t, threepl.StatusAllocated)
	for role, call := range map[string]func() error{
		"OrderView": func() error { return adapter.Probe(t.Context()) },
		"OrderWrite": func() error {
			_, err := adapter.Cancel(t.Context(), downstream.CancelRequest{Target: target(order)})
			return err
		},
		"OrderConfirm": func() error {
			_, err := adapter.Fulfill(t.Context(), downstream.FulfillRequest{Target: target(order)})
			return err
		},
	} {
		system.Faults().DenyRoles(role)
		e := failure(t, downstream.Forbidden, call())
		require.Contains(t, e.Advice, "role "+role)
	}
	require.Empty(t, system.Effects())
}

// TestDoneIsReadFromTheOrder answers what the order's state contradicts.
func TestDoneIsReadFromTheOrder(t *testing.T) {
	t.Parallel()

	for _, c := range []struct {
		name  string
		fault threepltest.Fault
	}{
		{"refused as canceled", threepltest.Fault{Status: http.StatusForbidden, Code: "OrderCanceled"}},
		{"refused as closed", threepltest.Fault{Status: http.StatusForbidden, Code: "OrderConfirmed"}},
		{"stale", threepltest.Fault{Status: http.StatusPreconditionFailed}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()

			system, adapter, order := setup(t, threepl.StatusAllocated)
			c.fault.Call, c.fault.AfterCommit = threepltest.CallCancel, true
			system.Faults().Inject(c.fault)
			got, err := adapter.Cancel(t.Context(), downstream.CancelRequest{Target: target(order)})
			require.NoError(t, err)
			require.True(t, got.AlreadyDone)
			require.Equal(t, threepl.StatusCanceled, got.Order.Status.Name)
			require.Len(t, system.Effects(), 1)
		})
	}
}

// TestRaces changes the order between the adapter's read and its write.
func TestRaces(t *testing.T) {
	t.Parallel()

	for _, c := range []struct {
		name   string
		status string
		kind   downstream.Kind // empty: done already
	}{
		{"picking begins", threepl.StatusPicking, downstream.VersionConflict},
		{"closed", threepl.StatusClosed, downstream.VersionConflict},
		{"canceled", threepl.StatusCanceled, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()

			system, adapter, order := setup(t, threepl.StatusAllocated)
			system.Faults().BeforeChange(func(id string) {
				if err := system.SetStatus(id, c.status); err != nil {
					t.Error(err)
				}
			})
			got, err := adapter.Cancel(t.Context(), downstream.CancelRequest{Target: target(order)})
			require.Empty(t, system.Effects())
			if c.kind == "" {
				require.NoError(t, err)
				require.True(t, got.AlreadyDone)
				return
			}
			require.Equal(t, http.StatusPreconditionFailed, failure(t, c.kind, err).StatusCode)
		})
	}

	t.Run("a stale read after the write", func(t *testing.T) {
		t.Parallel()

		system, adapter, order := setup(t, threepl.StatusAllocated)
		system.Faults().BeforeChange(func(string) { system.Faults().StaleReads(1) })
		request := downstream.CancelRequest{Target: target(order)}
		_, err := adapter.Cancel(t.Context(), request)
		requireKind(t, downstream.Unavailable, err)
		system.Faults().Clear()
		got, err := adapter.Cancel(t.Context(), request)
		require.NoError(t, err)
		require.Equal(t, threepl.StatusCanceled, got.Order.Status.Name)
		require.Len(t, system.Effects(), 1)
	})
}

func TestEndedInAnotherWay(t *testing.T) {
	t.Parallel()

	t.Run("before the write", func(t *testing.T) {
		t.Parallel()

		system, adapter, order := setup(t, threepl.StatusClosed)
		system.Faults().BeforeChange(func(string) { t.Error("a final order is not written to") })
		_, err := adapter.Cancel(t.Context(), downstream.CancelRequest{Target: target(order)})
		requireKind(t, downstream.Refused, err)
	})

	t.Run("since a success", func(t *testing.T) {
		t.Parallel()

		system, adapter, order := setup(t, threepl.StatusAllocated)
		require.NoError(t, system.SetStatus(order.ID, threepl.StatusClosed))
		system.Faults().StaleReads(1)
		system.Faults().Inject(threepltest.Fault{Call: threepltest.CallCancel, Do: threepltest.Hollow})
		_, err := adapter.Cancel(t.Context(), downstream.CancelRequest{Target: target(order)})
		requireKind(t, downstream.VersionConflict, err)
	})
}

// TestCompletedOrders covers what the API does not show of an order.
func TestCompletedOrders(t *testing.T) {
	t.Parallel()

	system := threepltest.New(t)
	system.Add(threepltest.Order{Number: "218", FullyAllocated: true, Completed: true})
	adapter := newAdapter(t, system, nil)
	order, err := adapter.Find(t.Context(), "218")
	require.NoError(t, err)
	_, err = adapter.Cancel(t.Context(), downstream.CancelRequest{Target: target(order)})
	require.Contains(t, failure(t, downstream.Refused, err).Advice, "tell the warehouse")
	_, err = adapter.Fulfill(t.Context(), downstream.FulfillRequest{Target: target(order)})
	require.NoError(t, err)
	require.Len(t, system.Effects(), 1)
}

func TestUnallocatedOrders(t *testing.T) {
	t.Parallel()

	system, adapter, order := setup(t, threepl.StatusUnallocated)
	_, err := adapter.Fulfill(t.Context(), downstream.FulfillRequest{Target: target(order)})
	require.Contains(t, failure(t, downstream.Refused, err).Advice, threepl.StatusUnallocated)
	_, err = adapter.Cancel(t.Context(), downstream.CancelRequest{Target: target(order)})
	require.NoError(t, err)
	require.Len(t, system.Effects(), 1)
}

func TestWhatAChangeSends(t *testing.T) {
	t.Parallel()

	answers := map[string]reply{
		"GET /orders/7":            {body: orderJSON("218", `,"status":0`), etag: `W/"v1"`},
		"POST /orders/7/canceler":  {status: http.StatusNoContent},
		"POST /orders/7/confirmer": {status: http.StatusNoContent},
	}
	adapter, seen := watch(t, answers)
	want := downstream.Target{OrderID: "7", Number: " 218 ", Version: `W/"v1"`, IdempotencyKey: "k"}
	for _, reason := range []string{" two\r\n lines\t" + strings.Repeat("é", 600), " \n"} {
		_, err := adapter.Cancel(t.Context(), downstream.CancelRequest{Target: want, Reason: reason})
		requireKind(t, downstream.Unavailable, err)
	}
	_, err := adapter.Fulfill(t.Context(), downstream.FulfillRequest{Target: want, Shipments: []downstream.Shipment{
		{Carrier: "ups"}, {TrackingNumber: " 1Z \t"}, {TrackingNumber: "second"},
	}})
	requireKind(t, downstream.Unavailable, err)

	var posts []sent
	for _, s := range seen.list() {
		if s.method != http.MethodPost || s.path == "/AuthServer/api/Token" {
			continue
		}
		posts = append(posts, s)
		require.Equal(t, `W/"v1"`, s.header.Get("If-Match"), "the ETag goes back as it came")
		require.Equal(t, "Bearer t0ken", s.header.Get("Authorization"))
		require.Equal(t, "identity", s.header.Get("Accept-Encoding"))
		require.Empty(t, s.query)
	}
	require.Len(t, posts, 3)
	require.JSONEq(t, `{"reason":"two lines `+strings.Repeat("é", 240)+`"}`, posts[0].body)
	require.JSONEq(t, `{"reason":"Cancelled in BigCommerce"}`, posts[1].body, "the API requires a reason")
	require.JSONEq(t, `{"trackingNumber":"1Z"}`, posts[2].body)
}

func TestChargesAreRecalculatedOnRequest(t *testing.T) {
	t.Parallel()

	for _, recalculate := range []bool{false, true} {
		system := threepltest.New(t)
		_, err := system.AddOrder("218", threepl.StatusPacking)
		require.NoError(t, err)
		adapter := newAdapter(t, system, func(c *threepl.Config) { c.RecalculateCharges = recalculate })
		order, err := adapter.Find(t.Context(), "218")
		require.NoError(t, err)
		_, err = adapter.Fulfill(t.Context(), downstream.FulfillRequest{Target: target(order)})
		require.NoError(t, err)
		require.Equal(t, recalculate, system.Effects()[0].Recalculated)
	}
}

func TestRequestsThatCannotBeMade(t *testing.T) {
	t.Parallel()

	for name, spoil := range map[string]func(*downstream.Target){
		"no order id":          func(t *downstream.Target) { t.OrderID = "" },
		"order id with a path": func(t *downstream.Target) { t.OrderID = "7/../8" },
		"order id of another":  func(t *downstream.Target) { t.OrderID = "so-1001" },
		"no version":           func(t *downstream.Target) { t.Version = "" },
		"version unquoted":     func(t *downstream.Target) { t.Version = "v1" },
		"version of all":       func(t *downstream.Target) { t.Version = "*" },
		"version in lines":     func(t *downstream.Target) { t.Version = "\"v1\"\r\nX: y" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			adapter, seen := watch(t, nil)
			to := downstream.Target{OrderID: "7", Number: "218", Version: `"v1"`, IdempotencyKey: "k"}
			spoil(&to)
			_, err := adapter.Fulfill(t.Context(), downstream.FulfillRequest{Target: to})
			requireKind(t, downstream.Invalid, err)
			require.Empty(t, seen.list())
		})
	}
}
