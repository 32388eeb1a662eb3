package shipstation_test

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/shipstation"
	"github.com/orderbridge/orderbridge/activities/downstream/shipstation/shipstationtest"
)

// wiretap keeps the bodies of the writes.
type wiretap struct {
	http.RoundTripper

	bodies []string
}

func (w *wiretap) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodPost {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		w.bodies = append(w.bodies, string(body))
		r.Body = io.NopCloser(strings.NewReader(string(body)))
	}
	return w.RoundTripper.RoundTrip(r)
}

func tapped(w *wiretap) func(*shipstation.Config) {
	return func(c *shipstation.Config) { w.RoundTripper, c.Transport = c.Transport, w }
}

func TestCancelKeepsTheOrder(t *testing.T) {
	t.Parallel()

	var tap wiretap
	f := setup(t, tapped(&tap))
	id := f.system.AddOrder("101", shipstationtest.OnHold)
	before, _ := f.system.Order(id)
	done, err := f.adapter.Cancel(t.Context(), cancelling(f.find(t, "101")))
	require.NoError(t, err)
	require.False(t, done.AlreadyDone)

	after, _ := f.system.Order(id)
	require.Len(t, f.system.Orders(), 1, "no other order was made")
	require.JSONEq(t, `"cancelled"`, string(after["orderStatus"]))
	require.Len(t, after, len(before))
	for name, value := range before {
		if name != "orderStatus" && name != "modifyDate" {
			require.JSONEq(t, string(value), string(after[name]), name)
		}
	}
	require.Len(t, tap.bodies, 1)
	for _, exact := range []string{
		`"orderKey":"key-` + strconv.FormatInt(id, 10) + `"`,
		`"notDocumentedYet":{"exact":12345678901234567890.12345}`,
		`"orderItemId":128836912345678901`, `"unitPrice":99.990`, `"paymentDate":null`, `"internalNotes":null`, `"modifyDate":`,
	} {
		require.Contains(t, tap.bodies[0], exact, "a number or a null that was read is sent as it was")
	}
	require.NotContains(t, tap.bodies[0], "BigCommerce", "the reason has no place in an order")
}

func TestCancelRefuses(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct {
		status string
		option shipstationtest.OrderOption
		says   string
	}{
		"with a provider":       {shipstationtest.PendingFulfillment, nil, "Pending Fulfillment"},
		"given back":            {shipstationtest.RejectedFulfillment, nil, "Rejected Fulfillment"},
		"shipped":               {shipstationtest.Shipped, nil, "Shipped"},
		"without orderKey":      {shipstationtest.OnHold, shipstationtest.WithField("orderKey", `null`), "orderKey"},
		"with an empty one":     {shipstationtest.OnHold, shipstationtest.WithField("orderKey", `""`), "orderKey"},
		"merged or split":       {shipstationtest.OnHold, shipstationtest.WithField("advancedOptions", `{"mergedOrSplit":true}`), "merged"},
		"merged, by the orders": {shipstationtest.OnHold, shipstationtest.WithField("advancedOptions", `{"mergedIds":[1,2]}`), "merged"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			var tap wiretap
			f := setup(t, tapped(&tap))
			if c.option == nil {
				c.option = func(shipstationtest.Document) {}
			}
			f.system.AddOrder("101", c.status, c.option)
			order := f.find(t, "101")
			_, err := f.adapter.Cancel(t.Context(), cancelling(order))
			e := f.failure(t, downstream.Refused, err)
			require.Contains(t, e.Detail, c.says)
			require.Empty(t, tap.bodies, "nothing was sent")

			if !strings.Contains(c.says, "orderKey") {
				_, err = f.adapter.Fulfill(t.Context(), downstream.FulfillRequest{Target: target(order)})
				if c.status == shipstationtest.Shipped {
					require.NoError(t, err)
				} else {
					f.requireKind(t, downstream.Refused, err)
				}
				require.Empty(t, tap.bodies)
			}
		})
	}
}

func TestCancelWithoutAnOrder(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct {
		target downstream.Target
		kind   downstream.Kind
	}{
		"gone":            {downstream.Target{OrderID: "7", Number: "101", Version: "v"}, downstream.NotFound},
		"no id":           {downstream.Target{Number: "101", Version: "v"}, downstream.Invalid},
		"id with a slash": {downstream.Target{OrderID: "7/../8", Number: "101", Version: "v"}, downstream.Invalid},
		"negative id":     {downstream.Target{OrderID: "-7", Number: "101", Version: "v"}, downstream.Invalid},
		"no version":      {downstream.Target{OrderID: "7", Number: "101"}, downstream.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			f := setup(t)
			_, err := f.adapter.Cancel(t.Context(), downstream.CancelRequest{Target: c.target})
			f.requireKind(t, c.kind, err)
		})
	}

	t.Run("another number", func(t *testing.T) {
		t.Parallel()

		f := setup(t)
		f.system.AddOrder("101", shipstationtest.OnHold)
		order := f.find(t, "101")
		order.Number = "102"
		_, err := f.adapter.Cancel(t.Context(), cancelling(order))
		f.requireKind(t, downstream.Malformed, err)
		require.Empty(t, f.system.Effects())
	})
}

// TestCancelMakesNoOrder is about the worst that the call can do: to make an
// order. It cannot be taken back, so it must not be repeated.
func TestCancelMakesNoOrder(t *testing.T) {
	t.Parallel()

	f := setup(t)
	f.system.AddOrder("101", shipstationtest.OnHold)
	f.system.Faults().ForgetKeys(true)
	_, err := f.adapter.Cancel(t.Context(), cancelling(f.find(t, "101")))
	e := f.failure(t, downstream.Refused, err)
	require.Contains(t, e.Detail, "made order id 900002 instead of changing order id 900001")
	require.Len(t, f.system.Orders(), 2)
}

// TestBetweenReadAndWrite is about what somebody else does in the moment that no
// version guards.
func TestBetweenReadAndWrite(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct {
		status   string
		passOver bool
		kind     downstream.Kind // empty: success
	}{
		"cancelled, refused":             {shipstationtest.Cancelled, false, ""},
		"cancelled, passed over":         {shipstationtest.Cancelled, true, ""},
		"shipped, refused":               {shipstationtest.Shipped, false, downstream.VersionConflict},
		"shipped, passed over":           {shipstationtest.Shipped, true, downstream.VersionConflict},
		"handed to a provider, refused":  {shipstationtest.PendingFulfillment, false, downstream.VersionConflict},
		"handed to a provider, and over": {shipstationtest.PendingFulfillment, true, downstream.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			f := setup(t)
			id := f.system.AddOrder("101", shipstationtest.AwaitingShipment)
			order := f.find(t, "101")
			f.system.Faults().PassOver(c.passOver)
			failed := make(chan error, 1)
			f.system.Faults().BeforeChange(func(id int64) { failed <- f.system.SetStatus(id, c.status) })
			done, err := f.adapter.Cancel(t.Context(), cancelling(order))
			require.NoError(t, <-failed)
			require.Empty(t, f.system.Effects())
			after, _ := f.system.Order(id)
			require.JSONEq(t, strconv.Quote(c.status), string(after["orderStatus"]))
			if c.kind != "" {
				f.requireKind(t, c.kind, err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, !c.passOver, done.AlreadyDone, "a refusal shows that it was not this request")
		})
	}
}

func TestDoneButNotVisible(t *testing.T) {
	t.Parallel()

	f := setup(t)
	f.system.AddOrder("101", shipstationtest.AwaitingShipment)
	order := f.find(t, "101")
	f.system.Faults().BeforeChange(func(int64) { f.system.Faults().StaleReads(1) })
	_, err := f.adapter.Cancel(t.Context(), cancelling(order))
	f.requireKind(t, downstream.Unavailable, err)

	done, err := f.adapter.Cancel(t.Context(), cancelling(order))
	require.NoError(t, err)
	require.True(t, done.AlreadyDone)
	require.Len(t, f.system.Effects(), 1)
}

func TestVersionIgnoresTheFormOfTimes(t *testing.T) {
	t.Parallel()

	f := setup(t)
	versions := map[string]string{}
	for number, form := range map[string]string{
		"101": `"2015-08-17T09:21:59.4430000"`, "102": `"2015-08-17T09:21:59.443Z"`, "103": `"2015-08-17T09:21:59.4430001"`,
	} {
		f.system.AddOrder(number, shipstationtest.AwaitingShipment, shipstationtest.WithField("modifyDate", form))
		versions[number] = f.find(t, number).Version
	}
	require.Equal(t, versions["101"], versions["102"])
	require.NotEqual(t, versions["101"], versions["103"])
}
