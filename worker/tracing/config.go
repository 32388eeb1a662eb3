// Package tracing exports traces over OTLP: it reads the standard variables of
// OpenTelemetry, and puts spans around what Temporal runs.
package tracing

import (
	"crypto/tls"
	"errors"
	"net/url"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// Modes of ORDERBRIDGE_TRACING.
const (
	// Off traces nothing.
	Off = "off"
	// OTLP exports traces over OTLP.
	OTLP = "otlp"
)

// Protocols of OTEL_EXPORTER_OTLP_PROTOCOL.
const (
	protocolGRPC = "grpc"
	protocolHTTP = "http/protobuf"
)

// Defaults, all of them those of the OpenTelemetry specification but for the
// name of the service.
const (
	defaultService  = "orderbridge"
	defaultGRPC     = "http://localhost:4317"
	defaultHTTP     = "http://localhost:4318"
	defaultTimeout  = 10 * time.Second
	defaultDelay    = 5 * time.Second
	defaultExport   = 30 * time.Second
	defaultQueue    = 2048
	defaultBatch    = 512
	tracesPath      = "v1/traces"
	maxMilliseconds = 10 * 60 * 1000
	maxSpans        = 1 << 20
)

// Config is where traces go, and which. The zero value is off; Read makes any
// other.
type Config struct {
	// Endpoint is where spans are sent. Nil switches tracing off.
	Endpoint *url.URL

	protocol   string
	headers    map[string]string
	timeout    time.Duration
	gzip       bool
	tls        *tls.Config
	sampler    sdktrace.Sampler
	attributes []attribute.KeyValue
	batch      []sdktrace.BatchSpanProcessorOption
}

// On reports whether there is anything to trace for.
func (c Config) On() bool { return c.Endpoint != nil }

// Read returns what the environment wants. mode is the value of
// ORDERBRIDGE_TRACING, where "" means Off; with Off no other variable is looked
// at. OTEL_SDK_DISABLED=true and OTEL_TRACES_EXPORTER=none switch tracing off as
// well.
//
// A mistake in a variable is an error that names it, all of them at once; the
// OpenTelemetry SDK by itself would go on with a default. No error quotes a
// header.
func Read(mode string, lookup func(name string) (string, bool)) (Config, error) {
	switch mode {
	case "", Off:
		return Config{}, nil
	case OTLP:
	default:
		return Config{}, errors.New("ORDERBRIDGE_TRACING must be off or otlp")
	}
	r := &reader{lookup: lookup}
	disabled := r.boolean("OTEL_SDK_DISABLED")
	none := r.oneOf("OTEL_TRACES_EXPORTER", OTLP, OTLP, "none") == "none"
	config := Config{
		protocol:   r.oneOf(r.either("PROTOCOL"), protocolHTTP, protocolHTTP, protocolGRPC),
		headers:    r.headers(),
		timeout:    r.milliseconds(r.either("TIMEOUT"), defaultTimeout),
		gzip:       r.oneOf(r.either("COMPRESSION"), "none", "none", "gzip") == "gzip",
		sampler:    r.sampler(),
		attributes: r.resource(),
		batch: []sdktrace.BatchSpanProcessorOption{
			sdktrace.WithBatchTimeout(r.milliseconds("OTEL_BSP_SCHEDULE_DELAY", defaultDelay)),
			sdktrace.WithExportTimeout(r.milliseconds("OTEL_BSP_EXPORT_TIMEOUT", defaultExport)),
			sdktrace.WithMaxQueueSize(r.count("OTEL_BSP_MAX_QUEUE_SIZE", defaultQueue)),
			sdktrace.WithMaxExportBatchSize(r.count("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", defaultBatch)),
		},
	}
	config.Endpoint = r.endpoint(config.protocol)
	config.tls = r.certificates()
	if err := errors.Join(r.mistakes...); err != nil {
		return Config{}, err
	}
	if disabled || none {
		return Config{}, nil
	}
	return config, nil
}

// endpoint returns where spans go. The variable for traces is used as it is;
// to the one for everything, HTTP adds the path of traces.
func (r *reader) endpoint(protocol string) *url.URL {
	name := r.either("ENDPOINT")
	value := r.value(name)
	if value == "" {
		value = defaultHTTP
		if protocol == protocolGRPC {
			value = defaultGRPC
		}
	}
	address, err := url.Parse(value)
	if err != nil || address.Scheme != "http" && address.Scheme != "https" || address.Hostname() == "" ||
		address.User != nil || address.RawQuery != "" || address.Fragment != "" {
		r.wrongf("%s must look like %s or https://collector.example.com, without user and query", name, defaultHTTP)
		return nil
	}
	switch {
	case protocol == protocolGRPC && strings.Trim(address.Path, "/") != "":
		r.wrongf("%s must not have a path with the protocol %s", name, protocolGRPC)
	case protocol == protocolHTTP && name == everything+"ENDPOINT":
		address = address.JoinPath(tracesPath)
	}
	return address
}
