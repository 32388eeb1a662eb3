// Package rest is the adapter for any system that answers Orderbridge's own
// small HTTP contract, which docs/downstream-contract describes and which
// resttest implements.
//
// What it believes is what it reads: after every change, and after every
// refusal that could mean "already done", it reads the order again and decides
// from the phase of the status that it finds.
package rest

import (
	"net/http"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
)

// Adapter implements downstream.Adapter. Use New to make one; it is safe for
// concurrent use.
type Adapter struct {
	client *overhttp.Client
	status vocabulary
}

var _ downstream.Adapter = (*Adapter)(nil)

// New returns an Adapter, or a *downstream.Error of kind Misconfigured that
// names every mistake in the configuration. It makes no request.
func New(config Config) (*Adapter, error) {
	var mistakes overhttp.Mistakes
	mistakes.If(!overhttp.IsCredential(config.Token), "token", "the token", "is empty or has a character that no HTTP header can carry")
	client, err := overhttp.New(overhttp.Config{
		Advice:        advice,
		AllowInsecure: config.AllowInsecure,
		BaseURL:       config.BaseURL,
		Channel:       config.Channel,
		Explain:       explain,
		Header: http.Header{
			"Accept":        {"application/json, application/problem+json"},
			"Authorization": {"Bearer " + config.Token},
		},
		Keys:      "the token",
		MaxAnswer: maxAnswer,
		Observe:   config.Observe,
		System:    "the downstream system",
		Timeout:   config.Timeout,
		Transport: config.Transport,
	}, mistakes)
	if err != nil {
		return nil, err
	}
	return &Adapter{client: client}, nil
}

// Close ends the idle connections of the Adapter's own transport. Calls under
// way are not disturbed. With Config.Transport it does nothing.
func (a *Adapter) Close() { a.client.Close() }
