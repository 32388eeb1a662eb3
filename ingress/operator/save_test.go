package operator_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/ingress/operator"
	"github.com/orderbridge/orderbridge/workflows"
)

func conflict() error {
	return temporal.NewNonRetryableApplicationError("channel main was changed meanwhile", workflows.ErrTypeRevisionConflict, nil)
}

// present returns the channel as the fake has it, but for its credentials.
func (b bundle) present(t *testing.T) channels.Channel {
	t.Helper()
	channel, err := b.Channel(t.Context(), "main")
	require.NoError(t, err)
	channel.Store.AccessToken, channel.Store.ClientSecret, channel.Downstream.Token = nil, nil, nil
	return channel
}

func TestSavingTheSameChangesNothing(t *testing.T) {
	t.Parallel()
	for name, secrets := range map[string]operator.Secrets{
		"without credentials": {},
		"with the same credentials": {
			AccessToken: new("store-token"), ClientSecret: new("client-secret"), DownstreamToken: new("wms-token"),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			plan, err := b.Plan(t.Context(), b.present(t), secrets)
			require.NoError(t, err)
			require.True(t, plan.Nothing(), plan.Changes)
			result, err := b.Save(t.Context(), "alice", b.present(t), secrets, nil)
			require.NoError(t, err)
			require.Empty(t, result.Changed)
			require.Equal(t, 7, result.Revision)
			require.Equal(t, "alice", b.temporal.saved[0].By)
		})
	}
}

func TestSaveSealsAndRemovesCredentials(t *testing.T) {
	t.Parallel()
	b := setup(t)
	secrets := operator.Secrets{AccessToken: new("new-token"), ClientSecret: new("")}
	plan, err := b.Plan(t.Context(), b.present(t), secrets)
	require.NoError(t, err)
	require.Equal(t, []channels.FieldChange{
		{Field: "store.access_token", Was: "(secret)", Is: "(secret)"},
		{Field: "store.client_secret", Was: "(secret)", Is: "(none)"},
	}, plan.Changes)
	require.Empty(t, b.temporal.saved, "a plan saves nothing")
	_, err = b.Save(t.Context(), "alice", b.present(t), secrets, new(7))
	require.NoError(t, err)
	kept := b.temporal.channels["main"]
	plain, err := b.keeper.Open(t.Context(), kept.Store.AccessToken)
	require.NoError(t, err)
	require.Equal(t, "new-token", plain)
	require.Empty(t, kept.Store.ClientSecret)
	plain, err = b.keeper.Open(t.Context(), kept.Downstream.Token)
	require.NoError(t, err)
	require.Equal(t, "wms-token", plain)
}

func TestSaveIgnoresSealedCredentialsOfTheCaller(t *testing.T) {
	t.Parallel()
	b := setup(t)
	channel := b.present(t)
	channel.Downstream.Token = []byte("from elsewhere")
	result, err := b.Save(t.Context(), "alice", channel, operator.Secrets{}, nil)
	require.NoError(t, err)
	require.Empty(t, result.Changed)
}

func TestSaveRefuses(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change   func(*channels.Channel)
		secrets  operator.Secrets
		expected *int
		kind     operator.Kind
		fields   []string
		says     string
	}{
		"another revision": {
			expected: new(6), kind: operator.KindConflict, says: "channel main was changed meanwhile: it is at revision 7, not 6; read it again",
		},
		"an id that is taken": {
			expected: new(0), kind: operator.KindConflict, says: "there is a channel main already (revision 7)",
		},
		"a revision of nothing": {
			change:   func(c *channels.Channel) { c.ID = "other" },
			expected: new(3), kind: operator.KindUnknownChannel, says: "channel other: there is no such sales channel",
		},
		"wrong settings, all at once": {
			change: func(c *channels.Channel) {
				c.Store.Hash, c.Settings.Signature, c.Settings.AuditEvery = "NO", "maybe", 1
			},
			kind: operator.KindInvalid, fields: []string{"store.hash", "settings.signature", "settings.audit_every"},
			says: "channel main: these settings cannot be used\n  store.hash \"NO\" must be",
		},
		"a new channel without credentials": {
			change: func(c *channels.Channel) {
				c.ID, c.CallbackURL = "other", "https://hooks.example.com/webhooks/bigcommerce/other"
			},
			kind: operator.KindInvalid, fields: []string{"store.access_token", "downstream.token"}, says: "store.access_token is missing",
		},
		"a token that is removed": {
			secrets: operator.Secrets{DownstreamToken: new("")},
			kind:    operator.KindInvalid, fields: []string{"downstream.token"}, says: "downstream.token is missing",
		},
		"a bad id": {
			change: func(c *channels.Channel) { c.ID = "../main" },
			kind:   operator.KindInvalid, fields: []string{"id", "store.access_token", "downstream.token"}, says: `id "../main" must be`,
		},
		"addresses on other hosts with the tokens of the old": {
			change: func(c *channels.Channel) {
				c.Store.BaseURL, c.Downstream.BaseURL = "https://api.example.net", "http://orders.example.com/v1"
			},
			kind: operator.KindInvalid, fields: []string{"store.access_token", "downstream.token"},
			says: "downstream.token must be given again: downstream.base_url has another host",
		},
		"another adapter with the token of the old": {
			change: func(c *channels.Channel) { c.Downstream.Adapter = "threepl" },
			kind:   operator.KindInvalid, fields: []string{"downstream.token", "downstream.options.customer_id", "downstream.options.user_login"},
			says: "downstream.token must be given again: downstream.adapter is another",
		},
		"an adapter that there is not": {
			change: func(c *channels.Channel) { c.Downstream.Adapter = "fax" }, secrets: operator.Secrets{DownstreamToken: new("t")},
			kind: operator.KindInvalid, fields: []string{"downstream.adapter"}, says: `downstream.adapter "fax" is none of rest, threepl`,
		},
		"an option that there is not": {
			change: func(c *channels.Channel) { c.Downstream.Options = c.Downstream.Options.With("store_id", "7") },
			kind:   operator.KindInvalid, fields: []string{"downstream.options.store_id"}, says: "is not an option of the adapter rest, which has none",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			channel := b.present(t)
			if tc.change != nil {
				tc.change(&channel)
			}
			_, err := b.Save(t.Context(), "alice", channel, tc.secrets, tc.expected)
			require.ErrorContains(t, err, tc.says)
			failure := asError(t, err)
			require.Equal(t, tc.kind, failure.Kind)
			fields := make([]string, 0, len(failure.Fields))
			for _, field := range failure.Fields {
				fields = append(fields, field.Field)
			}
			require.ElementsMatch(t, tc.fields, fields)
			require.Empty(t, b.temporal.saved)
		})
	}
}

func TestAddressesMayMoveOnTheirHostOrWithTheirTokens(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		address string
		secrets operator.Secrets
	}{
		"another path":            {"https://ORDERS.example.com/v2", operator.Secrets{}},
		"another host with token": {"https://orders.example.net", operator.Secrets{DownstreamToken: new("wms-token")}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			channel := b.present(t)
			channel.Downstream.BaseURL = tc.address
			result, err := b.Save(t.Context(), "alice", channel, tc.secrets, nil)
			require.NoError(t, err)
			require.Len(t, result.Changed, 1)
		})
	}
}

func TestSaveIsBegunAnewWhenSomebodyElseSaved(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		expected *int
		saves    int
		kind     operator.Kind
	}{
		"without an expected revision": {nil, 2, ""},
		"with one":                     {new(7), 1, operator.KindConflict},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			channel := b.present(t)
			b.temporal.beforeSave = func() {
				b.temporal.mu.Lock()
				defer b.temporal.mu.Unlock()
				if len(b.temporal.saved) == 0 {
					other := b.temporal.channels["main"]
					other.Revision++
					b.temporal.channels["main"] = other
				}
			}
			_, err := b.Save(t.Context(), "alice", channel, operator.Secrets{}, tc.expected)
			require.Equal(t, tc.kind == "", err == nil, err)
			require.Equal(t, tc.kind != "", operator.IsKind(err, operator.KindConflict))
			require.Len(t, b.temporal.saved, tc.saves)
		})
	}
}

func TestSetActiveChangesNothingElse(t *testing.T) {
	t.Parallel()
	b := setup(t)
	result, err := b.SetActive(t.Context(), "alice", "main", false)
	require.NoError(t, err)
	require.Equal(t, []channels.FieldChange{{Field: "active", Was: "true", Is: "false"}}, result.Changed)
	require.Equal(t, 7, *b.temporal.saved[0].Expected)
	_, err = b.SetActive(t.Context(), "alice", "other", false)
	require.ErrorIs(t, err, channels.ErrUnknown)
}

func TestPlanOfANewChannelLeavesDefaultsOut(t *testing.T) {
	t.Parallel()
	b := setup(t)
	channel := b.present(t)
	channel.ID, channel.CallbackURL = "other", "https://hooks.example.com/webhooks/bigcommerce/other"
	plan, err := b.Plan(t.Context(), channel, operator.Secrets{AccessToken: new("a"), ClientSecret: new(""), DownstreamToken: new("b")})
	require.NoError(t, err)
	require.False(t, plan.Exists)
	fields := make([]string, 0, len(plan.Changes))
	for _, change := range plan.Changes {
		fields = append(fields, change.Field)
	}
	require.Equal(t, []string{
		"active", "store.hash", "store.access_token", "store.client_id", "downstream.adapter", "downstream.base_url", "downstream.token",
		"settings.valid_cancellation_statuses", "callback_url",
	}, fields)
}

func TestSecretsPrintNothing(t *testing.T) {
	t.Parallel()
	secrets := operator.Secrets{AccessToken: new("hunter2")}
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		require.NotContains(t, fmt.Sprintf(format, secrets), "hunter2")
	}
}

func TestOptionsAreSavedAndShown(t *testing.T) {
	t.Parallel()
	b := setup(t)
	channel := b.present(t)
	channel.Downstream = channels.Downstream{
		Adapter: "threepl", Options: channels.Options{}.With("customer_id", "42").With("user_login", "orders"),
	}
	result, err := b.Save(t.Context(), "alice", channel, operator.Secrets{DownstreamToken: new("id:secret")}, nil)
	require.NoError(t, err)
	require.Contains(t, result.Changed, channels.FieldChange{Field: "downstream.options.customer_id", Was: "", Is: "42"})
	view, err := b.Get(t.Context(), channel.ID)
	require.NoError(t, err)
	require.Equal(t, channel.Downstream.Options, view.Downstream.Options)
	require.Empty(t, view.Downstream.BaseURL)
}
