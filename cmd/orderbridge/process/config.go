// Package process assembles the parts of Orderbridge into a running process.
package process

import (
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/caarlos0/env/v11"

	"github.com/orderbridge/orderbridge/ingress"
	"github.com/orderbridge/orderbridge/worker"
)

// Config is all that a process reads from the environment. The settings of
// Temporal itself are read by worker.Connect.
type Config struct {
	// MasterKey is the one secret of an installation, as base64 of 32 random
	// bytes. The secrets of callbacks are derived from it, and, unless KeeperURL
	// names another, the key that seals credentials.
	MasterKey string `env:"ORDERBRIDGE_MASTER_KEY"`
	// PreviousMasterKeys are other master keys whose callbacks and sealed
	// credentials are still taken, separated by commas or white space.
	PreviousMasterKeys string `env:"ORDERBRIDGE_PREVIOUS_MASTER_KEYS"`
	// KeeperURL names the key that seals credentials: see seal.CheckURL. Empty
	// means the one that is derived from MasterKey.
	KeeperURL string `env:"ORDERBRIDGE_KEEPER_URL"`
	// PreviousKeeperURLs name other keys that sealed credentials are opened
	// with, separated by commas or white space.
	PreviousKeeperURLs string `env:"ORDERBRIDGE_PREVIOUS_KEEPER_URLS"`
	// LogFormat is json or text.
	LogFormat string `env:"ORDERBRIDGE_LOG_FORMAT" envDefault:"json"`
	// LogLevel is debug, info, warn or error.
	LogLevel slog.Level `env:"ORDERBRIDGE_LOG_LEVEL" envDefault:"info"`
	// Tracing is off or otlp, which exports traces as the OTEL_… variables of
	// Environment say: see tracing.Read.
	Tracing string `env:"ORDERBRIDGE_TRACING" envDefault:"off"`
	// MetricsChannels is how many sales channels, and how many stores, have a
	// name in the metrics of a process: the first that it meets. All others
	// together are "other".
	MetricsChannels int `env:"ORDERBRIDGE_METRICS_CHANNELS" envDefault:"100"`
	// Ingress configures the ingress.
	Ingress ingress.Config
	// Worker configures the worker.
	Worker worker.Config

	// Environment is the environment that was read, with the contents of the
	// …_FILE variables in place.
	Environment Environment `env:"-"`
}

// prefix is that of every variable of ours.
const prefix = "ORDERBRIDGE_"

// secretVariables can be given as a file too: NAME_FILE holds its path.
func secretVariables() []string {
	return []string{
		"ORDERBRIDGE_MASTER_KEY", "ORDERBRIDGE_PREVIOUS_MASTER_KEYS",
		"ORDERBRIDGE_KEEPER_URL", "ORDERBRIDGE_PREVIOUS_KEEPER_URLS", "ORDERBRIDGE_API_TOKENS", "TEMPORAL_API_KEY",
		"OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
	}
}

// Load reads the configuration from an environment in the form of os.Environ.
// It returns every mistake at once, each naming its variable.
func Load(environ []string) (Config, error) {
	environment, mistakes := resolve(env.ToMap(environ))
	mistakes = append(mistakes, unknown(environment)...)
	config, unreadable := parse(environment)
	mistakes = append(mistakes, unreadable...)
	config.Worker = withBuildID(config.Worker)
	mistakes = append(mistakes, temporalMistakes(environment)...)
	if config.MasterKey == "" && environment["ORDERBRIDGE_MASTER_KEY"+fileSuffix] != "" {
		// What is wrong with the file is said already.
		mistakes = append(mistakes, config.keysMistake(), config.formatMistake(), config.labelsMistake(), config.tracingMistakes(),
			config.Ingress.Validate(), config.Worker.Validate())
	} else {
		mistakes = append(mistakes, config.Validate())
	}
	if err := errors.Join(mistakes...); err != nil {
		return Config{}, fmt.Errorf("the configuration cannot be used:\n%w", err)
	}
	return config, nil
}

// parse reads what can be read. What cannot keeps its default, so that
// everything else can still be checked.
func parse(environment Environment) (Config, []error) {
	readable := maps.Clone(environment)
	config := Config{Environment: environment}
	err := env.ParseWithOptions(&config, env.Options{Environment: readable})
	several, ok := errors.AsType[env.AggregateError](err)
	if !ok {
		return config, []error{err}
	}
	mistakes := make([]error, 0, len(several.Errors))
	for _, one := range several.Errors {
		variable, mistake := describe(one)
		mistakes = append(mistakes, mistake)
		delete(readable, variable)
	}
	config = Config{Environment: environment}
	// What fails again is among the mistakes already.
	_ = env.ParseWithOptions(&config, env.Options{Environment: readable})
	return config, mistakes
}

// Validate returns every mistake at once, each naming its variable.
func (c Config) Validate() error {
	return errors.Join(c.masterKeyMistake(), c.keysMistake(), c.formatMistake(), c.labelsMistake(), c.tracingMistakes(), c.Ingress.Validate(), c.Worker.Validate())
}

func (c Config) formatMistake() error {
	if c.LogFormat != "json" && c.LogFormat != "text" {
		return fmt.Errorf("ORDERBRIDGE_LOG_FORMAT %q must be json or text", c.LogFormat)
	}
	return nil
}

// maxMetricsChannels is more than one installation has.
const maxMetricsChannels = 100_000

func (c Config) labelsMistake() error {
	if c.MetricsChannels < 0 || c.MetricsChannels > maxMetricsChannels {
		return fmt.Errorf("ORDERBRIDGE_METRICS_CHANNELS %d must be between 0 and %d", c.MetricsChannels, maxMetricsChannels)
	}
	return nil
}

// temporalMistakes finds what would otherwise be noticed late, or not at all:
// the SDK takes a misspelled TEMPORAL_TLS for "not set" and connects in the
// clear, and passes over a configuration file that is not there.
func temporalMistakes(environment Environment) []error {
	var mistakes []error
	if value := environment["TEMPORAL_TLS"]; value != "" && !slices.Contains([]string{"true", "false", "1", "0"}, strings.ToLower(value)) {
		mistakes = append(mistakes, fmt.Errorf("TEMPORAL_TLS %q must be true or false", value))
	}
	if path := environment["TEMPORAL_CONFIG_FILE"]; path != "" {
		if _, err := os.Stat(path); err != nil {
			mistakes = append(mistakes, fmt.Errorf("TEMPORAL_CONFIG_FILE: %w", err))
			return mistakes
		}
	}
	if _, err := worker.ClientOptions(worker.Connection{Environment: environment, Logger: slog.New(slog.DiscardHandler)}); err != nil {
		mistakes = append(mistakes, err)
	}
	return mistakes
}

// describe turns an error of the env package, which names the field, into one
// that names the variable, and returns that name too.
func describe(err error) (variable string, mistake error) {
	parse, ok := errors.AsType[env.ParseError](err)
	if !ok {
		return "", err
	}
	for field := range fields(reflect.TypeFor[Config]()) {
		if field.Name == parse.Name {
			variable = field.Tag.Get("env")
			if parse.Type == reflect.TypeFor[slog.Level]() {
				return variable, fmt.Errorf("%s must be debug, info, warn or error", variable)
			}
			return variable, fmt.Errorf("%s cannot be read as %s: %w", variable, parse.Type, parse.Err)
		}
	}
	return "", err
}

// fields yields the fields that are read from the environment.
func fields(t reflect.Type) iter.Seq[reflect.StructField] {
	return func(yield func(reflect.StructField) bool) {
		for _, field := range reflect.VisibleFields(t) {
			tag := field.Tag.Get("env")
			if tag == "" && field.Type.Kind() == reflect.Struct {
				for inner := range fields(field.Type) {
					if !yield(inner) {
						return
					}
				}
			}
			if tag != "" && tag != "-" && !yield(field) {
				return
			}
		}
	}
}

// serviceLink matches the variables that Kubernetes puts into every container
// for a service whose name begins with "orderbridge". ORDERBRIDGE_PORT is among
// them, and then its value is an address.
var serviceLink = regexp.MustCompile(`^ORDERBRIDGE_(?:.+_)?(?:` +
	`SERVICE_HOST=.*|SERVICE_PORT(?:_.+)?=.*|PORT_[0-9]+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?=.*|PORT=[a-z]+://.*)$`)

// unknown reports variables of ours that nothing reads: they are misspelled.
func unknown(environment Environment) []error {
	var known []string
	for field := range fields(reflect.TypeFor[Config]()) {
		known = append(known, field.Tag.Get("env"))
	}
	for _, name := range secretVariables() {
		known = append(known, name+fileSuffix)
	}
	var mistakes []error
	for _, name := range slices.Sorted(maps.Keys(environment)) {
		if !strings.HasPrefix(name, prefix) || slices.Contains(known, name) || serviceLink.MatchString(name+"="+environment[name]) {
			continue
		}
		mistakes = append(mistakes, fmt.Errorf("%s is not a variable of Orderbridge: see docs/configuration.md for those that are", name))
	}
	return mistakes
}
