package spans

import (
	"io"
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// NewTransport returns a transport that records a span for each request, and
// otherwise is the one that it wraps. It adds no header: what other systems get
// does not depend on whether anybody looks. A span lasts until the body of the
// answer is closed.
func NewTransport(base http.RoundTripper, provider trace.TracerProvider) http.RoundTripper {
	return &transport{base: base, tracer: provider.Tracer(Scope)}
}

type transport struct {
	base   http.RoundTripper
	tracer trace.Tracer
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	call := callOf(r.Context())
	_, span := t.tracer.Start(r.Context(), call.name(r.Method),
		trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(call.attributes(r)...))
	response, err := t.base.RoundTrip(r)
	if err != nil {
		Fail(span, ErrorType(err))
		span.End()
		return response, err
	}
	span.SetAttributes(semconv.HTTPResponseStatusCode(response.StatusCode))
	if response.StatusCode >= http.StatusBadRequest {
		Fail(span, http.StatusText(response.StatusCode))
	}
	response.Body = &body{ReadCloser: response.Body, span: span}
	return response, nil
}

// CloseIdleConnections ends the idle connections of the transport below, as
// http.Client.CloseIdleConnections asks for.
func (t *transport) CloseIdleConnections() {
	if base, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		base.CloseIdleConnections()
	}
}

// body ends the span of its request.
type body struct {
	io.ReadCloser

	span trace.Span
}

// Close implements io.Closer. Ending a span twice is harmless.
func (b *body) Close() error {
	defer b.span.End()
	return b.ReadCloser.Close()
}

// Fail marks a span as failed. What goes wrong is named by a word, as it also
// stands in metrics: messages stay in the log and in Temporal.
func Fail(span trace.Span, what string) {
	span.SetStatus(codes.Error, what)
	span.SetAttributes(attribute.String(string(semconv.ErrorTypeKey), what))
}
