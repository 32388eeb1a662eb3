package ingress

import (
	"context"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/orderbridge/orderbridge/activities/spans"
	"github.com/orderbridge/orderbridge/workflows"
)

// traced returns a handler that records a span for each request. A sender's own
// trace is linked, and never continued: it could make ours look like anything,
// or keep them from being recorded. Refused callers (401, and 429 when they go
// on) leave no span, so that nobody can crowd out those of others. It records
// less than instrumentation made for every service would: no address of a
// caller, no path and no agent.
//
//nolint:spancheck // a span that is not ended is not sent: that of a refused caller is not
func traced(provider trace.TracerProvider) gin.HandlerFunc {
	tracer := provider.Tracer(spans.Scope)
	return func(c *gin.Context) {
		ctx, span := tracer.Start(c.Request.Context(), strings.TrimSpace(c.Request.Method+" "+c.FullPath()),
			trace.WithNewRoot(), trace.WithSpanKind(trace.SpanKindServer), trace.WithLinks(senderOf(c.Request)...),
			trace.WithAttributes(semconv.HTTPRequestMethodKey.String(c.Request.Method), semconv.HTTPRoute(c.FullPath())))
		c.Request = c.Request.WithContext(ctx)
		status := http.StatusInternalServerError
		defer func() { // also after a panic
			if status == http.StatusUnauthorized || status == http.StatusTooManyRequests {
				return // A span that is not ended is not exported.
			}
			span.SetAttributes(semconv.HTTPResponseStatusCode(status))
			if status >= http.StatusInternalServerError {
				spans.Fail(span, http.StatusText(status))
			}
			span.End()
		}()
		c.Next()
		status = c.Writer.Status()
	}
}

// senderOf returns the link to the span that a request says it comes from, if
// it does.
func senderOf(r *http.Request) []trace.Link {
	ctx := propagation.TraceContext{}.Extract(context.Background(), propagation.HeaderCarrier(r.Header))
	sender := trace.SpanContextFromContext(ctx)
	if !sender.IsValid() {
		return nil
	}
	// Without its state, which can hold any text.
	return []trace.Link{{SpanContext: sender.WithTraceState(trace.TraceState{})}}
}

// noteOrder says in the trace which order a callback is about.
func noteOrder(ctx context.Context, hook workflows.Webhook) {
	if span := trace.SpanFromContext(ctx); span.IsRecording() {
		span.SetAttributes(append(spans.Order(hook.Channel, hook.OrderID), spans.KeyScope.String(hook.Scope))...)
	}
}

// noteResult says in the trace what became of a callback. channel is "" for one
// without a valid secret.
func noteResult(ctx context.Context, channel, result string) {
	if span := trace.SpanFromContext(ctx); span.IsRecording() && channel != "" {
		span.SetAttributes(spans.KeyChannel.String(channel), spans.KeyResult.String(result))
	}
}
