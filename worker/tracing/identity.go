package tracing

import (
	"context"
	"crypto/rand"
	"crypto/sha256"

	"go.opentelemetry.io/otel/trace"
)

// identities makes the ids of spans. Those of workflow runs and updates follow
// from what they are: such a span ends in the process that comes to its end,
// perhaps days later, and until then whoever replays the run has to name the
// same parent. All others are random.
type identities struct{}

type identityKey struct{}

// withIdentity returns a context in which the next span is the one of this name.
// "" is none.
func withIdentity(ctx context.Context, name string) context.Context {
	if name == "" {
		return ctx
	}
	return context.WithValue(ctx, identityKey{}, name)
}

// NewIDs implements sdktrace.IDGenerator for a span without a parent.
func (i identities) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	var id trace.TraceID
	fill(ctx, id[:], "trace")
	return id, i.NewSpanID(ctx, id)
}

// NewSpanID implements sdktrace.IDGenerator for a span of a trace.
func (identities) NewSpanID(ctx context.Context, traceID trace.TraceID) trace.SpanID {
	var id trace.SpanID
	fill(ctx, id[:], "span "+traceID.String())
	return id
}

// fill writes an id, which must not be all zeros: nor will it be before the end
// of the universe.
func fill(ctx context.Context, id []byte, salt string) {
	name, ok := ctx.Value(identityKey{}).(string)
	if !ok {
		_, _ = rand.Read(id) // It never fails.
		return
	}
	sum := sha256.Sum256([]byte(salt + " " + name))
	copy(id, sum[:])
}
