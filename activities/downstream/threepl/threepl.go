package threepl

import (
	"net/http"
	"strings"
	"time"

	"github.com/orderbridge/orderbridge/activities/downstream"
)

// Adapter implements downstream.Adapter. Use New to make one; it is safe for
// concurrent use. It keeps an access token, so it should be kept as well.
type Adapter struct {
	base   string
	client *http.Client
	config Config
	now    func() time.Time
	owned  *http.Transport
	tokens tokens
}

var _ downstream.Adapter = (*Adapter)(nil)

// New returns an Adapter, or a *downstream.Error of kind Misconfigured that
// names every mistake in the configuration. It makes no request.
func New(config Config) (*Adapter, error) {
	if err := config.validate(); err != nil {
		return nil, config.misconfigured(err)
	}
	if config.BaseURL == "" {
		config.BaseURL = DefaultBaseURL
	}
	if config.Timeout == 0 {
		config.Timeout = DefaultTimeout
	}
	a := &Adapter{
		base:   strings.TrimRight(config.BaseURL, "/"),
		now:    time.Now,
		tokens: newTokens(),
	}
	if config.Transport == nil {
		a.owned = newTransport()
		config.Transport = a.owned
	}
	a.config = config
	a.client = &http.Client{
		Transport: config.Transport,
		Timeout:   config.Timeout,
		// A redirect would carry the credentials, and a POST turned into a
		// GET, to wherever it points.
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
