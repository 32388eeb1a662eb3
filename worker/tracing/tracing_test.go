package tracing_test

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"

	"github.com/orderbridge/orderbridge/ingress/logtest"
	"github.com/orderbridge/orderbridge/worker/tracing"
	"github.com/orderbridge/orderbridge/worker/tracing/tracingtest"
)

// begin starts to trace as an environment says, and returns what ends it.
func begin(t *testing.T, environ ...string) (*tracing.Tracing, *logtest.Buffer) {
	t.Helper()
	config, err := tracing.Read(tracing.OTLP, lookup(environ...))
	require.NoError(t, err)
	log := &logtest.Buffer{}
	traces, err := tracing.New(config, "v1.2.3", slog.New(slog.NewJSONHandler(log, nil)))
	require.NoError(t, err)
	return traces, log
}

func TestExport(t *testing.T) {
	t.Parallel()
	for name, environ := range map[string]func(*tracingtest.Collector) []string{
		"gRPC": func(c *tracingtest.Collector) []string {
			return []string{"OTEL_EXPORTER_OTLP_PROTOCOL=grpc", "OTEL_EXPORTER_OTLP_ENDPOINT=" + c.GRPC}
		},
		"gRPC, compressed": func(c *tracingtest.Collector) []string {
			return []string{"OTEL_EXPORTER_OTLP_PROTOCOL=grpc", "OTEL_EXPORTER_OTLP_ENDPOINT=" + c.GRPC, "OTEL_EXPORTER_OTLP_COMPRESSION=gzip"}
		},
		"HTTP": func(c *tracingtest.Collector) []string { return []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + c.HTTP} },
		"HTTP, compressed": func(c *tracingtest.Collector) []string {
			return []string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=" + c.HTTP + "/v1/traces", "OTEL_EXPORTER_OTLP_COMPRESSION=gzip"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			collector := tracingtest.New(t)
			traces, log := begin(t, append(environ(collector), "OTEL_EXPORTER_OTLP_HEADERS=api-key=a%20b",
				"OTEL_RESOURCE_ATTRIBUTES=deployment.environment.name=test", "OTEL_SERVICE_NAME=shop")...)
			_, span := traces.Provider().Tracer("test").Start(t.Context(), "one", trace.WithSpanKind(trace.SpanKindServer))
			span.End()
			require.NoError(t, traces.Close(), "what is under way is sent at the end")
			spans := collector.Spans()
			require.Equal(t, []string{"one"}, tracingtest.Names(spans))
			require.Equal(t, map[string]string{
				"deployment.environment.name": "test", "service.name": "shop", "service.version": "v1.2.3",
			}, spans[0].Resource)
			require.Equal(t, []string{"a b"}, collector.Header("api-key"))
			require.Empty(t, log.String())
		})
	}
}

func TestSampler(t *testing.T) {
	t.Parallel()
	parent := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}, Remote: true})
	for name, test := range map[string]struct {
		sampler, argument  string
		root, withUnsought int // spans without a parent, and with one that is not recorded
	}{
		"default":                     {"", "", 1, 0},
		"all":                         {"always_on", "", 1, 1},
		"none":                        {"always_off", "", 0, 0},
		"the whole share":             {"traceidratio", "1", 1, 1},
		"no share":                    {"traceidratio", "0", 0, 0},
		"all of whole traces":         {"parentbased_always_on", "0", 1, 0},
		"none of whole traces":        {"parentbased_always_off", "", 0, 0},
		"the share of whole traces":   {"parentbased_traceidratio", "1", 1, 0},
		"no share of whole traces":    {"ParentBased_TraceIDRatio", "0", 0, 0},
		"a share that was not stated": {"parentbased_traceidratio", "", 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			collector := tracingtest.New(t)
			traces, _ := begin(t, "OTEL_EXPORTER_OTLP_ENDPOINT="+collector.HTTP,
				"OTEL_TRACES_SAMPLER="+test.sampler, "OTEL_TRACES_SAMPLER_ARG="+test.argument)
			tracer := traces.Provider().Tracer("test")
			_, root := tracer.Start(t.Context(), "root")
			root.End()
			_, child := tracer.Start(trace.ContextWithSpanContext(t.Context(), parent), "child")
			child.End()
			require.NoError(t, traces.Close())
			counts := map[string]int{}
			for _, name := range tracingtest.Names(collector.Spans()) {
				counts[name]++
			}
			require.Equal(t, test.root, counts["root"])
			require.Equal(t, test.withUnsought, counts["child"])
		})
	}
}
