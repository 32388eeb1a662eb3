package overhttp_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
)

func TestBaseURL(t *testing.T) {
	t.Parallel()

	for base, says := range map[string]string{
		"https://orders.example.com":                "",
		"https://orders.example.com/api/":           "",
		"http://localhost:8080":                     "",
		"http://127.0.0.1:8080":                     "",
		"http://[::1]:8080":                         "",
		"":                                          "is not absolute, as https://orders.example.com is",
		"/orders":                                   "is not absolute",
		"https:orders":                              "is not absolute",
		"https://:pa%zz":                            "is not absolute",
		"https://me:hunter2@orders.example.com":     "holds a user; credentials go into the token",
		"https://orders.example.com?key=hunter2":    "a query or a fragment",
		"https://orders.example.com?":               "a query or a fragment",
		"https://orders.example.com#hunter2":        "a query or a fragment",
		"ftp://orders.example.com":                  "is neither https nor http",
		"http://orders.example.com":                 "would show the token to the network; use https",
		"http://localhost.example.com":              "use https",
		"http://127.0.0.1.nip.example.com/callback": "use https",
	} {
		t.Run(base, func(t *testing.T) {
			t.Parallel()

			client, err := overhttp.New(overhttp.Config{BaseURL: base, Channel: "acme", Keys: "the token", System: "Testship"}, nil)
			if says == "" {
				require.NoError(t, err)
				client.Close()
				return
			}
			require.ErrorContains(t, err, says)
			require.NotContains(t, err.Error(), "hunter2")
			var setting downstream.SettingError
			require.ErrorAs(t, err, &setting)
			require.Equal(t, "base_url", setting.Field)
		})
	}
	t.Run("insecure if allowed", func(t *testing.T) {
		t.Parallel()

		client, err := overhttp.New(overhttp.Config{
			AllowInsecure: true, BaseURL: "http://10.0.0.7", Channel: "acme", System: "Testship",
		}, nil)
		require.NoError(t, err)
		client.Close()
	})
}

func TestMistakesComeAllAtOnce(t *testing.T) {
	t.Parallel()

	var mistakes overhttp.Mistakes
	mistakes.If(false, "options.color", "the color", "is wrong")
	mistakes.If(true, "options.store_id", "the store id", "is negative")
	_, err := overhttp.New(overhttp.Config{Channel: " ", System: "Testship", Timeout: -1}, mistakes)
	require.True(t, downstream.IsKind(err, downstream.Misconfigured))
	require.ErrorContains(t, err, "the channel is empty; the base URL is not absolute")
	require.ErrorContains(t, err, "the timeout is negative; the store id is negative")
	require.NotContains(t, err.Error(), "color")

	joined, ok := errors.AsType[interface {
		error
		Unwrap() []error
	}](err)
	require.True(t, ok)
	require.Equal(t, []error{
		downstream.SettingError{Field: "base_url", Message: "is not absolute, as https://orders.example.com is"},
		downstream.SettingError{Field: "options.store_id", Message: "is negative"},
	}, joined.Unwrap(), "what a channel can correct")
}

func TestIsCredential(t *testing.T) {
	t.Parallel()

	for text, want := range map[string]bool{
		"a": true, "!~": true, "": false, "a b": false, "a\n": false, "ä": false, "a\x7f": false,
	} {
		require.Equal(t, want, overhttp.IsCredential(text), "%q", text)
	}
}

func TestBasic(t *testing.T) {
	t.Parallel()

	req := &http.Request{Header: http.Header{"Authorization": {overhttp.Basic("me", "a:b")}}}
	user, password, ok := req.BasicAuth()
	require.True(t, ok)
	require.Equal(t, "me", user)
	require.Equal(t, "a:b", password)
}
