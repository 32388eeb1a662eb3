package ingress_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/orderbridge/orderbridge/activities/callback"
	"github.com/orderbridge/orderbridge/ingress"
	"github.com/orderbridge/orderbridge/workflows"
)

// sender is the trace that a request says it belongs to.
const sender = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"

// setupTraced is setup with spans that are recorded, and with an operator API.
func setupTraced(t *testing.T) (*fixture, *tracetest.SpanRecorder) {
	t.Helper()
	recorder := tracetest.NewSpanRecorder()
	f := build(t, defaultConfig())
	dependencies := f.dependencies()
	f.registry = prometheus.NewRegistry()
	dependencies.Registry = f.registry
	dependencies.Tracing = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder))
	dependencies.Operator = office{audit: func(context.Context) error { return nil }}
	config := defaultConfig()
	config.APITokens = "ops:change:" + apiToken
	var err error
	f.server, err = ingress.New(config, dependencies)
	require.NoError(t, err)
	server := httptest.NewServer(f.server.Handler())
	t.Cleanup(server.Close)
	f.url, f.client = server.URL, server.Client()
	return f, recorder
}

func attributes(span sdktrace.ReadOnlySpan) map[string]string {
	out := map[string]string{}
	for _, one := range span.Attributes() {
		out[string(one.Key)] = one.Value.Emit()
	}
	return out
}

func TestTracing(t *testing.T) {
	t.Parallel()
	t.Run("a callback", func(t *testing.T) {
		t.Parallel()
		f, recorder := setupTraced(t)
		require.Equal(t, http.StatusOK, f.do(f.callback(statusUpdated)).status)
		require.Len(t, recorder.Ended(), 1)
		span := recorder.Ended()[0]
		require.Equal(t, "POST /webhooks/bigcommerce/:channel", span.Name())
		require.Equal(t, map[string]string{
			"http.request.method": "POST", "http.route": "/webhooks/bigcommerce/:channel", "http.response.status_code": "200",
			"orderbridge.channel": "main", "orderbridge.order": "218", "orderbridge.scope": "store/order/statusUpdated",
			"orderbridge.result": "accepted",
		}, attributes(span))
		require.Empty(t, span.Links())
	})
	t.Run("the sender's trace is linked and not continued", func(t *testing.T) {
		t.Parallel()
		f, recorder := setupTraced(t)
		request := f.callback(statusUpdated)
		request.Header.Set("Traceparent", sender)
		request.Header.Set("Tracestate", "vendor=anything")
		f.do(request)
		span := recorder.Ended()[0]
		require.False(t, span.Parent().IsValid())
		require.True(t, span.SpanContext().IsSampled(), "the sender does not decide what is recorded")
		require.NotEqual(t, "0af7651916cd43dd8448eb211c80319c", span.SpanContext().TraceID().String())
		require.Len(t, span.Links(), 1)
		link := span.Links()[0].SpanContext
		require.Equal(t, "b7ad6b7169203331", link.SpanID().String())
		require.Zero(t, link.TraceState().Len(), "it can hold any text")
	})
	t.Run("a stranger leaves no span", func(t *testing.T) {
		t.Parallel()
		f, recorder := setupTraced(t)
		request := f.callback(statusUpdated)
		request.Header.Set(callback.Header, "wrong")
		require.Equal(t, http.StatusUnauthorized, f.do(request).status)
		require.Equal(t, http.StatusOK, f.get("/healthz").status)
		require.Empty(t, recorder.Ended())
	})
	t.Run("Temporal is away", func(t *testing.T) {
		t.Parallel()
		f, recorder := setupTraced(t)
		f.starter.answer = func(context.Context, workflows.Webhook) (bool, error) { return false, context.DeadlineExceeded }
		require.Equal(t, http.StatusServiceUnavailable, f.do(f.callback(statusUpdated)).status)
		span := recorder.Ended()[0]
		require.Equal(t, codes.Error, span.Status().Code)
		require.Equal(t, "unavailable", attributes(span)["orderbridge.result"])
	})
	t.Run("a panic", func(t *testing.T) {
		t.Parallel()
		f, recorder := setupTraced(t)
		f.starter.answer = func(context.Context, workflows.Webhook) (bool, error) { panic("by the test") }
		require.Equal(t, http.StatusInternalServerError, f.do(f.callback(statusUpdated)).status)
		require.Equal(t, "500", attributes(recorder.Ended()[0])["http.response.status_code"])
	})
	t.Run("a call of the operator API", func(t *testing.T) {
		t.Parallel()
		f, recorder := setupTraced(t)
		require.Equal(t, http.StatusOK, f.do(f.call(http.MethodPost, "/api/v1/channels/main/audit")).status)
		require.Equal(t, http.StatusNotFound, f.do(f.call(http.MethodGet, "/api/v1/a-secret")).status)
		require.Len(t, recorder.Ended(), 2)
		require.Equal(t, "POST /api/v1/channels/:id/audit", recorder.Ended()[0].Name())
		require.Equal(t, "GET", recorder.Ended()[1].Name(), "a path that nobody made is not repeated")
		for _, value := range attributes(recorder.Ended()[1]) {
			require.NotContains(t, value, "a-secret")
		}
	})
	t.Run("a stranger at the operator API leaves no span, however often", func(t *testing.T) {
		t.Parallel()
		f, recorder := setupTraced(t)
		statuses := map[int]bool{}
		for range 100 {
			request := f.call(http.MethodGet, "/api/v1/channels")
			request.Header.Set("Authorization", "Bearer wrong")
			statuses[f.do(request).status] = true
		}
		require.Equal(t, map[int]bool{http.StatusUnauthorized: true, http.StatusTooManyRequests: true}, statuses)
		require.Empty(t, recorder.Ended())
	})
}
