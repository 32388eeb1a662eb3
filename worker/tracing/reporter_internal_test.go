package tracing

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/orderbridge/orderbridge/ingress/logtest"
)

// refusing is an exporter that fails a number of times.
type refusing struct {
	*tracetest.InMemoryExporter

	times int
}

func (r *refusing) ExportSpans(ctx context.Context, batch []sdktrace.ReadOnlySpan) error {
	if r.times--; r.times >= 0 {
		return errors.New(strings.Repeat("a page about a login ", 1000))
	}
	return r.InMemoryExporter.ExportSpans(ctx, batch)
}

// TestReporter shows that a collector that is away is logged once, and once more
// when it is back.
func TestReporter(t *testing.T) {
	t.Parallel()
	log := &logtest.Buffer{}
	r := &reporter{
		SpanExporter: &refusing{InMemoryExporter: tracetest.NewInMemoryExporter(), times: 2}, log: slog.New(slog.NewJSONHandler(log, nil)),
	}
	batch := tracetest.SpanStubs{{Name: "one"}, {Name: "two"}}.Snapshots()
	for range 4 {
		require.NoError(t, r.ExportSpans(t.Context(), batch))
	}
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	require.Len(t, lines, 2)
	require.Contains(t, lines[0], "does not take spans")
	require.Less(t, len(lines[0]), 1000, "whatever answered is not repeated at length")
	require.Contains(t, lines[1], `"lost":4`)
}
