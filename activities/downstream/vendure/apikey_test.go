package vendure_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/vendure"
	"github.com/orderbridge/orderbridge/activities/downstream/vendure/venduretest"
)

// TestAPIKeyOfVendure has Vendure make keys, and uses them.
func TestAPIKeyOfVendure(t *testing.T) {
	t.Parallel()

	f := newFixture(t)
	admin := logIn(t, f.server)
	with := func(t *testing.T, role string, permissions ...string) *vendure.Adapter {
		t.Helper()
		config := f.config
		config.Username, config.Password, config.APIKey = "", "", admin.apiKey(t, role, permissions...)
		return newAdapter(t, config)
	}

	t.Run("does everything", func(t *testing.T) {
		t.Parallel()

		adapter := with(t, "all-of-it", "ReadOrder", "UpdateOrder")
		require.NoError(t, adapter.Probe(t.Context()))
		for _, number := range []string{"key-1", "key-2"} {
			f.add(t, number, venduretest.StatePaymentSettled)
		}
		order, err := adapter.Find(t.Context(), "key-1")
		require.NoError(t, err)
		_, err = adapter.Cancel(t.Context(), downstream.CancelRequest{Target: target(order)})
		require.NoError(t, err)
		order, err = adapter.Find(t.Context(), "key-2")
		require.NoError(t, err)
		_, err = adapter.Fulfill(t.Context(), downstream.FulfillRequest{Target: target(order), Shipments: parcels("1Z")})
		require.NoError(t, err)
	})

	t.Run("lacks a permission", func(t *testing.T) {
		t.Parallel()

		adapter := with(t, "only-reads", "ReadOrder")
		f.add(t, "key-3", venduretest.StatePaymentSettled)
		order, err := adapter.Find(t.Context(), "key-3")
		require.NoError(t, err)
		_, err = adapter.Cancel(t.Context(), downstream.CancelRequest{Target: target(order)})
		requireKind(t, downstream.Forbidden, err)
	})
}

// superadmin is a session of the one who makes keys.
type superadmin struct{ url, token string }

func logIn(t *testing.T, server *venduretest.Server) *superadmin {
	t.Helper()
	s := &superadmin{url: server.URL}
	s.call(t, `mutation ($u: String!, $p: String!) { login(username: $u, password: $p) { __typename } }`,
		map[string]any{"u": server.Username, "p": server.Password}, nil)
	require.NotEmpty(t, s.token)
	return s
}

// apiKey makes a role and a key that has it.
func (s *superadmin) apiKey(t *testing.T, role string, permissions ...string) string {
	t.Helper()
	var made struct {
		CreateRole struct {
			ID string `json:"id"`
		} `json:"createRole"`
		CreateAPIKey struct {
			APIKey string `json:"apiKey"`
		} `json:"createApiKey"`
	}
	s.call(t, `mutation ($code: String!, $permissions: [Permission!]!) {
  createRole(input: {code: $code, description: "A test", permissions: $permissions}) { id }
}`, map[string]any{"code": role, "permissions": permissions}, &made)
	s.call(t, `mutation ($roles: [ID!]!) {
  createApiKey(input: {roleIds: $roles, translations: [{languageCode: en, name: "Orderbridge"}]}) { apiKey }
}`, map[string]any{"roles": []string{made.CreateRole.ID}}, &made)
	require.NotEmpty(t, made.CreateAPIKey.APIKey)
	return made.CreateAPIKey.APIKey
}

func (s *superadmin) call(t *testing.T, query string, variables map[string]any, into any) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	require.NoError(t, err)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url, bytes.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	if s.token != "" {
		req.Header.Set("Authorization", "Bearer "+s.token)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	if token := resp.Header.Get("Vendure-Auth-Token"); token != "" {
		s.token = token
	}
	var answer struct {
		Data   any   `json:"data"`
		Errors []any `json:"errors"`
	}
	answer.Data = into
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&answer))
	require.Empty(t, answer.Errors)
}
