package worker

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
	otelprometheus "go.opentelemetry.io/otel/exporters/prometheus"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	temporalotel "go.temporal.io/sdk/contrib/opentelemetry"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
)

// Connection is how to reach Temporal, beyond what the environment says.
type Connection struct {
	// Address and Namespace override the environment, if they are set.
	Address   string
	Namespace string
	// Environment stands in for the process's environment variables. Nil
	// means those.
	Environment envconfig.EnvLookup
	// Identity is how this process appears in the Temporal Web UI. Empty
	// means process id and host name.
	Identity string
	// Logger takes the SDK's log. Required.
	Logger *slog.Logger
	// Metrics takes the SDK's metrics. Nil measures nothing.
	Metrics client.MetricsHandler
	// Interceptors run around what this process asks of Temporal, and around
	// what its workers run.
	Interceptors []interceptor.ClientInterceptor
}

// ClientOptions returns the options of a Temporal client. They come from the
// same environment variables (TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE,
// TEMPORAL_API_KEY, TEMPORAL_TLS_…) and the same profiles as those of the
// temporal command.
func ClientOptions(c Connection) (client.Options, error) {
	options, err := envconfig.LoadClientOptions(envconfig.LoadClientOptionsRequest{EnvLookup: c.Environment})
	if err != nil {
		return client.Options{}, fmt.Errorf("read the Temporal settings (TEMPORAL_… and the profile file): %w", err)
	}
	if c.Address != "" {
		options.HostPort = c.Address
	}
	if c.Namespace != "" {
		options.Namespace = c.Namespace
	}
	if options.Namespace == "" {
		options.Namespace = client.DefaultNamespace
	}
	options.Identity = c.Identity
	options.Logger = log.NewStructuredLogger(c.Logger)
	options.MetricsHandler = c.Metrics
	options.Interceptors = c.Interceptors
	return options, nil
}

// Connect returns a client of Temporal and the namespace that it uses. It does
// not need Temporal to be there: the connection is made at the first call.
func Connect(c Connection) (temporal client.Client, namespace string, err error) {
	options, err := ClientOptions(c)
	if err != nil {
		return nil, "", err
	}
	temporal, err = client.NewLazyClient(options)
	if err != nil {
		return nil, "", fmt.Errorf("prepare the connection to Temporal at %q: %w", options.HostPort, err)
	}
	return temporal, options.Namespace, nil
}

// latencyBuckets are in seconds. The default buckets of OpenTelemetry are made
// for milliseconds and would put everything into the first.
var latencyBuckets = []float64{.001, .002, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}

// NewSDKMetrics returns a handler that puts the Temporal SDK's metrics into a
// Prometheus registry, and a function that ends it.
func NewSDKMetrics(registry prometheus.Registerer, logger *slog.Logger) (client.MetricsHandler, func(context.Context) error, error) {
	exporter, err := otelprometheus.New(
		otelprometheus.WithRegisterer(registry),
		otelprometheus.WithoutScopeInfo(),
		otelprometheus.WithoutTargetInfo(),
	)
	if err != nil {
		return nil, nil, fmt.Errorf("export the SDK's metrics: %w", err)
	}
	provider := sdkmetric.NewMeterProvider(
		sdkmetric.WithReader(exporter),
		sdkmetric.WithView(sdkmetric.NewView(
			sdkmetric.Instrument{Kind: sdkmetric.InstrumentKindHistogram},
			sdkmetric.Stream{Aggregation: sdkmetric.AggregationExplicitBucketHistogram{Boundaries: latencyBuckets}},
		)),
	)
	handler := temporalotel.NewMetricsHandler(temporalotel.MetricsHandlerOptions{
		Meter:                provider.Meter("temporal-sdk-go"),
		UseMonotonicCounters: true, // otherwise counters are exported as gauges
		OnError: func(err error) {
			logger.Error("a metric of the Temporal SDK was refused", "error", err)
		},
	})
	return handler, provider.Shutdown, nil
}
