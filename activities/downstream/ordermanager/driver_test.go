package ordermanager_test

import (
	"cmp"
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/downstreamtest"
	"github.com/orderbridge/orderbridge/activities/downstream/ordermanager"
	"github.com/orderbridge/orderbridge/activities/downstream/ordermanager/ordermanagertest"
)

func TestOptionsReachTheSystem(t *testing.T) {
	t.Parallel()

	downstreamtest.Options(t, ordermanager.Driver(), map[string]downstreamtest.Setting{
		"cancel_reason":       {Value: "BUYER_CANCELLED", Sent: "BUYER_CANCELLED"},
		"carriers":            {Value: "usps=Stamps.com", Sent: "Stamps.com"},
		"default_carrier":     {Value: "Pigeon", Sent: "Pigeon"},
		"no_tracking":         {Value: "no number", Sent: "no number"},
		"requests_per_second": {Value: "50", Sent: "20ms"},
		"sales_channel_id":    {Value: "4812", Other: "4813", Sent: "4812"},
	}, useOptions)
}

// hurried is a context whose deadline does not leave time to wait for anything.
type hurried struct{ context.Context } //nolint:containedctx // It is a context itself.

func (hurried) Deadline() (time.Time, bool) { return time.Now(), true }

// useOptions cancels one order and fulfills another with an adapter made from
// options.
func useOptions(t *testing.T, options downstream.Values) map[string]string {
	t.Helper()
	system := ordermanagertest.New(t)
	seen := map[string]string{}
	adapter, err := ordermanager.Driver().New(downstream.Config{
		BaseURL: system.URL, Channel: "acme", Options: options, Timeout: time.Minute, Token: system.Token,
		Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			seen["sales_channel_id"] = cmp.Or(seen["sales_channel_id"], r.URL.Query().Get("salesChannelId"))
			return http.DefaultTransport.RoundTrip(r)
		}),
	})
	require.NoError(t, err)
	target := func(number string) downstream.Target {
		system.AddOrderOf(options.Number("sales_channel_id"), number, "AWAITING_SHIPMENT")
		order, err := adapter.Find(t.Context(), number)
		require.NoError(t, err)
		return downstream.Target{OrderID: order.ID, Number: number, Version: order.Version, IdempotencyKey: number}
	}
	_, err = adapter.Cancel(t.Context(), downstream.CancelRequest{Target: target("101")})
	require.NoError(t, err)
	_, err = adapter.Fulfill(t.Context(), downstream.FulfillRequest{
		Target: target("102"), Shipments: []downstream.Shipment{{Carrier: "usps", TrackingNumber: "9400"}},
	})
	require.NoError(t, err)
	_, err = adapter.Fulfill(t.Context(), downstream.FulfillRequest{Target: target("103")})
	require.NoError(t, err)
	// The three requests of a change that may not wait.
	_, err = adapter.Cancel(hurried{t.Context()}, downstream.CancelRequest{Target: targetOf7()})
	seen["requests_per_second"] = failure(t, err).RetryAfter.String()

	effects := system.Effects()
	require.Len(t, effects, 3)
	seen["cancel_reason"], seen["carriers"] = effects[0].ReasonType, effects[1].Shipments[0].Carrier
	seen["default_carrier"], seen["no_tracking"] = effects[2].Shipments[0].Carrier, effects[2].Shipments[0].TrackingNumber
	return seen
}
