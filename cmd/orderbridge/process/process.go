package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.opentelemetry.io/otel/trace"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"golang.org/x/sync/errgroup"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/callback"
	"github.com/orderbridge/orderbridge/activities/seal"
	"github.com/orderbridge/orderbridge/ingress"
	"github.com/orderbridge/orderbridge/ingress/operator"
	"github.com/orderbridge/orderbridge/worker"
)

// Roles say which parts a process runs.
type Roles struct {
	Ingress bool
	Worker  bool
}

// Options are what a caller decides that the environment does not say.
type Options struct {
	// Roles are the parts to run.
	Roles Roles
	// Log takes the log. Required.
	Log io.Writer
	// TemporalAddress and TemporalNamespace override the environment.
	TemporalAddress   string
	TemporalNamespace string
	// Listen opens the listeners. Default: net.Listen on TCP.
	Listen func(ctx context.Context, address string) (net.Listener, error)
}

// Process is an assembled process. Close it when it is not needed any more.
type Process struct {
	// Client is the connection to Temporal.
	Client client.Client
	// Keeper seals and opens credentials.
	Keeper *seal.Keeper
	// Logger is the log of the process.
	Logger *slog.Logger

	config    Config
	options   Options
	namespace string
	registry  *prometheus.Registry
	ingress   *ingress.Server
	ops       *ingress.Server
	worker    *worker.Worker
	closers   []func() error
}

// New assembles a process. Nothing runs yet, and Temporal need not be there.
func New(config Config, options Options) (*Process, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	if options.Listen == nil {
		var listen net.ListenConfig
		options.Listen = func(ctx context.Context, address string) (net.Listener, error) {
			return listen.Listen(ctx, "tcp", address)
		}
	}
	p := &Process{
		config: config, options: options, registry: prometheus.NewRegistry(),
		Logger: newLogger(options.Log, config),
	}
	if err := p.assemble(); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

func (p *Process) assemble() error {
	version := ReadVersion()
	p.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), buildInfo(version))
	secrets, err := p.config.Secrets()
	if err != nil {
		return err
	}
	if p.Keeper, err = p.config.Keeper(context.Background()); err != nil {
		return err
	}
	p.closers = append(p.closers, p.Keeper.Close)
	labels := activities.NewLabels(p.config.MetricsChannels)
	sdkMetrics, endMetrics, err := worker.NewSDKMetrics(p.registry, p.Logger)
	if err != nil {
		return err
	}
	p.closers = append(p.closers, func() error { return endMetrics(context.Background()) })
	if p.options.Roles.Worker {
		if sdkMetrics, err = worker.WithOutcomes(sdkMetrics, p.registry, labels.Channels); err != nil {
			return fmt.Errorf("register metrics: %w", err)
		}
	}
	// It ends after the client: the last spans are those of the last calls.
	traces, err := p.config.startTracing(version, p.Logger)
	if err != nil {
		return err
	}
	p.closers = append(p.closers, traces.Close)
	p.Client, p.namespace, err = worker.Connect(worker.Connection{
		Address: p.options.TemporalAddress, Namespace: p.options.TemporalNamespace,
		Environment: p.config.Environment, Logger: p.Logger, Metrics: sdkMetrics,
		Interceptors: traces.Interceptors(),
	})
	if err != nil {
		return err
	}
	p.closers = append(p.closers, func() error { p.Client.Close(); return nil })
	if p.options.Roles.Worker {
		p.worker, err = worker.New(p.config.Worker, worker.Dependencies{
			Client: p.Client, Namespace: p.namespace, Keeper: p.Keeper, Secrets: secrets, Registry: p.registry, Labels: labels,
			UserAgent: version.UserAgent(), Logger: p.Logger, Tracing: traces.Provider(),
		})
		if err != nil {
			return err
		}
	}
	return p.assembleServers(secrets, labels, traces.Provider())
}

func (p *Process) assembleServers(secrets *callback.Secrets, labels activities.Labels, traces trace.TracerProvider) error {
	deps := ingress.Dependencies{
		// Eager starts need the worker in the same process, whose build is then
		// not asked for: one that is not the current one would run them too.
		Starter:  &ingress.TemporalStarter{Client: p.Client, Eager: p.options.Roles.Worker && !p.config.Worker.Version().On()},
		Notifier: &ingress.TemporalNotifier{Client: p.Client},
		Operator: operator.New(p.Client, p.namespace, p.Keeper, worker.Drivers()),
		Secrets:  secrets, Checks: p.checks(), Registry: p.registry, Labels: labels, Logger: p.Logger,
		Tracing: traces,
	}
	var err error
	if p.options.Roles.Ingress {
		if p.ingress, err = ingress.New(p.config.Ingress, deps); err != nil {
			return err
		}
	}
	if p.config.Worker.OpsAddress != worker.Off {
		p.ops, err = ingress.NewOps(deps)
	}
	return err
}

func (p *Process) checks() []ingress.Check {
	attributes := &worker.AttributeCheck{Client: p.Client, Namespace: p.namespace}
	checks := []ingress.Check{{
		Name: "temporal",
		Probe: func(ctx context.Context) error {
			if _, err := p.Client.CheckHealth(ctx, &client.CheckHealthRequest{}); err != nil {
				return err
			}
			return attributes.Probe(ctx)
		},
		Advice: func(err error) string {
			var noNamespace *serviceerror.NamespaceNotFound
			switch {
			case errors.As(err, &noNamespace):
				return "the Temporal namespace does not exist: check TEMPORAL_NAMESPACE, or create it: orderbridge setup"
			case errors.Is(err, worker.ErrAttributesMissing):
				return "the Temporal namespace lacks search attributes: \"orderbridge setup\" adds them"
			default:
				return "Temporal does not answer: check TEMPORAL_ADDRESS and that the server runs"
			}
		},
	}}
	if p.options.Roles.Worker {
		checks = append(checks, ingress.Check{
			Name:  "worker",
			Probe: func(context.Context) error { return p.worker.Ready() },
			Advice: func(error) string {
				return "the worker is not running: it starts as soon as Temporal and the namespace are there"
			},
		})
	}
	return checks
}

// Run runs the process until ctx ends or a part of it fails, and then stops
// all parts in order: first nothing new is taken, then what was begun comes to
// its end. onListening, if not nil, is told the addresses once they are open:
// that of the ingress, and that for operators; "" for one that is not there.
func (p *Process) Run(ctx context.Context, onListening func(ingressAddress, opsAddress string)) error {
	group, ctx := errgroup.WithContext(ctx)
	// The worker and the operators' server go on until the ingress has drained.
	late, endLate := context.WithCancel(context.WithoutCancel(ctx))
	defer endLate()
	addresses := map[*ingress.Server]string{}
	for _, server := range []struct {
		server  *ingress.Server
		address string
	}{{p.ingress, p.config.Ingress.ListenAddress}, {p.ops, p.config.Worker.OpsAddress}} {
		if server.server == nil {
			continue
		}
		listener, err := p.options.Listen(ctx, server.address)
		if err != nil {
			// The servers that have begun end with it.
			group.Go(func() error { return fmt.Errorf("listen on %s: %w", server.address, err) })
			return group.Wait()
		}
		addresses[server.server] = listener.Addr().String()
		until, ended := ctx, endLate
		if server.server == p.ops {
			until, ended = late, func() {}
		}
		group.Go(func() error {
			defer ended()
			return server.server.Serve(until, listener)
		})
	}
	if p.ops != nil {
		defer context.AfterFunc(ctx, p.ops.Drain)()
	}
	if p.ingress == nil {
		group.Go(func() error {
			<-ctx.Done()
			endLate()
			return nil
		})
	}
	if p.worker != nil {
		group.Go(func() error { return p.work(late) })
		if build := p.config.Worker.Version(); build.On() {
			p.Logger.InfoContext(ctx, "this worker is one build of several", "deployment", build.Deployment, "build", build.BuildID)
		}
	}
	version := ReadVersion()
	p.Logger.InfoContext(ctx, "started", "version", version.Version, "commit", version.Commit, "go", version.Go,
		"ingress", addresses[p.ingress], "ops", addresses[p.ops], "worker", p.worker != nil)
	if onListening != nil {
		onListening(addresses[p.ingress], addresses[p.ops])
	}
	err := group.Wait()
	p.Logger.Info("stopped")
	return err
}

// workerRetry is how often a worker that finds no Temporal tries again.
const workerRetry = 2 * time.Second

// reachTimeout bounds the question whether Temporal is there.
const reachTimeout = 5 * time.Second

// work runs the worker. Temporal may not be there yet when a process starts:
// that is no reason to end it, /readyz says what is missing meanwhile.
func (p *Process) work(ctx context.Context) error {
	for {
		err := p.startWorker(ctx)
		if err == nil {
			break
		}
		p.Logger.WarnContext(ctx, "the worker cannot start yet", "error", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(workerRetry):
		}
	}
	defer p.worker.Stop()
	select {
	case <-ctx.Done():
		return nil
	case err := <-p.worker.Fatal():
		return fmt.Errorf("the worker ended: %w", err)
	}
}

// startWorker asks Temporal first whether it is there: that can be called off
// when the process is to end, and starting cannot.
func (p *Process) startWorker(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, reachTimeout)
	defer cancel()
	if _, err := p.Client.CheckHealth(ctx, &client.CheckHealthRequest{}); err != nil {
		return err
	}
	return p.worker.Start() //nolint:contextcheck // what it starts goes on until Stop, not for as long as this may take
}

// Namespace returns the Temporal namespace that the process uses.
func (p *Process) Namespace() string { return p.namespace }

// Close releases what the process holds. Call it after Run has returned.
func (p *Process) Close() error {
	var errs []error
	for _, v := range slices.Backward(p.closers) {
		errs = append(errs, v())
	}
	p.closers = nil
	return errors.Join(errs...)
}

func newLogger(out io.Writer, config Config) *slog.Logger {
	options := &slog.HandlerOptions{Level: config.LogLevel}
	if config.LogFormat == "text" {
		return slog.New(&traceHandler{slog.NewTextHandler(out, options)})
	}
	return slog.New(&traceHandler{slog.NewJSONHandler(out, options)})
}

func buildInfo(v Version) prometheus.Collector {
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name:        "orderbridge_build_info",
		Help:        "Always 1; the labels say what the binary was built from.",
		ConstLabels: prometheus.Labels{"version": v.Version, "commit": v.Commit, "go_version": v.Go},
	})
	info.Set(1)
	return info
}
