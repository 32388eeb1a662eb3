package bigcommerce

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/jonboulle/clockwork"
)

// What NewClient uses where a Config is silent.
const (
	DefaultBaseURL   = "https://api.bigcommerce.com"
	DefaultTimeout   = 10 * time.Second
	DefaultUserAgent = "orderbridge (+https://github.com/orderbridge/orderbridge)"
)

// Config says which store a Client talks to, and how. Printing or logging it
// shows no token.
type Config struct {
	// Channel is the id of the sales channel, for error messages. Required.
	Channel string
	// BaseURL is the address of the API without /stores/{hash}, with or
	// without a path before it. It must be https; http is accepted for
	// loopback addresses, and elsewhere with AllowHTTP.
	// Defaults to DefaultBaseURL.
	BaseURL string
	// AllowHTTP lets the access token travel unencrypted, for test networks.
	AllowHTTP bool
	// StoreHash is the store's name in API addresses: lower-case letters and
	// digits. Required.
	StoreHash string
	// AccessToken is the X-Auth-Token of a store's API account. It does not
	// expire. Required.
	AccessToken string `json:"-"`
	// Timeout bounds one request including the reading of its answer; the
	// context's deadline applies as well. Defaults to DefaultTimeout.
	Timeout time.Duration
	// Transport sends the requests. Give several clients one transport to
	// let them share connections. Defaults to NewTransport().
	Transport http.RoundTripper
	// UserAgent is sent with every request. Defaults to DefaultUserAgent.
	UserAgent string
	// Quota is what is known of the store's request quota. All clients of
	// one store in a process should share one. Defaults to one of its own.
	Quota *Quota
	// Clock times the quota's windows and the calls that Observe sees. It
	// does not move Timeout. Defaults to real time.
	Clock clockwork.Clock
	// Observe, if not nil, is called once after each call to the API, from
	// the goroutine that made it.
	Observe func(Call)
}

// Call is what Config.Observe learns of a call.
type Call struct {
	// Endpoint is one of Endpoints.
	Endpoint string
	// StatusCode is the HTTP status of the answer, or 0 without an answer.
	StatusCode int
	// Kind is the kind of the failure, or "" for success. With RateLimited
	// and no status code, nothing was sent.
	Kind Kind
	// Duration is the time from the start until the answer was read.
	Duration time.Duration
	// QuotaLeft is how many requests the store allows until its window ends,
	// according to this answer; -1 when it does not say.
	QuotaLeft int
}

// String implements fmt.Stringer without the access token.
func (c Config) String() string {
	return fmt.Sprintf("bigcommerce.Config{Channel: %q, BaseURL: %q, StoreHash: %q}", c.Channel, c.BaseURL, c.StoreHash)
}

// GoString implements fmt.GoStringer without the access token.
func (c Config) GoString() string { return c.String() }

// LogValue implements slog.LogValuer without the access token.
func (c Config) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("channel", c.Channel),
		slog.String("base_url", c.BaseURL),
		slog.String("store_hash", c.StoreHash),
	)
}

// NewTransport returns a transport fit for many requests to one host: a clone
// of http.DefaultTransport that keeps more of its connections.
func NewTransport() *http.Transport {
	base, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		base = &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true}
	}
	transport := base.Clone()
	transport.MaxIdleConnsPerHost = 32
	transport.IdleConnTimeout = 90 * time.Second
	return transport
}

// withDefaults returns the configuration with every silence filled in.
func (c Config) withDefaults() Config {
	if c.BaseURL == "" {
		c.BaseURL = DefaultBaseURL
	}
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	if c.Transport == nil {
		c.Transport = NewTransport()
	}
	if c.UserAgent == "" {
		c.UserAgent = DefaultUserAgent
	}
	if c.Quota == nil {
		c.Quota = NewQuota(0)
	}
	if c.Clock == nil {
		c.Clock = clockwork.NewRealClock()
	}
	if c.Observe == nil {
		c.Observe = func(Call) {}
	}
	return c
}

// ConfigError is one mistake in one field of a Config. It quotes no value.
type ConfigError struct {
	// Field is the name of the field, for example "AccessToken".
	Field string
	// Message says what is wrong with it.
	Message string
}

// Error implements error.
func (e ConfigError) Error() string { return e.Field + " " + e.Message }

// validate reports every mistake at once, each as a ConfigError.
func (c Config) validate() (*url.URL, error) {
	var mistakes []error
	if c.Channel == "" {
		mistakes = append(mistakes, ConfigError{"Channel", "is empty"})
	}
	if !validStoreHash(c.StoreHash) {
		mistakes = append(mistakes, ConfigError{"StoreHash", "must be 1 to 64 lower-case letters and digits"})
	}
	if c.AccessToken == "" || identifier(c.AccessToken, maxTokenLen) == "" {
		mistakes = append(mistakes, ConfigError{"AccessToken", fmt.Sprintf("must be 1 to %d printable characters without spaces", maxTokenLen)})
	}
	if c.Timeout < 0 {
		mistakes = append(mistakes, ConfigError{"Timeout", fmt.Sprintf("is negative (%s)", c.Timeout)})
	}
	if strings.ContainsFunc(c.UserAgent, func(r rune) bool { return r < ' ' || r > '~' }) {
		mistakes = append(mistakes, ConfigError{"UserAgent", "must be printable ASCII"})
	}
	base, err := c.parseBaseURL()
	if err != nil {
		mistakes = append(mistakes, err)
	}
	if len(mistakes) > 0 {
		return nil, fmt.Errorf("channel %s: bigcommerce: the configuration cannot work: %w", c.Channel, errors.Join(mistakes...))
	}
	return base, nil
}

// parseBaseURL quotes nothing of the URL: it might hold a password.
func (c Config) parseBaseURL() (*url.URL, error) {
	base, err := url.Parse(c.BaseURL)
	if err != nil || base.Hostname() == "" {
		return nil, ConfigError{"BaseURL", "must be an absolute https URL"}
	}
	if base.User != nil || base.RawQuery != "" || base.ForceQuery || base.Fragment != "" {
		return nil, ConfigError{"BaseURL", "must not have user information, a query or a fragment"}
	}
	switch {
	case base.Scheme == "https":
	case base.Scheme == "http" && (c.AllowHTTP || loopback(base.Hostname())):
	default:
		return nil, ConfigError{"BaseURL", "must be https, or http on a loopback address"}
	}
	return base, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

const (
	maxStoreHashLen = 64
	maxTokenLen     = 1024
)

// validStoreHash reports whether a store hash is safe to put into a path.
func validStoreHash(hash string) bool {
	return hash != "" && len(hash) <= maxStoreHashLen && !strings.ContainsFunc(hash, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
}
