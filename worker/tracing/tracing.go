package tracing

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
	"go.temporal.io/sdk/interceptor"
	"google.golang.org/grpc/credentials"

	"github.com/orderbridge/orderbridge/activities/spans"
)

// shutdownTimeout bounds the sending of the last spans.
const shutdownTimeout = 5 * time.Second

// Tracing records spans and sends them to a collector. A nil *Tracing records
// and sends nothing.
type Tracing struct {
	provider *sdktrace.TracerProvider
	log      *slog.Logger
}

// New begins to export. It does not need the collector to be there. version is
// that of the process. It returns nil where tracing is off.
func New(config Config, version string, log *slog.Logger) (*Tracing, error) {
	if !config.On() {
		return nil, nil //nolint:nilnil // off is no error, and a nil *Tracing works
	}
	// It connects when there is something to send.
	exporter, err := otlptrace.New(context.Background(), config.client())
	if err != nil {
		return nil, fmt.Errorf("prepare the export of traces to %s: %w", config.Endpoint.Redacted(), err)
	}
	attributes := append(config.attributes, semconv.ServiceVersion(version)) //nolint:gocritic // a copy is not needed
	return &Tracing{
		log: log,
		provider: sdktrace.NewTracerProvider(
			sdktrace.WithBatcher(&reporter{SpanExporter: exporter, log: log}, config.batch...),
			sdktrace.WithIDGenerator(identities{}),
			sdktrace.WithResource(resource.NewWithAttributes(semconv.SchemaURL, attributes...)),
			sdktrace.WithSampler(config.sampler),
		),
	}, nil
}

// client returns what speaks the protocol. Everything that the exporters would
// read from the process's own environment is given, because they would pass
// over mistakes, and write some of them into the log, secrets included.
func (c Config) client() otlptrace.Client {
	if c.protocol == protocolGRPC {
		options := []otlptracegrpc.Option{
			otlptracegrpc.WithEndpointURL(c.Endpoint.String()), otlptracegrpc.WithHeaders(c.headers), otlptracegrpc.WithTimeout(c.timeout),
		}
		if c.gzip {
			options = append(options, otlptracegrpc.WithCompressor("gzip"))
		}
		if c.tls != nil && c.Endpoint.Scheme == "https" {
			options = append(options, otlptracegrpc.WithTLSCredentials(credentials.NewTLS(c.tls)))
		}
		return otlptracegrpc.NewClient(options...)
	}
	options := []otlptracehttp.Option{
		otlptracehttp.WithEndpointURL(c.Endpoint.String()), otlptracehttp.WithHeaders(c.headers), otlptracehttp.WithTimeout(c.timeout),
	}
	if c.gzip {
		options = append(options, otlptracehttp.WithCompression(otlptracehttp.GzipCompression))
	}
	if c.tls != nil {
		options = append(options, otlptracehttp.WithTLSClientConfig(c.tls))
	}
	return otlptracehttp.NewClient(options...)
}

// Provider makes the tracers. It is nil where tracing is off.
func (t *Tracing) Provider() trace.TracerProvider {
	if t == nil {
		return nil
	}
	return t.provider
}

// Interceptors put spans around what Temporal runs, in the order in which a
// client wants them. There are none where tracing is off: what Temporal keeps
// is then the same as without this package.
func (t *Tracing) Interceptors() []interceptor.ClientInterceptor {
	if t == nil {
		return nil
	}
	return []interceptor.ClientInterceptor{
		interceptor.NewTracingInterceptor(&temporalTracer{tracer: t.provider.Tracer(spans.Scope)}), &completion{},
	}
}

// Close sends the last spans, for five seconds at most, and ends the export. A
// collector that is away then is no error: it is logged.
func (t *Tracing) Close() error {
	if t == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	if err := t.provider.Shutdown(ctx); err != nil {
		t.log.Warn("the last spans were not taken by the collector of traces", "error", brief(err))
	}
	return nil
}
