package bigcommercetest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
)

type hookList struct {
	Data []hookView
	Meta struct {
		Pagination struct {
			Total, Count int
			PerPage      int `json:"per_page"`
			CurrentPage  int `json:"current_page"`
			TotalPages   int `json:"total_pages"`
			Links        struct{ Previous, Current, Next string }
		}
	}
}

type adminView struct {
	Data struct {
		Emails         []string
		HooksList      []hookView `json:"hooks_list"`
		BlockedDomains []struct {
			Destination string
			TimeLeft    int `json:"time_left"`
			Reasons     []struct {
				FailureDescription string `json:"failure_description"`
				Count              int
				Timestamp          int64
			}
		} `json:"blocked_domains"`
	}
}

func TestHookLifecycle(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	a := newApp(t, store, "My App")

	made := a.subscribe("store/order/statusUpdated", "https://example.com/hook")
	require.Equal(t, a.ClientID, made.ClientID)
	require.Equal(t, store.Hash, made.StoreHash)
	require.True(t, made.IsActive)
	require.Empty(t, made.Status, "only the admin view has a status")
	require.Equal(t, map[string]string{"X-Secret": "s3cret"}, made.Headers)
	require.NotNil(t, made.EventsHistoryEnabled)
	require.False(t, *made.EventsHistoryEnabled)

	path := fmt.Sprintf("/v3/hooks/%d", made.ID)
	created := store.Hooks()[0].CreatedAt
	store.Clock().Advance(time.Minute)
	r := a.call(http.MethodPut, path, `{"is_active":false,"headers":null}`)
	require.Equal(t, http.StatusOK, r.status)
	require.Contains(t, r.body, `"headers":null`)
	hook := store.Hooks()[0]
	require.Equal(t, bigcommercetest.HookInactive, hook.Status)
	require.Equal(t, created, hook.CreatedAt)
	require.Equal(t, created.Add(time.Minute), hook.UpdatedAt)
	require.Equal(t, "https://example.com/hook", hook.Destination, "PUT is partial")

	r = a.call(http.MethodDelete, path, "")
	require.Equal(t, http.StatusOK, r.status)
	require.Contains(t, r.body, fmt.Sprintf(`"id":%d`, made.ID), "DELETE returns the hook")
	require.Empty(t, store.Hooks())
	require.Equal(t, http.StatusNotFound, a.call(http.MethodGet, path, "").status)
}

func TestHookRefusals(t *testing.T) {
	t.Parallel()
	const missing = "JSON data is missing or invalid"
	for _, tc := range []struct {
		name, body, title, field string
		status                   int
	}{
		{"no JSON", `{`, "Input is invalid.", "", 400},
		{"no destination", `{"scope":"store/order/created"}`, missing, `"destination":"error.path.missing."`, 422},
		{"no scope", `{"destination":"https://example.com"}`, missing, `"scope":"error.path.missing."`, 422},
		{"unknown scope", `{"scope":"store/order/eaten","destination":"https://example.com"}`, "invalid: scope", `"scope"`, 422},
		{"http", `{"scope":"store/order/created","destination":"http://example.com"}`, "invalid: destination", `"destination"`, 422},
		{"port", `{"scope":"store/order/created","destination":"https://example.com:8443"}`, "invalid: destination", `"destination"`, 422},
		{"no URL", `{"scope":"store/order/created","destination":"example"}`, "invalid: destination", `"destination"`, 422},
		{"headers", `{"scope":"store/order/created","destination":"https://example.com","headers":{"a":1}}`, "invalid: headers", `"headers"`, 422},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			store := bigcommercetest.New(t)
			r := newApp(t, store, "app").call(http.MethodPost, "/v3/hooks", tc.body)
			require.Equal(t, tc.status, r.status)
			var out struct {
				Status      int
				Title, Type string
			}
			r.decode(t, &out)
			require.Equal(t, tc.status, out.Status)
			require.Contains(t, out.Title, tc.title)
			require.Contains(t, out.Type, "api-status-codes")
			require.Contains(t, r.body, tc.field)
			require.Empty(t, store.Hooks())
		})
	}

	t.Run("port 443 is no other port", func(t *testing.T) {
		t.Parallel()
		newApp(t, bigcommercetest.New(t), "app").subscribe("store/order/created", "https://example.com:443/x")
	})
	t.Run("empty change", func(t *testing.T) {
		t.Parallel()
		a := newApp(t, newStore(t), "app")
		h := a.subscribe("store/order/created", "https://example.com")
		r := a.call(http.MethodPut, fmt.Sprintf("/v3/hooks/%d", h.ID), `{}`)
		require.Equal(t, http.StatusUnprocessableEntity, r.status)
		require.JSONEq(t, `{"status":422,"title":"The following fields are invalid: data",
			"type":"https://developer.bigcommerce.com/api-docs/getting-started/api-status-codes",
			"errors":{"data":"Update webhook request should not be empty"}}`, r.body)
	})
	t.Run("change to a taken destination", func(t *testing.T) {
		t.Parallel()
		store := newStore(t)
		a := newApp(t, store, "app")
		a.subscribe("store/order/created", "https://example.com/1")
		second := a.subscribe("store/order/created", "https://example.com/2")
		r := a.call(http.MethodPut, fmt.Sprintf("/v3/hooks/%d", second.ID), `{"destination":"https://example.com/1"}`)
		require.Equal(t, http.StatusUnprocessableEntity, r.status)
		require.Equal(t, "https://example.com/2", store.Hooks()[1].Destination)
	})
}

func TestHookLimits(t *testing.T) {
	t.Parallel()
	post := func(a *app, scope, destination string) int {
		return a.call(http.MethodPost, "/v3/hooks", fmt.Sprintf(`{"scope":%q,"destination":%q}`, scope, destination)).status
	}
	store := newStore(t)
	a, other := newApp(t, store, "a"), newApp(t, store, "b")

	for n := range 10 {
		require.Equal(t, 200, post(a, "store/order/created", fmt.Sprintf("https://example.com/%d", n)))
	}
	require.Equal(t, 422, post(a, "store/order/created", "https://example.com/11"), "ten for a scope")
	require.Equal(t, 422, post(a, "store/order/created", "https://example.com/1"), "one for scope and destination")
	require.Equal(t, 200, post(a, "store/order/updated", "https://example.com/1"), "another scope")
	require.Equal(t, 200, post(other, "store/order/created", "https://example.com/1"), "another client")

	require.Equal(t, 422, post(a, "store/hook/deliveryException", "https://example.com/1"), "shared destination")
	require.Equal(t, 200, post(a, "store/hook/deliveryException", "https://example.com/alarm"))
	require.Equal(t, 422, post(a, "store/hook/deliveryException", "https://example.com/alarm2"), "only one")
	require.Equal(t, 422, post(a, "store/order/archived", "https://example.com/alarm"), "taken by the exceptions")
}

func TestHookIsolation(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	a, b := newApp(t, store, "a"), newApp(t, store, "b")
	mine := a.subscribe("store/order/created", "https://example.com")
	path := fmt.Sprintf("/v3/hooks/%d", mine.ID)

	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete} {
		r := b.call(method, path, `{"is_active":false}`)
		require.Equal(t, http.StatusNotFound, r.status, method)
		require.Contains(t, r.body, fmt.Sprintf("Webhook with id [%d] not found", mine.ID))
	}
	var list hookList
	b.call(http.MethodGet, "/v3/hooks", "").decode(t, &list)
	require.Empty(t, list.Data)
	var admin adminView
	b.call(http.MethodGet, "/v3/hooks/admin", "").decode(t, &admin)
	require.Empty(t, admin.Data.HooksList)
	require.Len(t, store.Hooks(), 1)

	store.RevokeAccount(a.ClientID)
	require.Empty(t, store.Hooks(), "hooks go with their account")
	r := a.call(http.MethodGet, "/v3/hooks", "")
	require.Equal(t, http.StatusUnauthorized, r.status)
	require.True(t, strings.HasPrefix(r.body, `{"status":401,"title":"Unauthorized - `), r.body)
	r = a.call(http.MethodGet, "/v2/time", "")
	require.True(t, strings.HasPrefix(r.body, `[{"status":401,`), r.body)
}

func TestHookListing(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	a := newApp(t, store, "app")
	for _, scope := range []string{"created", "updated", "archived"} {
		a.subscribe("store/order/"+scope, "https://example.com/"+scope)
	}
	off := a.subscribe("store/shipment/*", "https://example.com/ship")
	a.call(http.MethodPut, fmt.Sprintf("/v3/hooks/%d", off.ID), `{"is_active":false}`)

	for query, want := range map[string]int{
		"":                           4,
		"?is_active=true":            3,
		"?is_active=false":           1,
		"?scope=store/order/created": 1,
		"?destination=https://example.com/updated":   1,
		"?scope=store/order/created&is_active=false": 0,
		"?page=2&limit=3": 1,
		"?page=3&limit=3": 0,
		"?limit=2":        2,
	} {
		var list hookList
		a.call(http.MethodGet, "/v3/hooks"+query, "").decode(t, &list)
		require.NotNil(t, list.Data, query)
		require.Len(t, list.Data, want, query)
		require.Equal(t, want, list.Meta.Pagination.Count, query)
	}
	var list hookList
	a.call(http.MethodGet, "/v3/hooks?page=2&limit=1", "").decode(t, &list)
	p := list.Meta.Pagination
	require.Equal(t, 4, p.Total)
	require.Equal(t, 4, p.TotalPages)
	require.Equal(t, 2, p.CurrentPage)
	require.Equal(t, 1, p.PerPage)
	require.Equal(t, "?page=1&limit=1", p.Links.Previous)
	require.Equal(t, "?page=2&limit=1", p.Links.Current)
	require.Equal(t, "?page=3&limit=1", p.Links.Next)
	require.Equal(t, 422, a.call(http.MethodGet, "/v3/hooks?page=x", "").status)
	require.Equal(t, 422, a.call(http.MethodGet, "/v3/hooks?is_active=maybe", "").status)
}

func TestHooksAdmin(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	a := newApp(t, store, "app")
	for _, scope := range []string{"created", "updated", "archived"} {
		a.subscribe("store/order/"+scope, "https://example.com/x")
	}
	hooks := store.Hooks()
	a.call(http.MethodPut, fmt.Sprintf("/v3/hooks/%d", hooks[1].ID), `{"is_active":false}`)
	require.NoError(t, store.DeactivateHook(hooks[2].ID))

	r := a.call(http.MethodPut, "/v3/hooks/admin", `{"emails":["ops@example.com"]}`)
	require.Equal(t, http.StatusNoContent, r.status)
	require.Empty(t, r.body)
	require.Equal(t, 422, a.call(http.MethodPut, "/v3/hooks/admin", `{"emails":["nobody"]}`).status)
	require.Equal(t, 422, a.call(http.MethodPut, "/v3/hooks/admin", `{}`).status)

	var admin adminView
	a.call(http.MethodGet, "/v3/hooks/admin", "").decode(t, &admin)
	require.Equal(t, []string{"ops@example.com"}, admin.Data.Emails)
	require.Len(t, admin.Data.HooksList, 3)
	require.Equal(t, "active", admin.Data.HooksList[0].Status)
	require.Equal(t, "inactive", admin.Data.HooksList[1].Status)
	require.Equal(t, "deactivated", admin.Data.HooksList[2].Status)
	require.NotNil(t, admin.Data.BlockedDomains)

	a.call(http.MethodGet, "/v3/hooks/admin?is_active=false", "").decode(t, &admin)
	require.Len(t, admin.Data.HooksList, 2)

	a.call(http.MethodPut, fmt.Sprintf("/v3/hooks/%d", hooks[2].ID), `{"is_active":true}`)
	require.Equal(t, bigcommercetest.HookActive, store.Hooks()[2].Status, "armed again")
	require.NoError(t, store.DeleteHookByHand(hooks[0].ID))
	require.ErrorIs(t, store.DeleteHookByHand(hooks[0].ID), bigcommercetest.ErrNoSuchHook)
	require.ErrorIs(t, store.DeactivateHook(hooks[0].ID), bigcommercetest.ErrNoSuchHook)
	require.Len(t, store.Hooks(), 2)
}
