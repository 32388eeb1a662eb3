// Package rest is the adapter for any system that answers Orderbridge's own
// small HTTP contract, which docs/downstream-contract describes and which
// resttest implements.
//
// What it believes is what it reads: after every change, and after every
// refusal that could mean "already done", it reads the order again and decides
// from the phase of the status that it finds.
package rest

import (
	"context"
	"net/http"
	"strings"

	"github.com/orderbridge/orderbridge/activities/downstream"
)

// Adapter implements downstream.Adapter. Use New to make one; it is safe for
// concurrent use.
type Adapter struct {
	base    string
	channel string
	client  *http.Client
	config  Config
	owned   *http.Transport
	status  vocabulary
}

var _ downstream.Adapter = (*Adapter)(nil)

// New returns an Adapter, or a *downstream.Error of kind Misconfigured that
// names every mistake in the configuration. It makes no request.
func New(config Config) (*Adapter, error) {
	if err := config.validate(); err != nil {
		return nil, &downstream.Error{
			Kind:    downstream.Misconfigured,
			Channel: config.Channel,
			Call:    "configure the rest adapter",
			Detail:  strings.ReplaceAll(err.Error(), "\n", "; "),
			Advice:  "correct the channel's downstream settings",
			Err:     err,
		}
	}
	a := &Adapter{
		base:    strings.TrimRight(config.BaseURL, "/"),
		channel: config.Channel,
	}
	if config.Timeout == 0 {
		config.Timeout = DefaultTimeout
	}
	if config.Observe == nil {
		config.Observe = func(context.Context, Exchange) {}
	}
	if config.Transport == nil {
		a.owned = newTransport()
		config.Transport = a.owned
	}
	a.config = config
	a.client = &http.Client{
		Transport: config.Transport,
		Timeout:   config.Timeout,
		// A redirect would carry the token, and a POST turned into a GET,
		// to wherever it points.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return a, nil
}

// Close ends the idle connections of the Adapter's own transport. Calls under
// way are not disturbed. With Config.Transport it does nothing.
func (a *Adapter) Close() {
	if a.owned != nil {
		a.owned.CloseIdleConnections()
	}
}

// newTransport returns http.DefaultTransport's settings with room for the
// requests that one worker makes to one system at a time.
func newTransport() *http.Transport {
	t := &http.Transport{Proxy: http.ProxyFromEnvironment}
	if shared, ok := http.DefaultTransport.(*http.Transport); ok {
		t = shared.Clone()
	}
	t.MaxIdleConnsPerHost = 16
	t.MaxResponseHeaderBytes = 64 << 10
	return t
}
