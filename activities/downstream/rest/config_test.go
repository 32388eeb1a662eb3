package rest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/rest"
)

const secret = "s3cret-token"

func TestNewAccepts(t *testing.T) {
	t.Parallel()

	for name, config := range map[string]rest.Config{
		"https":                     {BaseURL: "https://orders.example.com"},
		"https with a path":         {BaseURL: "https://orders.example.com/bridge/"},
		"http to localhost":         {BaseURL: "http://localhost:8080"},
		"http to IPv4 loopback":     {BaseURL: "http://127.0.0.1:8080"},
		"http to IPv6 loopback":     {BaseURL: "http://[::1]:8080"},
		"http elsewhere if allowed": {BaseURL: "http://10.0.0.7", AllowInsecure: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			config.Channel, config.Token = "acme", secret
			adapter, err := rest.New(config)
			require.NoError(t, err)
			adapter.Close()
		})
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()

	valid := func() rest.Config {
		return rest.Config{BaseURL: "https://orders.example.com", Channel: "acme", Token: secret}
	}
	for name, c := range map[string]struct {
		spoil func(*rest.Config)
		says  string
	}{
		"no channel":         {func(c *rest.Config) { c.Channel = " " }, "channel is empty"},
		"no base URL":        {func(c *rest.Config) { c.BaseURL = "" }, "not absolute"},
		"relative base URL":  {func(c *rest.Config) { c.BaseURL = "/orders" }, "not absolute"},
		"unreadable URL":     {func(c *rest.Config) { c.BaseURL = "https://:pa%zz" }, "not absolute"},
		"user in the URL":    {func(c *rest.Config) { c.BaseURL = "https://me:hunter2@orders.example.com" }, "holds a user"},
		"query in the URL":   {func(c *rest.Config) { c.BaseURL += "?key=hunter2" }, "query or a fragment"},
		"fragment":           {func(c *rest.Config) { c.BaseURL += "#hunter2" }, "query or a fragment"},
		"another scheme":     {func(c *rest.Config) { c.BaseURL = "ftp://orders.example.com" }, "neither https nor http"},
		"http elsewhere":     {func(c *rest.Config) { c.BaseURL = "http://orders.example.com" }, "use https"},
		"loopback lookalike": {func(c *rest.Config) { c.BaseURL = "http://localhost.example.com" }, "use https"},
		"no token":           {func(c *rest.Config) { c.Token = "" }, "token is empty"},
		"token with newline": {func(c *rest.Config) { c.Token = secret + "\n" }, "no HTTP header can carry"},
		"negative timeout":   {func(c *rest.Config) { c.Timeout = -time.Second }, "timeout is negative"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			config := valid()
			c.spoil(&config)
			_, err := rest.New(config)
			require.True(t, downstream.IsKind(err, downstream.Misconfigured))
			require.ErrorContains(t, err, c.says)
			require.NotContains(t, err.Error(), secret)
			require.NotContains(t, err.Error(), "hunter2")
		})
	}

	t.Run("all mistakes at once", func(t *testing.T) {
		t.Parallel()

		_, err := rest.New(rest.Config{})
		require.ErrorContains(t, err, "channel is empty; the base URL is not absolute")
		require.ErrorContains(t, err, "token is empty")
	})
}
