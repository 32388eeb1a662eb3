// Package worker runs the workflows and the activities.
package worker

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	sdkworker "go.temporal.io/sdk/worker"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/callback"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/seal"
	"github.com/orderbridge/orderbridge/activities/spans"
	"github.com/orderbridge/orderbridge/workflows"
)

// Dependencies are what a Worker works with. All but Tracing are required.
type Dependencies struct {
	// Client is the connection to Temporal, Namespace what it works in.
	Client    client.Client
	Namespace string
	// Keeper opens the sealed credentials of channels.
	Keeper *seal.Keeper
	// Secrets derives the secrets that hooks carry.
	Secrets *callback.Secrets
	// Registry takes the metrics, Labels bound them.
	Registry prometheus.Registerer
	Labels   activities.Labels
	// UserAgent is sent to BigCommerce.
	UserAgent string
	// Logger takes the log.
	Logger *slog.Logger
	// Tracing records a span for each request to both sides. Nil records none.
	Tracing trace.TracerProvider
}

// Worker polls the task queues of Orderbridge.
type Worker struct {
	build   func() []sdkworker.Worker
	started []sdkworker.Worker
	survey  *survey // nil if there is none
	running atomic.Bool
	fatal   chan error
}

// New returns a worker that does not poll yet.
func New(config Config, deps Dependencies) (*Worker, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	metrics, err := activities.NewMetrics(deps.Registry, deps.Labels)
	if err != nil {
		return nil, fmt.Errorf("register metrics: %w", err)
	}
	attempts, err := newAttempts(deps.Registry)
	if err != nil {
		return nil, fmt.Errorf("register metrics: %w", err)
	}
	acts := activities.New(activities.Dependencies{
		Directory: channels.NewDirectory(deps.Client, config.ChannelCacheTTL),
		Connections: activities.NewConnections(activities.ConnectionsConfig{
			Keeper: deps.Keeper, Drivers: Drivers(), Timeout: config.HTTPTimeout,
			UserAgent: deps.UserAgent, Metrics: metrics, Tracing: deps.Tracing,
		}),
		Secrets: deps.Secrets, Temporal: deps.Client, Namespace: deps.Namespace,
		Starter: &starter{client: deps.Client}, Metrics: metrics, Knocker: knocker(deps.Tracing),
	})
	w := &Worker{fatal: make(chan error, 1)}
	if config.SurveyEvery > 0 {
		if w.survey, err = newSurvey(deps.Registry, deps.Client, deps.Namespace, config.SurveyEvery, deps.Logger); err != nil {
			return nil, fmt.Errorf("register metrics: %w", err)
		}
	}
	onFatal := func(err error) {
		select {
		case w.fatal <- err:
		default: // one is enough to end the process
		}
	}
	base := sdkworker.Options{
		WorkerStopTimeout: config.StopTimeout,
		OnFatalError:      onFatal,
		Interceptors:      []interceptor.WorkerInterceptor{attempts},
		DeploymentOptions: config.Version().options(),
		WorkflowTaskPollerBehavior: sdkworker.NewPollerBehaviorAutoscaling(sdkworker.PollerBehaviorAutoscalingOptions{
			InitialNumberOfPollers: 4, MinimumNumberOfPollers: 2, MaximumNumberOfPollers: 40,
		}),
		ActivityTaskPollerBehavior: sdkworker.NewPollerBehaviorAutoscaling(sdkworker.PollerBehaviorAutoscalingOptions{
			InitialNumberOfPollers: 2, MinimumNumberOfPollers: 1, MaximumNumberOfPollers: 20,
		}),
	}
	main := base
	main.MaxConcurrentWorkflowTaskExecutionSize = config.MaxWorkflowTasks
	main.MaxConcurrentLocalActivityExecutionSize = config.MaxLocalActivities
	main.MaxConcurrentActivityExecutionSize = config.MaxActivities
	channel := base
	channel.MaxConcurrentWorkflowTaskExecutionSize = config.MaxWorkflowTasks
	channel.MaxConcurrentActivityExecutionSize = config.MaxActivities
	calls := base
	calls.MaxConcurrentActivityExecutionSize = config.MaxActivities
	calls.DisableWorkflowWorker = true
	w.build = func() []sdkworker.Worker {
		orders := sdkworker.New(deps.Client, workflows.TaskQueue, main)
		workflows.RegisterOrders(orders)
		sales := sdkworker.New(deps.Client, workflows.TaskQueueChannels, channel)
		workflows.RegisterChannels(sales)
		built := []sdkworker.Worker{
			sales,
			orders,
			sdkworker.New(deps.Client, workflows.TaskQueueBigCommerce, calls),
			sdkworker.New(deps.Client, workflows.TaskQueueDownstream, calls),
		}
		for _, each := range built {
			each.RegisterActivity(acts)
		}
		return built
	}
	return w, nil
}

// knocker carries the requests that try callback addresses.
func knocker(tracing trace.TracerProvider) http.RoundTripper {
	if tracing == nil {
		return activities.NewKnocker()
	}
	return spans.NewTransport(activities.NewKnocker(), tracing)
}

// Start begins to poll. It fails when Temporal cannot be reached, and can then
// be called again.
func (w *Worker) Start() error {
	// An SDK worker remembers that it could not start: each attempt needs
	// new ones.
	for _, one := range w.build() {
		if err := one.Start(); err != nil {
			w.Stop()
			return fmt.Errorf("start worker: %w", err)
		}
		w.started = append(w.started, one)
	}
	if w.survey != nil {
		w.survey.begin()
	}
	w.running.Store(true)
	return nil
}

// Stop stops polling and returns when what had begun is done, or its time is
// over. What was cut off is repeated elsewhere.
func (w *Worker) Stop() {
	w.running.Store(false)
	if w.survey != nil {
		w.survey.end()
	}
	// They share the time: each waits for its own calls meanwhile.
	var stopping sync.WaitGroup
	for _, one := range w.started {
		stopping.Go(one.Stop)
	}
	stopping.Wait()
	w.started = nil
}

// Fatal delivers an error after which the worker polls no more.
func (w *Worker) Fatal() <-chan error { return w.fatal }

// ErrNotStarted is what Ready answers before Start and after Stop.
var ErrNotStarted = errors.New("the worker is not running")

// Ready returns an error while the worker does not poll.
func (w *Worker) Ready() error {
	if !w.running.Load() {
		return ErrNotStarted
	}
	return nil
}
