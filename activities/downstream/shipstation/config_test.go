package shipstation_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/shipstation"
)

const secret = "s3cret"

func valid() shipstation.Config {
	return shipstation.Config{APIKey: "key-" + secret, APISecret: secret, Channel: "acme"}
}

func TestNewAccepts(t *testing.T) {
	t.Parallel()

	for name, change := range map[string]func(*shipstation.Config){
		"as little as possible": func(*shipstation.Config) {},
		"the loopback":          func(c *shipstation.Config) { c.BaseURL = "http://[::1]:8080/" },
		"insecure if allowed":   func(c *shipstation.Config) { c.BaseURL, c.AllowInsecure = "http://10.0.0.7", true },
		"everything": func(c *shipstation.Config) {
			c.Carriers, c.DefaultCarrier = map[string]string{"DHL": "dhl_express"}, "stamps_com"
			c.StoreID, c.Timeout, c.TimeZone = 7, time.Second, "UTC"
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			config := valid()
			change(&config)
			adapter, err := shipstation.New(config)
			require.NoError(t, err)
			adapter.Close()
		})
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct {
		spoil func(*shipstation.Config)
		says  string
	}{
		"no channel":         {func(c *shipstation.Config) { c.Channel = " " }, "channel is empty"},
		"relative base URL":  {func(c *shipstation.Config) { c.BaseURL = "/orders" }, "not absolute"},
		"user in the URL":    {func(c *shipstation.Config) { c.BaseURL = "https://me:" + secret + "@example.com" }, "holds a user"},
		"query in the URL":   {func(c *shipstation.Config) { c.BaseURL = "https://example.com?key=" + secret }, "query or a fragment"},
		"another scheme":     {func(c *shipstation.Config) { c.BaseURL = "ftp://example.com" }, "neither https nor http"},
		"http elsewhere":     {func(c *shipstation.Config) { c.BaseURL = "http://example.com" }, "use https"},
		"no API key":         {func(c *shipstation.Config) { c.APIKey = "" }, "API key is empty"},
		"key and secret":     {func(c *shipstation.Config) { c.APIKey = "key:" + secret }, "API key is empty or"},
		"no API secret":      {func(c *shipstation.Config) { c.APISecret = "" }, "API secret is empty"},
		"secret with space":  {func(c *shipstation.Config) { c.APISecret = secret + " " }, "API secret is empty or"},
		"negative store":     {func(c *shipstation.Config) { c.StoreID = -1 }, "store id is negative"},
		"negative timeout":   {func(c *shipstation.Config) { c.Timeout = -1 }, "timeout is negative"},
		"default carrier":    {func(c *shipstation.Config) { c.DefaultCarrier = secret + "!" }, "default carrier"},
		"code of a carrier":  {func(c *shipstation.Config) { c.Carriers = map[string]string{"dhl": secret + "!"} }, "1 of the carriers"},
		"name of a carrier":  {func(c *shipstation.Config) { c.Carriers = map[string]string{" ": "ups"} }, "1 of the carriers"},
		"unknown time zone":  {func(c *shipstation.Config) { c.TimeZone = secret }, "time zone"},
		"a machine's zone":   {func(c *shipstation.Config) { c.TimeZone = "Local" }, "time zone"},
		"every thing at one": {func(c *shipstation.Config) { *c = shipstation.Config{} }, "channel is empty; the API key"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			config := valid()
			c.spoil(&config)
			_, err := shipstation.New(config)
			require.True(t, downstream.IsKind(err, downstream.Misconfigured))
			require.ErrorContains(t, err, c.says)
			require.NotContains(t, err.Error(), secret)
		})
	}
}
