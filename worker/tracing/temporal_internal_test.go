package tracing

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/orderbridge/orderbridge/workflows"
)

func setup() (*temporalTracer, *tracetest.SpanRecorder) {
	recorder := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder), sdktrace.WithIDGenerator(identities{}))
	return &temporalTracer{tracer: provider.Tracer("test")}, recorder
}

// start starts a span that must start.
func start(t *testing.T, tracer *temporalTracer, options interceptor.TracerStartSpanOptions) *temporalSpan {
	t.Helper()
	span, err := tracer.StartSpan(&options)
	require.NoError(t, err)
	own, ok := span.(*temporalSpan)
	require.True(t, ok)
	return own
}

func TestHeader(t *testing.T) {
	t.Parallel()
	t.Run("there and back", func(t *testing.T) {
		t.Parallel()
		tracer, _ := setup()
		span := start(t, tracer, interceptor.TracerStartSpanOptions{Operation: "StartWorkflow", Name: "X", ToHeader: true})
		header, err := tracer.MarshalSpan(span)
		require.NoError(t, err)
		require.Len(t, header, 1, "traceparent alone")
		parent, err := tracer.UnmarshalSpan(header)
		require.NoError(t, err)
		child := start(t, tracer, interceptor.TracerStartSpanOptions{Operation: "RunWorkflow", Name: "X", Parent: parent})
		require.Equal(t, span.SpanContext().TraceID(), child.SpanContext().TraceID())
	})
	t.Run("what is no header is no span", func(t *testing.T) {
		t.Parallel()
		tracer, _ := setup()
		for _, header := range []map[string]string{nil, {"traceparent": "nonsense"}, {"uber-trace-id": "1:2:3:1"}} {
			parent, err := tracer.UnmarshalSpan(header)
			require.NoError(t, err)
			require.Nil(t, parent)
		}
		require.True(t, tracer.Options().AllowInvalidParentSpans, "no header may keep a workflow from running")
	})
	t.Run("a schedule gets none", func(t *testing.T) {
		t.Parallel()
		tracer, recorder := setup()
		options := interceptor.TracerStartSpanOptions{Operation: operationCreateSchedule, Name: "audit/main", ToHeader: true}
		span, err := tracer.StartSpan(&options)
		require.NoError(t, err)
		span.Finish(&interceptor.TracerFinishSpanOptions{})
		require.False(t, options.ToHeader)
		require.Equal(t, "CreateSchedule", recorder.Ended()[0].Name(), "an id is no name")
	})
	t.Run("a context without a span", func(t *testing.T) {
		t.Parallel()
		tracer, _ := setup()
		require.Nil(t, tracer.SpanFromContext(context.Background()))
	})
}

// TestChannelRuns shows that the runs of a sales channel are traces of their own.
func TestChannelRuns(t *testing.T) {
	t.Parallel()
	tracer, recorder := setup()
	parent := start(t, tracer, interceptor.TracerStartSpanOptions{Operation: "StartWorkflow", Name: workflows.SalesChannelType})
	run := start(t, tracer, interceptor.TracerStartSpanOptions{
		Operation: operationRunWorkflow, Name: workflows.SalesChannelType, Parent: parent, Tags: map[string]string{"temporalRunID": "1"},
	})
	require.NotEqual(t, parent.SpanContext().TraceID(), run.SpanContext().TraceID())
	run.End()
	require.Equal(t, parent.SpanContext().SpanID(), recorder.Ended()[0].Links()[0].SpanContext.SpanID())
}

func TestFinish(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"success":             {nil, ""},
		"a reason":            {temporal.NewApplicationError("a secret", "store_unavailable"), "store_unavailable"},
		"a wrapped reason":    {fmt.Errorf("wrapped: %w", temporal.NewApplicationError("a secret", "conflict")), "conflict"},
		"cancelled":           {temporal.NewCanceledError("a secret"), "canceled"},
		"out of time":         {context.DeadlineExceeded, "timeout"},
		"anything else":       {errors.New("a secret"), "*errors.errorString"},
		"a duplicate":         {&serviceerror.WorkflowExecutionAlreadyStarted{Message: "a secret"}, ""},
		"a run that goes on ": {&workflow.ContinueAsNewError{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tracer, recorder := setup()
			span := start(t, tracer, interceptor.TracerStartSpanOptions{Operation: "RunActivity", Name: "X"})
			span.Finish(&interceptor.TracerFinishSpanOptions{Error: test.err})
			ended := recorder.Ended()[0]
			require.Equal(t, test.want, ended.Status().Description)
			require.Equal(t, test.want != "", ended.Status().Code == codes.Error)
			require.Empty(t, ended.Events(), "no message is recorded")
		})
	}
}
