package shipstation_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/shipstation"
	"github.com/orderbridge/orderbridge/activities/downstream/shipstation/shipstationtest"
)

func TestFulfillSends(t *testing.T) {
	t.Parallel()

	// In California it is still the day before.
	at := time.Date(2026, time.March, 4, 3, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		config    func(*shipstation.Config)
		shipments []downstream.Shipment
		want      string
	}{
		"one parcel": {
			shipments: []downstream.Shipment{{TrackingNumber: " 1Z ", Carrier: " UPS ", ShippedAt: at}},
			want:      `{"orderId":900001,"carrierCode":"ups","shipDate":"2026-03-03","trackingNumber":"1Z","notifyCustomer":false,"notifySalesChannel":false}`,
		},
		"nothing known": {
			want: `{"orderId":900001,"carrierCode":"other","notifyCustomer":false,"notifySalesChannel":false}`,
		},
		"a parcel without number": {
			shipments: []downstream.Shipment{{Carrier: "fedex", ShippedAt: at}},
			want:      `{"orderId":900001,"carrierCode":"fedex","shipDate":"2026-03-03","notifyCustomer":false,"notifySalesChannel":false}`,
		},
		"the first with a number": {
			shipments: []downstream.Shipment{{Carrier: "ups"}, {TrackingNumber: "9400", Carrier: "usps"}, {TrackingNumber: "1Z"}},
			want:      `{"orderId":900001,"carrierCode":"usps","trackingNumber":"9400","notifyCustomer":false,"notifySalesChannel":false}`,
		},
		"an unknown carrier": {
			shipments: []downstream.Shipment{{TrackingNumber: "7", Carrier: "Jane's Bikes"}},
			want:      `{"orderId":900001,"carrierCode":"other","trackingNumber":"7","notifyCustomer":false,"notifySalesChannel":false}`,
		},
		"configured otherwise": {
			config: func(c *shipstation.Config) {
				c.Carriers = map[string]string{"DHL ": "dhl_express"}
				c.TimeZone = "Europe/Berlin"
			},
			shipments: []downstream.Shipment{{TrackingNumber: "7", Carrier: "dhl", ShippedAt: at}},
			want:      `{"orderId":900001,"carrierCode":"dhl_express","shipDate":"2026-03-04","trackingNumber":"7","notifyCustomer":false,"notifySalesChannel":false}`,
		},
		"another default": {
			config:    func(c *shipstation.Config) { c.DefaultCarrier = "stamps_com" },
			shipments: []downstream.Shipment{{TrackingNumber: "7", Carrier: "dhl"}},
			want:      `{"orderId":900001,"carrierCode":"stamps_com","trackingNumber":"7","notifyCustomer":false,"notifySalesChannel":false}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			var tap wiretap
			change := []func(*shipstation.Config){tapped(&tap)}
			if c.config != nil {
				change = append(change, c.config)
			}
			f := setup(t, change...)
			f.system.AddOrder("101", shipstationtest.AwaitingShipment)
			done, err := f.adapter.Fulfill(t.Context(), downstream.FulfillRequest{
				Target: target(f.find(t, "101")), Shipments: c.shipments,
			})
			require.NoError(t, err)
			require.Equal(t, "Shipped", done.Order.Status.Name)
			require.Len(t, tap.bodies, 1)
			require.JSONEq(t, c.want, tap.bodies[0])
			parcel := f.system.Effects()[0].Parcel
			require.False(t, parcel.NotifyCustomer || parcel.NotifySalesChannel)
		})
	}
}

// TestFulfillOnce is about two adapters of one account, as two channels or a
// channel that was just configured anew have them. ShipStation itself would
// take both.
func TestFulfillOnce(t *testing.T) {
	t.Parallel()

	f := setup(t)
	f.system.AddOrder("101", shipstationtest.AwaitingShipment)
	order := f.find(t, "101")
	adapters := []*shipstation.Adapter{f.adapter, f.another(t)}
	results := make(chan downstream.Change, len(adapters))
	errs := make(chan error, len(adapters))
	for _, a := range adapters {
		go func() {
			done, err := a.Fulfill(t.Context(), downstream.FulfillRequest{Target: target(order)})
			results <- done
			errs <- err
		}()
	}
	already := 0
	for range adapters {
		require.NoError(t, <-errs)
		if (<-results).AlreadyDone {
			already++
		}
	}
	require.Equal(t, 1, already)
	require.Len(t, f.system.Effects(), 1)
}

// TestFulfillInTwoProcesses is about the same two in different processes: what
// the documentation says of it is what happens.
func TestFulfillInTwoProcesses(t *testing.T) {
	t.Parallel()

	f := setup(t)
	elsewhere := f.another(t)
	elsewhere.Part()
	f.system.AddOrder("101", shipstationtest.AwaitingShipment)
	order := f.find(t, "101")
	request := downstream.FulfillRequest{Target: target(order)}
	other := make(chan error, 1)
	f.system.Faults().BeforeChange(func(int64) {
		f.system.Faults().BeforeChange(nil)
		_, err := elsewhere.Fulfill(t.Context(), request)
		other <- err
	})
	done, err := f.adapter.Fulfill(t.Context(), request)
	require.NoError(t, err)
	require.NoError(t, <-other)
	require.False(t, done.AlreadyDone)
	require.Len(t, f.system.Effects(), 2)
}
