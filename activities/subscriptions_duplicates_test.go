package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
	"github.com/orderbridge/orderbridge/activities/channels"
)

// TestAuditKeepsADuplicateUntilTheOtherWorks has an order hook that works with
// an address of before, and one at the right address that is switched off.
func TestAuditKeepsADuplicateUntilTheOtherWorks(t *testing.T) {
	t.Parallel()
	f := setupHooks(t)
	c := f.channel(mainChannel)
	older := f.hook(f.account, bigcommerce.HookRequest{
		Scope: orderScope, Destination: callbackBase + "before-the-move", IsActive: true, Headers: f.secret(1),
	})
	right := f.hook(f.account, bigcommerce.HookRequest{
		Scope: orderScope, Destination: callbackBase + mainChannel, IsActive: false, Headers: f.secret(1),
	})
	f.store.Clock().Advance(day)
	reports := f.settle(c)
	require.Len(t, reports, 2)
	first, last := reports[0], reports[1]
	require.Equal(t, []channels.FindingKind{channels.FindingInactive, channels.FindingDuplicate, channels.FindingMissing}, kinds(first.Found))
	require.Len(t, first.Left, 1)
	require.Equal(t, older.ID, first.Left[0].HookID)
	require.True(t, first.Left[0].Harmless)
	require.Equal(t, 64*time.Second, first.Again.Std())
	require.Len(t, first.Hooks, 3)
	require.Equal(t, channels.HealthDegraded, first.Health(time.Now()).State)
	require.Equal(t, []channels.FindingKind{channels.FindingDuplicate}, kinds(last.Found))
	require.Empty(t, last.Left)
	require.Equal(t, right.ID, f.requireRight().ID)
	f.requireStill(c)
}

// TestAuditKeepsTheBestOfSeveral has hooks of which none is right, the best one
// always the youngest.
func TestAuditKeepsTheBestOfSeveral(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		worse, best func(f *hooksFixture, hook *bigcommercetest.Hook)
	}{
		"at the right address, though off": {
			func(*hooksFixture, *bigcommercetest.Hook) {},
			func(_ *hooksFixture, hook *bigcommercetest.Hook) {
				hook.Destination, hook.IsActive = callbackBase+mainChannel, false
			},
		},
		"on, though with an old secret": {
			func(f *hooksFixture, hook *bigcommercetest.Hook) { hook.IsActive, hook.Headers = false, f.secret(1) },
			func(*hooksFixture, *bigcommercetest.Hook) {},
		},
		"with the right secret": {
			func(*hooksFixture, *bigcommercetest.Hook) {},
			func(f *hooksFixture, hook *bigcommercetest.Hook) { hook.Headers = f.secret(1) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setupHooks(t)
			add := func(destination string, change func(*hooksFixture, *bigcommercetest.Hook)) int64 {
				hook := bigcommercetest.Hook{
					ClientID: f.account.ClientID, Scope: orderScope, Destination: callbackBase + destination, IsActive: true, Headers: f.secret(7),
				}
				change(f, &hook)
				return f.store.AddHook(hook).ID
			}
			add("older", tc.worse)
			best := add("younger", tc.best)
			f.settle(f.channel(mainChannel))
			require.Equal(t, best, f.requireRight().ID)
		})
	}
}

func TestAuditRemovesDuplicatesThatCannotWorkAtOnce(t *testing.T) {
	t.Parallel()
	f := setupHooks(t)
	c := f.channel(mainChannel)
	f.sync(c)
	right := f.requireRight()
	f.hook(f.account, bigcommerce.HookRequest{ // off
		Scope: orderScope, Destination: callbackBase + "a", IsActive: false, Headers: f.secret(1),
	})
	f.hook(f.account, bigcommerce.HookRequest{ // refused for want of the secret, and at an address for other things
		Scope: orderScope, Destination: channels.ExceptionsURL(callbackBase+mainChannel) + "/", IsActive: true, Headers: f.secret(1),
	})
	f.store.Clock().Advance(2 * time.Minute)
	report := f.sync(c)
	require.Equal(t, []channels.FindingKind{channels.FindingDuplicate, channels.FindingDuplicate}, kinds(report.Found))
	require.Empty(t, report.Left)
	require.Equal(t, right.ID, f.requireRight().ID)
	f.requireStill(c)
}

func TestAuditRemovesAnotherScopeOnlyOnceTheRightOneWorks(t *testing.T) {
	t.Parallel()
	f := setupHooks(t)
	c := f.channel(mainChannel)
	f.hook(f.account, bigcommerce.HookRequest{ // tells of changes of status too
		Scope: bigcommerce.ScopeOrderAll, Destination: callbackBase + mainChannel, IsActive: true, Headers: f.secret(1),
	})
	first := f.sync(c)
	require.Len(t, f.of(bigcommerce.ScopeOrderAll), 1)
	require.Equal(t, []channels.FindingKind{channels.FindingUnwanted}, kinds(first.Left))
	f.store.Clock().Advance(time.Minute) // not quite: times are cut to the second
	require.Positive(t, f.sync(c).Again)
	require.Len(t, f.of(bigcommerce.ScopeOrderAll), 1)
	f.settle(c)
	f.requireRight()
	f.requireStill(c)
}

// TestAuditUntanglesSwappedAddresses has each of the two hooks where the other
// belongs, so that neither can simply be moved.
func TestAuditUntanglesSwappedAddresses(t *testing.T) {
	t.Parallel()
	f := setupHooks(t)
	c := f.channel(mainChannel)
	order := f.hook(f.account, bigcommerce.HookRequest{
		Scope: orderScope, Destination: channels.ExceptionsURL(c.CallbackURL), IsActive: true, Headers: f.secret(1),
	})
	f.hook(f.account, bigcommerce.HookRequest{Scope: exceptionScope, Destination: c.CallbackURL, IsActive: true})
	report := f.sync(c)
	require.Equal(t, []channels.FindingKind{channels.FindingWrongDestination, channels.FindingWrongDestination}, kinds(report.Found))
	require.Empty(t, report.Left)
	require.Len(t, report.Done, 3)
	require.Equal(t, order.ID, f.requireRight().ID)
	f.requireStill(c)
}
