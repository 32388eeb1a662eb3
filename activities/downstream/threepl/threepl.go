package threepl

import (
	"cmp"
	"net/http"
	"time"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
)

// Adapter implements downstream.Adapter. Use New to make one; it is safe for
// concurrent use. It keeps an access token, so it should be kept as well.
type Adapter struct {
	client *overhttp.Client
	config Config
	now    func() time.Time
	tokens *overhttp.Tokens
}

var _ downstream.Adapter = (*Adapter)(nil)

// New returns an Adapter, or a *downstream.Error of kind Misconfigured that
// names every mistake in the configuration. It makes no request.
func New(config Config) (*Adapter, error) {
	client, err := overhttp.New(overhttp.Config{
		Advice: overhttp.Advice{
			Credentials: adviseCredentials,
			Failure:     "try again; if it lasts, ask the vendor's support",
		},
		BaseURL:    cmp.Or(config.BaseURL, DefaultBaseURL),
		Channel:    config.Channel,
		ExampleURL: DefaultBaseURL,
		Explain:    explain,
		Header: http.Header{
			"Accept": {"application/hal+json"},
			// A proxy that compresses an answer gives it another ETag, or a
			// weak one.
			"Accept-Encoding": {"identity"},
		},
		Keys:       "the client id and secret",
		MediaTypes: mediaTypes,
		Observe:    config.Observe,
		System:     "3PL Warehouse Manager",
		Timeout:    config.Timeout,
		Transport:  config.Transport,
	}, config.mistakes())
	if err != nil {
		return nil, err
	}
	a := &Adapter{client: client, config: config, now: time.Now}
	a.tokens = &overhttp.Tokens{Client: client, Fetch: a.fetchToken, Now: func() time.Time { return a.now() }}
	return a, nil
}

// Close ends the idle connections of the Adapter's own transport. Calls under
// way are not disturbed. With Config.Transport it does nothing.
func (a *Adapter) Close() { a.client.Close() }
