package ordermanager_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/ordermanager"
)

const secret = "s3cret-token"

func validConfig() ordermanager.Config {
	return ordermanager.Config{Channel: "acme", SalesChannelID: 4711, Token: secret}
}

func TestNewAccepts(t *testing.T) {
	t.Parallel()

	for name, change := range map[string]func(*ordermanager.Config){
		"the least":                 func(*ordermanager.Config) {},
		"a sandbox":                 func(c *ordermanager.Config) { c.BaseURL = "https://api.demo.skubana.com/" },
		"http to the loopback":      func(c *ordermanager.Config) { c.BaseURL = "http://[::1]:8080" },
		"http elsewhere if allowed": func(c *ordermanager.Config) { c.BaseURL, c.AllowInsecure = "http://10.0.0.7", true },
		"another reason":            func(c *ordermanager.Config) { c.CancelReasonType = "BUYER_CANCELLED" },
		"carriers":                  func(c *ordermanager.Config) { c.Carriers = map[string]string{" USPS ": "Stamps.com"} },
		"less than a request a second": func(c *ordermanager.Config) {
			c.RequestsPerSecond = ordermanager.MinRequestsPerSecond
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			config := validConfig()
			change(&config)
			adapter, err := ordermanager.New(config)
			require.NoError(t, err)
			adapter.Close()
		})
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct {
		spoil func(*ordermanager.Config)
		says  string
	}{
		"no channel":          {func(c *ordermanager.Config) { c.Channel = " " }, "channel is empty"},
		"relative base URL":   {func(c *ordermanager.Config) { c.BaseURL = "/v1" }, "not absolute"},
		"unreadable URL":      {func(c *ordermanager.Config) { c.BaseURL = "https://:pa%zz" }, "not absolute"},
		"user in the URL":     {func(c *ordermanager.Config) { c.BaseURL = "https://me:hunter2@example.com" }, "holds a user"},
		"query in the URL":    {func(c *ordermanager.Config) { c.BaseURL = "https://example.com?key=hunter2" }, "query or a fragment"},
		"another scheme":      {func(c *ordermanager.Config) { c.BaseURL = "ftp://example.com" }, "neither https nor http"},
		"http elsewhere":      {func(c *ordermanager.Config) { c.BaseURL = "http://localhost.example.com" }, "use https"},
		"no token":            {func(c *ordermanager.Config) { c.Token = "" }, "token is empty"},
		"token with newline":  {func(c *ordermanager.Config) { c.Token = secret + "\n" }, "no HTTP header can carry"},
		"token with Bearer":   {func(c *ordermanager.Config) { c.Token = "Bearer" + secret }, "without that word"},
		"no sales channel":    {func(c *ordermanager.Config) { c.SalesChannelID = 0 }, "sales channel id"},
		"negative channel":    {func(c *ordermanager.Config) { c.SalesChannelID = -1 }, "sales channel id"},
		"unknown reason":      {func(c *ordermanager.Config) { c.CancelReasonType = "hunter2" }, "cancel reason type is none of BUYER_CANCELLED, "},
		"padded carrier":      {func(c *ordermanager.Config) { c.DefaultCarrier = " UPS" }, "default carrier"},
		"unprintable text":    {func(c *ordermanager.Config) { c.NoTracking = "no\ttracking" }, "no tracking number"},
		"empty translation":   {func(c *ordermanager.Config) { c.Carriers = map[string]string{"ups": " "} }, "carrier to translate"},
		"negative limit":      {func(c *ordermanager.Config) { c.RequestsPerSecond = -1 }, "requests per second"},
		"limit for no change": {func(c *ordermanager.Config) { c.RequestsPerSecond = 0.19 }, "between 0.2, below which"},
		"limit too high":      {func(c *ordermanager.Config) { c.RequestsPerSecond = 1001 }, "requests per second"},
		"limit that is none":  {func(c *ordermanager.Config) { c.RequestsPerSecond = math.Inf(1) }, "requests per second"},
		"limit not a number":  {func(c *ordermanager.Config) { c.RequestsPerSecond = math.NaN() }, "requests per second"},
		"negative timeout":    {func(c *ordermanager.Config) { c.Timeout = -time.Second }, "timeout is negative"},
		"token as a base URL": {func(c *ordermanager.Config) { c.BaseURL = secret }, "not absolute"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			config := validConfig()
			c.spoil(&config)
			_, err := ordermanager.New(config)
			require.True(t, downstream.IsKind(err, downstream.Misconfigured))
			require.ErrorContains(t, err, c.says)
			require.NotContains(t, err.Error(), secret)
			require.NotContains(t, err.Error(), "hunter2")
		})
	}

	t.Run("a limit at which nothing gets done names the option", func(t *testing.T) {
		t.Parallel()

		_, err := ordermanager.Driver().New(downstream.Config{
			Channel: "acme", Token: secret, Options: downstream.Values{"sales_channel_id": "4711", "requests_per_second": "0.1"},
		})
		require.True(t, downstream.IsKind(err, downstream.Misconfigured))
		var setting downstream.SettingError
		require.ErrorAs(t, err, &setting)
		require.Equal(t, "options.requests_per_second", setting.Field)
		require.Contains(t, setting.Message, "do not fit")
	})

	t.Run("all mistakes at once", func(t *testing.T) {
		t.Parallel()

		_, err := ordermanager.New(ordermanager.Config{})
		require.ErrorContains(t, err, "channel is empty; the token is empty")
		require.ErrorContains(t, err, "sales channel id")
	})
}
