// Package worker runs the workflows and the activities.
package worker

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/sdk/client"
	sdkworker "go.temporal.io/sdk/worker"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/callback"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/seal"
	"github.com/orderbridge/orderbridge/workflows"
)

// Dependencies are what a Worker works with. All are required.
type Dependencies struct {
	// Client is the connection to Temporal, Namespace what it works in.
	Client    client.Client
	Namespace string
	// Keeper opens the sealed credentials of channels.
	Keeper *seal.Keeper
	// Secrets derives the secrets that hooks carry.
	Secrets *callback.Secrets
	// Registry takes the metrics of the calls to both sides.
	Registry prometheus.Registerer
	// UserAgent is sent to BigCommerce.
	UserAgent string
}

// Worker polls the task queues of Orderbridge.
type Worker struct {
	build   func() []sdkworker.Worker
	started []sdkworker.Worker
	running atomic.Bool
	fatal   chan error
}

// New returns a worker that does not poll yet.
func New(config Config, deps Dependencies) (*Worker, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	metrics, err := activities.NewMetrics(deps.Registry)
	if err != nil {
		return nil, fmt.Errorf("register metrics: %w", err)
	}
	acts := activities.New(activities.Dependencies{
		Directory: channels.NewDirectory(deps.Client, config.ChannelCacheTTL),
		Connections: activities.NewConnections(activities.ConnectionsConfig{
			Keeper: deps.Keeper, Drivers: Drivers(), Timeout: config.HTTPTimeout,
			UserAgent: deps.UserAgent, Metrics: metrics,
		}),
		Secrets: deps.Secrets, Temporal: deps.Client, Namespace: deps.Namespace,
		Starter: &starter{client: deps.Client}, Metrics: metrics,
	})
	w := &Worker{fatal: make(chan error, 1)}
	onFatal := func(err error) {
		select {
		case w.fatal <- err:
		default: // one is enough to end the process
		}
	}
	base := sdkworker.Options{
		WorkerStopTimeout: config.StopTimeout,
		OnFatalError:      onFatal,
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
	w.running.Store(true)
	return nil
}

// Stop stops polling and returns when what had begun is done, or its time is
// over. What was cut off is repeated elsewhere.
func (w *Worker) Stop() {
	w.running.Store(false)
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
