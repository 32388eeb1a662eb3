package vendure

import (
	"context"
	"net/http"
	"slices"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
)

// Adapter implements downstream.Adapter. Use New to make one; it is safe for
// concurrent use.
type Adapter struct {
	client  *overhttp.Client
	config  Config
	locks   overhttp.Locks
	queries queries
	// tokens has the session's token; nil with an API key.
	tokens *overhttp.Tokens
}

var _ downstream.Adapter = (*Adapter)(nil)

// New returns an Adapter, or a *downstream.Error of kind Misconfigured that
// names every mistake in the configuration. It makes no request.
func New(config Config) (*Adapter, error) {
	config = config.withDefaults()
	a := &Adapter{config: config, queries: newQueries(config.Field)}
	header := http.Header{}
	if config.ChannelToken != "" {
		header.Set("Vendure-Token", config.ChannelToken)
	}
	if config.APIKey != "" {
		header.Set("Vendure-Api-Key", config.APIKey)
	}
	client, err := overhttp.New(overhttp.Config{
		Advice: overhttp.Advice{
			Credentials: adviseCredentials,
			Malformed:   "check that the base URL is that of Vendure's Admin API; if it is, the API has changed and Orderbridge must follow",
			Permission:  advisePermission,
		},
		AllowInsecure: config.AllowInsecure,
		BaseURL:       config.BaseURL,
		Channel:       config.Channel,
		ExampleURL:    "https://shop.example.com/admin-api",
		Explain:       a.explain,
		Header:        header,
		Keys:          "the user name and the password, or the API key",
		Observe:       config.Observe,
		System:        "Vendure",
		Timeout:       config.Timeout,
		Transport:     config.Transport,
	}, config.mistakes())
	if err != nil {
		return nil, err
	}
	a.client = client
	if config.APIKey == "" {
		a.tokens = &overhttp.Tokens{Client: client, Fetch: a.logIn}
	}
	return a, nil
}

// Close ends the idle connections of the Adapter's own transport. Calls under
// way are not disturbed. With Config.Transport it does nothing.
func (a *Adapter) Close() { a.client.Close() }

// probeNumber is an order number that no BigCommerce store gives.
const probeNumber = "orderbridge-probe"

// Probe implements downstream.Adapter. It searches for an order that does not
// exist, which fails where the custom field is missing. With a password it sees
// whether orders may be changed, too; Vendure does not tell that of a key.
func (a *Adapter) Probe(ctx context.Context) error {
	c := operation("probe", "", a.queries.probe(a.tokens != nil), variables{"number": probeNumber})
	var found struct {
		Orders *struct{} `json:"orders"`
		Me     *struct {
			Channels []struct {
				Token       string   `json:"token"`
				Permissions []string `json:"permissions"`
			} `json:"channels"`
		} `json:"me"`
		ActiveChannel struct {
			Token string `json:"token"`
		} `json:"activeChannel"`
	}
	err := a.ask(ctx, c, &found)
	switch {
	case err != nil:
		return err
	case found.Orders == nil, a.tokens != nil && found.Me == nil:
		return a.client.Malformed(c, "the answer lacks what was asked for")
	case a.tokens == nil:
		return nil
	}
	for _, channel := range found.Me.Channels {
		if channel.Token == found.ActiveChannel.Token && slices.Contains(channel.Permissions, "UpdateOrder") {
			return nil
		}
	}
	return a.client.Fail(c, downstream.Forbidden, "the administrator may read orders but not change them", advisePermission)
}
