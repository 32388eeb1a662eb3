package shipstation_test

import (
	"cmp"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/downstreamtest"
	"github.com/orderbridge/orderbridge/activities/downstream/shipstation"
	"github.com/orderbridge/orderbridge/activities/downstream/shipstation/shipstationtest"
)

// tap shows requests to a function on their way.
type tap func(r *http.Request)

func (see tap) RoundTrip(r *http.Request) (*http.Response, error) {
	see(r)
	return http.DefaultTransport.RoundTrip(r)
}

func TestOptionsReachTheSystem(t *testing.T) {
	t.Parallel()

	downstreamtest.Options(t, shipstation.Driver(), map[string]downstreamtest.Setting{
		"carriers":        {Value: "dhl=dhl_express", Sent: "dhl_express"},
		"default_carrier": {Value: "stamps_com", Sent: "stamps_com"},
		"store_id":        {Value: "7", Sent: "7"},
		"time_zone":       {Value: "Pacific/Auckland", Sent: "2026-03-05"},
	}, useOptions)
}

// useOptions fulfills two orders with an adapter made from options.
func useOptions(t *testing.T, options downstream.Values) map[string]string {
	t.Helper()
	system := shipstationtest.New(t)
	seen := map[string]string{}
	adapter, err := shipstation.Driver().New(downstream.Config{
		BaseURL: system.URL, Channel: "acme", Options: options, Timeout: time.Minute, Token: system.APIKey + ":" + system.APISecret,
		Transport: tap(func(r *http.Request) {
			seen["store_id"] = cmp.Or(seen["store_id"], r.URL.Query().Get("storeId"))
		}),
	})
	require.NoError(t, err)
	ship := func(number, carrier string) {
		system.AddOrder(number, shipstationtest.AwaitingShipment, shipstationtest.InStore(options.Number("store_id")))
		order, err := adapter.Find(t.Context(), number)
		require.NoError(t, err)
		_, err = adapter.Fulfill(t.Context(), downstream.FulfillRequest{Target: target(order), Shipments: []downstream.Shipment{
			{Carrier: carrier, ShippedAt: time.Date(2026, time.March, 4, 20, 0, 0, 0, time.UTC), TrackingNumber: "1Z"},
		}})
		require.NoError(t, err)
	}
	ship("101", "DHL")
	ship("202", "pigeon")
	effects := system.Effects()
	require.Len(t, effects, 2)
	seen["carriers"], seen["default_carrier"] = effects[0].Parcel.CarrierCode, effects[1].Parcel.CarrierCode
	seen["time_zone"] = effects[0].Parcel.ShipDate
	return seen
}
