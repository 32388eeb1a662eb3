package api_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/ingress/operator"
)

// record calls the API without a network and without a token.
func record(f *fixture, remote string) *httptest.ResponseRecorder {
	req := httptest.NewRequestWithContext(f.t.Context(), http.MethodGet, "/api/v1/channels", http.NoBody)
	req.RemoteAddr = remote
	recorder := httptest.NewRecorder()
	f.api.ServeHTTP(recorder, req)
	return recorder
}

// one returns the one call of a kind.
func (f *fixture) one(what string) call {
	f.t.Helper()
	calls := f.office.asked(what)
	require.Len(f.t, calls, 1)
	return calls[0]
}

func conflict() error {
	return &operator.Error{Kind: operator.KindConflict, Message: "changed meanwhile"}
}

func TestList(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.office.views = []operator.View{{ID: "broken", Error: "it does not answer"}, f.office.view()}
	answer := f.send(http.MethodGet, "/channels", "")
	require.Equal(t, http.StatusOK, answer.status)
	var list struct {
		Channels []map[string]any `json:"channels"`
	}
	require.NoError(t, json.Unmarshal([]byte(answer.body), &list))
	require.Len(t, list.Channels, 2, "one that cannot be read hides no other")
	require.Equal(t, map[string]any{"id": "broken", "error": "it does not answer"}, list.Channels[0])
	require.Equal(t, "main", list.Channels[1]["id"])

	f.office.views = []operator.View{}
	require.JSONEq(t, `{"channels":[]}`, f.send(http.MethodGet, "/channels", "").body)
}

func TestGet(t *testing.T) {
	t.Parallel()
	f := setup(t)
	answer := f.send(http.MethodGet, "/channels/main", "")
	require.Equal(t, `"7"`, answer.header.Get("ETag"))
	require.Contains(t, answer.body, `"has_client_secret":true`)
	require.Contains(t, answer.body, `"valid_fulfillment_statuses":[]`, "an empty list and not null")
	require.JSONEq(t, `{"health":{"state":"degraded","checked_at":"2026-11-20T09:30:00Z","problems":[{"kind":"blocked_domain",
		"scope":"store/order/statusUpdated","hook_id":3,"detail":"the domain is blocked","done":"nothing","advice":"wait","left":true,"harmless":true}]},
		"hooks":[{"id":3,"scope":"store/order/statusUpdated","client_id":"client1","armed_at":"2026-11-20T09:30:00Z"}],
		"reconciled_through":"2026-11-20T09:30:00Z","retire_secret_at":"2026-11-20T09:30:00Z","removing":true}`,
		f.send(http.MethodGet, "/channels/main/status", "").body)
	require.JSONEq(t, `{"changes":[{"at":"2026-11-20T09:30:00Z","by":"ops","revision":1,"fields":[]},
		{"at":"2026-11-20T09:30:00Z","by":"ops","revision":2,"fields":[{"field":"active","was":"true","is":"false"}]}]}`,
		f.send(http.MethodGet, "/channels/main/history", "").body)
}

func TestAdd(t *testing.T) {
	t.Parallel()
	f := setup(t)
	answer := f.send(http.MethodPost, "/channels", `{
		"id":"second","active":false,"callback_url":"https://hooks.example.com/webhooks/bigcommerce/second",
		"store":{"hash":"abc123","base_url":"https://bc.example.com","client_id":"c1","access_token":"t1","client_secret":"t2"},
		"downstream":{"adapter":"rest","base_url":"https://orders.example.com","token":"t3"},
		"settings":{"valid_cancellation_statuses":["A"],"fulfill_on":[2],"store_channels":[1],"signature":"require",
			"waits":{"first":"90s"},"audit_every":"5m","reconcile_every":"24h"}}`)
	require.Equal(t, http.StatusCreated, answer.status, answer.body)
	require.Equal(t, "/api/v1/channels/second", answer.header.Get("Location"))
	require.Equal(t, `"1"`, answer.header.Get("ETag"))
	require.JSONEq(t, `{"revision":1,"changed":[{"field":"id","was":"","is":"second"}],"subscribed":[]}`, answer.body)
	got := f.one("save")
	require.Equal(t, 0, *got.expected, "it must not exist yet")
	require.Equal(t, "ops", got.by, "the name of the token")
	require.Equal(t, map[string]string{"access_token": "t1", "client_secret": "t2", "downstream_token": "t3"}, got.secrets)
	require.Equal(t, channels.Channel{
		ID: "second", CallbackURL: "https://hooks.example.com/webhooks/bigcommerce/second",
		Store:      channels.Store{Hash: "abc123", BaseURL: "https://bc.example.com", ClientID: "c1"},
		Downstream: channels.Downstream{Adapter: "rest", BaseURL: "https://orders.example.com"},
		Settings: channels.Settings{
			ValidCancellationStatuses: []string{"A"}, FulfillOn: []bigcommerce.StatusID{bigcommerce.StatusShipped}, StoreChannels: []int64{1},
			Signature: channels.SignatureRequire, Waits: channels.Waits{First: channels.Duration(90 * time.Second)},
			AuditEvery: channels.Duration(5 * time.Minute), ReconcileEvery: channels.Duration(24 * time.Hour),
		},
	}, got.channel)

	f.office.err = conflict()
	require.Equal(t, http.StatusConflict, f.send(http.MethodPost, "/channels", newChannel).status)
	require.True(t, f.office.asked("save")[1].channel.Active, "unless it says otherwise")
}

func TestPut(t *testing.T) {
	t.Parallel()
	t.Run("replaces what there is", func(t *testing.T) {
		t.Parallel()
		f := setup(t)
		answer := f.send(http.MethodPut, "/channels/main", `{"store":{"hash":"abc123"}}`)
		require.Equal(t, http.StatusOK, answer.status)
		require.Equal(t, `"8"`, answer.header.Get("ETag"))
		require.Empty(t, answer.header.Get("Location"))
		got := f.one("save")
		require.Nil(t, got.expected)
		require.Empty(t, got.secrets, "they stay as they are")
		require.Equal(t, channels.Channel{ID: "main", Active: true, Store: channels.Store{Hash: "abc123"}}, got.channel)
	})
	t.Run("adds what there is not", func(t *testing.T) {
		t.Parallel()
		f := setup(t)
		answer := f.send(http.MethodPut, "/channels/second", newChannel)
		require.Equal(t, http.StatusCreated, answer.status)
		require.Equal(t, "/api/v1/channels/second", answer.header.Get("Location"))
	})
	t.Run("takes back what it answered", func(t *testing.T) {
		t.Parallel()
		f := setup(t)
		read := f.send(http.MethodGet, "/channels/main", "")
		answer := f.send(http.MethodPut, "/channels/main", read.body, with("If-Match", read.header.Get("ETag")))
		require.Equal(t, http.StatusOK, answer.status, answer.body)
		got := f.one("save")
		require.Equal(t, 7, *got.expected)
		want := f.office.channel
		require.Equal(t, operator.ViewOf(want).Store.ClientID, got.channel.Store.ClientID)
		require.Equal(t, want.Settings.WithDefaults().AuditEvery, got.channel.Settings.AuditEvery)
		require.Equal(t, want.CallbackURL, got.channel.CallbackURL)
		require.Empty(t, got.channel.Store.AccessToken)
	})
	t.Run("not on another revision", func(t *testing.T) {
		t.Parallel()
		f := setup(t)
		f.office.err = conflict()
		answer := f.send(http.MethodPut, "/channels/main", `{}`, with("If-Match", `"3"`))
		require.Equal(t, http.StatusPreconditionFailed, answer.status)
		require.Equal(t, 3, *f.one("save").expected)
		require.Equal(t, http.StatusConflict, f.send(http.MethodPut, "/channels/main", `{}`).status, "nobody set a condition")
	})
	t.Run("not another channel", func(t *testing.T) {
		t.Parallel()
		f := setup(t)
		require.Contains(t, f.send(http.MethodPut, "/channels/main", newChannel).fields(t), "id")
		require.Contains(t, f.send(http.MethodPatch, "/channels/main", `{"id":"second"}`).fields(t), "id")
		require.Empty(t, f.office.asked("save"))
	})
}

func TestPatch(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		body    string
		change  func(*channels.Channel)
		secrets map[string]string
	}{
		"nothing":           {`{}`, func(*channels.Channel) {}, nil},
		"one setting":       {`{"settings":{"audit_every":"1h"}}`, func(c *channels.Channel) { c.Settings.AuditEvery = channels.Duration(time.Hour) }, nil},
		"one wait":          {`{"settings":{"waits":{"settle":"1s"}}}`, func(c *channels.Channel) { c.Settings.Waits.Settle = channels.Duration(time.Second) }, nil},
		"a default":         {`{"settings":{"audit_every":null}}`, func(c *channels.Channel) { c.Settings.AuditEvery = 0 }, nil},
		"all defaults":      {`{"settings":null}`, func(c *channels.Channel) { c.Settings = channels.Settings{} }, nil},
		"a list as a whole": {`{"settings":{"cancel_on":[4]}}`, func(c *channels.Channel) { c.Settings.CancelOn = []bigcommerce.StatusID{4} }, nil},
		"an empty list":     {`{"settings":{"cancel_on":[]}}`, func(c *channels.Channel) { c.Settings.CancelOn = []bigcommerce.StatusID{} }, nil},
		"deactivate":        {`{"active":false}`, func(c *channels.Channel) { c.Active = false }, nil},
		"a secret":          {`{"store":{"client_secret":"s"}}`, func(*channels.Channel) {}, map[string]string{"client_secret": "s"}},
		"no secret":         {`{"store":{"client_secret":null}}`, func(*channels.Channel) {}, map[string]string{"client_secret": ""}},
		"options": {
			`{"downstream":{"options":{"b":2,"a":"1","kept":null}}}`,
			func(c *channels.Channel) {
				c.Downstream.Options = channels.Options{{Name: "a", Value: "1"}, {Name: "b", Value: "2"}, {Name: "there", Value: "yes"}}
			}, nil,
		},
		"no options":      {`{"downstream":{"options":null}}`, func(c *channels.Channel) { c.Downstream.Options = nil }, nil},
		"what is ignored": {`{"id":"main","revision":99,"status":{"a":[1]}}`, func(*channels.Channel) {}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			want := f.office.channel
			want.Settings = want.Settings.WithDefaults()
			want.Store.AccessToken, want.Store.ClientSecret, want.Downstream.Token = nil, nil, nil
			want.Revision, want.CreatedAt, want.SecretVersion, want.SecretFloor, want.Former = 0, time.Time{}, 0, 0, nil
			tc.change(&want)
			answer := f.send(http.MethodPatch, "/channels/main", tc.body, with("Content-Type", "application/merge-patch+json"))
			require.Equal(t, http.StatusOK, answer.status, answer.body)
			got := f.one("save")
			require.Equal(t, want, got.channel)
			require.Equal(t, 7, *got.expected, "the revision that was read")
			if tc.secrets == nil {
				tc.secrets = map[string]string{}
			}
			require.Equal(t, tc.secrets, got.secrets)
		})
	}
}

func TestChangesThatMeet(t *testing.T) {
	t.Parallel()
	t.Run("are begun anew", func(t *testing.T) {
		t.Parallel()
		f := setup(t)
		f.office.saveErrs = []error{conflict(), conflict()}
		require.Equal(t, http.StatusOK, f.send(http.MethodPatch, "/channels/main", `{"active":false}`).status)
		require.Len(t, f.office.asked("channel"), 3, "each on what there is then")
	})
	t.Run("but not for ever", func(t *testing.T) {
		t.Parallel()
		f := setup(t)
		f.office.saveErrs = []error{conflict(), conflict(), conflict(), conflict()}
		require.Equal(t, http.StatusConflict, f.send(http.MethodPatch, "/channels/main", `{"active":false}`).status)
		require.Len(t, f.office.asked("save"), 3)
	})
	t.Run("and not where there is a condition", func(t *testing.T) {
		t.Parallel()
		f := setup(t)
		f.office.saveErrs = []error{conflict()}
		answer := f.send(http.MethodPatch, "/channels/main", `{"active":false}`, with("If-Match", `"6"`))
		require.Equal(t, http.StatusPreconditionFailed, answer.status)
		require.Equal(t, 6, *f.one("save").expected)
	})
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		body     string
		clientID string
		secrets  map[string]string
	}{
		"one":         {`{"access_token":"a"}`, "client1", map[string]string{"access_token": "a"}},
		"an account":  {`{"access_token":"a","client_id":"c2","client_secret":"s"}`, "c2", map[string]string{"access_token": "a", "client_secret": "s"}},
		"downstream":  {`{"downstream_token":"d"}`, "client1", map[string]string{"downstream_token": "d"}},
		"removed":     {`{"client_id":null,"client_secret":""}`, "", map[string]string{"client_secret": ""}},
		"not removed": {`{"access_token":"a","client_secret":null}`, "client1", map[string]string{"access_token": "a", "client_secret": ""}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			require.Equal(t, http.StatusOK, f.send(http.MethodPut, "/channels/main/credentials", tc.body).status)
			got := f.one("save")
			require.Equal(t, tc.secrets, got.secrets)
			require.Equal(t, tc.clientID, got.channel.Store.ClientID)
			require.Equal(t, f.office.channel.Settings, got.channel.Settings, "nothing else changes")
			require.Equal(t, "ops", got.by)
		})
	}
	f := setup(t)
	require.Equal(t, http.StatusBadRequest, f.send(http.MethodPut, "/channels/main/credentials", `{}`).status)
	require.Empty(t, f.office.calls)
}

func TestRemove(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		query   string
		ifMatch string
		status  int
		force   bool
	}{
		"in order":             {"", "", http.StatusOK, false},
		"by force":             {"?force=true", "", http.StatusOK, true},
		"explicitly not":       {"?force=false", "", http.StatusOK, false},
		"perhaps":              {"?force=perhaps", "", http.StatusBadRequest, false},
		"on its revision":      {"", `"7"`, http.StatusOK, false},
		"on another revision":  {"", `"6"`, http.StatusPreconditionFailed, false},
		"on a weak revision":   {"", `W/"7"`, http.StatusBadRequest, false},
		"on several":           {"", `"6", "7"`, http.StatusBadRequest, false},
		"on an impossible one": {"", `"0"`, http.StatusBadRequest, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			var options []option
			if tc.ifMatch != "" {
				options = append(options, with("If-Match", tc.ifMatch))
			}
			answer := f.send(http.MethodDelete, "/channels/main"+tc.query, "", options...)
			require.Equal(t, tc.status, answer.status, answer.body)
			if tc.status != http.StatusOK {
				require.Empty(t, f.office.asked("remove"))
				return
			}
			require.JSONEq(t, `{"left":[]}`, answer.body)
			require.Equal(t, call{what: "remove", by: "ops", id: "main", flag: tc.force}, f.one("remove"))
		})
	}
}

func TestActionsOnARevision(t *testing.T) {
	t.Parallel()
	for _, active := range []bool{true, false} {
		path := map[bool]string{true: "/channels/main/activate", false: "/channels/main/deactivate"}[active]
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			require.Equal(t, http.StatusOK, f.send(http.MethodPost, path, "", with("If-Match", `"7"`)).status)
			save := f.one("save")
			require.Equal(t, 7, *save.expected)
			require.Equal(t, active, save.channel.Active)
			require.Equal(t, f.office.channel.Settings, save.channel.Settings)
			require.Empty(t, save.secrets)

			f.office.saveErrs = []error{&operator.Error{Kind: operator.KindConflict, Message: "changed meanwhile"}}
			require.Equal(t, http.StatusPreconditionFailed, f.send(http.MethodPost, path, "", with("If-Match", `"6"`)).status)
			require.Equal(t, http.StatusBadRequest, f.send(http.MethodPost, path, "", with("If-Match", `W/"7"`)).status)
			require.Empty(t, f.office.asked("active"))
		})
	}
	for _, path := range []string{"rotate-secret", "rotate-key", "audit"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			answer := f.send(http.MethodPost, "/channels/main/"+path, "", with("If-Match", `"7"`))
			require.Equal(t, http.StatusBadRequest, answer.status)
			require.Contains(t, answer.body, "leave If-Match out")
			require.Empty(t, f.office.calls)
		})
	}
}

func TestActions(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]call{
		"activate":      {what: "active", by: "ops", id: "main", flag: true},
		"deactivate":    {what: "active", by: "ops", id: "main"},
		"rotate-secret": {what: "rotate", by: "ops", id: "main"},
		"rotate-key":    {what: "reseal", by: "ops", id: "main"},
		"audit":         {what: "audit", id: "main"},
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			require.Equal(t, http.StatusOK, f.send(http.MethodPost, "/channels/main/"+path, "").status)
			require.Equal(t, []call{want}, f.office.calls)
			require.Contains(t, f.log.String(), `"by":"ops"`, "the log says who did what")
			require.Equal(t, http.StatusBadRequest, f.send(http.MethodPost, "/channels/main/"+path, `{"by":"somebody"}`).status)
			require.Len(t, f.office.calls, 1)
		})
	}
}
