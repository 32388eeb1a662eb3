package tracing

import (
	"context"
	"log/slog"
	"sync"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// reporter logs when a collector begins not to take spans, and when it takes
// them again, instead of every time. The OpenTelemetry SDK would tell its global
// handler, which does not know the log of this process.
type reporter struct {
	sdktrace.SpanExporter

	log *slog.Logger

	mu   sync.Mutex
	lost int
}

// ExportSpans implements sdktrace.SpanExporter. It never fails: spans that are
// not taken are lost.
func (r *reporter) ExportSpans(ctx context.Context, batch []sdktrace.ReadOnlySpan) error {
	err := r.SpanExporter.ExportSpans(ctx, batch)
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case err != nil && r.lost == 0:
		r.log.WarnContext(ctx, "the collector of traces does not take spans: they are lost until it does; orders are not affected; "+
			"check OTEL_EXPORTER_OTLP_ENDPOINT", "error", brief(err))
	case err == nil && r.lost > 0:
		r.log.InfoContext(ctx, "the collector of traces takes spans again", "lost", r.lost)
		r.lost = 0
	}
	if err != nil {
		r.lost += len(batch)
	}
	return nil
}

// maxError is how much of an error the log repeats: some hold the answer of
// whatever is at the address.
const maxError = 300

func brief(err error) string {
	text := []rune(err.Error())
	return string(text[:min(len(text), maxError)])
}
