package pipeline_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/worker"
	"google.golang.org/protobuf/proto"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/process"
	"github.com/orderbridge/orderbridge/worker/tracing/tracingtest"
	"github.com/orderbridge/orderbridge/workflows"
)

// traced are the variables of a process that sends its traces to an endpoint.
func traced(protocol, endpoint string) []string {
	return []string{
		"ORDERBRIDGE_TRACING=otlp", "OTEL_EXPORTER_OTLP_PROTOCOL=" + protocol, "OTEL_EXPORTER_OTLP_ENDPOINT=" + endpoint,
		"OTEL_EXPORTER_OTLP_HEADERS=api-key=k%3D1", "OTEL_BSP_SCHEDULE_DELAY=20",
	}
}

// newTracedPipeline is newPipeline with a process that is traced.
func newTracedPipeline(t *testing.T, environ ...string) *pipeline {
	t.Helper()
	p := newBarePipeline(t)
	p.main = p.start(process.Roles{Ingress: true, Worker: true}, environ...)
	p.ingress = p.main.ingress
	p.save(p.channel())
	return p
}

// traceOf returns the spans of the trace in which the webhook of order 218 arrived.
func traceOf(spans []tracingtest.Span) []tracingtest.Span {
	var trace []tracingtest.Span
	for _, root := range spans {
		if root.Parent != "" || root.Attributes["orderbridge.order"] != "218" {
			continue
		}
		for _, span := range spans {
			if span.Trace == root.Trace {
				trace = append(trace, span)
			}
		}
	}
	return trace
}

// tree draws a trace: each span below its parent, indented, in alphabetical
// order. What repeats itself below one parent is drawn once: an order is read
// again until it has come to rest.
func tree(t *testing.T, trace []tracingtest.Span, parent, indent string) string {
	t.Helper()
	var drawn []string
	for _, span := range trace {
		if span.Parent == parent {
			drawn = append(drawn, indent+span.Name+"\n"+tree(t, trace, span.ID, indent+"  "))
		}
	}
	slices.Sort(drawn)
	return strings.Join(slices.Compact(drawn), "")
}

// requireWhole fails the test if a span of a trace has a parent that is not
// there, or was received twice.
func requireWhole(t *testing.T, trace []tracingtest.Span) {
	t.Helper()
	require.NotEmpty(t, trace)
	seen := map[string]bool{"": true}
	for _, span := range trace {
		require.False(t, seen[span.ID], "%s was received twice", span.Name)
		seen[span.ID] = true
	}
	for _, span := range trace {
		require.True(t, seen[span.Parent], "the parent of %s is missing", span.Name)
	}
}

const wholeTree = `POST /webhooks/bigcommerce/:channel
  StartWorkflow:OrderWebhook
    RunWorkflow:OrderWebhook
      StartActivity:CancelDownstreamOrder
        RunActivity:CancelDownstreamOrder
          GET /orders/{id}
          POST /orders/{id}/cancellation
      StartActivity:FindDownstreamOrder
        RunActivity:FindDownstreamOrder
          GET /orders
          GET /statuses
      StartActivity:ReadChannel
        RunActivity:ReadChannel
      StartActivity:ReadStoreOrder
        RunActivity:ReadStoreOrder
          GET /stores/{hash}/v2/orders/{id}
`

// TestTrace follows one webhook, started eagerly, with all its steps as local
// activities.
func TestTrace(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{"grpc", "http/protobuf"} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			collector := tracingtest.New(t)
			endpoint := collector.HTTP
			if protocol == "grpc" {
				endpoint = collector.GRPC
			}
			p := newTracedPipeline(t, traced(protocol, endpoint)...)
			p.order(218, "Awaiting Shipment")
			require.NoError(t, p.store.SetStatus(218, bigcommerce.StatusCancelled))
			run := p.runOf(218)
			require.Equal(t, workflows.OutcomeCancelled, p.result(run).Outcome)
			require.True(t, p.startedEagerly(run))
			p.main.stop()

			trace := traceOf(collector.Spans())
			requireWhole(t, trace)
			require.Equal(t, wholeTree, tree(t, trace, "", ""))
			require.Equal(t, []string{"k=1"}, collector.Header("api-key"))
			for _, span := range trace {
				require.Equal(t, "orderbridge", span.Resource["service.name"])
				require.False(t, span.Failed, span.Name)
			}
			root := trace[slices.Index(tracingtest.Names(trace), "POST /webhooks/bigcommerce/:channel")]
			require.Equal(t, map[string]string{
				"http.request.method": "POST", "http.route": "/webhooks/bigcommerce/:channel", "http.response.status_code": "200",
				"orderbridge.channel": "main", "orderbridge.order": "218", "orderbridge.scope": bigcommerce.ScopeOrderStatusUpdated,
				"orderbridge.result": "accepted",
			}, root.Attributes)
			require.Contains(t, p.log.String(), `"trace_id":"`+root.Trace+`"`, "the log leads to the trace")
			for _, span := range collector.Spans() {
				if span.Name == "RunActivity:SyncSubscriptions" {
					requireWhole(t, slices.DeleteFunc(collector.Spans(), func(s tracingtest.Span) bool { return s.Trace != span.Trace }))
				}
			}
		})
	}
}

// TestTraceOfARepetition shows that an attempt that failed, and one that went
// through a task queue, are in the trace.
func TestTraceOfARepetition(t *testing.T) {
	t.Parallel()
	collector := tracingtest.New(t)
	p := newTracedPipeline(t, traced("grpc", collector.GRPC)...)
	p.order(218, "Awaiting Shipment")
	p.store.Faults().FailNext(1, http.MethodGet, "/v2/orders/218", bigcommercetest.Failure(http.StatusServiceUnavailable))
	require.NoError(t, p.store.SetStatus(218, bigcommerce.StatusCancelled))
	run := p.runOf(218)
	require.Equal(t, workflows.OutcomeCancelled, p.result(run).Outcome)
	p.main.stop()
	trace := traceOf(collector.Spans())
	requireWhole(t, trace)
	require.Equal(t, wholeTree, tree(t, trace, "", ""))
	failed := slices.DeleteFunc(slices.Clone(trace), func(s tracingtest.Span) bool { return !s.Failed })
	require.ElementsMatch(t, []string{"RunActivity:ReadStoreOrder", "GET /stores/{hash}/v2/orders/{id}"}, tracingtest.Names(failed))
	for _, span := range failed {
		require.Contains(t, []string{"store_unavailable", "Service Unavailable"}, span.Attributes["error.type"])
	}
	require.Positive(t, headerBytes(t, p.history(run)).activities)
}

// TestTraceOutlivesAProcess shows that a run that waits while its worker is
// replaced is one tree, of which nothing is sent twice.
func TestTraceOutlivesAProcess(t *testing.T) {
	t.Parallel()
	collector := tracingtest.New(t)
	p := newTracedPipeline(t, traced("grpc", collector.GRPC)...)
	p.order(218, "Unprocessed")
	require.NoError(t, p.store.SetStatus(218, bigcommerce.StatusCancelled))
	run := p.runOf(218)
	collector.Await(p.ctx, t, func(spans []tracingtest.Span) bool {
		return slices.Contains(tracingtest.Names(traceOf(spans)), "RunActivity:FindDownstreamOrder")
	})
	p.main.stop()
	require.NotContains(t, tracingtest.Names(collector.Spans()), "RunWorkflow:OrderWebhook", "it has not ended")
	order, ok := p.demo.Order("218")
	require.True(t, ok)
	require.NoError(t, p.demo.SetStatus(order.ID, "Awaiting Shipment"))
	next := p.start(process.Roles{Worker: true}, traced("http/protobuf", collector.HTTP)...)
	require.Equal(t, workflows.OutcomeCancelled, p.result(run).Outcome)
	next.stop()
	trace := traceOf(collector.Spans())
	requireWhole(t, trace)
	require.Equal(t, wholeTree, tree(t, trace, "", ""))
}

// bytesOf is what headers add to a history.
type bytesOf struct{ start, activities, events int }

// headerBytes measures the headers of a history.
func headerBytes(t *testing.T, h *history.History) bytesOf {
	t.Helper()
	var out bytesOf
	for _, event := range h.GetEvents() {
		out.events++
		if start := event.GetWorkflowExecutionStartedEventAttributes(); start != nil {
			out.start += proto.Size(start.GetHeader())
		}
		out.activities += proto.Size(event.GetActivityTaskScheduledEventAttributes().GetHeader())
		out.activities += proto.Size(event.GetMarkerRecordedEventAttributes().GetHeader())
	}
	return out
}

// TestTracingAndHistory shows what tracing leaves in Temporal: nothing where it
// is off, and one header of a start where it is on; and that either history is
// replayed with and without it.
func TestTracingAndHistory(t *testing.T) {
	t.Parallel()
	var events [2]int
	for i, on := range []bool{false, true} {
		collector := tracingtest.New(t)
		environ := traced("grpc", collector.GRPC)
		if !on {
			environ = append(environ, "ORDERBRIDGE_TRACING=off")
		}
		p := newTracedPipeline(t, environ...)
		channel := p.channel()
		channel.Settings.Waits.Settle = 0
		p.save(channel)
		p.order(218, "Shipped")
		require.NoError(t, p.store.SetStatus(218, bigcommerce.StatusCancelled))
		run := p.runOf(218)
		p.result(run)
		p.main.stop()
		recorded := p.history(run)
		size := headerBytes(t, recorded)
		events[i] = size.events
		require.Zero(t, size.activities, "local activities leave no header")
		if on {
			require.Equal(t, 117, size.start, "docs/tracing.md tells how many bytes")
			require.NotEmpty(t, collector.Spans())
		} else {
			require.Zero(t, size.start)
			require.Empty(t, collector.Spans())
		}
		replayer := worker.NewWorkflowReplayer()
		workflows.RegisterOrders(replayer)
		require.NoError(t, replayer.ReplayWorkflowHistory(nil, recorded))
	}
	require.Equal(t, events[0], events[1], "tracing adds no event")
}
