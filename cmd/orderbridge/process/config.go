// Package process assembles the parts of Orderbridge into a running process.
package process

import (
	"encoding/base64"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"reflect"
	"slices"
	"strings"

	"github.com/caarlos0/env/v11"

	"github.com/orderbridge/orderbridge/activities/callback"
	"github.com/orderbridge/orderbridge/activities/seal"
	"github.com/orderbridge/orderbridge/ingress"
	"github.com/orderbridge/orderbridge/worker"
)

// Config is all that a process reads from the environment. The settings of
// Temporal itself are read by worker.Connect.
type Config struct {
	// MasterKey is the one secret of an installation, as base64 of 32 random
	// bytes. The secrets of callbacks and the key that seals credentials are
	// derived from it.
	MasterKey string `env:"ORDERBRIDGE_MASTER_KEY"`
	// LogFormat is json or text.
	LogFormat string `env:"ORDERBRIDGE_LOG_FORMAT" envDefault:"json"`
	// LogLevel is debug, info, warn or error.
	LogLevel slog.Level `env:"ORDERBRIDGE_LOG_LEVEL" envDefault:"info"`
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
	return []string{"ORDERBRIDGE_MASTER_KEY", "TEMPORAL_API_KEY"}
}

// Load reads the configuration from an environment in the form of os.Environ.
// It returns every mistake at once, each naming its variable.
func Load(environ []string) (Config, error) {
	environment, mistakes := resolve(env.ToMap(environ))
	config := Config{Environment: environment}
	err := env.ParseWithOptions(&config, env.Options{Environment: environment})
	if several, ok := errors.AsType[env.AggregateError](err); ok {
		for _, one := range several.Errors {
			mistakes = append(mistakes, describe(one))
		}
	} else if err != nil {
		mistakes = append(mistakes, err)
	}
	mistakes = append(mistakes, unknown(environment)...)
	if len(mistakes) == 0 {
		mistakes = append(mistakes, config.Validate())
	} else {
		// What could be read is checked too, so that nothing is reported
		// only after everything else was mended.
		mistakes = append(mistakes, config.masterKeyMistake(), config.formatMistake())
	}
	if err := errors.Join(mistakes...); err != nil {
		return Config{}, fmt.Errorf("the configuration cannot be used:\n%w", err)
	}
	return config, nil
}

// Validate returns every mistake at once, each naming its variable.
func (c Config) Validate() error {
	return errors.Join(c.masterKeyMistake(), c.formatMistake(), c.Ingress.Validate(), c.Worker.Validate())
}

func (c Config) masterKeyMistake() error {
	_, err := c.masterKey()
	return err
}

func (c Config) formatMistake() error {
	if c.LogFormat != "json" && c.LogFormat != "text" {
		return fmt.Errorf("ORDERBRIDGE_LOG_FORMAT %q must be json or text", c.LogFormat)
	}
	return nil
}

// masterKey returns the decoded key. Its errors never quote it.
func (c Config) masterKey() ([]byte, error) {
	const hint = "make one with: head -c 32 /dev/urandom | base64"
	if c.MasterKey == "" {
		return nil, fmt.Errorf("ORDERBRIDGE_MASTER_KEY is missing (or ORDERBRIDGE_MASTER_KEY_FILE); %s", hint)
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(c.MasterKey))
	if err != nil || len(key) != seal.MasterKeySize {
		return nil, fmt.Errorf("ORDERBRIDGE_MASTER_KEY must be the base64 of %d random bytes; %s", seal.MasterKeySize, hint)
	}
	return key, nil
}

// Secrets returns the secrets of callbacks that belong to the master key.
func (c Config) Secrets() (*callback.Secrets, error) {
	key, err := c.masterKey()
	if err != nil {
		return nil, err
	}
	return callback.NewSecrets(key)
}

// describe turns an error of the env package, which names the field, into one
// that names the variable.
func describe(err error) error {
	var parse env.ParseError
	if !errors.As(err, &parse) {
		return err
	}
	for field := range fields(reflect.TypeFor[Config]()) {
		if field.Name == parse.Name {
			return fmt.Errorf("%s cannot be read as %s: %w", field.Tag.Get("env"), parse.Type, parse.Err)
		}
	}
	return err
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
	for name := range environment {
		if strings.HasPrefix(name, prefix) && !slices.Contains(known, name) {
			mistakes = append(mistakes, fmt.Errorf("%s is not a variable of Orderbridge: see docs/configuration.md for those that are", name))
		}
	}
	slices.SortFunc(mistakes, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return mistakes
}
