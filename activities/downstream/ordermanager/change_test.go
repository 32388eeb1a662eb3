package ordermanager_test

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/ordermanager"
	"github.com/orderbridge/orderbridge/activities/downstream/ordermanager/ordermanagertest"
)

// open adds an order that is awaiting shipment and returns the target of a
// change of it.
func (f *fixture) open(t *testing.T, number string) downstream.Target {
	t.Helper()
	f.system.AddOrder(number, "AWAITING_SHIPMENT")
	return f.target(t, number)
}

func (f *fixture) target(t *testing.T, number string) downstream.Target {
	t.Helper()
	order, err := f.adapter.Find(t.Context(), number)
	require.NoError(t, err)
	return downstream.Target{OrderID: order.ID, Number: number, Version: order.Version, IdempotencyKey: "k"}
}

func parcels(trackingNumbers ...string) []downstream.Shipment {
	shipments := make([]downstream.Shipment, 0, len(trackingNumbers))
	for _, number := range trackingNumbers {
		shipments = append(shipments, downstream.Shipment{TrackingNumber: number, Carrier: "ups"})
	}
	return shipments
}

func TestWhatIsSent(t *testing.T) {
	t.Parallel()

	type sent struct {
		method, path string
		query        url.Values
		header       http.Header
		body         string
	}
	var got []sent
	state := "AWAITING_SHIPMENT"
	adapter := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return
			}
			got = append(got, sent{r.Method, r.URL.Path, r.URL.Query(), r.Header, string(body)})
			state = map[string]string{http.MethodPost: "CANCELLED", http.MethodPut: "SHIPPED"}[r.Method]
		}
		reply(w, order(state))
	}, func(c *ordermanager.Config) {
		c.CancelReasonType = "BUYER_CANCELLED"
		c.Carriers = map[string]string{"USPS": "Stamps.com"}
		c.DefaultCarrier, c.NoTracking = "Other", "no number"
	})
	_, err := adapter.Cancel(t.Context(), downstream.CancelRequest{
		Target: targetOf7(), Reason: " two\r\n lines & more\t" + strings.Repeat("é", 600),
	})
	require.NoError(t, err)
	fulfill := func(shipments ...downstream.Shipment) {
		state = "AWAITING_SHIPMENT"
		_, err := adapter.Fulfill(t.Context(), downstream.FulfillRequest{Target: targetOf7(), Shipments: shipments})
		require.NoError(t, err)
	}
	east := time.FixedZone("east", 3600)
	fulfill(
		downstream.Shipment{TrackingNumber: " 1Z ", Carrier: " usps", ShippedAt: time.Date(2026, 3, 4, 1, 2, 3, 0, east)},
		downstream.Shipment{TrackingNumber: "9400"}, downstream.Shipment{},
		downstream.Shipment{TrackingNumber: "1Z", Carrier: "ups"},
	)
	fulfill()
	fulfill(downstream.Shipment{Carrier: "ups"}, downstream.Shipment{})

	require.Len(t, got, 4)
	require.Equal(t, http.MethodPost, got[0].method)
	require.Equal(t, "/v1/orders/cancel", got[0].path)
	require.Equal(t, url.Values{
		"cancelReason":           {"two lines & more " + strings.Repeat("é", 238)},
		"cancelReasonType":       {"BUYER_CANCELLED"},
		"orderId":                {"7"},
		"refundOrdersOnChannels": {"false"},
		"salesChannelId":         {"4711"},
		"updateSalesChannels":    {"false"},
	}, got[0].query)
	require.Empty(t, got[0].body)
	for _, s := range got[1:] {
		require.Equal(t, http.MethodPut, s.method)
		require.Equal(t, "/v1.1/shipment/external", s.path)
		require.Equal(t, "application/json; charset=utf-8", s.header.Get("Content-Type"))
	}
	require.JSONEq(t, `{"notifyCustomer":false,"updateChannel":false,"shipments":[
		{"orderId":7,"trackingNumber":"1Z","shipMethod":{"shippingCarrier":"Stamps.com"},"shipDate":"2026-03-04T00:02:03Z"},
		{"orderId":7,"trackingNumber":"9400","shipMethod":{"shippingCarrier":"Other"}}]}`, got[1].body)
	require.JSONEq(t, `{"notifyCustomer":false,"updateChannel":false,"shipments":[
		{"orderId":7,"trackingNumber":"no number","shipMethod":{"shippingCarrier":"Other"}}]}`, got[2].body)
	require.JSONEq(t, `{"notifyCustomer":false,"updateChannel":false,"shipments":[
		{"orderId":7,"trackingNumber":"no number","shipMethod":{"shippingCarrier":"ups"}}]}`, got[3].body)
	for _, s := range got {
		require.Equal(t, "Bearer "+secret, s.header.Get("Authorization"))
	}
}

func TestParcelsThatAreRefused(t *testing.T) {
	t.Parallel()

	setup := func(t *testing.T) (*fixture, func() int) {
		t.Helper()
		var (
			mu      sync.Mutex
			refused int
		)
		system := ordermanagertest.New(t)
		config := configFor(system)
		config.Observe = func(_ context.Context, e ordermanager.Exchange) {
			mu.Lock()
			defer mu.Unlock()
			refused += e.Refused
		}
		return &fixture{newAdapter(t, config), system}, func() int { mu.Lock(); defer mu.Unlock(); return refused }
	}

	t.Run("all of them", func(t *testing.T) {
		t.Parallel()

		f, refused := setup(t)
		target := f.open(t, "218")
		f.system.Faults().RefuseTracking("bad")
		_, err := f.adapter.Fulfill(t.Context(), downstream.FulfillRequest{Target: target, Shipments: parcels("bad")})
		e := failure(t, err)
		require.Equal(t, downstream.Refused, e.Kind)
		require.Equal(t, http.StatusOK, e.StatusCode)
		require.Contains(t, e.Detail, "failure ERROR inside of its success")
		require.Equal(t, 1, refused())
		require.Empty(t, f.system.Effects())
	})

	t.Run("one of them", func(t *testing.T) {
		t.Parallel()

		f, refused := setup(t)
		target := f.open(t, "218")
		f.system.Faults().RefuseTracking("bad")
		got, err := f.adapter.Fulfill(t.Context(), downstream.FulfillRequest{Target: target, Shipments: parcels("good", "bad")})
		require.NoError(t, err)
		require.False(t, got.AlreadyDone)
		require.Equal(t, 1, refused())
		require.Len(t, f.system.Effects()[0].Shipments, 1)
	})

	t.Run("in words alone", func(t *testing.T) {
		t.Parallel()

		f, refused := setup(t)
		target := f.open(t, "218")
		f.system.Faults().Inject(ordermanagertest.Fault{Call: ordermanagertest.CallShip, Do: ordermanagertest.HiddenFailure})
		_, err := f.adapter.Fulfill(t.Context(), downstream.FulfillRequest{Target: target, Shipments: parcels("a", "b")})
		require.Equal(t, downstream.Refused, failure(t, err).Kind)
		require.Equal(t, 2, refused())
	})

	t.Run("in words, but the order is shipped", func(t *testing.T) {
		t.Parallel()

		state := "AWAITING_SHIPMENT"
		adapter := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPut {
				state = "SHIPPED"
				reply(w, `[{"status":"","processingMessage":"no"},{"status":"NOT_FOUND"},{"status":"CREATED"}]`)
				return
			}
			reply(w, order(state))
		})
		got, err := adapter.Fulfill(t.Context(), downstream.FulfillRequest{Target: targetOf7(), Shipments: parcels("a")})
		require.NoError(t, err)
		require.False(t, got.AlreadyDone)
		require.Equal(t, downstream.PhaseFulfilled, got.Order.Status.Phase)
	})

	t.Run("a cancellation that was none", func(t *testing.T) {
		t.Parallel()

		f, _ := setup(t)
		target := f.open(t, "218")
		f.system.Faults().Inject(ordermanagertest.Fault{Call: ordermanagertest.CallCancel, Do: ordermanagertest.HiddenFailure})
		_, err := f.adapter.Cancel(t.Context(), downstream.CancelRequest{Target: target})
		require.Equal(t, downstream.Unavailable, failure(t, err).Kind)
		got, err := f.adapter.Cancel(t.Context(), downstream.CancelRequest{Target: target})
		require.NoError(t, err)
		require.False(t, got.AlreadyDone)
	})
}

// TestSystemThatRefusesNothing has a system that would cancel what is shipped
// and ship what is cancelled, and make a second shipment of every repetition.
func TestSystemThatRefusesNothing(t *testing.T) {
	t.Parallel()

	for _, status := range []string{"SHIPPED", "CANCELLED", "PROCESSED_OUTSIDE_OF_SKUBANA", "SKU_UNPROCESSED"} {
		t.Run(status, func(t *testing.T) {
			t.Parallel()

			f := newFixture(t)
			f.system.Faults().Permissive(true)
			f.system.AddOrder("218", status)
			target := f.target(t, "218")
			cancelled, cancelErr := f.adapter.Cancel(t.Context(), downstream.CancelRequest{Target: target})
			shipped, shipErr := f.adapter.Fulfill(t.Context(), downstream.FulfillRequest{Target: target, Shipments: parcels("a")})
			require.Empty(t, f.system.Effects())
			require.Equal(t, status == "CANCELLED", cancelled.AlreadyDone)
			require.Equal(t, status == "SHIPPED", shipped.AlreadyDone)
			if !cancelled.AlreadyDone {
				require.Equal(t, downstream.Refused, failure(t, cancelErr).Kind)
			}
			if !shipped.AlreadyDone {
				require.Equal(t, downstream.Refused, failure(t, shipErr).Kind)
			}
		})
	}

	t.Run("many at once, through two adapters", func(t *testing.T) {
		t.Parallel()

		f := newFixture(t)
		f.system.Faults().Permissive(true)
		target := f.open(t, "218")
		adapters := []*ordermanager.Adapter{f.adapter, newAdapter(t, configFor(f.system))}
		var group sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			group.Go(func() {
				_, errs[i] = adapters[i%2].Fulfill(t.Context(), downstream.FulfillRequest{Target: target, Shipments: parcels("a")})
			})
		}
		group.Wait()
		for _, err := range errs {
			require.NoError(t, err)
		}
		require.Len(t, f.system.Effects(), 1)
	})
}

func TestBetweenReadAndWrite(t *testing.T) {
	t.Parallel()

	setup := func(t *testing.T, becomes string) (*fixture, downstream.CancelRequest) {
		t.Helper()
		f := newFixture(t)
		target := f.open(t, "218")
		f.system.Faults().BeforeChange(func(id int64) { _ = f.system.SetStatus(id, becomes) })
		return f, downstream.CancelRequest{Target: target}
	}

	t.Run("somebody cancels it", func(t *testing.T) {
		t.Parallel()

		f, request := setup(t, "CANCELLED")
		got, err := f.adapter.Cancel(t.Context(), request)
		require.NoError(t, err)
		require.True(t, got.AlreadyDone)
		require.Empty(t, f.system.Effects())
	})

	t.Run("somebody ships it", func(t *testing.T) {
		t.Parallel()

		f, request := setup(t, "SHIPPED")
		_, err := f.adapter.Cancel(t.Context(), request)
		require.Equal(t, downstream.VersionConflict, failure(t, err).Kind)
		require.Empty(t, f.system.Effects())
	})

	t.Run("somebody moves it, which nobody can notice", func(t *testing.T) {
		t.Parallel()

		f, request := setup(t, "ON_HOLD")
		got, err := f.adapter.Cancel(t.Context(), request)
		require.NoError(t, err)
		require.Equal(t, downstream.PhaseCancelled, got.Order.Status.Phase)
	})

	t.Run("somebody ships it after a success", func(t *testing.T) {
		t.Parallel()

		f, request := setup(t, "SHIPPED")
		f.system.Faults().BeforeChange(nil)
		reads := 0
		adapter := f.between(t, func(r *http.Request) {
			if r.Method == http.MethodGet {
				if reads++; reads == 2 {
					require.NoError(t, f.system.SetStatus(f.system.Orders()[0].ID, "SHIPPED"))
				}
			}
		})
		_, err := adapter.Cancel(t.Context(), request)
		require.Equal(t, downstream.VersionConflict, failure(t, err).Kind)
	})

	t.Run("the change shows late", func(t *testing.T) {
		t.Parallel()

		f, request := setup(t, "ON_HOLD")
		f.system.Faults().BeforeChange(func(int64) { f.system.Faults().StaleReads(1) })
		_, err := f.adapter.Cancel(t.Context(), request)
		require.Equal(t, downstream.Unavailable, failure(t, err).Kind)
		got, err := f.adapter.Cancel(t.Context(), request)
		require.NoError(t, err)
		require.Equal(t, downstream.PhaseCancelled, got.Order.Status.Phase)
		require.Len(t, f.system.Effects(), 1)
	})
}

func TestChangesOfOneOrderWait(t *testing.T) {
	t.Parallel()

	f := newFixture(t)
	target, other := f.open(t, "218"), f.open(t, "219")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	hit := f.system.Faults().Inject(ordermanagertest.Fault{Call: ordermanagertest.CallCancel, Do: ordermanagertest.Hang})
	first := make(chan error, 1)
	go func() {
		_, err := f.adapter.Cancel(ctx, downstream.CancelRequest{Target: target})
		first <- err
	}()
	<-hit

	_, err := f.adapter.Cancel(t.Context(), downstream.CancelRequest{Target: other})
	require.NoError(t, err, "another order does not wait")
	impatient, giveUp := context.WithTimeout(t.Context(), time.Millisecond)
	defer giveUp()
	_, err = f.adapter.Fulfill(impatient, downstream.FulfillRequest{Target: target})
	require.Equal(t, downstream.Timeout, failure(t, err).Kind)
	require.ErrorIs(t, err, context.DeadlineExceeded)

	cancel()
	require.ErrorIs(t, <-first, context.Canceled)
	_, err = f.adapter.Cancel(t.Context(), downstream.CancelRequest{Target: target})
	require.NoError(t, err, "whoever gives up lets the next one in")
	require.Len(t, f.system.Effects(), 2)
}

func TestRequestsThatCannotBe(t *testing.T) {
	t.Parallel()

	f := newFixture(t)
	good := f.open(t, "218")
	for name, spoil := range map[string]func(*downstream.Target){
		"no id":            func(t *downstream.Target) { t.OrderID = "" },
		"id with a path":   func(t *downstream.Target) { t.OrderID = "1/../2" },
		"id out of range":  func(t *downstream.Target) { t.OrderID = strings.Repeat("9", 19) },
		"no version":       func(t *downstream.Target) { t.Version = "" },
		"no order number":  func(t *downstream.Target) { t.Number = "" },
		"id zero":          func(t *downstream.Target) { t.OrderID = "0" },
		"id that is a URL": func(t *downstream.Target) { t.OrderID = "http://example.com" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			target := good
			spoil(&target)
			_, err := f.adapter.Cancel(t.Context(), downstream.CancelRequest{Target: target})
			require.Equal(t, downstream.Invalid, failure(t, err).Kind)
			_, err = f.adapter.Fulfill(t.Context(), downstream.FulfillRequest{Target: target})
			require.Equal(t, downstream.Invalid, failure(t, err).Kind)
		})
	}
}
