package subscriptions_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/subscriptions"
)

// reluctant is a store that does not note when a hook was changed, which
// BigCommerce does not document that it does.
type reluctant struct{ subscriptions.Store }

func (s reluctant) HooksAdmin(ctx context.Context) (bigcommerce.HooksAdmin, error) {
	admin, err := s.Store.HooksAdmin(ctx)
	for i := range admin.Hooks {
		admin.Hooks[i].UpdatedAt = admin.Hooks[i].CreatedAt
	}
	return admin, err
}

func (s reluctant) UpdateHook(ctx context.Context, id int64, update bigcommerce.HookUpdate) (bigcommerce.Hook, error) {
	hook, err := s.Store.UpdateHook(ctx, id, update)
	hook.UpdatedAt = hook.CreatedAt
	return hook, err
}

// TestSyncRemembersWhatTheStoreDoesNotNote keeps hooks alive, and duplicates
// until they can go, although no change moves updated_at.
func TestSyncRemembersWhatTheStoreDoesNotNote(t *testing.T) {
	t.Parallel()
	f := setup(t)
	sync := f.sync()
	sync.Store = reluctant{sync.Store}
	sync.Known = f.run(sync).Hooks
	f.store.Clock().Advance(60 * 24 * time.Hour)
	report := f.run(sync)
	require.Equal(t, []channels.FindingKind{channels.FindingQuiet, channels.FindingQuiet}, kinds(report.Found))
	require.Equal(t, f.store.Clock().Now(), report.Hooks[0].ArmedAt)
	sync.Known = report.Hooks
	require.Empty(t, f.run(sync).Found)

	f.store.AddHook(bigcommercetest.Hook{
		ClientID: f.account.ClientID, Scope: bigcommerce.ScopeOrderStatusUpdated, Destination: "https://bridge.example/old",
		IsActive: true, Headers: f.headers(),
	})
	require.Equal(t, 64*time.Second, f.run(sync).Again.Std())
	f.store.Clock().Advance(64 * time.Second)
	require.Equal(t, []channels.FindingKind{channels.FindingDuplicate}, kinds(f.run(sync).Found))
	require.Empty(t, f.run(sync).Found)
}

// early is a store whose clock was wrong when it was read.
type early struct {
	subscriptions.Store

	by time.Duration
}

func (s early) HooksAdmin(ctx context.Context) (bigcommerce.HooksAdmin, error) {
	admin, err := s.Store.HooksAdmin(ctx)
	admin.ReadAt = admin.ReadAt.Add(s.by)
	return admin, err
}

// TestSyncDoesNotWaitForATimeToCome has a clock that was a day ahead once, and
// one that is a day behind.
func TestSyncDoesNotWaitForATimeToCome(t *testing.T) {
	t.Parallel()
	f := setup(t)
	sync := f.sync()
	f.run(sync)
	require.NoError(t, f.store.DeactivateHook(f.store.Hooks()[0].ID))
	right := sync.Store
	sync.Store = early{right, 24 * time.Hour}
	sync.Known = f.run(sync).Hooks
	require.Equal(t, f.store.Clock().Now().Add(24*time.Hour), sync.Known[0].ArmedAt)

	sync.Store = right
	f.store.AddHook(bigcommercetest.Hook{
		ClientID: f.account.ClientID, Scope: bigcommerce.ScopeOrderStatusUpdated, Destination: "https://bridge.example/old",
		IsActive: true, Headers: f.headers(),
	})
	report := f.run(sync)
	require.Equal(t, 64*time.Second, report.Again.Std())
	for _, hook := range report.Hooks {
		require.Equal(t, f.store.Clock().Now(), hook.ArmedAt)
	}
	sync.Known = report.Hooks
	sync.Store = early{right, -24 * time.Hour}
	require.Equal(t, 64*time.Second, f.run(sync).Again.Std())

	sync.Store = right
	f.store.Clock().Advance(64 * time.Second)
	report = f.run(sync)
	require.Zero(t, report.Again)
	require.Equal(t, []channels.FindingKind{channels.FindingDuplicate}, kinds(report.Found))
	require.Empty(t, report.Left)
}

// TestSyncSpeaksInSentences reads what it found and did as a person would.
func TestSyncSpeaksInSentences(t *testing.T) {
	t.Parallel()
	f := setup(t)
	sync := f.sync()
	made := f.run(sync)
	require.Equal(t, "There is no hook for store/order/statusUpdated.", made.Found[0].Detail)
	require.Equal(t, "A new one was made.", made.Found[0].Done)
	require.NoError(t, f.store.DeactivateHook(f.store.Hooks()[0].ID))
	f.channel.SecretVersion = 2
	report := f.run(f.sync())
	require.Regexp(t, `^Hook \d+ for store/order/statusUpdated was mended \(deactivated, old secret\)\.$`, report.Done[0])

	f.store.Faults().FailNext(-1, http.MethodPut, "/hooks", bigcommercetest.Failure(http.StatusForbidden))
	require.NoError(t, f.store.DeactivateHook(f.store.Hooks()[0].ID))
	left := f.run(f.sync())
	require.NotEmpty(t, left.Left)
	for _, report := range []channels.AuditReport{made, report, left} {
		for _, finding := range report.Found {
			for _, said := range []string{finding.Detail, finding.Done, finding.Advice} {
				if said != "" {
					require.Regexp(t, `^[A-Z].*\.$`, said)
					require.NotContains(t, said, "channel main")
				}
			}
		}
	}
}

// TestSyncHandsOnWhatItDid fails after the first of two changes. The attempt that
// follows is told, and reports both.
func TestSyncHandsOnWhatItDid(t *testing.T) {
	t.Parallel()
	f := setup(t)
	sync := f.sync()
	f.run(sync)
	require.NoError(t, f.store.DeactivateHook(f.store.Hooks()[0].ID))
	f.store.AddHook(bigcommercetest.Hook{
		ClientID: f.account.ClientID, Scope: bigcommerce.ScopeOrderStatusUpdated, Destination: "https://bridge.example/old",
		Headers: f.headers(),
	})
	f.store.Faults().FailNext(1, http.MethodDelete, "/hooks", bigcommercetest.RateLimited(time.Second))
	var told subscriptions.Progress
	sync.Note = func(progress subscriptions.Progress) { told = progress }
	_, err := sync.Run(t.Context())
	require.True(t, bigcommerce.IsKind(err, bigcommerce.RateLimited), err)
	require.Equal(t, []channels.FindingKind{channels.FindingDeactivated, channels.FindingQuota}, kinds(told.Found))
	require.Len(t, told.Done, 1)

	sync.Store, sync.Before = f.client(f.account), told
	report := f.run(sync)
	require.Equal(t, []channels.FindingKind{channels.FindingDeactivated, channels.FindingQuota, channels.FindingDuplicate}, kinds(report.Found))
	require.Len(t, report.Done, 2)
	require.Empty(t, report.Left)
}

func TestSyncEndsWithItsContext(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.run(f.sync())
	exceptions := f.store.Hooks()[1]
	require.Equal(t, bigcommerce.ScopeHookDeliveryException, exceptions.Scope)
	require.NoError(t, f.store.DeleteHookByHand(exceptions.ID))
	ctx, cancel := context.WithCancel(t.Context())
	sync := f.sync()
	sync.Store = cancelling{sync.Store, cancel}
	_, err := sync.Run(ctx)
	require.ErrorIs(t, err, context.Canceled, "not a finding about the hook for exceptions")
}

// cancelling ends a context when the first hook is to be made.
type cancelling struct {
	subscriptions.Store

	cancel context.CancelFunc
}

func (s cancelling) CreateHook(ctx context.Context, hook bigcommerce.HookRequest) (bigcommerce.Hook, error) {
	s.cancel()
	return s.Store.CreateHook(ctx, hook)
}

func TestSyncComparesAddressesAsServersDo(t *testing.T) {
	t.Parallel()
	for given, same := range map[string]bool{
		"https://BRIDGE.example/webhooks/bigcommerce/main":     true,
		"https://bridge.example:443/webhooks/bigcommerce/main": true,
		"HTTPS://bridge.example/webhooks/bigcommerce/main":     true,
		"https://bridge.example/webhooks/bigcommerce/Main":     false,
		"https://bridge.example/webhooks/bigcommerce/main/":    false,
		"https://bridge.example/webhooks/bigcommerce/main?a=b": false,
		"https://bridge.example:8443/webhooks/bigcommerce":     false,
		"not an address": false,
	} {
		t.Run(strings.ReplaceAll(given, "/", "_"), func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			f.store.AddHook(bigcommercetest.Hook{
				ClientID: f.account.ClientID, Scope: bigcommerce.ScopeOrderStatusUpdated, Destination: given, IsActive: true, Headers: f.headers(),
			})
			report := f.run(f.sync())
			moved := report.Found[0].Kind == channels.FindingWrongDestination
			require.Equal(t, same, !moved)
		})
	}
}

func TestSyncSeesBlocksOfItsHost(t *testing.T) {
	t.Parallel()
	for destination, ours := range map[string]bool{
		"bridge.example": true, "BRIDGE.example": true, "bridge.example:443": true, "https://bridge.example/other": true,
		"bridge.example:8443": false, "other.example": false, "https://other.example/bridge.example": false, "": false, "https://%": false,
	} {
		t.Run(strings.ReplaceAll(destination, "/", "_"), func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			sync := f.sync()
			sync.Store = blocking{sync.Store, destination}
			report := f.run(sync)
			if !ours {
				require.Empty(t, report.Left)
				return
			}
			require.Equal(t, []channels.FindingKind{channels.FindingBlocked}, kinds(report.Left))
			require.Equal(t, "BigCommerce delivers nothing to bridge.example for another 1m35s: no answer (34 times).", report.Left[0].Detail)
		})
	}
}

// blocking is a store that blocks a destination.
type blocking struct {
	subscriptions.Store

	destination string
}

func (s blocking) HooksAdmin(ctx context.Context) (bigcommerce.HooksAdmin, error) {
	admin, err := s.Store.HooksAdmin(ctx)
	admin.BlockedDomains = []bigcommerce.BlockedDomain{{
		Destination: s.destination, TimeLeft: 95 * time.Second, Reasons: []bigcommerce.BlockReason{{Description: "no answer.", Count: 34}},
	}}
	return admin, err
}

// failing is a store that fails.
type failing struct{ subscriptions.Store }

var errOdd = errors.New("odd")

func (failing) HooksAdmin(context.Context) (bigcommerce.HooksAdmin, error) {
	return bigcommerce.HooksAdmin{}, errOdd
}

func TestSyncPassesOnWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	f := setup(t)
	sync := f.sync()
	sync.Store = failing{sync.Store}
	_, err := sync.Run(t.Context())
	require.ErrorIs(t, err, errOdd)
}
