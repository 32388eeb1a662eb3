package activities_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
	"github.com/orderbridge/orderbridge/activities/callback"
	"github.com/orderbridge/orderbridge/activities/channels"
)

// sync makes the hooks match a channel and returns the scopes that are then
// subscribed.
func (f *fixture) sync(c channels.Channel) []string {
	f.t.Helper()
	var scopes []string
	f.run(f.activities.SyncSubscriptions, c, &scopes)
	return scopes
}

// hook makes a hook by hand.
func (f *fixture) hook(account bigcommercetest.Account, request bigcommerce.HookRequest) bigcommerce.Hook {
	f.t.Helper()
	hook, err := f.client(account).CreateHook(f.t.Context(), request)
	require.NoError(f.t, err)
	return hook
}

// requireHook fails the test unless the store has exactly one hook and that is
// as the main channel wants it.
func (f *fixture) requireHook() bigcommercetest.Hook {
	f.t.Helper()
	hooks := f.store.Hooks()
	require.Len(f.t, hooks, 1)
	require.Equal(f.t, bigcommerce.ScopeOrderStatusUpdated, hooks[0].Scope)
	require.Equal(f.t, callbackBase+mainChannel, hooks[0].Destination)
	require.Equal(f.t, map[string]string{callback.Header: f.secrets.Secret(mainChannel, 1)}, hooks[0].Headers)
	require.True(f.t, hooks[0].IsActive)
	require.Equal(f.t, f.account.ClientID, hooks[0].ClientID)
	return hooks[0]
}

// writes counts the calls that changed something in the store.
func (f *fixture) writes() int {
	n := 0
	for _, call := range f.store.Calls() {
		if call.Method != http.MethodGet {
			n++
		}
	}
	return n
}

func TestWantedScopes(t *testing.T) {
	t.Parallel()
	chosen := channels.Settings{ValidFulfillmentStatuses: []string{"Awaiting Shipment"}}
	scopes := []string{bigcommerce.ScopeOrderStatusUpdated}
	require.Equal(t, scopes, activities.WantedScopes(channels.Channel{Active: true, Settings: chosen}))
	require.Empty(t, activities.WantedScopes(channels.Channel{Active: false, Settings: chosen}))
	require.Empty(t, activities.WantedScopes(channels.Channel{Active: true}))
}

func TestSyncSubscribes(t *testing.T) {
	t.Parallel()
	f := setup(t)
	require.Equal(t, []string{bigcommerce.ScopeOrderStatusUpdated}, f.sync(f.channel(mainChannel)))
	f.requireHook()
	f.clean(f.logged())
}

func TestSyncAgainChangesNothing(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.sync(f.channel(mainChannel))
	before, writes := f.store.Hooks(), f.writes()
	require.Equal(t, []string{bigcommerce.ScopeOrderStatusUpdated}, f.sync(f.channel(mainChannel)))
	require.Equal(t, before, f.store.Hooks())
	require.Equal(t, writes, f.writes())
}

func TestSyncMends(t *testing.T) {
	t.Parallel()
	no, elsewhere := false, callbackBase+"before-the-move"
	for name, spoil := range map[string]func(f *fixture, id int64){
		"switched off by hand": func(f *fixture, id int64) {
			_, err := f.client(f.account).UpdateHook(f.t.Context(), id, bigcommerce.HookUpdate{IsActive: &no})
			require.NoError(f.t, err)
		},
		"switched off by the platform": func(f *fixture, id int64) { require.NoError(f.t, f.store.DeactivateHook(id)) },
		"sent elsewhere": func(f *fixture, id int64) {
			_, err := f.client(f.account).UpdateHook(f.t.Context(), id, bigcommerce.HookUpdate{Destination: &elsewhere})
			require.NoError(f.t, err)
		},
		"another secret": func(f *fixture, id int64) {
			_, err := f.client(f.account).UpdateHook(f.t.Context(), id, bigcommerce.HookUpdate{
				Headers: map[string]string{callback.Header: "1.guessed"},
			})
			require.NoError(f.t, err)
		},
		"an older version of the secret, elsewhere and off": func(f *fixture, id int64) {
			_, err := f.client(f.account).UpdateHook(f.t.Context(), id, bigcommerce.HookUpdate{
				Headers: map[string]string{callback.Header: f.secrets.Secret(mainChannel, 7)}, Destination: &elsewhere, IsActive: &no,
			})
			require.NoError(f.t, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			f.sync(f.channel(mainChannel))
			id := f.requireHook().ID
			spoil(f, id)
			f.sync(f.channel(mainChannel))
			require.Equal(t, id, f.requireHook().ID, "mended, not made anew")
		})
	}
}

func TestSyncRestoresADeletedHook(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.sync(f.channel(mainChannel))
	require.NoError(t, f.store.DeleteHookByHand(f.requireHook().ID))
	f.sync(f.channel(mainChannel))
	f.requireHook()
}

func TestSyncAfterALostAnswerMakesNoSecondHook(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.store.Faults().FailNext(1, "POST", "/hooks", bigcommercetest.LostAnswer(500))
	failure := f.fails(f.activities.SyncSubscriptions, f.channel(mainChannel))
	require.False(t, failure.NonRetryable())
	f.sync(f.channel(mainChannel))
	f.requireHook()
}

// TestSyncTakesOverAHookOfARival hides a hook from the listing, as if somebody
// else had made it a moment later: the refusal of the second one leads to it.
func TestSyncTakesOverAHookOfARival(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.sync(f.channel(mainChannel))
	before := f.requireHook()
	f.store.Faults().FailNext(1, http.MethodGet, "/v3/hooks", bigcommercetest.Answer{
		Status: http.StatusOK,
		Body:   `{"data":[],"meta":{"pagination":{"total":0,"count":0,"per_page":50,"current_page":1,"total_pages":1}}}`,
	})
	require.Equal(t, []string{bigcommerce.ScopeOrderStatusUpdated}, f.sync(f.channel(mainChannel)))
	require.Equal(t, before.ID, f.requireHook().ID)
}

func TestSyncUnsubscribes(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*channels.Channel){
		"nothing selected": func(c *channels.Channel) { c.Settings = channels.Settings{} },
		"deactivated":      func(c *channels.Channel) { c.Active = false },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			c := f.channel(mainChannel)
			f.sync(c)
			change(&c)
			require.Empty(t, f.sync(c))
			require.Empty(t, f.store.Hooks())
			require.Empty(t, f.sync(c), "nothing left to remove")
		})
	}
}

func TestSyncRemovesWhatItWouldServeTwice(t *testing.T) {
	t.Parallel()
	f := setup(t)
	secret := map[string]string{callback.Header: f.secrets.Secret(mainChannel, 1)}
	for _, destination := range []string{"at-first", "then"} {
		f.hook(f.account, bigcommerce.HookRequest{
			Scope: bigcommerce.ScopeOrderStatusUpdated, Destination: callbackBase + destination, IsActive: true, Headers: secret,
		})
	}
	f.hook(f.account, bigcommerce.HookRequest{ // a scope that is not wanted any more
		Scope: bigcommerce.ScopeOrderCreated, Destination: callbackBase + mainChannel, IsActive: true, Headers: secret,
	})
	f.sync(f.channel(mainChannel))
	f.requireHook()
}

func TestSyncKeepsTheHookThatIsRightAlready(t *testing.T) {
	t.Parallel()
	f := setup(t)
	// The older hook is ours, but its new address is taken by the younger one:
	// no two hooks of a scope can have one destination.
	f.hook(f.account, bigcommerce.HookRequest{
		Scope: bigcommerce.ScopeOrderStatusUpdated, Destination: callbackBase + "before-the-move", IsActive: true,
		Headers: map[string]string{callback.Header: f.secrets.Secret(mainChannel, 1)},
	})
	right := f.hook(f.account, bigcommerce.HookRequest{
		Scope: bigcommerce.ScopeOrderStatusUpdated, Destination: callbackBase + mainChannel, IsActive: true,
	})
	f.sync(f.channel(mainChannel))
	require.Equal(t, right.ID, f.requireHook().ID)
}

func TestSyncSurvivesAHookThatVanishes(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"PUT", "DELETE"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			secret := map[string]string{callback.Header: f.secrets.Secret(mainChannel, 1)}
			for _, destination := range []string{"a", "b"} { // one to mend, one to remove
				f.hook(f.account, bigcommerce.HookRequest{
					Scope: bigcommerce.ScopeOrderStatusUpdated, Destination: callbackBase + destination, IsActive: true, Headers: secret,
				})
			}
			// Somebody deletes it between our reading and our writing.
			f.store.Faults().FailNext(1, method, "/hooks/", bigcommercetest.Failure(404))
			require.Equal(t, []string{bigcommerce.ScopeOrderStatusUpdated}, f.sync(f.channel(mainChannel)))
			require.True(t, slices.ContainsFunc(f.store.Hooks(), func(hook bigcommercetest.Hook) bool {
				return hook.Destination == callbackBase+mainChannel && hook.IsActive
			}))
		})
	}
}

func TestSyncLeavesForeignHooksAlone(t *testing.T) {
	t.Parallel()
	f := setup(t)
	otherApp := f.store.AddAccount("another app")
	for _, foreign := range []struct {
		account bigcommercetest.Account
		bigcommerce.HookRequest
	}{
		{f.account, bigcommerce.HookRequest{ // our account used by hand
			Scope: bigcommerce.ScopeOrderStatusUpdated, Destination: "http://127.0.0.1:9/by-hand", IsActive: false,
		}},
		{f.account, bigcommerce.HookRequest{ // another channel of ours on the same store
			Scope: bigcommerce.ScopeOrderStatusUpdated, Destination: callbackBase + "other", IsActive: true,
			Headers: map[string]string{callback.Header: f.secrets.Secret("other", 1)},
		}},
		{f.account, bigcommerce.HookRequest{ // a secret of another kind in a header of this name
			Scope: bigcommerce.ScopeOrderStatusUpdated, Destination: callbackBase + mainChannel + "/deeper", IsActive: true,
			Headers: map[string]string{callback.Header: "hunter2"},
		}},
		{otherApp, bigcommerce.HookRequest{ // not even visible to us
			Scope: bigcommerce.ScopeOrderStatusUpdated, Destination: callbackBase + mainChannel, IsActive: true,
		}},
	} {
		f.hook(foreign.account, foreign.HookRequest)
	}
	before := f.store.Hooks()
	c := f.channel(mainChannel)
	f.sync(c)
	after := f.store.Hooks()
	require.Len(t, after, len(before)+1)
	require.Equal(t, before, after[:len(before)])
	c.Active = false
	f.sync(c)
	require.Equal(t, before, f.store.Hooks())
}

func TestSyncServesTwoChannelsOfOneStore(t *testing.T) {
	t.Parallel()
	f := setup(t)
	main, other := f.channel(mainChannel), f.channel("other")
	f.sync(main)
	f.sync(other)
	require.Len(t, f.store.Hooks(), 2)
	main.Active = false
	f.sync(main)
	hooks := f.store.Hooks()
	require.Len(t, hooks, 1)
	require.Equal(t, callbackBase+"other", hooks[0].Destination)
}

func TestSyncFollowsAMovedCallbackAddress(t *testing.T) {
	t.Parallel()
	f := setup(t)
	c := f.channel(mainChannel)
	f.sync(c)
	id := f.requireHook().ID
	c.CallbackURL = callbackBase + "moved"
	f.sync(c)
	hooks := f.store.Hooks()
	require.Len(t, hooks, 1)
	require.Equal(t, callbackBase+"moved", hooks[0].Destination)
	require.Equal(t, id, hooks[0].ID)
}

func TestSyncFails(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		spoil  func(*fixture)
		reason activities.Reason
		final  bool
	}{
		"revoked token": {
			func(f *fixture) { f.store.RevokeAccount(f.account.ClientID) }, activities.ReasonStoreCredentials, false,
		},
		"reading fails": {
			func(f *fixture) { f.store.Faults().FailNext(-1, "GET", "/hooks", bigcommercetest.Failure(503)) },
			activities.ReasonStoreUnavailable, false,
		},
		"creating fails": {
			func(f *fixture) { f.store.Faults().FailNext(-1, "POST", "/hooks", bigcommercetest.Failure(500)) },
			activities.ReasonStoreUnavailable, false,
		},
		"the destination is refused": {
			func(f *fixture) { f.store.Faults().FailNext(-1, "POST", "/hooks", bigcommercetest.Failure(422)) },
			activities.ReasonStoreRefused, false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			tc.spoil(f)
			failure := f.fails(f.activities.SyncSubscriptions, f.channel(mainChannel))
			require.Equal(t, string(tc.reason), failure.Type())
			require.Equal(t, tc.final, failure.NonRetryable())
			require.Contains(t, failure.Message(), "channel main")
		})
	}
}
