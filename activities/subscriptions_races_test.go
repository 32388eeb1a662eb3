package activities_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
	"github.com/orderbridge/orderbridge/activities/channels"
)

func TestSyncAfterALostAnswerMakesNoSecondHook(t *testing.T) {
	t.Parallel()
	f := setupHooks(t)
	c := f.channel(mainChannel)
	f.store.Faults().FailNext(1, http.MethodPost, "/hooks", bigcommercetest.LostAnswer(500))
	failure := f.fails(f.activities.SyncSubscriptions, activities.SyncRequest{Channel: c})
	require.False(t, failure.NonRetryable())
	f.sync(c)
	f.requireRight()
	f.requireStill(c)
}

// TestSyncTakesOverAHookOfARival hides the hooks from the first look, as if
// somebody else had made them a moment later: the refusal leads to them.
func TestSyncTakesOverAHookOfARival(t *testing.T) {
	t.Parallel()
	f := setupHooks(t)
	c := f.channel(mainChannel)
	f.sync(c)
	before := f.requireRight()
	f.store.Faults().FailNext(1, http.MethodGet, "/v3/hooks/admin", bigcommercetest.Answer{
		Status: http.StatusOK,
		Body:   `{"data":{"hooks_list":[]},"meta":{"pagination":{"total":0,"count":0,"per_page":50,"current_page":1,"total_pages":1}}}`,
	})
	report := f.sync(c)
	require.Equal(t, bothScopes, report.Subscribed)
	require.Empty(t, report.Found, "in truth nothing was wrong")
	require.Equal(t, before.ID, f.requireRight().ID)
	f.requireStill(c)
}

// TestSyncMovesToATakenAddress hides the hook that is at the right address
// already, so that the other one seems to be the one to move there.
func TestSyncMovesToATakenAddress(t *testing.T) {
	t.Parallel()
	f := setupHooks(t)
	c := f.channel(mainChannel)
	f.sync(c)
	right := f.requireRight()
	other := f.hook(f.account, bigcommerce.HookRequest{
		Scope: orderScope, Destination: callbackBase + "before-the-move", IsActive: true, Headers: f.secret(1),
	})
	f.store.Faults().FailNext(1, http.MethodGet, "/v3/hooks/admin", bigcommercetest.Answer{
		Status: http.StatusOK,
		Body: fmt.Sprintf(`{"data":{"hooks_list":[{"id":%d,"scope":%q,"destination":%q,"is_active":true,"headers":{"X-Orderbridge-Secret":%q}}]}}`,
			other.ID, orderScope, other.Destination, f.secrets.Secret(mainChannel, 1)),
	})
	reports := f.settle(c)
	require.Equal(t, []channels.FindingKind{channels.FindingDuplicate}, kinds(reports[0].Left))
	require.Equal(t, right.ID, f.requireRight().ID)
	f.requireStill(c)
}

func TestSyncSurvivesAHookThatVanishes(t *testing.T) {
	t.Parallel()
	for _, method := range []string{http.MethodPut, http.MethodDelete} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			f := setupHooks(t)
			c := f.channel(mainChannel)
			for _, destination := range []string{"a", "b"} { // one to mend, one to remove
				f.hook(f.account, bigcommerce.HookRequest{
					Scope: orderScope, Destination: callbackBase + destination, IsActive: destination == "a", Headers: f.secret(1),
				})
			}
			// Somebody deletes it between our reading and our writing.
			f.store.Faults().FailNext(1, method, "/hooks/", bigcommercetest.Failure(http.StatusNotFound))
			report := f.sync(c)
			require.Equal(t, bothScopes, report.Subscribed)
			require.Empty(t, report.Left)
			f.sync(c)
			f.requireRight()
			f.requireStill(c)
		})
	}
}

// TestSyncLeavesWhatIsRefused is about changes that the platform refuses for a
// reason that is not to be seen in the hooks.
func TestSyncLeavesWhatIsRefused(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		method string
		status int
		spoil  func(f *hooksFixture)
		left   []channels.FindingKind
		works  []string
	}{
		"a new hook": {
			http.MethodPost, http.StatusUnprocessableEntity,
			func(f *hooksFixture) { require.NoError(f.t, f.store.DeleteHookByHand(f.of(orderScope)[0].ID)) },
			[]channels.FindingKind{channels.FindingMissing, channels.FindingRefused},
			[]string{exceptionScope},
		},
		"a change": {
			http.MethodPut, http.StatusConflict,
			func(f *hooksFixture) { require.NoError(f.t, f.store.DeactivateHook(f.of(orderScope)[0].ID)) },
			[]channels.FindingKind{channels.FindingDeactivated, channels.FindingRefused},
			[]string{exceptionScope},
		},
		"a change, for want of a permission": {
			http.MethodPut, http.StatusForbidden,
			func(f *hooksFixture) { require.NoError(f.t, f.store.DeactivateHook(f.of(orderScope)[0].ID)) },
			[]channels.FindingKind{channels.FindingDeactivated, channels.FindingNoScope},
			[]string{exceptionScope},
		},
		"a removal": {
			http.MethodDelete, http.StatusUnprocessableEntity,
			func(f *hooksFixture) {
				f.hook(f.account, bigcommerce.HookRequest{
					Scope: orderScope, Destination: callbackBase + "a", IsActive: false, Headers: f.secret(1),
				})
			},
			[]channels.FindingKind{channels.FindingDuplicate, channels.FindingRefused},
			bothScopes,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setupHooks(t)
			c := f.channel(mainChannel)
			f.sync(c)
			tc.spoil(f)
			f.store.Faults().FailNext(-1, tc.method, "/hooks", bigcommercetest.Failure(tc.status))
			report := f.sync(c)
			require.Equal(t, tc.left, kinds(report.Left))
			require.Equal(t, tc.works, report.Subscribed)
			f.clean(f.logged())
			f.store.Faults().ClearAPI()
			f.sync(c)
			f.requireRight()
			f.requireStill(c)
		})
	}
}

// TestSyncKeepsAWorkingDuplicateOfABrokenHook refuses every change: the hook that
// should go is the only one that works.
func TestSyncKeepsAWorkingDuplicateOfABrokenHook(t *testing.T) {
	t.Parallel()
	f := setupHooks(t)
	c := f.channel(mainChannel)
	works := f.hook(f.account, bigcommerce.HookRequest{
		Scope: orderScope, Destination: callbackBase + "before-the-move", IsActive: true, Headers: f.secret(1),
	})
	f.hook(f.account, bigcommerce.HookRequest{Scope: orderScope, Destination: c.CallbackURL, IsActive: false, Headers: f.secret(1)})
	f.store.Clock().Advance(day)
	f.store.Faults().FailNext(-1, http.MethodPut, "/hooks", bigcommercetest.Failure(http.StatusUnprocessableEntity))
	report := f.sync(c)
	require.Equal(t, []channels.FindingKind{channels.FindingInactive, channels.FindingRefused, channels.FindingDuplicate}, kinds(report.Left))
	require.Equal(t, works.ID, report.Left[2].HookID)
	require.Zero(t, report.Again, "time alone does not help")
	require.Len(t, f.of(orderScope), 2)
}

func TestSyncFails(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		method string
		answer bigcommercetest.Answer
		reason activities.Reason
	}{
		"reading fails":            {http.MethodGet, bigcommercetest.Failure(503), activities.ReasonStoreUnavailable},
		"reading makes no sense":   {http.MethodGet, bigcommercetest.Garbage(), activities.ReasonStoreMalformed},
		"creating fails":           {http.MethodPost, bigcommercetest.Failure(500), activities.ReasonStoreUnavailable},
		"the platform has no time": {http.MethodPost, bigcommercetest.Overloaded(), activities.ReasonStoreUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setupHooks(t)
			f.store.Faults().FailNext(-1, tc.method, "/hooks", tc.answer)
			failure := f.fails(f.activities.SyncSubscriptions, activities.SyncRequest{Channel: f.channel(mainChannel)})
			require.Equal(t, string(tc.reason), failure.Type())
			require.False(t, failure.NonRetryable())
			require.Contains(t, failure.Message(), "channel main")
		})
	}
	t.Run("sealed with another key", func(t *testing.T) {
		t.Parallel()
		f := setupHooks(t)
		c := f.channel(mainChannel)
		c.Store.AccessToken[0] ^= 1
		failure := f.fails(f.activities.SyncSubscriptions, activities.SyncRequest{Channel: c})
		require.Equal(t, string(activities.ReasonSealed), failure.Type())
		require.False(t, failure.NonRetryable())
	})
	t.Run("removing the exceptions hook fails", func(t *testing.T) {
		t.Parallel()
		f := setupHooks(t)
		c := f.channel(mainChannel)
		f.sync(c)
		require.NoError(t, f.store.DeleteHookByHand(f.of(orderScope)[0].ID))
		f.store.Faults().FailNext(-1, http.MethodDelete, "/hooks", bigcommercetest.Failure(500))
		failure := f.fails(f.activities.SyncSubscriptions, activities.SyncRequest{Channel: c, Remove: true})
		require.Equal(t, string(activities.ReasonStoreUnavailable), failure.Type())
	})
}
