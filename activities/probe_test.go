package activities_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/downstream/rest/resttest"
)

func TestCheckChannelAccepts(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.run(f.activities.CheckChannel, f.channel("not-saved-yet"), nil)
	require.Empty(t, f.store.Hooks())
	require.Empty(t, f.demo.Effects(), "trying changes nothing")
}

func TestCheckChannelSaysWhichSideFailed(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		spoil    func(*fixture, *channels.Channel)
		kind     string
		says     []string
		saysNone string
	}{
		"store credentials": {
			spoil:    func(f *fixture, _ *channels.Channel) { f.store.RevokeAccount(f.account.ClientID) },
			kind:     activities.ErrTypeStoreProbe,
			says:     []string{"the store refused the credentials: bigcommerce: get time", "401"},
			saysNone: "out of reach",
		},
		"store away": {
			spoil: func(f *fixture, _ *channels.Channel) { require.NoError(f.t, f.store.Close()) },
			kind:  activities.ErrTypeStoreProbe, says: []string{"the store is out of reach: bigcommerce: get time"}, saysNone: "credentials",
		},
		"store hash": {
			spoil: func(_ *fixture, c *channels.Channel) { c.Store.Hash = "nosuchstore" },
			kind:  activities.ErrTypeStoreProbe, says: []string{"the store refused"}, saysNone: "the downstream system",
		},
		"downstream credentials": {
			spoil: func(f *fixture, _ *channels.Channel) { f.demo.Faults().RevokeToken() },
			kind:  activities.ErrTypeDownstreamProbe, says: []string{"the downstream system refused the credentials: downstream", "401"}, saysNone: "out of reach",
		},
		"downstream away": {
			spoil: func(f *fixture, _ *channels.Channel) { f.demo.Close() },
			kind:  activities.ErrTypeDownstreamProbe, says: []string{"the downstream system is out of reach"}, saysNone: "credentials",
		},
		"downstream probe": {
			spoil: func(f *fixture, _ *channels.Channel) {
				f.demo.Faults().Inject(resttest.Fault{Call: resttest.CallReads, Status: 403, Times: -1})
			},
			kind: activities.ErrTypeDownstreamProbe, says: []string{"for want of a permission", "403"}, saysNone: "the store",
		},
		"unknown status": {
			spoil: func(_ *fixture, c *channels.Channel) {
				c.Settings.ValidCancellationStatuses = []string{"Waiting"}
			},
			kind: activities.ErrTypeInvalidSettings, says: []string{`"Waiting" is not a status`, `"Awaiting Shipment"`},
		},
		"both sides": {
			spoil: func(f *fixture, _ *channels.Channel) {
				f.store.RevokeAccount(f.account.ClientID)
				f.demo.Faults().RevokeToken()
			},
			kind: activities.ErrTypeInvalidSettings, says: []string{"the store refused", "the downstream system refused"},
		},
		"the store and the statuses": {
			spoil: func(f *fixture, c *channels.Channel) {
				f.store.RevokeAccount(f.account.ClientID)
				c.Settings.ValidFulfillmentStatuses = []string{"Shipped"}
			},
			kind: activities.ErrTypeInvalidSettings, says: []string{"the store refused", `"Shipped" is final`},
		},
		"unknown adapter": {
			spoil: func(_ *fixture, c *channels.Channel) { c.Downstream.Adapter = "carrier-pigeon" },
			kind:  activities.ErrTypeInvalidSettings, says: []string{`there is no adapter "carrier-pigeon"`, "one of rest"},
		},
		"unreadable store token": {
			spoil: func(_ *fixture, c *channels.Channel) { c.Store.AccessToken[0] ^= 1 },
			kind:  activities.ErrTypeInvalidSettings, says: []string{"store access token"},
		},
		"unreadable downstream token": {
			spoil: func(_ *fixture, c *channels.Channel) { c.Downstream.Token[0] ^= 1 },
			kind:  activities.ErrTypeInvalidSettings, says: []string{"downstream token"},
		},
		"store token with a line break": {
			spoil:    func(f *fixture, c *channels.Channel) { c.Store.AccessToken = f.seal("abc\ndef") },
			kind:     activities.ErrTypeInvalidSettings,
			says:     []string{"channel main: store.access_token must be 1 to 1024 printable characters"},
			saysNone: "configuration",
		},
		"store address": {
			spoil: func(_ *fixture, c *channels.Channel) { c.Store.BaseURL = "http://store.example" },
			kind:  activities.ErrTypeInvalidSettings, says: []string{"https"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			c := f.channel(mainChannel)
			tc.spoil(f, &c)
			failure := f.fails(f.activities.CheckChannel, c)
			require.Equal(t, tc.kind, failure.Type())
			require.True(t, failure.NonRetryable(), "a person waits for the answer")
			for _, words := range tc.says {
				require.Contains(t, failure.Message(), words)
			}
			if tc.saysNone != "" {
				require.NotContains(t, failure.Message(), tc.saysNone)
			}
		})
	}
}

func TestCheckChannelTriesWhatIsNotSaved(t *testing.T) {
	t.Parallel()
	f := setup(t)
	// The channel works and is in use.
	saved := f.channel(mainChannel)
	f.run(f.activities.ReadChannel, mainChannel, &activities.ChannelView{})
	_, err := f.connections.Store(t.Context(), saved)
	require.NoError(t, err)
	// Now somebody tries another token under the same revision.
	tried := f.channel(mainChannel)
	tried.Store.AccessToken = f.seal("wrong-token")
	require.Equal(t, activities.ErrTypeStoreProbe, f.fails(f.activities.CheckChannel, tried).Type())
	// What is in use is not touched by that.
	f.store.AddOrder(bigcommercetest.Order{ID: 218})
	f.run(f.activities.ReadStoreOrder, order218, &activities.StoreOrder{})
}
