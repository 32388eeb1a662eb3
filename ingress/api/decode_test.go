package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/ingress/api"
)

func TestBodiesThatAreNotAsTheyShouldBe(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		body   string
		fields map[string]string
	}{
		"not JSON":      {`hunter2`, nil},
		"cut":           {`{"active":`, nil},
		"two documents": {`{}{"store":"hunter2"}`, nil},
		"a list":        {`["hunter2"]`, map[string]string{"": "must be an object"}},
		"a text":        {`"hunter2"`, map[string]string{"": "must be an object"}},
		"unknown":       {`{"activ":true}`, map[string]string{"activ": "is not known here"}},
		"in capitals":   {`{"Active":true}`, map[string]string{"Active": "is not known here"}},
		"unknown, and null": {
			`{"activ":null,"settings":{"waits":{"frist":null}}}`,
			map[string]string{"activ": "is not known here", "settings.waits.frist": "is not known here"},
		},
		"an endless name": {
			`{"` + strings.Repeat("x", 5000) + `":1}`,
			map[string]string{strings.Repeat("x", 64) + "…": "is not known here"},
		},
		"twice":   {`{"active":true,"active":false}`, map[string]string{"active": "is there twice"}},
		"no name": {`{"":true}`, map[string]string{"": "is not known here"}},
		"all at once": {
			`{"active":"yes","store":{"hash":7,"access_token":{"a":"hunter2"},"secret":"hunter2"},"downstream":"hunter2",
				"settings":{"cancel_on":"hunter2","fulfill_on":[5,"hunter2"],"store_channels":[1.5],"valid_cancellation_statuses":[1],
				"audit_every":"hunter2","reconcile_every":5,"signature":true,"waits":{"first":[],"settle":"1"}}}`,
			map[string]string{
				"active":                               "must be true or false",
				"store.hash":                           "must be a text",
				"store.access_token":                   "must be a text",
				"store.secret":                         "is not known here",
				"downstream":                           "must be an object",
				"settings.cancel_on":                   "must be a list, and each of it a whole number",
				"settings.fulfill_on":                  "must be a list, and each of it a whole number",
				"settings.store_channels":              "must be a list, and each of it a whole number",
				"settings.valid_cancellation_statuses": "must be a list, and each of it a text",
				"settings.audit_every":                 "must be a duration, for example 90s, 5m or 24h",
				"settings.reconcile_every":             "must be a text",
				"settings.signature":                   "must be a text",
				"settings.waits.first":                 "must be a text",
				"settings.waits.settle":                "must be a duration, for example 90s, 5m or 24h",
			},
		},
		"options": {
			`{"downstream":{"options":{"a":{"b":"hunter2"},"c":["hunter2"],"d":1,"d":2,"e":true}}}`,
			map[string]string{
				"downstream.options.a": "must be a text, a number, true or false",
				"downstream.options.c": "must be a text, a number, true or false",
				"downstream.options.d": "is there twice",
			},
		},
		"options that are none": {`{"downstream":{"options":["hunter2"]}}`, map[string]string{"downstream.options": "must be an object"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			for _, answer := range []response{
				f.send(http.MethodPost, "/channels", tc.body),
				f.send(http.MethodPatch, "/channels/main", tc.body, with("Content-Type", "application/merge-patch+json")),
			} {
				require.Equal(t, http.StatusBadRequest, answer.status, answer.body)
				require.Equal(t, "urn:orderbridge:problem:bad-request", answer.problem(t).Type)
				if tc.fields == nil {
					require.Empty(t, answer.fields(t))
				} else {
					require.Equal(t, tc.fields, answer.fields(t))
				}
				require.NotContains(t, answer.body, "hunter2", "a value may be a secret")
			}
			require.Empty(t, f.office.asked("save"))
			require.NotContains(t, f.log.String(), "hunter2")
		})
	}
	f := setup(t)
	require.Equal(t, map[string]string{"since": "must be a time, for example 2026-11-20T00:00:00Z"},
		f.send(http.MethodPost, "/channels/main/reconciliations", `{"since":"yesterday"}`).fields(t))
}

func TestBodiesOfOtherForms(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		options []option
		status  int
	}{
		"with a charset": {[]option{with("Content-Type", "application/json; charset=utf-8")}, http.StatusOK},
		"no type":        {[]option{with("Content-Type", "")}, http.StatusUnsupportedMediaType},
		"a form":         {[]option{with("Content-Type", "application/x-www-form-urlencoded")}, http.StatusUnsupportedMediaType},
		"a merge patch where none is taken": {
			[]option{with("Content-Type", "application/merge-patch+json")}, http.StatusUnsupportedMediaType,
		},
		"compressed": {[]option{with("Content-Encoding", "gzip")}, http.StatusUnsupportedMediaType},
		"identity":   {[]option{with("Content-Encoding", "identity")}, http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			require.Equal(t, tc.status, f.send(http.MethodPut, "/channels/main", `{"store":{"hash":"abc123"}}`, tc.options...).status)
		})
	}
}

// FuzzDecode reads anything at all as a channel. What it takes is JSON that the
// standard library reads in the same way.
func FuzzDecode(f *testing.F) {
	for _, body := range []string{
		newChannel, `{}`, `null`, `[]`, `{"settings":{"waits":{"first":"1s"}}}`, `{"store":{"client_secret":null}}`, `{"status":[1,{"a":2}]}`,
		`{"a":{"b":{"c":[]}}}`, "\xff", `{"active":true,"active":true}`, `{"settings":{"cancel_on":[1,2,null]}}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var got api.ChannelBody
		if err := api.Decode(body, &got); err != nil {
			return
		}
		var want api.ChannelBody
		require.NoError(t, json.Unmarshal(body, &want))
		require.Equal(t, want.Settings, got.Settings)
		require.Equal(t, want.Downstream.BaseURL, got.Downstream.BaseURL)
		require.Equal(t, want.Store.Hash, got.Store.Hash)
		require.Equal(t, want.Active, got.Active)
	})
}
