package tracing

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/orderbridge/orderbridge/activities/spans"
	"github.com/orderbridge/orderbridge/workflows"
)

// Operations of the SDK's interceptor that are treated apart.
const (
	operationCreateSchedule = "CreateSchedule"
	operationHandleUpdate   = "HandleUpdate"
	operationRunWorkflow    = "RunWorkflow"
)

// temporalTracer makes the spans that the SDK's tracing interceptor asks for. The
// SDK's own one for OpenTelemetry records messages of errors, and gives the
// span of a run another id whenever the run is replayed, so that the parents of
// a run that waited would be missing.
type temporalTracer struct {
	interceptor.BaseTracer

	tracer trace.Tracer
}

// spanKey is where workflow contexts keep their span.
type spanKey struct{}

// temporalSpan is a span of something that Temporal runs. held ones are not
// over when the code around them is: it also unwinds when a run leaves the
// cache of its worker.
type temporalSpan struct {
	trace.Span

	held bool
	// endless ones are over when they have begun.
	endless bool
}

// Options implements interceptor.Tracer.
func (t *temporalTracer) Options() interceptor.TracerOptions {
	return interceptor.TracerOptions{
		SpanContextKey: spanKey{},
		// The one that all SDKs use: others may start our workflows.
		HeaderKey: "_tracer-data",
		// A query leaves no mark in Temporal, and whoever asks has a span.
		DisableQueryTracing: true,
		// No header may keep a workflow from running.
		AllowInvalidParentSpans: true,
	}
}

// UnmarshalSpan implements interceptor.Tracer.
func (t *temporalTracer) UnmarshalSpan(header map[string]string) (interceptor.TracerSpanRef, error) {
	ctx := propagation.TraceContext{}.Extract(context.Background(), propagation.MapCarrier(header))
	parent := trace.SpanContextFromContext(ctx)
	if !parent.IsValid() {
		return nil, nil //nolint:nilnil // the SDK takes it for "no span"
	}
	return parent, nil
}

// MarshalSpan implements interceptor.Tracer.
func (t *temporalTracer) MarshalSpan(span interceptor.TracerSpan) (map[string]string, error) {
	header := propagation.MapCarrier{}
	if own, ok := span.(*temporalSpan); ok {
		propagation.TraceContext{}.Inject(trace.ContextWithSpan(context.Background(), own), header)
	}
	return header, nil
}

// SpanFromContext implements interceptor.Tracer.
func (t *temporalTracer) SpanFromContext(ctx context.Context) interceptor.TracerSpan {
	span := trace.SpanFromContext(ctx)
	if !span.SpanContext().IsValid() {
		return nil
	}
	return &temporalSpan{Span: span}
}

// ContextWithSpan implements interceptor.Tracer.
func (t *temporalTracer) ContextWithSpan(ctx context.Context, span interceptor.TracerSpan) context.Context {
	if own, ok := span.(*temporalSpan); ok {
		return trace.ContextWithSpan(ctx, own.Span)
	}
	return ctx
}

// GetLogger implements interceptor.Tracer: what workflows and activities log
// names the trace.
func (t *temporalTracer) GetLogger(logger log.Logger, ref interceptor.TracerSpanRef) log.Logger {
	if own, ok := ref.(*temporalSpan); ok && own.SpanContext().IsSampled() {
		return log.With(logger, LogKeyTrace, own.SpanContext().TraceID().String())
	}
	return logger
}

// StartSpan implements interceptor.Tracer.
func (t *temporalTracer) StartSpan(options *interceptor.TracerStartSpanOptions) (interceptor.TracerSpan, error) {
	name := options.Operation + ":" + options.Name
	if options.Operation == operationCreateSchedule {
		// Its name is an id, and a header would make every run of the schedule
		// a part of this trace, for ever.
		name, options.ToHeader = options.Operation, false
	}
	start := []trace.SpanStartOption{trace.WithAttributes(attributesOf(options.Tags)...), trace.WithSpanKind(kindOf(options))}
	if !options.Time.IsZero() {
		start = append(start, trace.WithTimestamp(options.Time))
	}
	ctx := withIdentity(context.Background(), identityOf(options))
	if parent := contextOf(options.Parent); parent.IsValid() && endless(options) {
		start = append(start, trace.WithLinks(trace.Link{SpanContext: parent}))
	} else {
		ctx = trace.ContextWithSpanContext(ctx, parent)
	}
	_, span := t.tracer.Start(ctx, name, start...)                                                    //nolint:spancheck // Finish ends it
	return &temporalSpan{Span: span, held: identityOf(options) != "", endless: endless(options)}, nil //nolint:spancheck // as above
}

// contextOf returns what identifies a parent; an invalid one for none.
func contextOf(parent interceptor.TracerSpanRef) trace.SpanContext {
	switch parent := parent.(type) {
	case *temporalSpan:
		return parent.SpanContext()
	case trace.SpanContext:
		return parent
	default:
		return trace.SpanContext{}
	}
}

// identityOf names what has the same span in every process that replays it, or
// is "".
func identityOf(options *interceptor.TracerStartSpanOptions) string {
	run := options.Tags["temporalRunID"]
	switch options.Operation {
	case operationRunWorkflow:
		return run
	case operationHandleUpdate:
		return run + " " + options.Tags["temporalUpdateID"]
	default:
		return ""
	}
}

// endless reports whether a span is that of a run of a sales channel. They
// follow one another as long as the channel is there, each for weeks, so each gets
// a trace of its own, with a link to what started it, and a span that tells when
// it began.
func endless(options *interceptor.TracerStartSpanOptions) bool {
	return options.Operation == operationRunWorkflow && options.Name == workflows.SalesChannelType
}

func kindOf(options *interceptor.TracerStartSpanOptions) trace.SpanKind {
	switch {
	case options.FromHeader:
		return trace.SpanKindServer
	case options.ToHeader:
		return trace.SpanKindClient
	default:
		return trace.SpanKindInternal
	}
}

func attributesOf(tags map[string]string) []attribute.KeyValue {
	attributes := make([]attribute.KeyValue, 0, len(tags))
	for key, value := range tags {
		attributes = append(attributes, attribute.String(key, value))
	}
	return attributes
}

// Finish implements interceptor.TracerSpan.
func (s *temporalSpan) Finish(options *interceptor.TracerFinishSpanOptions) {
	if s.held {
		return
	}
	if what := failureOf(options.Error); what != "" {
		spans.Fail(s, what)
	}
	s.End()
}

// failureOf names an error; "" is none. A run that goes on as a new one has not
// failed, nor has a start that found its workflow there already.
func failureOf(err error) string {
	if err == nil || workflow.IsContinueAsNewError(err) {
		return ""
	}
	if _, duplicate := errors.AsType[*serviceerror.WorkflowExecutionAlreadyStarted](err); duplicate {
		return ""
	}
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok && app.Type() != "" {
		return app.Type()
	}
	if temporal.IsCanceledError(err) {
		return "canceled"
	}
	return spans.ErrorType(err)
}

// LogKeyTrace is what the id of a trace is called in the log.
const LogKeyTrace = "trace_id"
