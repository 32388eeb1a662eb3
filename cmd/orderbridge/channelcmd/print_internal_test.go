package channelcmd

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/seal"
	"github.com/orderbridge/orderbridge/ingress/operator"
)

func TestAsk(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]error{
		"y\n": nil, "YES\n": nil, "yes": nil, "\n": errDeclined, "n\n": errDeclined, "": errDeclined, "yesterday\n": errDeclined,
	} {
		var out bytes.Buffer
		require.ErrorIs(t, ask(strings.NewReader(answer), &out, "Remove it?"), want, "%q", answer)
		require.Equal(t, "Remove it? [y/N] ", out.String())
	}
	broken := errors.New("the terminal is gone")
	require.ErrorIs(t, ask(io.MultiReader(strings.NewReader("y"), failing{broken}), io.Discard, "?"), broken)
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// example is a channel of which there is much to say.
func example() operator.View {
	at := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	view := operator.ViewOf(channels.Channel{
		ID: "main", Active: true, Revision: 7, CreatedAt: at, CallbackURL: "https://hooks.example.com/webhooks/bigcommerce/main",
		SecretVersion: 3, SecretFloor: 2,
		Store:      channels.Store{Hash: "abc", ClientID: "id2", ClientSecret: seal.Sealed("x")},
		Downstream: channels.Downstream{Adapter: "rest", BaseURL: "https://orders.example.com"},
		Settings:   channels.Settings{ValidCancellationStatuses: []string{"Awaiting Shipment", "On Hold"}, StoreChannels: []int64{1, 7}},
		Former: []channels.FormerStore{
			{Store: channels.Store{Hash: "abc", ClientID: "id1"}, LeftAt: at},
			{Store: channels.Store{Hash: "old"}, LeftAt: at, Cleared: true},
		},
	})
	view.Status = &channels.Status{
		Health: channels.Health{State: channels.HealthUnhealthy, CheckedAt: at, Problems: []channels.Finding{
			{Kind: channels.FindingRevoked, Detail: "BigCommerce does not accept the access token.", Advice: "Give it a new one.", Left: true},
		}},
		Hooks:             []channels.HookRef{{ID: 17, Scope: "store/order/statusUpdated", ArmedAt: at}},
		ReconciledThrough: at, RetireSecretAt: at.Add(49 * time.Hour),
	}
	return view
}

func TestShow(t *testing.T) {
	t.Parallel()

	t.Run("all there is", func(t *testing.T) {
		t.Parallel()
		var out bytes.Buffer
		require.NoError(t, show(&out, example()))
		for _, line := range []string{
			`(?m)^state +active \(revision 7, added 2026-11-20T10:00:00Z\)$`,
			`(?m)^API account +id2 with client secret$`,
			`(?m)^secret +version 3; version 2 is still taken until 2026-11-22T11:00:00Z$`,
			`(?m)^signature +observe$`,
			`(?m)^cancels in +Awaiting Shipment, On Hold$`,
			`(?m)^fulfills in +no status: never$`,
			`(?m)^fulfill on +2 \(Shipped\), 10 \(Completed\)$`,
			`(?m)^only of +BigCommerce channels 1, 7$`,
			`(?m)^waits +first 3m, longest 4h, 24h in all; settle 2s; retry for 72h$`,
			`(?m)^audit +every 15m$`,
			`(?m)^reconciliation +every 10m$`,
			`(?m)^health +unhealthy, audited at 2026-11-20T10:00:00Z$`,
			`(?m)^  problem +revoked_token: BigCommerce does not accept the access token\. Give it a new one\.$`,
			`(?m)^  hook +17 store/order/statusUpdated, armed at 2026-11-20T10:00:00Z$`,
			`(?m)^  left +abc id1 at 2026-11-20T10:00:00Z: hooks of ours may still be there$`,
			`(?m)^  left +old at 2026-11-20T10:00:00Z: no hook of ours is left there$`,
			`(?m)^searched +through 2026-11-20T10:00:00Z$`,
		} {
			require.Regexp(t, line, out.String())
		}
	})

	t.Run("a channel that was just added", func(t *testing.T) {
		t.Parallel()
		view := example()
		view.Status, view.Former, view.SecretVersion, view.SecretFloor = &channels.Status{}, nil, 1, 1
		var out bytes.Buffer
		require.NoError(t, show(&out, view))
		require.Regexp(t, `(?m)^health +unknown$`, out.String())
		require.Regexp(t, `(?m)^searched +not yet$`, out.String())
		require.Regexp(t, `(?m)^secret +version 1$`, out.String())
	})

	t.Run("an unknown API account, and several versions of the secret", func(t *testing.T) {
		t.Parallel()
		view := example()
		view.Store.ClientID, view.Store.HasClientSecret, view.SecretVersion = "", false, 5
		var out bytes.Buffer
		require.NoError(t, show(&out, view))
		require.Regexp(t, `(?m)^API account +no client id, no client secret$`, out.String())
		require.Regexp(t, `(?m)^secret +version 5; versions 2 to 4 are still taken until 2026-11-22T11:00:00Z$`, out.String())
	})

	t.Run("one whose status cannot be read", func(t *testing.T) {
		t.Parallel()
		view := example()
		view.Status, view.Error = nil, "its status cannot be read"
		var out bytes.Buffer
		require.NoError(t, show(&out, view))
		require.Regexp(t, `(?m)^health +its status cannot be read$`, out.String())
		require.Contains(t, out.String(), "until every hook carries the new one, and two days longer")
	})
}

func TestState(t *testing.T) {
	t.Parallel()
	view := example()
	require.Equal(t, "active", state(view))
	view.Active = false
	require.Equal(t, "inactive", state(view))
	view.Status.Removing = true
	require.Equal(t, "being removed", state(view))
	require.Equal(t, "?", state(operator.View{ID: "broken"}))
}

func TestDescribeChanges(t *testing.T) {
	t.Parallel()
	require.Equal(t, "  store.access_token: (secret, changed)\n  store.client_secret: (none) → (secret)\n  store.base_url: (nothing) → http://x\n",
		describeChanges([]channels.FieldChange{
			{Field: "store.access_token", Was: "(secret)", Is: "(secret)"},
			{Field: "store.client_secret", Was: "(none)", Is: "(secret)"},
			{Field: "store.base_url", Was: "", Is: "http://x"},
		}))
}

func TestPrintAudit(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		report channels.AuditReport
		want   string
	}{
		"nothing wrong": {
			channels.AuditReport{Channel: "main", Subscribed: []string{"a", "b"}},
			"channel main: every hook is as it should be\nsubscribed to a, b\n",
		},
		"something done and something left": {
			channels.AuditReport{
				Channel: "main", Revision: 7,
				Found: []channels.Finding{
					{Kind: channels.FindingMissing, Detail: "there is no hook for a", Done: "made hook 1"},
					{Kind: channels.FindingBlocked, Detail: "hooks.example.com is blocked for 2m", Advice: "look at its log", Left: true},
				},
				Left: []channels.Finding{{Kind: channels.FindingBlocked, Detail: "hooks.example.com is blocked for 2m", Left: true}},
				Done: []string{"made hook 1 for a"},
			},
			"channel main: revision 7\n" +
				"found  missing: there is no hook for a — made hook 1\n" +
				"found  blocked_domain: hooks.example.com is blocked for 2m — look at its log\n" +
				"done   made hook 1 for a\n" +
				"left   blocked_domain: hooks.example.com is blocked for 2m\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			require.NoError(t, printAudit(&out, tc.report))
			require.Equal(t, tc.want, out.String())
		})
	}
}

func TestFollowPrintsEachStepOnceAsItComes(t *testing.T) {
	t.Parallel()
	step := func(name string, result activities.CheckResult, advice string) activities.CheckStep {
		return activities.CheckStep{Name: name, Result: result, Detail: "detail", Advice: advice}
	}
	token := step("token", activities.CheckOK, "")
	hooks := step("hooks", activities.CheckFailed, "run an audit")
	answers := []activities.CheckReport{
		{Steps: []activities.CheckStep{step("token", activities.CheckRunning, "")}},
		{Steps: []activities.CheckStep{token, step("hooks", activities.CheckRunning, "")}},
		{Steps: []activities.CheckStep{token, hooks}, Result: activities.CheckFailed},
	}
	var seen []string
	var out bytes.Buffer
	asked := 0
	report, err := follow(t.Context(), &out, func(context.Context) (activities.CheckReport, bool, error) {
		seen = append(seen, out.String())
		asked++
		return answers[asked-1], asked == len(answers), nil
	})
	require.NoError(t, err)
	require.Equal(t, answers[2], report)
	first := "ok       token       detail\n"
	require.Equal(t, []string{"", "", first}, seen)
	require.Equal(t, first+"failed   hooks       detail\n                     → run an audit\n", out.String())
}

func TestFollowEnds(t *testing.T) {
	t.Parallel()
	broken := errors.New("Temporal is away")
	_, err := follow(t.Context(), io.Discard, func(context.Context) (activities.CheckReport, bool, error) {
		return activities.CheckReport{}, false, broken
	})
	require.ErrorIs(t, err, broken)
	ctx, cancel := context.WithCancel(t.Context())
	_, err = follow(ctx, io.Discard, func(context.Context) (activities.CheckReport, bool, error) {
		cancel()
		return activities.CheckReport{}, false, nil
	})
	require.ErrorIs(t, err, context.Canceled)
}
