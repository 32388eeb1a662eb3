package vendure_test

import (
	"context"
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
	"github.com/orderbridge/orderbridge/activities/downstream/vendure"
)

func TestLogIn(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct {
		token, body string
		kind        downstream.Kind
		advice      string
	}{
		"wrong password": {
			"", `{"data":{"login":{"__typename":"InvalidCredentialsError","errorCode":"INVALID_CREDENTIALS_ERROR"}}}`,
			downstream.Unauthorized, "password",
		},
		"no passwords there": {
			"", `{"data":{"login":{"__typename":"NativeAuthStrategyError","errorCode":"NATIVE_AUTH_STRATEGY_ERROR"}}}`,
			downstream.Misconfigured, "API key",
		},
		"cookies only": {
			"", `{"data":{"login":{"__typename":"CurrentUser"}}}`,
			downstream.Misconfigured, "tokenMethod",
		},
		"no result":        {token, `{"data":{}}`, downstream.Malformed, "Admin API"},
		"unreadable":       {token, `<html>` + private, downstream.Malformed, "Admin API"},
		"unusable token":   {token + " " + private, `{"data":{"login":{"__typename":"CurrentUser"}}}`, downstream.Malformed, "Admin API"},
		"Vendure throws":   {"", refusal("INTERNAL_SERVER_ERROR"), downstream.Unavailable, "log"},
		"no such mutation": {"", refusal("GRAPHQL_VALIDATION_FAILED"), downstream.Misconfigured, "Admin API"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			adapter := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if name := operationOf(t, r); name != "LogIn" {
					t.Errorf("unexpected operation %s", name)
				}
				if c.token != "" {
					w.Header().Set("Vendure-Auth-Token", c.token)
				}
				w.Header().Set("Content-Type", "application/json")
				_, _ = io.WriteString(w, c.body)
			})
			_, err := adapter.Find(t.Context(), "218")
			e := failure(t, c.kind, err, token)
			require.Contains(t, e.Advice, c.advice)
			require.Equal(t, "218", e.Order)
		})
	}
}

// TestOneSession is about callers who come while there is no session yet.
func TestOneSession(t *testing.T) {
	t.Parallel()

	const callers = 8
	var mu sync.Mutex
	counts := map[string]int{}
	adapter := serve(t, func(w http.ResponseWriter, r *http.Request) {
		name := operationOf(t, r)
		mu.Lock()
		counts[name]++
		mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		if name == "LogIn" {
			w.Header().Set("Vendure-Auth-Token", token)
			_, _ = io.WriteString(w, `{"data":{"login":{"__typename":"CurrentUser"}}}`)
			return
		}
		if got := r.Header.Get("Authorization"); got != "Bearer "+token {
			t.Errorf("the header Authorization is %q", got)
		}
		_, _ = io.WriteString(w, list(1, order()))
	})
	errs := make(chan error, callers)
	for range callers {
		go func() {
			_, err := adapter.Find(t.Context(), "218")
			errs <- err
		}()
	}
	for range callers {
		require.NoError(t, <-errs)
	}
	mu.Lock()
	defer mu.Unlock()
	require.Equal(t, map[string]int{"FindOrder": callers, "LogIn": 1}, counts)
}

// TestAPIKey is about keys: they begin no session, and FORBIDDEN has to be told
// apart by asking.
func TestAPIKey(t *testing.T) {
	t.Parallel()

	const key = "12:abcdef"
	for name, c := range map[string]struct {
		find, session string
		kind          downstream.Kind
	}{
		"is accepted":         {list(1, order()), "", ""},
		"lacks a permission":  {refusal("FORBIDDEN"), `{"data":{"activeChannel":{"id":"1"}}}`, downstream.Forbidden},
		"is not accepted":     {refusal("FORBIDDEN"), refusal("FORBIDDEN"), downstream.Unauthorized},
		"and Vendure is gone": {refusal("FORBIDDEN"), refusal(""), downstream.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			adapter := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Vendure-Api-Key") != key || r.Header.Get("Vendure-Token") != "second" || r.Header.Get("Authorization") != "" {
					t.Error("the headers are not those of a key and a channel")
				}
				w.Header().Set("Content-Type", "application/json")
				switch name := operationOf(t, r); name {
				case "FindOrder":
					_, _ = io.WriteString(w, c.find)
				case "Session":
					_, _ = io.WriteString(w, c.session)
				default:
					t.Errorf("unexpected operation %s", name)
				}
			}, func(config *vendure.Config) {
				config.Username, config.Password, config.APIKey, config.ChannelToken = "", "", key, "second"
			})
			_, err := adapter.Find(t.Context(), "218")
			if c.kind == "" {
				require.NoError(t, err)
				return
			}
			requireKind(t, c.kind, err, key)
		})
	}
}

// TestConnectionThatEnds is about a server that ends an idle connection in the
// moment in which it is used again: a search is sent once more, a change is not.
func TestConnectionThatEnds(t *testing.T) {
	t.Parallel()

	var mu sync.Mutex
	counts := map[string]int{}
	adapter := serve(t, func(w http.ResponseWriter, r *http.Request) {
		name := operationOf(t, r)
		mu.Lock()
		counts[name]++
		first := counts[name] == 1
		mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		switch name {
		case "LogIn":
			w.Header().Set("Vendure-Auth-Token", token)
			_, _ = io.WriteString(w, `{"data":{"login":{"__typename":"CurrentUser"}}}`)
		case "FindOrder":
			if first {
				panic(http.ErrAbortHandler)
			}
			_, _ = io.WriteString(w, list(1, order()))
		case "ReadOrder":
			_, _ = io.WriteString(w, `{"data":{"order":`+order()+`}}`)
		default:
			panic(http.ErrAbortHandler)
		}
	})
	found, err := adapter.Find(t.Context(), "218")
	require.NoError(t, err)
	_, err = adapter.Cancel(t.Context(), downstream.CancelRequest{Target: target(found)})
	requireKind(t, downstream.Unavailable, err)
	mu.Lock()
	defer mu.Unlock()
	require.Equal(t, map[string]int{"CancelOrder": 1, "FindOrder": 2, "LogIn": 1, "ReadOrder": 1}, counts)
}

// TestObserve is about what metrics see: a refusal inside of a success, and no
// identifier.
func TestObserve(t *testing.T) {
	t.Parallel()

	var seen []overhttp.Exchange
	adapter := answers(t, map[string]string{"FindOrder": refusal("INTERNAL_SERVER_ERROR")}, func(c *vendure.Config) {
		c.Observe = func(_ context.Context, e overhttp.Exchange) {
			e.Duration = 0
			seen = append(seen, e)
		}
	})
	_, err := adapter.Find(t.Context(), "218")
	requireKind(t, downstream.Unavailable, err)
	require.Equal(t, []overhttp.Exchange{
		{Channel: "acme", Method: http.MethodPost, Route: "?operation=LogIn", StatusCode: http.StatusOK},
		{Channel: "acme", Kind: downstream.Unavailable, Method: http.MethodPost, Route: "?operation=FindOrder", StatusCode: http.StatusOK},
	}, seen)
}
