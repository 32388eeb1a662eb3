package process

import (
	"context"
	"log/slog"

	"go.opentelemetry.io/otel/trace"

	"github.com/orderbridge/orderbridge/worker/tracing"
)

// tracingMistakes finds what is wrong with the settings of traces.
func (c Config) tracingMistakes() error {
	_, err := tracing.Read(c.Tracing, c.Environment.LookupEnv)
	return err
}

// startTracing begins to export traces, if they are wanted. Otherwise it returns
// nil, which traces nothing.
func (c Config) startTracing(version Version, log *slog.Logger) (*tracing.Tracing, error) {
	settings, err := tracing.Read(c.Tracing, c.Environment.LookupEnv)
	if err != nil {
		return nil, err
	}
	return tracing.New(settings, version.Version, log)
}

// traceHandler adds the id of the trace to what is logged within one.
type traceHandler struct{ slog.Handler }

// Handle implements slog.Handler.
func (h *traceHandler) Handle(ctx context.Context, record slog.Record) error {
	if span := trace.SpanContextFromContext(ctx); span.IsSampled() {
		record = record.Clone()
		record.AddAttrs(slog.String(tracing.LogKeyTrace, span.TraceID().String()))
	}
	return h.Handler.Handle(ctx, record)
}

// WithAttrs implements slog.Handler.
func (h *traceHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &traceHandler{h.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (h *traceHandler) WithGroup(name string) slog.Handler {
	return &traceHandler{h.Handler.WithGroup(name)}
}
