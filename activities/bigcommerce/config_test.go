package bigcommerce_test

import (
	"io"
	"log"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
)

func discardLog() *log.Logger { return log.New(io.Discard, "", 0) }

func TestNewClientRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*bigcommerce.Config)
		says   string
	}{
		"no channel":              {func(c *bigcommerce.Config) { c.Channel = "" }, "Channel"},
		"no store hash":           {func(c *bigcommerce.Config) { c.StoreHash = "" }, "StoreHash"},
		"store hash with a path":  {func(c *bigcommerce.Config) { c.StoreHash = "a/../b" }, "StoreHash"},
		"store hash in capitals":  {func(c *bigcommerce.Config) { c.StoreHash = "K7Q2" }, "StoreHash"},
		"store hash without end":  {func(c *bigcommerce.Config) { c.StoreHash = strings.Repeat("a", 65) }, "StoreHash"},
		"no token":                {func(c *bigcommerce.Config) { c.AccessToken = "" }, "AccessToken"},
		"token with a line break": {func(c *bigcommerce.Config) { c.AccessToken = "abc\r\nX-Other: 1" }, "AccessToken"},
		"negative time-out":       {func(c *bigcommerce.Config) { c.Timeout = -time.Second }, "Timeout"},
		"user agent of two lines": {func(c *bigcommerce.Config) { c.UserAgent = "a\nb" }, "UserAgent"},
		"plain HTTP":              {func(c *bigcommerce.Config) { c.BaseURL = "http://api.example" }, "https"},
		"no scheme":               {func(c *bigcommerce.Config) { c.BaseURL = "api.example" }, "absolute"},
		"no URL":                  {func(c *bigcommerce.Config) { c.BaseURL = "https://%zz" }, "absolute"},
		"another scheme":          {func(c *bigcommerce.Config) { c.BaseURL = "ftp://api.example" }, "https"},
		"password":                {func(c *bigcommerce.Config) { c.BaseURL = "https://u:pass-word@api.example" }, "user information"},
		"query":                   {func(c *bigcommerce.Config) { c.BaseURL = "https://api.example?a=b" }, "query"},
		"fragment":                {func(c *bigcommerce.Config) { c.BaseURL = "https://api.example#a" }, "fragment"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := bigcommerce.Config{Channel: testChannel, StoreHash: testStoreHash, AccessToken: testAuth}
			test.change(&config)
			_, err := bigcommerce.NewClient(config)
			require.ErrorContains(t, err, test.says)
			require.NotContains(t, err.Error(), "pass-word")
			require.NotContains(t, err.Error(), testAuth)
		})
	}

	t.Run("every mistake at once", func(t *testing.T) {
		t.Parallel()
		_, err := bigcommerce.NewClient(bigcommerce.Config{})
		for _, field := range []string{"Channel", "StoreHash", "AccessToken"} {
			require.ErrorContains(t, err, field)
		}
		var mistake bigcommerce.ConfigError
		require.ErrorAs(t, err, &mistake)
		require.Equal(t, bigcommerce.ConfigError{Field: "Channel", Message: "is empty"}, mistake)
	})
}

func TestNewClientAccepts(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*bigcommerce.Config){
		"defaults":                 func(*bigcommerce.Config) {},
		"plain HTTP on localhost":  func(c *bigcommerce.Config) { c.BaseURL = "http://localhost:8080/" },
		"plain HTTP on loopback":   func(c *bigcommerce.Config) { c.BaseURL = "http://127.0.0.9:1" },
		"plain HTTP on IPv6":       func(c *bigcommerce.Config) { c.BaseURL = "http://[::1]:1" },
		"plain HTTP where allowed": func(c *bigcommerce.Config) { c.BaseURL, c.AllowHTTP = "http://store:8080", true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := bigcommerce.Config{Channel: testChannel, StoreHash: testStoreHash, AccessToken: testAuth}
			change(&config)
			client, err := bigcommerce.NewClient(config)
			require.NoError(t, err)
			require.NotNil(t, client.Quota())
		})
	}

	t.Run("path before the API's", func(t *testing.T) {
		t.Parallel()
		store := setup(t, answer(http.StatusOK, `{"time":1767323045}`), func(c *bigcommerce.Config) { c.BaseURL += "/behind/a%20proxy/" })
		_, err := store.client.Time(t.Context())
		require.NoError(t, err)
		require.Equal(t, "/behind/a proxy"+storePath+"/v2/time", store.received()[0].path)
	})

	t.Run("user agent", func(t *testing.T) {
		t.Parallel()
		store := setup(t, answer(http.StatusOK, `{"time":1767323045}`), func(c *bigcommerce.Config) { c.UserAgent = "bridge/2" })
		_, err := store.client.Time(t.Context())
		require.NoError(t, err)
		require.Equal(t, "bridge/2", store.received()[0].header.Get("User-Agent"))
	})
}
