package channelcmd

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/ingress/operator"
)

func TestReportSaysWhetherTheHooksMatch(t *testing.T) {
	t.Parallel()
	changed := []channels.FieldChange{{Field: "active", Was: "true", Is: "false"}}
	away := channels.Finding{Kind: channels.FindingUnavailable, Detail: "BigCommerce is out of reach.", Advice: "Wait.", Left: true}
	shared := channels.Finding{Kind: channels.FindingShared, Detail: "Another channel has it.", Left: true, Harmless: true}
	channel := channels.Channel{ID: "main", Active: true, Settings: channels.Settings{ValidCancellationStatuses: []string{"A"}}}
	inactive := channel
	inactive.Active = false
	for name, tc := range map[string]struct {
		channel channels.Channel
		result  channels.SaveResult
		want    string
	}{
		"they do": {
			channel, channels.SaveResult{Changed: changed, Subscribed: []string{"a", "b"}, Problems: []channels.Finding{shared}}, "subscribed to a, b",
		},
		"not yet, and why": {
			channel,
			channels.SaveResult{Changed: changed, Subscribed: []string{"a"}, Pending: true, Problems: []channels.Finding{shared, away}},
			"saved, but the hooks do not match yet: BigCommerce is out of reach; it is tried again by itself\n  → Wait.",
		},
		"not yet, and nobody knows why": {
			channel,
			channels.SaveResult{Changed: changed, Pending: true, Problems: []channels.Finding{shared}},
			"saved, but the hooks do not match yet; it is tried again by itself",
		},
		"deactivated, with hooks that stay for now": {
			inactive,
			channels.SaveResult{Changed: changed, Pending: true, Problems: []channels.Finding{away}},
			"saved, but the hooks do not match yet: BigCommerce is out of reach; it is tried again by itself\n  → Wait.",
		},
		"nothing was to be saved": {
			channel, channels.SaveResult{Pending: true}, "the hooks do not match yet; it is tried again by itself",
		},
		"deactivated": {
			inactive, channels.SaveResult{Changed: changed}, "no hooks: the channel is inactive, or no status is selected",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			require.NoError(t, report(&out, tc.channel, tc.result, false))
			require.Contains(t, out.String(), "\n"+tc.want+"\n")
		})
	}

	t.Run("as JSON", func(t *testing.T) {
		t.Parallel()
		var out bytes.Buffer
		result := channels.SaveResult{Revision: 3, Changed: changed, Subscribed: []string{}, Pending: true, Problems: []channels.Finding{away}}
		require.NoError(t, report(&out, channel, result, true))
		require.JSONEq(t, `{"channel":"main","revision":3,"changed":[{"field":"active","was":"true","is":"false"}],"subscribed":[],"pending":true,
			"problems":[{"kind":"unavailable","detail":"BigCommerce is out of reach.","advice":"Wait.","left":true}]}`, out.String())
	})
}

func TestWhatIsEmptyIsAListInJSON(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, report(&out, channels.Channel{ID: "main"}, channels.SaveResult{Revision: 3}, true))
	require.JSONEq(t, `{"channel":"main","revision":3,"changed":[],"subscribed":[]}`, out.String())
}

func TestResealGoesOnAfterAFailure(t *testing.T) {
	t.Parallel()
	broken := errors.New("channel broken: no key opens it")
	one := func(id string) resealed {
		switch id {
		case "broken":
			return resealed{Channel: id, Changed: []string{}, Error: broken.Error(), err: broken}
		case "leaving":
			return resealed{Channel: id, Changed: []string{}, Skipped: "it is being removed"}
		case "done":
			return resealed{Channel: id, Changed: []string{}}
		default:
			return resealed{Channel: id, Changed: []string{"store.access_token"}}
		}
	}

	t.Run("in words", func(t *testing.T) {
		t.Parallel()
		var out bytes.Buffer
		err := reseal(t.Context(), []string{"broken", "leaving", "done", "main"}, &out, false, one)
		require.EqualError(t, err, "1 of 4 channels could not be sealed anew:\nchannel broken: no key opens it")
		require.ErrorIs(t, err, broken)
		require.Equal(t, "channel broken: failed: see below\nchannel leaving: left out: it is being removed\n"+
			"channel done: sealed with the present key already\nchannel main: sealed anew: store.access_token\n", out.String())
	})

	t.Run("as JSON", func(t *testing.T) {
		t.Parallel()
		var out bytes.Buffer
		require.NoError(t, reseal(t.Context(), []string{"leaving", "main"}, &out, true, one))
		require.JSONEq(t, `[{"channel":"leaving","changed":[],"skipped":"it is being removed"},
			{"channel":"main","changed":["store.access_token"]}]`, out.String())
	})

	t.Run("until Ctrl-C", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		err := reseal(ctx, []string{"done", "main"}, io.Discard, false, func(id string) resealed {
			cancel()
			return one(id)
		})
		require.EqualError(t, err, "1 of 2 channels could not be sealed anew:\nchannel main: not tried: context canceled")
	})
}

func TestFlagsOfIDs(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		args []string
		want channels.Settings
	}{
		"given": {
			[]string{"--cancel-on", "5, 4", "--fulfill-on", "2", "--fulfill-on", "10", "--store-channels", "7"},
			channels.Settings{
				CancelOn: []bigcommerce.StatusID{5, 4}, FulfillOn: []bigcommerce.StatusID{2, 10}, StoreChannels: []int64{7},
			},
		},
		"empty for the default": {[]string{"--cancel-on", "", "--fulfill-on=", "--store-channels", ""}, channels.Settings{}},
		"not given": {nil, channels.Settings{
			CancelOn: []bigcommerce.StatusID{6}, FulfillOn: []bigcommerce.StatusID{3}, StoreChannels: []int64{9},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			channel := channels.Channel{Settings: channels.Settings{
				CancelOn: []bigcommerce.StatusID{6}, FulfillOn: []bigcommerce.StatusID{3}, StoreChannels: []int64{9},
			}}
			var e edits
			cmd := (&commands{}).newSet()
			cmd.ResetFlags()
			e.flags(cmd)
			require.NoError(t, cmd.ParseFlags(tc.args))
			e.apply(cmd, &channel)
			require.Equal(t, tc.want, channel.Settings)
		})
	}
}

func TestUnreadChannelsAreAFailure(t *testing.T) {
	t.Parallel()
	require.NoError(t, unread([]operator.View{{ID: "main", Revision: 1}}))
	require.EqualError(t, unread([]operator.View{
		{ID: "main", Revision: 1}, {ID: "one", Error: "channel one: no worker answers"}, {ID: "two", Revision: 2, Error: "its status cannot be read"},
	}), "2 of 3 channels could not be read:\nchannel one: no worker answers\nchannel two: its status cannot be read")
}

func TestShort(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "0s", 30 * time.Second: "30s", 10 * time.Minute: "10m", 90 * time.Second: "1m30s", 24 * time.Hour: "24h", 90 * time.Minute: "1h30m",
		time.Hour + 20*time.Second: "1h0m20s", 100 * time.Second: "1m40s",
	} {
		require.Equal(t, want, short(channels.Duration(d)))
	}
}
