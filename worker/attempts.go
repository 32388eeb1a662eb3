package worker

import (
	"context"
	"errors"

	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"

	"github.com/orderbridge/orderbridge/activities"
)

// Results of an attempt.
const (
	attemptOK        = "ok"
	attemptFailed    = "failed"
	attemptCancelled = "cancelled" // by the workflow, or because the worker stops
)

// attempts counts the attempts of activities, local ones included.
type attempts struct {
	interceptor.WorkerInterceptorBase

	total    *prometheus.CounterVec
	failures *prometheus.CounterVec
}

func newAttempts(registry prometheus.Registerer) (*attempts, error) {
	a := &attempts{
		total: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "orderbridge_activity_attempts_total",
			Help: "Attempts of activities, local ones included, by activity and result (ok, failed, cancelled).",
		}, []string{"activity", "result"}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "orderbridge_activity_failures_total",
			Help: "Attempts of activities that failed, by activity and reason.",
		}, []string{"activity", "reason"}),
	}
	if err := errors.Join(registry.Register(a.total), registry.Register(a.failures)); err != nil {
		return nil, err
	}
	return a, nil
}

// InterceptActivity implements interceptor.WorkerInterceptor.
func (a *attempts) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &attempt{ActivityInboundInterceptorBase: interceptor.ActivityInboundInterceptorBase{Next: next}, attempts: a}
}

type attempt struct {
	interceptor.ActivityInboundInterceptorBase

	attempts *attempts
}

// ExecuteActivity implements interceptor.ActivityInboundInterceptor.
func (a *attempt) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (result any, err error) {
	name := activity.GetInfo(ctx).ActivityType.Name
	panicked := true
	defer func() {
		if panicked {
			a.attempts.failed(name, string(activities.ReasonInternal))
			return
		}
		a.attempts.ended(name, err)
	}()
	result, err = a.Next.ExecuteActivity(ctx, in)
	panicked = false
	return result, err
}

func (a *attempts) ended(name string, err error) {
	switch {
	case err == nil:
		a.total.WithLabelValues(name, attemptFailed) // a rate needs the zero before the first
		a.total.WithLabelValues(name, attemptOK).Inc()
	case errors.Is(err, context.Canceled) || temporal.IsCanceledError(err):
		a.total.WithLabelValues(name, attemptCancelled).Inc()
	default:
		a.failed(name, activities.FailureReason(err))
	}
}

func (a *attempts) failed(name, reason string) {
	a.total.WithLabelValues(name, attemptFailed).Inc()
	a.failures.WithLabelValues(name, reason).Inc()
}
