package rest

import (
	"context"
	"net/http"
	"time"

	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
)

// DefaultTimeout is how long one HTTP request may take when Config.Timeout is
// zero.
const DefaultTimeout = overhttp.DefaultTimeout

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
type Exchange = overhttp.Exchange
