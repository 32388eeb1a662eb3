package vendure_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/vendure"
)

func validConfig() vendure.Config {
	return vendure.Config{
		BaseURL: "https://shop.example.com/admin-api", Channel: "acme", Password: password, Username: "orders@example.com",
	}
}

func TestNewAccepts(t *testing.T) {
	t.Parallel()

	for name, change := range map[string]func(*vendure.Config){
		"the least":                 func(*vendure.Config) {},
		"an API key":                func(c *vendure.Config) { c.Username, c.Password, c.APIKey = "", "", "12:ab" },
		"http to the loopback":      func(c *vendure.Config) { c.BaseURL = "http://127.0.0.1:3000/admin-api/" },
		"http elsewhere if allowed": func(c *vendure.Config) { c.BaseURL, c.AllowInsecure = "http://10.0.0.7/admin-api", true },
		"Vendure's own code":        func(c *vendure.Config) { c.Field = vendure.FieldCode },
		"a password with space":     func(c *vendure.Config) { c.Password = " correct horse ü " },
		"another handler":           func(c *vendure.Config) { c.FulfillmentHandler = "my_carrier" },
		"another channel":           func(c *vendure.Config) { c.ChannelToken = "8fzfy4wr3d3quxhftjnn" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			config := validConfig()
			change(&config)
			adapter, err := vendure.New(config)
			require.NoError(t, err)
			adapter.Close()
		})
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct {
		spoil func(*vendure.Config)
		says  string
	}{
		"no channel":              {func(c *vendure.Config) { c.Channel = " " }, "channel is empty"},
		"no base URL":             {func(c *vendure.Config) { c.BaseURL = "" }, "base URL is not absolute"},
		"query in the URL":        {func(c *vendure.Config) { c.BaseURL += "?key=" + password }, "query or a fragment"},
		"http elsewhere":          {func(c *vendure.Config) { c.BaseURL = "http://shop.example.com" }, "use https"},
		"no credentials":          {func(c *vendure.Config) { c.Username, c.Password = "", "" }, "password, or the API key, is empty"},
		"no user name":            {func(c *vendure.Config) { c.Username = "" }, "user name is empty"},
		"padded user name":        {func(c *vendure.Config) { c.Username = password + " " }, "user name is empty or padded"},
		"no password":             {func(c *vendure.Config) { c.Password = "" }, "password is empty"},
		"key and password":        {func(c *vendure.Config) { c.APIKey = password }, "not needed beside"},
		"key with a line end":     {func(c *vendure.Config) { c.Username, c.Password, c.APIKey = "", "", password+"\n" }, "no API key has"},
		"channel token":           {func(c *vendure.Config) { c.ChannelToken = "a b" }, "channel token"},
		"field that is a query":   {func(c *vendure.Config) { c.Field = "a } customer { emailAddress" }, "field is not the name"},
		"field that is too long":  {func(c *vendure.Config) { c.Field = strings.Repeat("a", 101) }, "field is not the name"},
		"handler with a line end": {func(c *vendure.Config) { c.FulfillmentHandler = "manual\n" }, "fulfillment handler"},
		"negative timeout":        {func(c *vendure.Config) { c.Timeout = -time.Second }, "timeout is negative"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			config := validConfig()
			c.spoil(&config)
			_, err := vendure.New(config)
			require.True(t, downstream.IsKind(err, downstream.Misconfigured))
			require.ErrorContains(t, err, c.says)
			require.NotContains(t, err.Error(), password)
		})
	}
}

func TestDriver(t *testing.T) {
	t.Parallel()

	driver := vendure.Driver()
	for name, c := range map[string]struct {
		options downstream.Values
		says    string
	}{
		"password":            {downstream.Values{"username": "orders@example.com"}, ""},
		"API key":             {nil, ""},
		"all of them":         {downstream.Values{"username": "u", "field": "code", "channel_token": "t", "fulfillment_handler": "h"}, ""},
		"field that is none":  {downstream.Values{"field": "a-b"}, "not the name of a custom field"},
		"option that is none": {downstream.Values{"store_id": "1"}, "store_id"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			adapter, err := driver.New(downstream.Config{
				Channel: "acme", BaseURL: "https://shop.example.com/admin-api", Token: password, Options: c.options,
			})
			if c.says == "" {
				require.NoError(t, err)
				statuses, err := adapter.Statuses(t.Context())
				require.NoError(t, err)
				require.Equal(t, driver.Statuses, statuses)
				return
			}
			require.ErrorContains(t, err, c.says)
			require.NotContains(t, err.Error(), password)
		})
	}
}
