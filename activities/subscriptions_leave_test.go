package activities_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
	"github.com/orderbridge/orderbridge/activities/channels"
)

// leave asks once for the former stores of a channel to be left.
func (f *hooksFixture) leave(c channels.Channel) activities.LeaveResult {
	f.t.Helper()
	var result activities.LeaveResult
	f.run(f.activities.LeaveStores, c, &result)
	return result
}

// TestLeaveStores has a channel with a former of each kind: cleared before, in
// another store, with another token of the same account, with another account,
// with an account that is gone, and with a token that cannot be opened.
func TestLeaveStores(t *testing.T) {
	t.Parallel()
	f := setupHooks(t)
	otherStore := bigcommercetest.New(t, bigcommercetest.WithHTTPDestinations(), bigcommercetest.WithFrozenClock())
	there := otherStore.AddAccount("orderbridge")
	elsewhere := f.channel(mainChannel)
	elsewhere.Store = channels.Store{Hash: otherStore.Hash, BaseURL: otherStore.URL, AccessToken: f.seal(there.AccessToken)}
	f.fixture.sync(elsewhere)
	require.Len(t, otherStore.Hooks(), 2)

	before := f.channel(mainChannel)
	f.sync(before)
	f.account = f.store.AddAccount("the new one")
	present := f.channel(mainChannel)
	gone := f.store.AddAccount("gone")
	f.store.RevokeAccount(gone.ClientID)
	revoked, sealed, same := present.Store, present.Store, present.Store
	revoked.AccessToken = f.seal(gone.AccessToken)
	sealed.AccessToken = append([]byte{}, present.Store.AccessToken...)
	sealed.AccessToken[len(sealed.AccessToken)-1] ^= 1
	same.AccessToken = f.seal(f.account.AccessToken)
	same.BaseURL += "/"
	present.Former = []channels.FormerStore{
		{Store: before.Store, Cleared: true},
		{Store: elsewhere.Store},
		{Store: same},
		{Store: before.Store},
		{Store: revoked},
		{Store: sealed},
	}

	f.sync(present)
	result := f.leave(present)
	require.Equal(t, []int{1, 4, 5}, result.Cleared, "the new hooks are not known to work yet")
	require.Len(t, result.Done, 2)
	require.Empty(t, otherStore.Hooks())
	require.Len(t, f.store.Hooks(), 4)
	require.Equal(t, []channels.FindingKind{channels.FindingUnwanted}, kinds(result.Left))

	f.store.Clock().Advance(time.Hour)
	for _, i := range result.Cleared {
		present.Former[i].Cleared = true
	}
	result = f.leave(present)
	require.Equal(t, []int{2, 3}, result.Cleared)
	require.Empty(t, result.Left)
	require.Len(t, result.Done, 2)
	f.requireRight()
	require.Len(t, f.store.Hooks(), 2)
	f.clean(f.logged())
}

func TestLeaveStoresThatIsOutOfReach(t *testing.T) {
	t.Parallel()
	f := setupHooks(t)
	c := f.channel(mainChannel)
	c.Former = []channels.FormerStore{{Store: c.Store}}
	f.store.Faults().FailNext(-1, http.MethodGet, "/hooks", bigcommercetest.Failure(503))
	failure := f.fails(f.activities.LeaveStores, c)
	require.Equal(t, string(activities.ReasonStoreUnavailable), failure.Type())
	require.False(t, failure.NonRetryable())
	f.store.Faults().ClearAPI()
	c.Store.AccessToken[0] ^= 1
	c.Former[0].Store.AccessToken = f.seal(f.account.AccessToken)
	failure = f.fails(f.activities.LeaveStores, c)
	require.Equal(t, string(activities.ReasonSealed), failure.Type(), "the present token is needed")
}

func TestLeaveStoresWithNothingToLeave(t *testing.T) {
	t.Parallel()
	f := setupHooks(t)
	require.Equal(t, activities.LeaveResult{Cleared: []int{}, Left: []channels.Finding{}, Done: []string{}}, f.leave(f.channel(mainChannel)))
	require.Empty(t, f.store.Calls())
}

// TestLeaveStoresTellsWhatAnEarlierAttemptDid gives it what that one has noted.
func TestLeaveStoresTellsWhatAnEarlierAttemptDid(t *testing.T) {
	t.Parallel()
	f := setupHooks(t)
	f.env.SetHeartbeatDetails([]string{"Hook 1 was removed."})
	require.Equal(t, []string{"Hook 1 was removed."}, f.leave(f.channel(mainChannel)).Done)
}

// TestLeaveStoresUnderAnotherAddress shows that a store whose API is reached by
// another address, of a proxy for example, keeps its hooks: they are the same.
func TestLeaveStoresUnderAnotherAddress(t *testing.T) {
	t.Parallel()
	f := setupHooks(t)
	c := f.channel(mainChannel)
	f.sync(c)
	f.store.Clock().Advance(2 * time.Minute)
	former := c.Store
	c.Store.BaseURL = strings.Replace(c.Store.BaseURL, "127.0.0.1", "localhost", 1)
	c.Former = []channels.FormerStore{{Store: former}}
	result := f.leave(c)
	require.Equal(t, []int{0}, result.Cleared)
	require.Empty(t, result.Done)
	f.requireRight()
}
