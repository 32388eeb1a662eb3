package process_test

import (
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/callback"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/process"
	"github.com/orderbridge/orderbridge/worker/tracing/tracingtest"
)

// exporting counts the goroutines that export spans.
func exporting() int {
	stacks := make([]byte, 4<<20)
	return strings.Count(string(stacks[:runtime.Stack(stacks, true)]), "trace.NewBatchSpanProcessor.func")
}

// TestTracingIsOff shows that no part of tracing runs unless it is asked for,
// wherever a collector may be. It does not run beside other tests, since it
// looks at all goroutines.
func TestTracingIsOff(t *testing.T) { //nolint:paralleltest // see above
	collector := tracingtest.New(t)
	endpoint := "OTEL_EXPORTER_OTLP_ENDPOINT=" + collector.HTTP
	roles := process.Roles{Ingress: true, Worker: true}
	off := start(t, roles, environ(nowhere(t), endpoint))
	require.Zero(t, exporting())
	off.stop()
	disabled := start(t, roles, environ(nowhere(t), endpoint, "ORDERBRIDGE_TRACING=otlp", "OTEL_SDK_DISABLED=true"))
	require.Zero(t, exporting())
	disabled.stop()
	require.Empty(t, collector.Spans())

	on := start(t, roles, environ(nowhere(t), endpoint, "ORDERBRIDGE_TRACING=otlp"))
	require.Equal(t, 1, exporting(), "the test sees it")
	on.stop()
	require.Zero(t, exporting())
}

// TestTracingWithoutTemporal shows that a callback that Temporal did not take is
// in a trace, and that headers for the collector can come from a file.
func TestTracingWithoutTemporal(t *testing.T) {
	t.Parallel()
	collector := tracingtest.New(t)
	r := start(t, process.Roles{Ingress: true}, environ(nowhere(t), "ORDERBRIDGE_TRACING=otlp", "OTEL_EXPORTER_OTLP_PROTOCOL=grpc",
		"OTEL_EXPORTER_OTLP_ENDPOINT="+collector.GRPC, "OTEL_EXPORTER_OTLP_HEADERS_FILE="+file(t, "api-key=from-a-file\n")))
	secrets, err := r.config.Secrets()
	require.NoError(t, err)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+r.ingress+"/webhooks/bigcommerce/main",
		strings.NewReader(`{"scope":"store/order/updated","hash":"0123456789","data":{"type":"order","id":218}}`))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(callback.Header, secrets.Secret("main", 1))
	status, _ := r.do(req)
	require.Equal(t, http.StatusServiceUnavailable, status)
	r.stop()
	require.Equal(t, []string{"POST /webhooks/bigcommerce/:channel"}, tracingtest.Names(collector.Spans()))
	require.True(t, collector.Spans()[0].Failed)
	require.Equal(t, "unavailable", collector.Spans()[0].Attributes["orderbridge.result"])
	require.Equal(t, []string{"from-a-file"}, collector.Header("api-key"))
	require.NotContains(t, r.log.String(), "from-a-file")
}

func TestTracingMistakes(t *testing.T) {
	t.Parallel()
	_, err := process.Load(with("ORDERBRIDGE_TRACING=otlp", "OTEL_TRACES_SAMPLER=often", "ORDERBRIDGE_LOG_FORMAT=xml"))
	require.ErrorContains(t, err, "OTEL_TRACES_SAMPLER must be one of")
	require.ErrorContains(t, err, "ORDERBRIDGE_LOG_FORMAT", "together with everything else")
	_, err = process.Load(with("ORDERBRIDGE_TRACING=on"))
	require.ErrorContains(t, err, "ORDERBRIDGE_TRACING must be off or otlp")
	_, err = process.Load(with("OTEL_TRACES_SAMPLER=often"))
	require.NoError(t, err, "nobody asked for traces")
}
