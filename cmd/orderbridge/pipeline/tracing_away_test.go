package pipeline_test

import (
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/process"
	"github.com/orderbridge/orderbridge/worker/tracing/tracingtest"
	"github.com/orderbridge/orderbridge/workflows"
)

// TestTraceCollectorAway shows that orders do not depend on the collector: one
// that takes spans and never answers, and one that is not there.
func TestTraceCollectorAway(t *testing.T) {
	t.Parallel()
	t.Run("it hangs", func(t *testing.T) {
		t.Parallel()
		collector, held := tracingtest.NewHanging(t)
		p := newTracedPipeline(t, traced("http/protobuf", collector.HTTP)...)
		<-held // An export is under way, and will be to the end of this test.
		for id := int64(900); id < 905; id++ {
			p.order(id, "Awaiting Shipment")
			require.NoError(t, p.store.SetStatus(id, bigcommerce.StatusCancelled))
			require.Equal(t, workflows.OutcomeCancelled, p.result(p.runOf(id)).Outcome)
		}
		p.main.stop() // It comes back while the collector still holds the spans.
		require.Contains(t, p.log.String(), "the last spans were not taken by the collector of traces")
	})
	t.Run("it is not there", func(t *testing.T) {
		t.Parallel()
		var config net.ListenConfig
		listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
		require.NoError(t, err)
		require.NoError(t, listener.Close())
		p := newTracedPipeline(t, append(traced("grpc", "http://"+listener.Addr().String()),
			"OTEL_EXPORTER_OTLP_TIMEOUT=100", "OTEL_BSP_EXPORT_TIMEOUT=100")...)
		p.order(218, "Awaiting Shipment")
		require.NoError(t, p.store.SetStatus(218, bigcommerce.StatusCancelled))
		require.Equal(t, workflows.OutcomeCancelled, p.result(p.runOf(218)).Outcome)
		p.main.stop()
		require.Equal(t, 1, strings.Count(p.log.String(), "the collector of traces does not take spans"), "it is said once")
	})
}

// TestTraceTellsNothing plays good and bad turns and looks for every secret and
// every piece of personal data in what the collector got.
func TestTraceTellsNothing(t *testing.T) {
	t.Parallel()
	collector := tracingtest.New(t)
	p := newTracedPipeline(t, traced("grpc", collector.GRPC)...)
	address := bigcommercetest.Address{
		FirstName: "Zebulon", LastName: "Quackenbush", Street: "77 Secret Lane", Email: "zebulon@private.example",
		Phone: "+15550177177", City: "Hiddenville",
	}
	for _, id := range []int64{800, 801, 802} {
		p.store.AddOrder(bigcommercetest.Order{ID: id, StatusID: bigcommerce.StatusAwaitingFulfillment, Billing: address, Shipping: address})
	}
	p.demo.AddOrder("800", "Awaiting Shipment")
	p.demo.AddOrder("801", "Awaiting Shipment")
	_, err := p.store.Ship(800, bigcommercetest.Shipment{TrackingNumber: "TRACK-PRIVATE-800", ShippingProvider: "ups"})
	require.NoError(t, err)
	require.Equal(t, workflows.OutcomeFulfilled, p.result(p.runOf(800)).Outcome)
	p.store.Faults().FailNext(2, "GET", "/v2/orders/801", bigcommercetest.Failure(401))
	require.NoError(t, p.store.SetStatus(801, bigcommerce.StatusCancelled))
	require.NotEmpty(t, p.failure(p.runOf(801)).Type())
	require.Equal(t, 200, p.post(`{"scope":"store/order/updated","data":{"email":"zebulon@private.example"}}`))
	p.main.stop()

	secrets, err := process.Config{MasterKey: masterKey}.Secrets()
	require.NoError(t, err)
	got := collector.Raw()
	require.Contains(t, got, "RunActivity:FulfillDownstreamOrder")
	require.Contains(t, got, "store_credentials")
	for what, value := range map[string]string{
		"access token": p.account.AccessToken, "client secret": p.account.ClientSecret, "downstream token": p.demo.Token,
		"callback secret": secrets.Secret(channelID, 1), "master key": masterKey, "first name": "Zebulon",
		"last name": "Quackenbush", "street": "Secret Lane", "e-mail": "private.example", "phone": "0177177",
		"city": "Hiddenville", "tracking number": "TRACK-PRIVATE", "a query": "?",
		"a message": "exception.message", "a caller": "client.address", "an agent": "user_agent",
	} {
		require.False(t, strings.Contains(got, value), "the collector got %s", what) //nolint:testifylint // what was received would fill pages
	}
}
