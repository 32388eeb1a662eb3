package rest

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/orderbridge/orderbridge/activities/downstream"
)

// DefaultTimeout is how long one HTTP request may take when Config.Timeout is
// zero.
const DefaultTimeout = 10 * time.Second

// Config says which system an Adapter talks to, and how.
type Config struct {
	// AllowInsecure permits http:// to hosts other than the loopback. The
	// token then crosses the network in the clear. Default false.
	AllowInsecure bool
	// BaseURL is what the contract's paths are appended to, for example
	// "https://orders.example.com/orderbridge". It is https, or http to the
	// loopback, without user, query and fragment. Required.
	BaseURL string
	// Channel is the id of the sales channel, for messages. Required.
	Channel string
	// Observe, when set, is told of every HTTP request when its answer has
	// been read or has failed. It is called on the caller's goroutine and must
	// return quickly. Default: nobody is told.
	Observe func(context.Context, Exchange)
	// Timeout bounds one HTTP request, its answer's body included. A change
	// takes two or three requests. Default DefaultTimeout.
	Timeout time.Duration
	// Token is the bearer token. It appears in no error. Required.
	Token string
	// Transport sends the requests. Default: a transport of the Adapter's own,
	// with the proxy settings of the environment; Adapter.Close ends its idle
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
	// Route is the contract's path with placeholders, for example
	// "/orders/{id}": it has few values and no identifiers.
	Route string
	// StatusCode is the HTTP status of the answer, or 0 without an answer.
	StatusCode int
}

// validate reports every mistake at once. Its messages repeat no values: a
// base URL pasted from elsewhere can hold a password.
func (c *Config) validate() error {
	var mistakes []error
	if strings.TrimSpace(c.Channel) == "" {
		mistakes = append(mistakes, errors.New("the channel is empty"))
	}
	if err := c.validateBaseURL(); err != nil {
		mistakes = append(mistakes, err)
	}
	if !isToken(c.Token) {
		mistakes = append(mistakes, errors.New("the token is empty or has a character that no HTTP header can carry"))
	}
	if c.Timeout < 0 {
		mistakes = append(mistakes, errors.New("the timeout is negative"))
	}
	return errors.Join(mistakes...)
}

func (c *Config) validateBaseURL() error {
	u, err := url.Parse(c.BaseURL)
	switch {
	case err != nil || u.Host == "" || u.Opaque != "":
		return errors.New("the base URL is not absolute, as https://orders.example.com is")
	case u.User != nil:
		return errors.New("the base URL holds a user; credentials go into the token")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return errors.New("the base URL holds a query or a fragment")
	case u.Scheme == "https":
		return nil
	case u.Scheme != "http":
		return errors.New("the base URL is neither https nor http")
	case !c.AllowInsecure && !isLoopback(u.Hostname()):
		return errors.New("the base URL is http to another machine, which would show the token to the network; use https")
	default:
		return nil
	}
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// isToken reports whether a bearer token can be sent: visible ASCII.
func isToken(token string) bool {
	return token != "" && !strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' })
}
