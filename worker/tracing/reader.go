package tracing

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"golang.org/x/net/http/httpguts"
)

// The prefixes of the variables of the exporter: for traces alone, which goes
// first, and for everything.
const (
	tracesAlone = "OTEL_EXPORTER_OTLP_TRACES_"
	everything  = "OTEL_EXPORTER_OTLP_"
)

// reader reads variables, and collects what is wrong with them. An empty
// variable is one that is not set, as OpenTelemetry has it.
type reader struct {
	lookup   func(name string) (string, bool)
	mistakes []error
}

func (r *reader) wrongf(format string, args ...any) {
	r.mistakes = append(r.mistakes, fmt.Errorf(format, args...))
}

func (r *reader) value(name string) string {
	value, _ := r.lookup(name)
	return strings.TrimSpace(value)
}

// either returns the name of the variable to read for traces.
func (r *reader) either(name string) string {
	if r.value(tracesAlone+name) != "" {
		return tracesAlone + name
	}
	return everything + name
}

// oneOf reads a word of a closed list.
func (r *reader) oneOf(name, fallback string, words ...string) string {
	value := strings.ToLower(r.value(name))
	switch {
	case value == "":
		return fallback
	case !slices.Contains(words, value):
		r.wrongf("%s must be one of %s", name, strings.Join(words, ", "))
		return fallback
	default:
		return value
	}
}

func (r *reader) boolean(name string) bool {
	return r.oneOf(name, "false", "true", "false") == "true"
}

func (r *reader) milliseconds(name string, fallback time.Duration) time.Duration {
	return time.Duration(r.number(name, int(fallback.Milliseconds()), maxMilliseconds, "milliseconds")) * time.Millisecond
}

func (r *reader) count(name string, fallback int) int {
	return r.number(name, fallback, maxSpans, "spans")
}

func (r *reader) number(name string, fallback, most int, unit string) int {
	value := r.value(name)
	if value == "" {
		return fallback
	}
	n, err := strconv.Atoi(value)
	if err != nil || n <= 0 || n > most {
		r.wrongf("%s must be a number of %s from 1 to %d", name, unit, most)
		return fallback
	}
	return n
}

// headers reads what is sent along with the spans. The values are secrets.
func (r *reader) headers() map[string]string {
	name := r.either("HEADERS")
	headers := map[string]string{}
	for i, pair := range r.pairs(name) {
		if !httpguts.ValidHeaderFieldName(pair.key) || !httpguts.ValidHeaderFieldValue(pair.value) {
			r.wrongf("%s: entry %d is not a header", name, i+1)
			continue
		}
		headers[pair.key] = pair.value
	}
	return headers
}

// resource reads what all spans say of their process.
func (r *reader) resource() []attribute.KeyValue {
	service := defaultService
	var attributes []attribute.KeyValue
	for _, pair := range r.pairs("OTEL_RESOURCE_ATTRIBUTES") {
		if attribute.Key(pair.key) == semconv.ServiceNameKey {
			service = pair.value
			continue
		}
		attributes = append(attributes, attribute.String(pair.key, pair.value))
	}
	if name := r.value("OTEL_SERVICE_NAME"); name != "" {
		service = name
	}
	return append(attributes, semconv.ServiceName(service))
}

type pair struct{ key, value string }

// pairs reads a list of key=value, separated by commas, with escapes as in URLs.
func (r *reader) pairs(name string) []pair {
	value := r.value(name)
	if value == "" {
		return nil
	}
	var pairs []pair
	for i, entry := range strings.Split(value, ",") {
		key, escaped, found := strings.Cut(entry, "=")
		key = strings.TrimSpace(key)
		plain, err := url.PathUnescape(strings.TrimSpace(escaped))
		if !found || key == "" || err != nil {
			r.wrongf("%s: entry %d must look like key=value, with a comma between entries and escapes as in URLs", name, i+1)
			continue
		}
		pairs = append(pairs, pair{key, plain})
	}
	return pairs
}

// sampler reads which traces are kept. A trace is kept as a whole: what
// continues one that began in another process follows it, except with the
// samplers whose names do not begin with "parentbased".
func (r *reader) sampler() sdktrace.Sampler {
	const (
		name, argument = "OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG"
		parentBased    = "parentbased_"
		on, off, ratio = "always_on", "always_off", "traceidratio"
	)
	kind := r.oneOf(name, parentBased+on, on, off, ratio, parentBased+on, parentBased+off, parentBased+ratio)
	share := 1.0
	if value := r.value(argument); value != "" && strings.HasSuffix(kind, ratio) {
		parsed, err := strconv.ParseFloat(value, 64)
		if err != nil || !(parsed >= 0 && parsed <= 1) {
			r.wrongf("%s must be a number from 0 to 1: the share of traces to keep", argument)
		} else {
			share = parsed
		}
	}
	root, based := strings.CutPrefix(kind, parentBased)
	sampler := map[string]sdktrace.Sampler{
		on: sdktrace.AlwaysSample(), off: sdktrace.NeverSample(), ratio: sdktrace.TraceIDRatioBased(share),
	}[root]
	if based {
		return sdktrace.ParentBased(sampler)
	}
	return sampler
}
