package tracing

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/workflow"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/spans"
	"github.com/orderbridge/orderbridge/workflows"
)

// completion stands inside the SDK's tracing interceptor. It tells spans that
// their run or update has come to its end, in this process and not in a replay,
// so that each is exported once; and it names the order that they are about.
type completion struct {
	interceptor.InterceptorBase
}

// InterceptWorkflow implements interceptor.WorkerInterceptor.
func (c *completion) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	i := &workflowCompletion{}
	i.Next = next
	return i
}

// InterceptActivity implements interceptor.WorkerInterceptor.
func (c *completion) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	i := &activityNaming{}
	i.Next = next
	return i
}

type workflowCompletion struct {
	interceptor.WorkflowInboundInterceptorBase
}

// ExecuteWorkflow implements interceptor.WorkflowInboundInterceptor.
func (w *workflowCompletion) ExecuteWorkflow(ctx workflow.Context, in *interceptor.ExecuteWorkflowInput) (any, error) {
	if span := spanOf(ctx); span != nil {
		span.SetAttributes(orderOf(in.Args)...)
		if span.endless && !workflow.IsReplaying(ctx) {
			span.End()
		}
	}
	result, err := w.Next.ExecuteWorkflow(ctx, in)
	complete(ctx)
	return result, err
}

// ExecuteUpdate implements interceptor.WorkflowInboundInterceptor.
func (w *workflowCompletion) ExecuteUpdate(ctx workflow.Context, in *interceptor.UpdateInput) (any, error) {
	result, err := w.Next.ExecuteUpdate(ctx, in)
	complete(ctx)
	return result, err
}

// complete lets the span of a workflow context end with the code around it. In
// a replay it does not: the span has been exported before.
func complete(ctx workflow.Context) {
	if span := spanOf(ctx); span != nil && !span.endless && !workflow.IsReplaying(ctx) {
		span.held = false
	}
}

func spanOf(ctx workflow.Context) *temporalSpan {
	span, _ := ctx.Value(spanKey{}).(*temporalSpan)
	return span
}

type activityNaming struct {
	interceptor.ActivityInboundInterceptorBase
}

// ExecuteActivity implements interceptor.ActivityInboundInterceptor.
func (a *activityNaming) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	trace.SpanFromContext(ctx).SetAttributes(orderOf(in.Args)...)
	return a.Next.ExecuteActivity(ctx, in)
}

// orderOf returns the channel and the order that arguments name.
func orderOf(args []any) []attribute.KeyValue {
	if len(args) == 0 {
		return nil
	}
	switch arg := args[0].(type) {
	case activities.OrderRef:
		return spans.Order(arg.Channel, arg.OrderID)
	case activities.ApplyRequest:
		return spans.Order(arg.Channel, arg.OrderID)
	case workflows.Webhook:
		return append(spans.Order(arg.Channel, arg.OrderID), spans.KeyScope.String(arg.Scope))
	default:
		return nil
	}
}
