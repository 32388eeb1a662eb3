package bigcommerce_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
)

const hookHeader = "hush-hush-value"

func wantHook() bigcommerce.Hook {
	return bigcommerce.Hook{
		ID: 29001, ClientID: "f00dbeef", StoreHash: testStoreHash, Scope: bigcommerce.ScopeOrderStatusUpdated,
		Destination: "https://bridge.example/webhooks/bigcommerce/acme", IsActive: true,
		Headers:   map[string]string{"X-Bridge-Secret": hookHeader},
		CreatedAt: orderCreated, UpdatedAt: orderCreated.Add(24 * time.Hour),
	}
}

func TestClientHook(t *testing.T) {
	t.Parallel()

	t.Run("get", func(t *testing.T) {
		t.Parallel()
		store := setup(t, answerFile(t, "hook.json"))
		hook, err := store.client.Hook(t.Context(), 29001)
		require.NoError(t, err)
		require.Equal(t, wantHook(), hook)
		require.Equal(t, storePath+"/v3/hooks/29001", store.received()[0].path)
	})

	t.Run("create", func(t *testing.T) {
		t.Parallel()
		store := setup(t, answerFile(t, "hook.json"))
		hook, err := store.client.CreateHook(t.Context(), bigcommerce.HookRequest{
			Scope: "store/order/created", Destination: "https://bridge.example/", Headers: map[string]string{"A": "b"},
		})
		require.NoError(t, err)
		require.Equal(t, wantHook(), hook)
		request := store.received()[0]
		require.Equal(t, http.MethodPost, request.method)
		require.Equal(t, storePath+"/v3/hooks", request.path)
		require.Equal(t, "application/json", request.header.Get("Content-Type"))
		require.JSONEq(t, `{"scope":"store/order/created","destination":"https://bridge.example/",
			"is_active":false,"headers":{"A":"b"}}`, request.body)
	})

	t.Run("create without headers", func(t *testing.T) {
		t.Parallel()
		store := setup(t, answerFile(t, "hook.json"))
		_, err := store.client.CreateHook(t.Context(), bigcommerce.HookRequest{
			Scope: "store/order/created", Destination: "https://bridge.example/", IsActive: true,
		})
		require.NoError(t, err)
		require.JSONEq(t, `{"scope":"store/order/created","destination":"https://bridge.example/","is_active":true}`,
			store.received()[0].body)
	})

	t.Run("update sends what is given", func(t *testing.T) {
		t.Parallel()
		scope, destination, active := "store/order/*", "https://bridge.example/2", true
		for body, update := range map[string]bigcommerce.HookUpdate{
			`{"is_active":true}`:                         {IsActive: &active},
			`{"scope":"store/order/*"}`:                  {Scope: &scope},
			`{"destination":"https://bridge.example/2"}`: {Destination: &destination},
			`{"headers":{"A":"b"}}`:                      {Headers: map[string]string{"A": "b"}},
			`{"headers":{}}`:                             {Headers: map[string]string{}},
		} {
			store := setup(t, answerFile(t, "hook.json"))
			_, err := store.client.UpdateHook(t.Context(), 29001, update)
			require.NoError(t, err)
			request := store.received()[0]
			require.Equal(t, http.MethodPut, request.method)
			require.Equal(t, storePath+"/v3/hooks/29001", request.path)
			require.JSONEq(t, body, request.body)
		}
	})

	t.Run("delete", func(t *testing.T) {
		t.Parallel()
		for _, handle := range []http.HandlerFunc{answerFile(t, "hook.json"), answer(http.StatusNoContent, "")} {
			store := setup(t, handle)
			require.NoError(t, store.client.DeleteHook(t.Context(), 29001))
			require.Equal(t, http.MethodDelete, store.received()[0].method)
			require.Equal(t, storePath+"/v3/hooks/29001", store.received()[0].path)
		}
	})
}

func TestClientHookFailures(t *testing.T) {
	t.Parallel()

	t.Run("requests that cannot be right are not sent", func(t *testing.T) {
		t.Parallel()
		store := setup(t, answerFile(t, "hook.json"))
		active := true
		_, err := store.client.Hook(t.Context(), 0)
		requireKind(t, err, bigcommerce.Invalid)
		_, err = store.client.UpdateHook(t.Context(), -3, bigcommerce.HookUpdate{IsActive: &active})
		requireKind(t, err, bigcommerce.Invalid)
		_, err = store.client.UpdateHook(t.Context(), 29001, bigcommerce.HookUpdate{})
		requireKind(t, err, bigcommerce.Invalid)
		_, err = store.client.CreateHook(t.Context(), bigcommerce.HookRequest{Scope: "store order", Destination: "https://x.example"})
		requireKind(t, err, bigcommerce.Invalid)
		_, err = store.client.CreateHook(t.Context(), bigcommerce.HookRequest{Scope: "store/order/*"})
		requireKind(t, err, bigcommerce.Invalid)
		requireKind(t, store.client.DeleteHook(t.Context(), 0), bigcommerce.Invalid)
		require.Empty(t, store.received())
	})

	t.Run("answers that cannot be right", func(t *testing.T) {
		t.Parallel()
		for _, body := range []string{`{"data":{"id":1},"meta":{}}`, `{"data":{}}`, `{"data":null}`, `{}`, `{"data":[]}`} {
			store := setup(t, answer(http.StatusOK, body))
			_, err := store.client.Hook(t.Context(), 29001)
			requireKind(t, err, bigcommerce.Malformed)
		}
	})

	t.Run("a message that quotes a header value", func(t *testing.T) {
		t.Parallel()
		store := setup(t, answer(http.StatusUnprocessableEntity,
			`{"status":422,"title":"bad `+hookHeader+`","errors":{"`+testAuth+`":"not `+hookHeader+`"}}`))
		headers := map[string]string{"X-Bridge-Secret": hookHeader}
		_, err := store.client.CreateHook(t.Context(), bigcommerce.HookRequest{
			Scope: "store/order/*", Destination: "https://x.example", Headers: headers,
		})
		failure := requireError(t, err, bigcommerce.Invalid)
		require.Equal(t, "bad [redacted]", failure.Title)
		require.Equal(t, map[string]string{"[redacted]": "not [redacted]"}, failure.Fields)
		_, err = store.client.UpdateHook(t.Context(), 29001, bigcommerce.HookUpdate{Headers: headers})
		require.NotContains(t, requireError(t, err, bigcommerce.Invalid).Error(), hookHeader)
	})
}

// hookPages serves this many pages of one hook each.
func hookPages(pages int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		page := 1
		_, _ = fmt.Sscan(r.URL.Query().Get("page"), &page)
		answer(http.StatusOK, fmt.Sprintf(`{"data":[{"id":%d}],"meta":{"pagination":{"current_page":%d,"total_pages":%d}}}`,
			page, page, pages))(w, r)
	}
}

func TestClientHooks(t *testing.T) {
	t.Parallel()

	t.Run("query", func(t *testing.T) {
		t.Parallel()
		store := setup(t, hookPages(2))
		inactive := false
		hooks, err := store.client.Hooks(t.Context(), bigcommerce.HooksQuery{
			Scope: "store/order/*", Destination: "https://bridge.example/?a=b", IsActive: &inactive,
		})
		require.NoError(t, err)
		require.Equal(t, []bigcommerce.Hook{{ID: 1}, {ID: 2}}, hooks)
		const query = "destination=https%3A%2F%2Fbridge.example%2F%3Fa%3Db&is_active=false"
		requests := store.received()
		require.Len(t, requests, 2)
		require.Equal(t, query+"&scope=store%2Forder%2F%2A", requests[0].query)
		require.Equal(t, query+"&page=2&scope=store%2Forder%2F%2A", requests[1].query)
	})

	for name, test := range map[string]struct {
		status int
		body   string
		count  int
	}{
		"none":                      {http.StatusOK, `{"data":[],"meta":{"pagination":{"total_pages":0}}}`, 0},
		"204":                       {http.StatusNoContent, ``, 0},
		"no meta":                   {http.StatusOK, `{"data":[{"id":1}]}`, 1},
		"meta is a list":            {http.StatusOK, `{"data":[{"id":1}],"meta":[]}`, 1},
		"numbers of pages wobble":   {http.StatusOK, `{"data":[{"id":1}],"meta":{"pagination":{"total_pages":"1"}}}`, 1},
		"headers are an empty list": {http.StatusOK, `{"data":[{"id":1,"headers":[]}]}`, 1},
		"the same hook on two pages": {
			http.StatusOK, `{"data":[{"id":1},{"id":2}],"meta":{"pagination":{"total_pages":2}}}`, 2,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := setup(t, answer(test.status, test.body))
			hooks, err := store.client.Hooks(t.Context(), bigcommerce.HooksQuery{})
			require.NoError(t, err)
			require.NotNil(t, hooks)
			require.Len(t, hooks, test.count)
		})
	}

	t.Run("hundred pages", func(t *testing.T) {
		t.Parallel()
		hooks, err := setup(t, hookPages(100)).client.Hooks(t.Context(), bigcommerce.HooksQuery{})
		require.NoError(t, err)
		require.Len(t, hooks, 100)
	})

	t.Run("more pages than there can be", func(t *testing.T) {
		t.Parallel()
		store := setup(t, hookPages(101))
		_, err := store.client.Hooks(t.Context(), bigcommerce.HooksQuery{})
		requireKind(t, err, bigcommerce.Malformed)
		require.Len(t, store.received(), 100)
	})

	t.Run("hook without an id", func(t *testing.T) {
		t.Parallel()
		store := setup(t, answer(http.StatusOK, `{"data":[{"scope":"store/order/*"}]}`))
		_, err := store.client.Hooks(t.Context(), bigcommerce.HooksQuery{})
		requireKind(t, err, bigcommerce.Malformed)
	})
}

func TestSecretsAreNotPrinted(t *testing.T) {
	t.Parallel()
	headers := map[string]string{"X-Bridge-Secret": hookHeader}
	scope := "store/order/*"
	hook := wantHook()
	config := bigcommerce.Config{Channel: testChannel, StoreHash: testStoreHash, AccessToken: testAuth}
	client, err := bigcommerce.NewClient(config)
	require.NoError(t, err)
	const email = "ops@shop.example"

	for name, value := range map[string]any{
		"hook":         hook,
		"hook pointer": &hook,
		"hooks":        []bigcommerce.Hook{hook},
		"request":      bigcommerce.HookRequest{Scope: scope, Headers: headers},
		"update":       bigcommerce.HookUpdate{Scope: &scope, Destination: &scope, IsActive: new(bool), Headers: headers},
		"admin":        bigcommerce.HooksAdmin{Hooks: []bigcommerce.Hook{hook}, Emails: []string{email}},
		"config":       config,
		"client":       client,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var text, structured strings.Builder
			slog.New(slog.NewTextHandler(&text, nil)).Info("logged", "value", value)
			slog.New(slog.NewJSONHandler(&structured, nil)).Info("logged", "value", value)
			outputs := []string{
				text.String(), structured.String(),
				fmt.Sprint(value), fmt.Sprintf("%+v", value), fmt.Sprintf("%#v", value), fmt.Sprintf("%s", value),
			}
			if name != "config" && name != "client" { // These hold functions, which are no JSON.
				raw, err := json.Marshal(value)
				require.NoError(t, err)
				outputs = append(outputs, string(raw))
			}
			for _, output := range outputs {
				require.NotEmpty(t, output)
				for _, secret := range []string{hookHeader, testAuth, email} {
					require.NotContains(t, output, secret)
				}
			}
		})
	}
}
