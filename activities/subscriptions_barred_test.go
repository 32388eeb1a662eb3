package activities_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
	"github.com/orderbridge/orderbridge/activities/channels"
)

func TestAuditWithARevokedToken(t *testing.T) {
	t.Parallel()
	f := setupHooks(t)
	c := f.channel(mainChannel)
	known := f.sync(c).Hooks
	f.store.RevokeAccount(f.account.ClientID) // which deletes its hooks
	report := f.sync(c)
	require.Equal(t, []channels.FindingKind{channels.FindingRevoked}, kinds(report.Left))
	require.False(t, report.Left[0].Harmless)
	require.Empty(t, report.Subscribed)
	require.Equal(t, known, report.Hooks, "what is known stays known")
	require.Equal(t, channels.HealthUnhealthy, report.Health(time.Now()).State)

	inactive := c
	inactive.Active = false
	require.True(t, f.sync(inactive).Left[0].Harmless, "nothing is wanted of the store")

	f.account = f.store.AddAccount("the new one")
	report = f.sync(f.channel(mainChannel))
	require.Equal(t, []channels.FindingKind{channels.FindingOtherAccount, channels.FindingOtherAccount}, kinds(report.Found))
	f.requireRight()
}

func TestAuditWithoutThePermission(t *testing.T) {
	t.Parallel()
	f := setupHooks(t)
	c := f.channel(mainChannel)
	f.store.Faults().FailNext(1, http.MethodGet, "/hooks", bigcommercetest.Failure(http.StatusForbidden))
	report := f.sync(c)
	require.Equal(t, []channels.FindingKind{channels.FindingNoScope}, kinds(report.Left))
	f.sync(c)
	f.requireRight()
}

// TestAuditTokenRevokedMidway loses the token after the order hook was made.
func TestAuditTokenRevokedMidway(t *testing.T) {
	t.Parallel()
	f := setupHooks(t)
	c := f.channel(mainChannel)
	f.sync(c)
	no := f.of(exceptionScope)[0].ID
	require.NoError(t, f.store.DeactivateHook(no))
	f.store.Faults().FailNext(1, http.MethodPut, "/hooks", bigcommercetest.Failure(http.StatusUnauthorized))
	report := f.sync(c)
	require.Equal(t, []channels.FindingKind{channels.FindingRevoked}, kinds(report.Left))
	require.Empty(t, report.Subscribed)
}

func TestAuditWithoutQuota(t *testing.T) {
	t.Parallel()
	f := setupHooks(t)
	c := f.channel(mainChannel)
	f.store.Faults().FailNext(1, http.MethodPost, "/hooks", bigcommercetest.RateLimited(7*time.Second))
	failure := f.fails(f.activities.SyncSubscriptions, activities.SyncRequest{Channel: c})
	require.Equal(t, string(activities.ReasonStoreRateLimited), failure.Type())
	require.Equal(t, 7*time.Second, failure.NextRetryDelay())
	require.False(t, failure.NonRetryable())
}

// TestRemoveWhileTheStoreIsBarred shows what keeps a channel from going: hooks
// may stay behind where a permission is missing, but not where the account is
// gone, and its hooks with it.
func TestRemoveWhileTheStoreIsBarred(t *testing.T) {
	t.Parallel()
	for status, harmless := range map[int]bool{http.StatusForbidden: false, http.StatusUnauthorized: true} {
		f := setupHooks(t)
		f.sync(f.channel(mainChannel))
		f.store.Faults().FailNext(1, http.MethodGet, "/hooks", bigcommercetest.Failure(status))
		var report channels.AuditReport
		f.run(f.activities.SyncSubscriptions, activities.SyncRequest{Channel: f.channel(mainChannel), Remove: true}, &report)
		require.Len(t, report.Left, 1)
		require.Equal(t, harmless, report.Left[0].Harmless, "status %d", status)
	}
}
