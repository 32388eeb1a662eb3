package activities_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
	"github.com/orderbridge/orderbridge/activities/callback"
	"github.com/orderbridge/orderbridge/activities/channels"
)

const (
	orderScope     = bigcommerce.ScopeOrderStatusUpdated
	exceptionScope = bigcommerce.ScopeHookDeliveryException
)

var bothScopes = []string{orderScope, exceptionScope}

// sync makes the hooks match a channel.
func (f *fixture) sync(c channels.Channel) channels.AuditReport {
	f.t.Helper()
	var report channels.AuditReport
	f.run(f.activities.SyncSubscriptions, activities.SyncRequest{Channel: c}, &report)
	return report
}

// hooksFixture is a store with a clock of its own, and what a channel remembers
// of its hooks.
type hooksFixture struct {
	*fixture

	known []channels.HookRef
}

func setupHooks(t *testing.T) *hooksFixture {
	t.Helper()
	return &hooksFixture{fixture: setup(t, bigcommercetest.WithFrozenClock())}
}

// sync audits a channel, once.
func (f *hooksFixture) sync(c channels.Channel) channels.AuditReport {
	f.t.Helper()
	return f.ask(activities.SyncRequest{Channel: c, Cause: channels.AuditScheduled})
}

func (f *hooksFixture) ask(request activities.SyncRequest) channels.AuditReport {
	f.t.Helper()
	request.Known = f.known
	var report channels.AuditReport
	f.run(f.activities.SyncSubscriptions, request, &report)
	f.known = report.Hooks
	f.requireConsistent(report)
	return report
}

// requireConsistent checks what is true of every report.
func (f *hooksFixture) requireConsistent(report channels.AuditReport) {
	f.t.Helper()
	require.Equal(f.t, mainChannel, report.Channel)
	left := []channels.Finding{}
	for _, finding := range report.Found {
		require.NotEmpty(f.t, finding.Detail)
		if finding.Left {
			left = append(left, finding)
			require.Equal(f.t, finding.Kind == channels.FindingShared, finding.Advice == "", finding.Kind)
			continue
		}
		require.NotEmpty(f.t, finding.Done, finding.Kind)
	}
	require.Equal(f.t, left, report.Left)
}

// settle is sync, again and again as the reports ask for, with the time between
// them gone by. The result is every report.
func (f *hooksFixture) settle(c channels.Channel) []channels.AuditReport {
	f.t.Helper()
	reports := []channels.AuditReport{f.sync(c)}
	for reports[len(reports)-1].Again > 0 {
		require.Less(f.t, len(reports), 5, "it comes to an end")
		f.store.Clock().Advance(reports[len(reports)-1].Again.Std())
		reports = append(reports, f.sync(c))
	}
	return reports
}

// requireStill fails the test unless one more audit finds and writes nothing.
func (f *hooksFixture) requireStill(c channels.Channel) {
	f.t.Helper()
	hooks, writes, reads := f.store.Hooks(), f.writes(), f.reads()
	report := f.sync(c)
	require.Empty(f.t, report.Found)
	require.Empty(f.t, report.Done)
	require.Equal(f.t, writes, f.writes())
	require.Equal(f.t, reads+1, f.reads(), "one look")
	require.Equal(f.t, hooks, f.store.Hooks())
}

// hook makes a hook by hand.
func (f *hooksFixture) hook(account bigcommercetest.Account, request bigcommerce.HookRequest) bigcommerce.Hook {
	f.t.Helper()
	hook, err := f.client(account).CreateHook(f.t.Context(), request)
	require.NoError(f.t, err)
	return hook
}

// update changes a hook by hand.
func (f *hooksFixture) update(id int64, update bigcommerce.HookUpdate) {
	f.t.Helper()
	_, err := f.client(f.account).UpdateHook(f.t.Context(), id, update)
	require.NoError(f.t, err)
}

// secret returns the headers with a version of the main channel's secret.
func (f *hooksFixture) secret(version int) map[string]string {
	return map[string]string{callback.Header: f.secrets.Secret(mainChannel, version)}
}

// of returns the hooks of a scope.
func (f *hooksFixture) of(scope string) []bigcommercetest.Hook {
	return slices.DeleteFunc(f.store.Hooks(), func(hook bigcommercetest.Hook) bool { return hook.Scope != scope })
}

// requireRight fails the test unless the account has exactly the two hooks that
// the main channel wants, and they are right. The result is the one for orders.
func (f *hooksFixture) requireRight() bigcommercetest.Hook {
	f.t.Helper()
	address := callbackBase + mainChannel
	mine := slices.DeleteFunc(f.store.Hooks(), func(hook bigcommercetest.Hook) bool { return hook.ClientID != f.account.ClientID })
	require.Len(f.t, mine, 2)
	for _, hook := range mine {
		require.Contains(f.t, bothScopes, hook.Scope)
		wanted := address
		if hook.Scope == exceptionScope {
			wanted = channels.ExceptionsURL(address)
		}
		require.Equal(f.t, wanted, hook.Destination)
		require.Equal(f.t, f.secret(1), hook.Headers)
		require.Equal(f.t, bigcommercetest.HookActive, hook.Status)
	}
	require.NotEqual(f.t, mine[0].Scope, mine[1].Scope)
	return mine[slices.IndexFunc(mine, func(hook bigcommercetest.Hook) bool { return hook.Scope == orderScope })]
}

// writes counts the calls that were meant to change something in the store.
func (f *hooksFixture) writes() int {
	return f.count(func(method string) bool { return method != http.MethodGet })
}

// reads counts the other ones.
func (f *hooksFixture) reads() int {
	return f.count(func(method string) bool { return method == http.MethodGet })
}

func (f *hooksFixture) count(counts func(method string) bool) int {
	n := 0
	for _, call := range f.store.Calls() {
		if counts(call.Method) {
			n++
		}
	}
	return n
}

// kinds returns the kinds of findings, in their order.
func kinds(findings []channels.Finding) []channels.FindingKind {
	list := make([]channels.FindingKind, 0, len(findings))
	for _, finding := range findings {
		list = append(list, finding.Kind)
	}
	return list
}

func TestWantedScopes(t *testing.T) {
	t.Parallel()
	chosen := channels.Settings{ValidFulfillmentStatuses: []string{"Awaiting Shipment"}}
	require.Equal(t, bothScopes, activities.WantedScopes(channels.Channel{Active: true, Settings: chosen}))
	chosen.StoreChannels = []int64{1, 2}
	require.Equal(t, bothScopes, activities.WantedScopes(channels.Channel{Active: true, Settings: chosen}), "one scope for all")
	require.Empty(t, activities.WantedScopes(channels.Channel{Active: false, Settings: chosen}))
	require.Empty(t, activities.WantedScopes(channels.Channel{Active: true}))
}

func TestSyncSubscribes(t *testing.T) {
	t.Parallel()
	f := setupHooks(t)
	report := f.sync(f.channel(mainChannel))
	order := f.requireRight()
	require.Equal(t, bothScopes, report.Subscribed)
	require.Equal(t, []channels.FindingKind{channels.FindingMissing, channels.FindingMissing}, kinds(report.Found))
	require.Empty(t, report.Left)
	require.Len(t, report.Done, 2)
	require.Equal(t, 1, report.Revision)
	require.Equal(t, channels.AuditScheduled, report.Cause)
	require.Len(t, report.Hooks, 2)
	require.Equal(t, channels.HookRef{
		ID: order.ID, Scope: orderScope, ClientID: f.account.ClientID, ArmedAt: f.store.Clock().Now(),
	}, report.Hooks[0])
	require.Equal(t, channels.HealthHealthy, report.Health(time.Now()).State)
	f.requireStill(f.channel(mainChannel))
	f.clean(f.logged())
}

func TestSyncUnsubscribes(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*activities.SyncRequest){
		"nothing selected": func(r *activities.SyncRequest) { r.Settings = channels.Settings{} },
		"deactivated":      func(r *activities.SyncRequest) { r.Active = false },
		"removed":          func(r *activities.SyncRequest) { r.Remove = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setupHooks(t)
			request := activities.SyncRequest{Channel: f.channel(mainChannel)}
			f.ask(request)
			change(&request)
			report := f.ask(request)
			require.Empty(t, report.Subscribed)
			require.Empty(t, report.Hooks)
			require.Empty(t, report.Left)
			require.Equal(t, []channels.FindingKind{channels.FindingUnwanted, channels.FindingUnwanted}, kinds(report.Found))
			require.Empty(t, f.store.Hooks())
			require.Empty(t, f.ask(request).Found, "nothing left to remove")
		})
	}
}

func TestSyncLeavesForeignHooksAlone(t *testing.T) {
	t.Parallel()
	f := setupHooks(t)
	otherApp := f.store.AddAccount("another app")
	for _, foreign := range []struct {
		account bigcommercetest.Account
		bigcommerce.HookRequest
	}{
		{f.account, bigcommerce.HookRequest{ // our account used by hand
			Scope: orderScope, Destination: "http://127.0.0.1:9/by-hand", IsActive: false,
		}},
		{f.account, bigcommerce.HookRequest{ // another channel of ours on the same store
			Scope: orderScope, Destination: callbackBase + "other", IsActive: true,
			Headers: map[string]string{callback.Header: f.secrets.Secret("other", 1)},
		}},
		{f.account, bigcommerce.HookRequest{ // a secret of another kind in a header of this name
			Scope: orderScope, Destination: callbackBase + mainChannel + "/deeper", IsActive: true,
			Headers: map[string]string{callback.Header: "hunter2"},
		}},
		{f.account, bigcommerce.HookRequest{ // an integration check, under way
			Scope: "store/order/metafield/created", Destination: channels.CheckURL(callbackBase + mainChannel), IsActive: true,
			Headers: f.secret(1),
		}},
		{otherApp, bigcommerce.HookRequest{ // not even visible to us
			Scope: orderScope, Destination: callbackBase + mainChannel, IsActive: true,
		}},
	} {
		f.hook(foreign.account, foreign.HookRequest)
	}
	before := f.store.Hooks()
	c := f.channel(mainChannel)
	require.Empty(t, f.sync(c).Left)
	after := f.store.Hooks()
	require.Len(t, after, len(before)+2)
	require.Equal(t, before, after[:len(before)])
	f.requireStill(c)
	c.Active = false
	f.sync(c)
	require.Equal(t, before, f.store.Hooks())
	f.ask(activities.SyncRequest{Channel: c, Remove: true})
	require.Len(t, f.store.Hooks(), len(before)-1, "the check of a channel that goes is of no use any more")
}

func TestSyncServesTwoChannelsOfOneStore(t *testing.T) {
	t.Parallel()
	f := setupHooks(t)
	main, other := f.channel(mainChannel), f.channel("other")
	f.sync(main)
	// The account has one hook for delivery exceptions, which is main's.
	report := f.fixture.sync(other)
	require.Equal(t, []string{orderScope}, report.Subscribed)
	require.Equal(t, []channels.FindingKind{channels.FindingMissing, channels.FindingShared}, kinds(report.Found))
	require.Equal(t, channels.HealthHealthy, report.Health(time.Now()).State)
	require.Len(t, f.store.Hooks(), 3)
	writes := f.writes()
	f.fixture.sync(other)
	require.Equal(t, writes, f.writes(), "it is not even tried")
	require.NotContains(t, f.logged(), "a problem with a subscription is left")

	main.Active = false
	f.sync(main)
	hooks := f.store.Hooks()
	require.Len(t, hooks, 1)
	require.Equal(t, callbackBase+"other", hooks[0].Destination)
	require.Equal(t, bothScopes, f.fixture.sync(other).Subscribed, "now there is room")
}

func TestSyncFollowsAMovedCallbackAddress(t *testing.T) {
	t.Parallel()
	f := setupHooks(t)
	c := f.channel(mainChannel)
	f.sync(c)
	before := f.store.Hooks()
	c.CallbackURL = callbackBase + "moved"
	report := f.sync(c)
	require.Equal(t, []channels.FindingKind{channels.FindingWrongDestination, channels.FindingWrongDestination}, kinds(report.Found))
	hooks := f.store.Hooks()
	require.Len(t, hooks, 2)
	for i, hook := range hooks {
		require.Equal(t, before[i].ID, hook.ID)
	}
	require.Equal(t, callbackBase+"moved", hooks[0].Destination)
	require.Equal(t, callbackBase+"moved/exceptions", hooks[1].Destination)
	f.requireStill(c)
}
