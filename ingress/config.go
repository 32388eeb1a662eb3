package ingress

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/orderbridge/orderbridge/ingress/api"
)

// Config configures the ingress. Its fields are read from the environment.
type Config struct {
	// ListenAddress is where BigCommerce's callbacks arrive, usually behind a
	// proxy that terminates TLS.
	ListenAddress string `env:"ORDERBRIDGE_LISTEN_ADDRESS" envDefault:":8080"`
	// MaxBodyBytes bounds the body of a callback. BigCommerce's are around
	// 200 bytes (measured).
	MaxBodyBytes int64 `env:"ORDERBRIDGE_MAX_BODY_BYTES" envDefault:"65536"`
	// StartTimeout bounds the durable start of a workflow. BigCommerce
	// abandons a callback after about eleven seconds (measured).
	StartTimeout time.Duration `env:"ORDERBRIDGE_START_TIMEOUT" envDefault:"3s"`
	// ReadTimeout bounds the reading of one request.
	ReadTimeout time.Duration `env:"ORDERBRIDGE_READ_TIMEOUT" envDefault:"5s"`
	// DrainDelay is how long the ingress goes on as before when it is told to
	// stop, except that /readyz says so: time for a load balancer to look
	// elsewhere before the address closes.
	DrainDelay time.Duration `env:"ORDERBRIDGE_DRAIN_DELAY" envDefault:"0s"`
	// ShutdownTimeout bounds the draining of requests after that.
	ShutdownTimeout time.Duration `env:"ORDERBRIDGE_SHUTDOWN_TIMEOUT" envDefault:"15s"`
	// ServeMetrics offers /metrics on ListenAddress too. Switch it off where
	// that address is public, and scrape ORDERBRIDGE_OPS_ADDRESS instead.
	ServeMetrics bool `env:"ORDERBRIDGE_SERVE_METRICS" envDefault:"true"`
	// APITokens are the tokens of the operator API, in the form that
	// api.ParseTokens reads. Without any, there is no such API.
	APITokens string `env:"ORDERBRIDGE_API_TOKENS"`
}

// maxAnswer is how late an answer may come. BigCommerce waits between 9 and 12
// seconds (measured).
const maxAnswer = 8 * time.Second

// maxDrainDelay is longer than any load balancer needs to notice.
const maxDrainDelay = 5 * time.Minute

// Validate returns every mistake at once, each naming its variable.
func (c Config) Validate() error {
	var errs []error
	if _, _, err := net.SplitHostPort(c.ListenAddress); err != nil {
		errs = append(errs, fmt.Errorf("ORDERBRIDGE_LISTEN_ADDRESS %q must look like :8080 or 127.0.0.1:8080", c.ListenAddress))
	}
	if c.MaxBodyBytes < 1024 || c.MaxBodyBytes > 1<<20 {
		errs = append(errs, fmt.Errorf("ORDERBRIDGE_MAX_BODY_BYTES %d must be between 1024 and %d", c.MaxBodyBytes, 1<<20))
	}
	if c.StartTimeout <= 0 || c.StartTimeout > maxAnswer {
		errs = append(errs, fmt.Errorf("ORDERBRIDGE_START_TIMEOUT %s must be above zero and at most %s: BigCommerce does not wait longer", c.StartTimeout, maxAnswer))
	}
	if c.ReadTimeout <= 0 || c.ReadTimeout > maxAnswer {
		errs = append(errs, fmt.Errorf("ORDERBRIDGE_READ_TIMEOUT %s must be above zero and at most %s", c.ReadTimeout, maxAnswer))
	}
	if c.DrainDelay < 0 || c.DrainDelay > maxDrainDelay {
		errs = append(errs, fmt.Errorf("ORDERBRIDGE_DRAIN_DELAY %s must not be below zero and at most %s", c.DrainDelay, maxDrainDelay))
	}
	if c.ShutdownTimeout <= 0 {
		errs = append(errs, fmt.Errorf("ORDERBRIDGE_SHUTDOWN_TIMEOUT %s must be above zero", c.ShutdownTimeout))
	}
	return errors.Join(append(errs, c.tokenMistakes()...)...)
}

// tokenMistakes finds what is wrong with the tokens, one error for each.
func (c Config) tokenMistakes() []error {
	_, err := api.ParseTokens(c.APITokens)
	if err == nil {
		return nil
	}
	var mistakes []error
	for line := range strings.Lines(err.Error()) {
		mistakes = append(mistakes, fmt.Errorf("ORDERBRIDGE_API_TOKENS: %s", strings.TrimSpace(line)))
	}
	return mistakes
}
