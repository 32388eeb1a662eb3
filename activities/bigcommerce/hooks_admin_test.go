package bigcommerce_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
)

func TestClientHooksAdmin(t *testing.T) {
	t.Parallel()

	t.Run("every field", func(t *testing.T) {
		t.Parallel()
		readAt := time.Date(2026, 1, 3, 3, 5, 0, 0, time.UTC)
		send := answerFile(t, "hooks_admin.json")
		store := setup(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Date", readAt.Format(http.TimeFormat))
			send(w, r)
		})
		admin, err := store.client.HooksAdmin(t.Context())
		require.NoError(t, err)
		active, deactivated := wantHook(), wantHook()
		active.Status = bigcommerce.HookActive
		deactivated.ID, deactivated.Scope, deactivated.Headers = 29002, bigcommerce.ScopeShipmentCreated, nil
		deactivated.IsActive, deactivated.Status = false, bigcommerce.HookDeactivated
		require.Equal(t, bigcommerce.HooksAdmin{
			ReadAt: readAt,
			Hooks:  []bigcommerce.Hook{active, deactivated},
			Emails: []string{"ops@shop.example"},
			BlockedDomains: []bigcommerce.BlockedDomain{{
				Destination: "bridge.example", TimeLeft: 95 * time.Second,
				Reasons: []bigcommerce.BlockReason{{
					Description: "Non-200 response received", Count: 34, At: time.Date(2026, 1, 3, 3, 3, 20, 0, time.UTC),
				}},
			}},
		}, admin)
		require.Equal(t, storePath+"/v3/hooks/admin", store.received()[0].path)
	})

	t.Run("pages", func(t *testing.T) {
		t.Parallel()
		store := setup(t, func(w http.ResponseWriter, r *http.Request) {
			page := 1
			_, _ = fmt.Sscan(r.URL.Query().Get("page"), &page)
			w.Header().Set("Date", time.Date(2026, 1, 3, 3, page, 0, 0, time.UTC).Format(http.TimeFormat))
			answer(http.StatusOK, fmt.Sprintf(`{"data":{"hooks_list":[{"id":%d}],"emails":["a@b.example"],
				"blocked_domains":[{"destination":"x.example","time_left":"60","reasons":null}]},
				"meta":{"pagination":{"total_pages":3}}}`, page))(w, r)
		})
		admin, err := store.client.HooksAdmin(t.Context())
		require.NoError(t, err)
		require.Equal(t, []bigcommerce.Hook{{ID: 1}, {ID: 2}, {ID: 3}}, admin.Hooks)
		require.Equal(t, []string{"a@b.example"}, admin.Emails)
		require.Equal(t, time.Date(2026, 1, 3, 3, 1, 0, 0, time.UTC), admin.ReadAt, "that of the first page")
		require.Equal(t, []bigcommerce.BlockedDomain{
			{Destination: "x.example", TimeLeft: time.Minute, Reasons: []bigcommerce.BlockReason{}},
		}, admin.BlockedDomains)
		require.Len(t, store.received(), 3)
	})

	t.Run("nothing yet", func(t *testing.T) {
		t.Parallel()
		for _, handle := range []http.HandlerFunc{
			answer(http.StatusNoContent, ""),
			answer(http.StatusOK, `{"data":{"emails":null,"hooks_list":null,"blocked_domains":null}}`),
		} {
			admin, err := setup(t, handle).client.HooksAdmin(t.Context())
			require.NoError(t, err)
			require.False(t, admin.ReadAt.IsZero())
			require.Equal(t, bigcommerce.HooksAdmin{
				ReadAt: admin.ReadAt, Hooks: []bigcommerce.Hook{}, BlockedDomains: []bigcommerce.BlockedDomain{}, Emails: []string{},
			}, admin)
		}
	})

	t.Run("fails on a later page", func(t *testing.T) {
		t.Parallel()
		store := setup(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("page") == "2" {
				answer(http.StatusInternalServerError, "")(w, r)
				return
			}
			answer(http.StatusOK, `{"data":{"hooks_list":[{"id":1}]},"meta":{"pagination":{"total_pages":2}}}`)(w, r)
		})
		admin, err := store.client.HooksAdmin(t.Context())
		requireKind(t, err, bigcommerce.Unavailable)
		require.Zero(t, admin)
	})
}

func TestClientSetHookAdminEmails(t *testing.T) {
	t.Parallel()

	t.Run("sends the list", func(t *testing.T) {
		t.Parallel()
		for want, emails := range map[string][]string{
			`{"emails":["a@b.example","c@d.example"]}`: {"a@b.example", "c@d.example"},
			`{"emails":[]}`: nil,
		} {
			store := setup(t, answer(http.StatusNoContent, ""))
			require.NoError(t, store.client.SetHookAdminEmails(t.Context(), emails))
			request := store.received()[0]
			require.Equal(t, http.MethodPut, request.method)
			require.Equal(t, storePath+"/v3/hooks/admin", request.path)
			require.JSONEq(t, want, request.body)
		}
	})

	t.Run("a message that quotes an address", func(t *testing.T) {
		t.Parallel()
		store := setup(t, answer(http.StatusUnprocessableEntity,
			`{"status":422,"title":"Invalid","errors":{"emails":["a@b.example is not one"]}}`))
		err := store.client.SetHookAdminEmails(t.Context(), []string{"a@b.example"})
		failure := requireError(t, err, bigcommerce.Invalid)
		require.Equal(t, map[string]string{"emails": "[redacted] is not one"}, failure.Fields)
	})
}
