package api_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/ingress/operator"
)

func TestChecks(t *testing.T) {
	t.Parallel()
	for body, deliver := range map[string]bool{"": true, `{}`: true, `{"deliver":true}`: true, `{"deliver":false}`: false} {
		t.Run("start "+body, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			answer := f.send(http.MethodPost, "/channels/main/checks", body)
			require.Equal(t, http.StatusAccepted, answer.status)
			require.JSONEq(t, `{"run":"`+checkRun+`"}`, answer.body)
			require.Equal(t, "/api/v1/channels/main/checks/"+checkRun, answer.header.Get("Location"))
			require.Equal(t, call{what: "start check", by: "ops", id: "main", flag: deliver}, f.one("start check"))
		})
	}
	t.Run("watch", func(t *testing.T) {
		t.Parallel()
		f := setup(t)
		f.office.done = false
		require.Contains(t, f.send(http.MethodGet, "/channels/main/checks/"+checkRun, "").body, `"done":false`)
		f.office.done = true
		require.JSONEq(t, `{"run":"`+checkRun+`","done":true,"report":{"channel":"main","result":"warning",
			"steps":[{"name":"token","result":"warning","detail":"d","advice":"a"}],
			"started_at":"2026-11-20T09:30:00Z","ended_at":"2026-11-20T09:30:00Z"}}`,
			f.send(http.MethodGet, "/channels/main/checks/"+checkRun, "").body)
		require.Equal(t, call{what: "check", id: "check/main", run: checkRun}, f.office.asked("check")[1])
	})
}

func TestReconciliations(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]activities.ReconcileRequest{
		"":                                 {Channel: "main"},
		`{}`:                               {Channel: "main"},
		`{"since":null}`:                   {Channel: "main"},
		`{"dry_run":true}`:                 {Channel: "main", DryRun: true},
		`{"since":"2026-11-20T09:30:00Z"}`: {Channel: "main", Since: at},
		`{"since":"2026-11-20T10:30:00+01:00","dry_run":true}`: {Channel: "main", Since: at.In(time.FixedZone("", 3600)), DryRun: true},
	} {
		t.Run("start "+body, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			answer := f.send(http.MethodPost, "/channels/main/reconciliations", body)
			require.Equal(t, http.StatusAccepted, answer.status)
			require.JSONEq(t, `{"run":"`+searchRun+`"}`, answer.body)
			require.Equal(t, "/api/v1/channels/main/reconciliations/"+searchRun, answer.header.Get("Location"))
			got := f.one("start reconcile").request
			require.True(t, want.Since.Equal(got.Since))
			want.Since, got.Since = time.Time{}, time.Time{}
			require.Equal(t, want, got)
		})
	}
	t.Run("watch", func(t *testing.T) {
		t.Parallel()
		f := setup(t)
		f.office.done = false
		answer := f.send(http.MethodGet, "/channels/main/reconciliations/"+searchRun, "")
		require.JSONEq(t, `{"run":"`+searchRun+`","done":false,"progress":{"from":"2026-11-20T09:30:00Z","until":"2026-11-20T09:30:00Z",
			"at":"2026-11-20T09:30:00Z","listed":9,"mapped":7,"covered":4,"missed":3,"started":2,"already_started":1,"pages":1,"done":false}}`, answer.body)
		require.Empty(t, f.office.asked("reconcile result"))
		f.office.done = true
		answer = f.send(http.MethodGet, "/channels/main/reconciliations/"+searchRun, "")
		require.Contains(t, answer.body, `"order_id":218`)
		require.Equal(t, call{what: "reconcile result", id: "reconcile/main/request/" + searchRun}, f.one("reconcile result"))
	})
}

func TestRunsThatAreNot(t *testing.T) {
	t.Parallel()
	for _, path := range []string{
		"/channels/main/checks/nonsense", "/channels/main/checks/" + searchRun, "/channels/MAIN/checks/" + checkRun,
		"/channels/main/reconciliations/a%2Fb", "/channels/main/reconciliations/%20", "/channels/MAIN/reconciliations/" + searchRun,
	} {
		f := setup(t)
		answer := f.send(http.MethodGet, path, "")
		require.Equal(t, http.StatusNotFound, answer.status, path)
		require.Equal(t, "urn:orderbridge:problem:not-found", answer.problem(t).Type)
		require.Empty(t, f.office.calls, "nothing else may be asked for in this way")
	}
	f := setup(t)
	f.office.err = &operator.Error{Kind: operator.KindUnknownChannel, Message: "channel x: no such channel"}
	for _, path := range []string{"/channels/main/checks/" + checkRun, "/channels/main/reconciliations/" + searchRun} {
		require.Contains(t, f.send(http.MethodGet, path, "").problem(t).Detail, "no such run")
	}
}
