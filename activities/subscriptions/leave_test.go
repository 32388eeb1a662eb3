package subscriptions_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/subscriptions"
)

// leaving is a channel whose hooks were made by one account and whose present
// account is another.
func leaving(t *testing.T) (f *fixture, leave subscriptions.Leave) {
	t.Helper()
	f = setup(t)
	f.run(f.sync())
	former := f.account
	f.account = f.store.AddAccount("the new one")
	return f, subscriptions.Leave{
		Former: f.client(former), Present: f.client(f.account), Channel: f.channel, Secrets: f.secrets, Logger: f.logger(),
	}
}

func (f *fixture) leave(leave subscriptions.Leave) subscriptions.Departure {
	f.t.Helper()
	departure, err := leave.Run(f.t.Context())
	require.NoError(f.t, err)
	return departure
}

func TestLeaveWaitsForTheNewHooks(t *testing.T) {
	t.Parallel()
	f, leave := leaving(t)
	require.Equal(t, subscriptions.Departure{}, f.leave(leave), "there is none yet")
	f.run(f.sync())
	f.store.Clock().Advance(time.Minute)
	require.Equal(t, subscriptions.Departure{}, f.leave(leave), "it may not work yet")
	f.store.Clock().Advance(time.Second)
	order := f.store.Hooks()[2]
	require.Equal(t, f.account.ClientID, order.ClientID)
	require.NoError(t, f.store.DeactivateHook(order.ID))
	require.Equal(t, subscriptions.Departure{}, f.leave(leave), "it does not work")
	f.run(f.sync())
	f.store.Clock().Advance(61 * time.Second)
	require.Len(t, f.store.Hooks(), 4)

	departure := f.leave(leave)
	require.True(t, departure.Cleared)
	require.Empty(t, departure.Left)
	require.Len(t, departure.Done, 2)
	for _, hook := range f.store.Hooks() {
		require.Equal(t, f.account.ClientID, hook.ClientID)
	}
	require.Equal(t, subscriptions.Departure{Cleared: true}, f.leave(leave), "nothing left to do")
}

// TestLeaveKnowsTheSameAccount has only a new token of one account: its hooks are
// the present ones.
func TestLeaveKnowsTheSameAccount(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.run(f.sync())
	f.store.Clock().Advance(time.Hour)
	before := f.store.Hooks()
	departure := f.leave(subscriptions.Leave{
		Former: f.client(f.account), Present: f.client(f.account), Channel: f.channel, Secrets: f.secrets, Logger: f.logger(),
	})
	require.Equal(t, subscriptions.Departure{Cleared: true}, departure)
	require.Equal(t, before, f.store.Hooks())
}

func TestLeaveAnotherStoreAtOnce(t *testing.T) {
	t.Parallel()
	f, leave := leaving(t)
	leave.Present = nil
	foreign := f.store.AddHook(bigcommercetest.Hook{
		ClientID: f.store.Hooks()[0].ClientID, Scope: bigcommerce.ScopeOrderStatusUpdated, Destination: "https://other.example", IsActive: true,
	})
	departure := f.leave(leave)
	require.True(t, departure.Cleared)
	require.Len(t, departure.Done, 2)
	require.Equal(t, []bigcommercetest.Hook{foreign}, f.store.Hooks())
}

func TestLeaveNeedsNoSuccessorForAChannelThatWantsNothing(t *testing.T) {
	t.Parallel()
	f, leave := leaving(t)
	leave.Channel.Active = false
	require.True(t, f.leave(leave).Cleared)
	require.Empty(t, f.store.Hooks())
}

func TestLeaveAnAccountThatIsGone(t *testing.T) {
	t.Parallel()
	f, leave := leaving(t)
	f.store.RevokeAccount(f.store.Hooks()[0].ClientID)
	require.Equal(t, subscriptions.Departure{Cleared: true}, f.leave(leave))
}

func TestLeaveWithAPresentTokenThatIsRevoked(t *testing.T) {
	t.Parallel()
	f, leave := leaving(t)
	f.store.RevokeAccount(f.account.ClientID)
	require.Equal(t, subscriptions.Departure{}, f.leave(leave))
	require.Len(t, f.store.Hooks(), 2)
}

func TestLeaveIsRefused(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		method string
		status int
		kind   channels.FindingKind
	}{
		"reading is forbidden": {http.MethodGet, http.StatusForbidden, channels.FindingNoScope},
		"the store is gone":    {http.MethodGet, http.StatusNotFound, channels.FindingRefused},
		"removing is refused":  {http.MethodDelete, http.StatusUnprocessableEntity, channels.FindingRefused},
		"it is in conflict":    {http.MethodDelete, http.StatusConflict, channels.FindingRefused},
		"removing forbidden":   {http.MethodDelete, http.StatusForbidden, channels.FindingNoScope},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, leave := leaving(t)
			leave.Present = nil
			f.store.Faults().FailNext(-1, tc.method, "/hooks", bigcommercetest.Failure(tc.status))
			departure := f.leave(leave)
			require.False(t, departure.Cleared, "it may be otherwise the next time")
			require.NotEmpty(t, departure.Left)
			for _, finding := range departure.Left {
				require.Equal(t, tc.kind, finding.Kind)
				require.True(t, finding.Harmless)
				require.NotEmpty(t, finding.Advice)
			}
			f.store.Faults().ClearAPI()
			departure = f.leave(leave)
			require.True(t, departure.Cleared)
			require.Empty(t, departure.Left)
			require.Empty(t, f.store.Hooks())
		})
	}
	t.Run("one is refused, the other goes", func(t *testing.T) {
		t.Parallel()
		f, leave := leaving(t)
		leave.Present = nil
		first := f.store.Hooks()[0]
		f.store.Faults().FailNext(1, http.MethodDelete, "/hooks", bigcommercetest.Failure(http.StatusForbidden))
		departure := f.leave(leave)
		require.False(t, departure.Cleared)
		require.Len(t, departure.Done, 1)
		require.Len(t, departure.Left, 1)
		require.Equal(t, first.ID, departure.Left[0].HookID)
		require.Equal(t, []bigcommercetest.Hook{first}, f.store.Hooks())
	})
	t.Run("the account goes meanwhile", func(t *testing.T) {
		t.Parallel()
		f, leave := leaving(t)
		leave.Present = nil
		f.store.Faults().FailNext(1, http.MethodDelete, "/hooks", bigcommercetest.Failure(http.StatusForbidden))
		f.store.Faults().FailNext(1, http.MethodDelete, "/hooks", bigcommercetest.Failure(http.StatusUnauthorized))
		require.Equal(t, subscriptions.Departure{Cleared: true}, f.leave(leave))
	})
	t.Run("one was removed by hand", func(t *testing.T) {
		t.Parallel()
		f, leave := leaving(t)
		leave.Present = nil
		f.store.Faults().FailNext(1, http.MethodDelete, "/hooks", bigcommercetest.Failure(http.StatusNotFound))
		departure := f.leave(leave)
		require.True(t, departure.Cleared)
		require.Len(t, departure.Done, 1)
	})
}

func TestLeaveFails(t *testing.T) {
	t.Parallel()
	for _, method := range []string{http.MethodGet, http.MethodDelete} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			f, leave := leaving(t)
			leave.Present = nil
			f.store.Faults().FailNext(-1, method, "/hooks", bigcommercetest.Failure(http.StatusBadGateway))
			departure, err := leave.Run(t.Context())
			require.True(t, bigcommerce.IsKind(err, bigcommerce.Unavailable), err)
			require.False(t, departure.Cleared)
		})
	}
}
