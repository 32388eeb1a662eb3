package overhttp

import (
	"cmp"
	"context"
	"encoding/base64"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/orderbridge/orderbridge/activities/downstream"
)

// Defaults of Config.
const (
	// DefaultMaxAnswer is 8 MiB.
	DefaultMaxAnswer = 8 << 20
	// DefaultMaxRetryAfter is the longest wait that an answer can ask for.
	DefaultMaxRetryAfter = 24 * time.Hour
	// DefaultTimeout is how long one HTTP request may take.
	DefaultTimeout = 10 * time.Second
)

// Config describes one system to a Client.
type Config struct {
	// Advice is what people can do about failures. Default: see Advice.
	Advice Advice
	// AllowInsecure permits http:// to hosts other than the loopback. Default
	// false.
	AllowInsecure bool
	// BaseURL is what the paths of calls are appended to: https, or http to
	// the loopback, without user, query and fragment. A slash at its end does
	// not count. Required.
	BaseURL string
	// Channel is the id of the sales channel, for messages. Required.
	Channel string
	// ExampleURL is a base URL that would do, for messages. Default
	// "https://orders.example.com".
	ExampleURL string
	// Explain says what an answer means where its status does not tell, or
	// tells something else. It is asked about every answer, successes
	// included, so that a success can be a failure; true says that it knows.
	// What it leaves empty of a Meaning is what HTTP says. It must quote
	// nothing of an answer but words of the system's documented vocabulary.
	// Default: every answer means what HTTP says.
	Explain func(Call, Answer) (Meaning, bool)
	// Header is sent with every request, credentials included. Call.Header
	// goes before it. Default: Accept is application/json and User-Agent is
	// Orderbridge.
	Header http.Header
	// Keys is what people call the credentials, for example "the token" or "the
	// API key and the API secret". Default "the credentials".
	Keys string
	// MaxAnswer bounds what is read of one answer, in bytes. Default
	// DefaultMaxAnswer.
	MaxAnswer int64
	// MaxRetryAfter bounds what a Retry-After header can ask for. Default
	// DefaultMaxRetryAfter.
	MaxRetryAfter time.Duration
	// MediaTypes are those that a success may have. Default application/json.
	MediaTypes []string
	// Observe is told of every request when its answer has been read or has
	// failed, on the caller's goroutine. Default: nobody is told.
	Observe func(context.Context, Exchange)
	// Refused counts how many parts of a request its success says were
	// refused, for Exchange.Refused. Default: none.
	Refused func(Call, Answer) int
	// System is what people call the system, for example "ShipStation" or
	// "the system"; it is used in the middle of sentences. Required.
	System string
	// Timeout bounds one request, its answer's body included. Default
	// DefaultTimeout.
	Timeout time.Duration
	// Transport sends the requests. Default: a transport of the Client's own,
	// with the proxy settings of the environment; Client.Close ends its idle
	// connections.
	Transport http.RoundTripper
}

// Exchange is one HTTP request and its answer, for metrics and traces.
type Exchange struct {
	// Channel is Config.Channel.
	Channel string
	// Duration is from the first byte sent until the answer was read.
	Duration time.Duration
	// Kind is what the answer was mapped to, or "" when it was a success.
	Kind downstream.Kind
	// Method is the HTTP method.
	Method string
	// Refused is how many parts of the request a success says were refused,
	// with systems that answer so.
	Refused int
	// Route is Call.Route: it has few values and no identifiers.
	Route string
	// StatusCode is the HTTP status of the answer, or 0 without an answer.
	StatusCode int
}

// withDefaults fills in what was left out.
func (c Config) withDefaults() Config {
	c.Keys = cmp.Or(c.Keys, "the credentials")
	c.ExampleURL = cmp.Or(c.ExampleURL, "https://orders.example.com")
	c.MaxAnswer = cmp.Or(c.MaxAnswer, DefaultMaxAnswer)
	c.MaxRetryAfter = cmp.Or(c.MaxRetryAfter, DefaultMaxRetryAfter)
	c.Timeout = cmp.Or(c.Timeout, DefaultTimeout)
	c.Advice = c.Advice.withDefaults(c.System)
	if len(c.MediaTypes) == 0 {
		c.MediaTypes = []string{"application/json"}
	}
	if c.Explain == nil {
		c.Explain = func(Call, Answer) (Meaning, bool) { return Meaning{}, false }
	}
	if c.Observe == nil {
		c.Observe = func(context.Context, Exchange) {}
	}
	if c.Refused == nil {
		c.Refused = func(Call, Answer) int { return 0 }
	}
	return c
}

// mistakes are those in the fields that every adapter over HTTP has.
func (c Config) mistakes() Mistakes {
	var all Mistakes
	all.If(strings.TrimSpace(c.Channel) == "", "", "the channel", "is empty")
	message := c.baseURLMistake()
	all.If(message != "", "base_url", "the base URL", message)
	all.If(c.Timeout < 0, "", "the timeout", "is negative")
	return all
}

func (c Config) baseURLMistake() string {
	u, err := url.Parse(c.BaseURL)
	switch {
	case err != nil || u.Host == "" || u.Opaque != "":
		return "is not absolute, as " + c.ExampleURL + " is"
	case u.User != nil:
		return "holds a user; credentials go into " + c.Keys
	case u.RawQuery != "" || u.ForceQuery || strings.Contains(c.BaseURL, "#"):
		return "holds a query or a fragment"
	case u.Scheme == "https":
		return ""
	case u.Scheme != "http":
		return "is neither https nor http"
	case !c.AllowInsecure && !isLoopback(u.Hostname()):
		return "is http to another machine, which would show " + c.Keys + " to the network; use https"
	default:
		return ""
	}
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// IsCredential reports whether a text can be a token, a password or the like
// that a header carries: visible ASCII, at least one character.
func IsCredential(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}

// Basic returns the Authorization header of RFC 7617. The user cannot hold a
// colon.
func Basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}
