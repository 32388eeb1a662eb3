package threepl_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/threepl"
)

// secret stands for a credential, wherever it was pasted.
const secret = "s3cret-hunter2"

func validConfig() threepl.Config {
	return threepl.Config{
		Channel: "acme", ClientID: "client-" + secret, ClientSecret: secret, CustomerID: 12, UserLogin: "bridge",
	}
}

func TestNewAccepts(t *testing.T) {
	t.Parallel()

	for name, alter := range map[string]func(*threepl.Config){
		"only what is required": func(*threepl.Config) {},
		"https with a path":     func(c *threepl.Config) { c.BaseURL = "https://wms.example.com/api/" },
		"http to localhost":     func(c *threepl.Config) { c.BaseURL = "http://localhost:8080" },
		"http to loopback":      func(c *threepl.Config) { c.BaseURL = "http://[::1]:8080" },
		"a GUID":                func(c *threepl.Config) { c.TPL = "5fd0a2ab-3f20-4b0d-9a3e-2b6a2e7d1c44" },
		"a GUID in braces":      func(c *threepl.Config) { c.TPL = "{5FD0A2AB-3F20-4B0D-9A3E-2B6A2E7D1C44}" },
		"a facility":            func(c *threepl.Config) { c.FacilityID = 3 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			config := validConfig()
			alter(&config)
			adapter, err := threepl.New(config)
			require.NoError(t, err)
			adapter.Close()
		})
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct {
		spoil func(*threepl.Config)
		says  string
	}{
		"no channel":          {func(c *threepl.Config) { c.Channel = " " }, "channel is empty"},
		"relative base URL":   {func(c *threepl.Config) { c.BaseURL = "/" + secret }, "base URL is not absolute"},
		"unreadable base URL": {func(c *threepl.Config) { c.BaseURL = "https://:pa%zz" + secret }, "base URL is not absolute"},
		"user in the URL":     {func(c *threepl.Config) { c.BaseURL = "https://me:" + secret + "@wms.example.com" }, "base URL holds a user"},
		"query in the URL":    {func(c *threepl.Config) { c.BaseURL = "https://wms.example.com?key=" + secret }, "base URL holds a query"},
		"http elsewhere":      {func(c *threepl.Config) { c.BaseURL = "http://" + secret + ".example.com" }, "use https"},
		"another scheme":      {func(c *threepl.Config) { c.BaseURL = "ftp://wms.example.com" }, "neither https nor http"},
		"no client id":        {func(c *threepl.Config) { c.ClientID = "" }, "client id is empty"},
		"client id and more":  {func(c *threepl.Config) { c.ClientID = "id:" + secret }, "client id holds a colon"},
		"no client secret":    {func(c *threepl.Config) { c.ClientSecret = "" }, "client secret is empty"},
		"secret with newline": {func(c *threepl.Config) { c.ClientSecret += "\n" }, "client secret is empty, or holds space"},
		"no user login":       {func(c *threepl.Config) { c.UserLogin = "" }, "user login is empty"},
		"user login in lines": {func(c *threepl.Config) { c.UserLogin = "a\n" + secret }, "user login is empty, padded"},
		"TPL of another form": {func(c *threepl.Config) { c.TPL = secret }, "TPL is not a GUID"},
		"no customer":         {func(c *threepl.Config) { c.CustomerID = 0 }, "customer id is not a number above 0"},
		"facility below 0":    {func(c *threepl.Config) { c.FacilityID = -1 }, "facility id is below 0"},
		"negative timeout":    {func(c *threepl.Config) { c.Timeout = -time.Second }, "timeout is negative"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			config := validConfig()
			c.spoil(&config)
			_, err := threepl.New(config)
			require.True(t, downstream.IsKind(err, downstream.Misconfigured))
			require.ErrorContains(t, err, c.says)
			require.NotContains(t, err.Error(), secret)
		})
	}

	t.Run("all mistakes at once", func(t *testing.T) {
		t.Parallel()

		_, err := threepl.New(threepl.Config{})
		require.ErrorContains(t, err, "channel is empty; the client id is empty")
		require.ErrorContains(t, err, "customer id")
	})
}
