package activities_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
	"github.com/orderbridge/orderbridge/activities/callback"
	"github.com/orderbridge/orderbridge/activities/channels"
)

const day = 24 * time.Hour

// TestAuditMends spoils the order hook of a healthy channel in every way that
// one audit mends: the hook stays, and is right.
func TestAuditMends(t *testing.T) {
	t.Parallel()
	no, elsewhere := false, callbackBase+"before-the-move"
	for name, tc := range map[string]struct {
		spoil func(f *hooksFixture, id int64)
		found []channels.FindingKind
	}{
		"switched off by hand": {
			func(f *hooksFixture, id int64) { f.update(id, bigcommerce.HookUpdate{IsActive: &no}) },
			[]channels.FindingKind{channels.FindingInactive},
		},
		"switched off by the platform": {
			func(f *hooksFixture, id int64) { require.NoError(f.t, f.store.DeactivateHook(id)) },
			[]channels.FindingKind{channels.FindingDeactivated},
		},
		"sent elsewhere": {
			func(f *hooksFixture, id int64) { f.update(id, bigcommerce.HookUpdate{Destination: &elsewhere}) },
			[]channels.FindingKind{channels.FindingWrongDestination},
		},
		"sent to where exceptions go": {
			func(f *hooksFixture, id int64) {
				exceptions := channels.ExceptionsURL(callbackBase + mainChannel)
				require.NoError(f.t, f.store.DeleteHookByHand(f.of(exceptionScope)[0].ID))
				f.update(id, bigcommerce.HookUpdate{Destination: &exceptions, Headers: map[string]string{}})
			},
			[]channels.FindingKind{channels.FindingWrongDestination, channels.FindingMissingSecret, channels.FindingMissing},
		},
		"no secret": {
			func(f *hooksFixture, id int64) { f.update(id, bigcommerce.HookUpdate{Headers: map[string]string{}}) },
			[]channels.FindingKind{channels.FindingMissingSecret},
		},
		"another secret": {
			func(f *hooksFixture, id int64) {
				f.update(id, bigcommerce.HookUpdate{Headers: map[string]string{callback.Header: "1.guessed"}})
			},
			[]channels.FindingKind{channels.FindingWrongSecret},
		},
		"the secret of another channel": {
			func(f *hooksFixture, id int64) {
				f.update(id, bigcommerce.HookUpdate{Headers: map[string]string{callback.Header: f.secrets.Secret("other", 1)}})
			},
			[]channels.FindingKind{channels.FindingWrongSecret},
		},
		"another version of the secret, elsewhere and off": {
			func(f *hooksFixture, id int64) {
				f.update(id, bigcommerce.HookUpdate{Headers: f.secret(7), Destination: &elsewhere, IsActive: &no})
			},
			[]channels.FindingKind{channels.FindingInactive, channels.FindingWrongDestination, channels.FindingOldSecret},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setupHooks(t)
			c := f.channel(mainChannel)
			f.sync(c)
			id := f.requireRight().ID
			tc.spoil(f, id)
			report := f.sync(c)
			require.Equal(t, tc.found, kinds(report.Found))
			require.Empty(t, report.Left)
			require.Zero(t, report.Again)
			require.Equal(t, bothScopes, report.Subscribed)
			require.NotEmpty(t, report.Done)
			require.Equal(t, id, f.requireRight().ID, "mended, not made anew")
			f.requireStill(c)
			f.clean(f.logged())
		})
	}
}

func TestAuditGivesEveryHookANewSecret(t *testing.T) {
	t.Parallel()
	f := setupHooks(t)
	c := f.channel(mainChannel)
	f.sync(c)
	f.update(f.of(orderScope)[0].ID, bigcommerce.HookUpdate{Headers: map[string]string{
		// HTTP does not mind how a header is spelled, and a proxy may need another.
		strings.ToLower(callback.Header): f.secrets.Secret(mainChannel, 1), "X-Route": "blue",
	}})
	f.requireStill(c)
	c.SecretVersion = 2
	report := f.sync(c)
	require.Equal(t, []channels.FindingKind{channels.FindingOldSecret, channels.FindingOldSecret}, kinds(report.Found))
	wanted := f.secret(2)
	require.Equal(t, wanted, f.of(exceptionScope)[0].Headers)
	wanted["X-Route"] = "blue"
	require.Equal(t, wanted, f.of(orderScope)[0].Headers)
	require.NotContains(t, f.logged(), f.secrets.Secret(mainChannel, 2))
	f.requireStill(c)
}

func TestAuditRestoresADeletedHook(t *testing.T) {
	t.Parallel()
	for _, scope := range bothScopes {
		t.Run(scope, func(t *testing.T) {
			t.Parallel()
			f := setupHooks(t)
			c := f.channel(mainChannel)
			f.sync(c)
			require.NoError(t, f.store.DeleteHookByHand(f.of(scope)[0].ID))
			report := f.sync(c)
			require.Equal(t, []channels.FindingKind{channels.FindingMissing}, kinds(report.Found))
			require.Equal(t, scope, report.Found[0].Scope)
			f.requireRight()
			f.requireStill(c)
		})
	}
}

// TestAuditAfter90Days lets both hooks die of silence.
func TestAuditAfter90Days(t *testing.T) {
	t.Parallel()
	f := setupHooks(t)
	c := f.channel(mainChannel)
	f.sync(c)
	f.store.Clock().Advance(90 * day)
	require.Equal(t, bigcommercetest.HookDeactivated, f.of(orderScope)[0].Status)
	report := f.sync(c)
	require.Equal(t, []channels.FindingKind{channels.FindingDeactivated, channels.FindingDeactivated}, kinds(report.Found))
	f.requireRight()
	f.requireStill(c)
}

// TestAuditsThroughAYearOfSilence audits every day of a year without orders: no
// hook is ever switched off, and few calls change anything.
func TestAuditsThroughAYearOfSilence(t *testing.T) {
	t.Parallel()
	f := setupHooks(t)
	c := f.channel(mainChannel)
	f.sync(c)
	began := f.writes()
	quiet := 0
	for range 365 {
		f.store.Clock().Advance(day)
		report := f.sync(c)
		for _, kind := range kinds(report.Found) {
			require.Equal(t, channels.FindingQuiet, kind)
			quiet++
		}
		f.requireRight()
	}
	require.Equal(t, 12, quiet, "two hooks, six times")
	require.Equal(t, quiet, f.writes()-began)
	require.Empty(t, f.store.Emails())
}

// TestAuditAfter48HoursOfFailures lets the platform give up on a webhook.
func TestAuditAfter48HoursOfFailures(t *testing.T) {
	t.Parallel()
	f := setupHooks(t)
	c := f.channel(mainChannel)
	f.sync(c)
	f.order("Awaiting Shipment")
	require.NoError(t, f.store.SetStatus(218, bigcommerce.StatusCancelled)) // nobody listens there
	require.NoError(t, f.store.Elapse(t.Context(), 49*time.Hour))
	require.Equal(t, bigcommercetest.HookDeactivated, f.of(orderScope)[0].Status)
	report := f.sync(c)
	require.Equal(t, channels.FindingDeactivated, report.Found[0].Kind)
	f.requireRight()
	f.requireStill(c)
}

func TestAuditMakesHooksOfANewAccount(t *testing.T) {
	t.Parallel()
	f := setupHooks(t)
	f.sync(f.channel(mainChannel))
	old := f.account
	f.account = f.store.AddAccount("the new one")
	c := f.channel(mainChannel)
	report := f.sync(c)
	require.Equal(t, []channels.FindingKind{channels.FindingOtherAccount, channels.FindingOtherAccount}, kinds(report.Found))
	require.Empty(t, report.Left)
	f.requireRight()
	for _, ref := range report.Hooks {
		require.Equal(t, f.account.ClientID, ref.ClientID)
	}
	require.Len(t, f.store.Hooks(), 4, "those of %s are not visible", old.Name)
	f.requireStill(c)
}

func TestAuditOfMoreHooksThanAllowed(t *testing.T) {
	t.Parallel()
	add := func(f *hooksFixture, n int, headers map[string]string) {
		for i := range n {
			f.store.AddHook(bigcommercetest.Hook{
				ClientID: f.account.ClientID, Scope: orderScope, IsActive: true, Headers: headers,
				Destination: fmt.Sprintf("%sold-%d-%d", callbackBase, len(headers), i),
			})
		}
	}
	t.Run("of ours", func(t *testing.T) {
		t.Parallel()
		f := setupHooks(t)
		c := f.channel(mainChannel)
		add(f, 12, f.secret(1))
		reports := f.settle(c)
		require.Len(t, reports, 2)
		require.Contains(t, kinds(reports[0].Left), channels.FindingTooMany)
		require.Contains(t, kinds(reports[1].Found), channels.FindingTooMany)
		require.Empty(t, reports[1].Left)
		f.requireRight()
		f.requireStill(c)
	})
	t.Run("of others, and ours is there", func(t *testing.T) {
		t.Parallel()
		f := setupHooks(t)
		c := f.channel(mainChannel)
		f.sync(c)
		add(f, 10, nil)
		report := f.sync(c)
		require.Equal(t, []channels.FindingKind{channels.FindingTooMany}, kinds(report.Left))
		require.True(t, report.Left[0].Harmless)
		require.Equal(t, bothScopes, report.Subscribed)
		require.Len(t, f.of(orderScope), 11)
	})
	t.Run("of others, so that ours is refused", func(t *testing.T) {
		t.Parallel()
		f := setupHooks(t)
		c := f.channel(mainChannel)
		add(f, 11, nil)
		report := f.sync(c)
		require.False(t, report.Left[1].Harmless)
		require.Equal(t, []channels.FindingKind{channels.FindingMissing, channels.FindingTooMany}, kinds(report.Left))
		require.Contains(t, report.Left[1].Advice, "API account")
		require.Equal(t, []string{exceptionScope}, report.Subscribed, "the rest goes on")
		require.Equal(t, channels.HealthUnhealthy, report.Health(time.Now()).State)
		require.Len(t, f.of(orderScope), 11)

		for _, hook := range f.of(orderScope)[:2] {
			require.NoError(t, f.store.DeleteHookByHand(hook.ID))
		}
		require.Equal(t, bothScopes, f.sync(c).Subscribed)
	})
}

func TestAuditReportsABlockedDomain(t *testing.T) {
	t.Parallel()
	f := setupHooks(t)
	c := f.channel(mainChannel)
	f.sync(c)
	for id := int64(1); id <= 100; id++ {
		f.store.AddOrder(bigcommercetest.Order{ID: id, StatusID: bigcommerce.StatusAwaitingShipment})
		require.NoError(t, f.store.SetStatus(id, bigcommerce.StatusCancelled))
	}
	require.NoError(t, f.store.WaitIdle(t.Context()))
	require.Len(t, f.store.BlockedDomains(), 1)
	f.store.Clock().Advance(time.Minute)
	writes := f.writes()
	report := f.sync(c)
	require.Equal(t, []channels.FindingKind{channels.FindingBlocked}, kinds(report.Left))
	require.Contains(t, report.Left[0].Detail, "127.0.0.1:9 for another 2m0s: ")
	require.Contains(t, report.Left[0].Detail, "100 times")
	require.Equal(t, writes, f.writes(), "not fought")
	require.Equal(t, channels.HealthUnhealthy, report.Health(time.Now()).State)

	elsewhere := c
	elsewhere.CallbackURL = "http://127.0.0.1:10/webhooks/bigcommerce/" + mainChannel
	require.Empty(t, f.sync(elsewhere).Left, "another host is none of the channel's business")
	f.store.Clock().Advance(3 * time.Minute)
	require.Empty(t, f.sync(c).Left)
}

func TestAuditNamesIntruders(t *testing.T) {
	t.Parallel()
	f := setupHooks(t)
	c := f.channel(mainChannel)
	intruder := f.hook(f.account, bigcommerce.HookRequest{
		Scope: bigcommerce.ScopeShipmentCreated, Destination: channels.ExceptionsURL(c.CallbackURL), IsActive: true,
	})
	report := f.sync(c)
	require.Equal(t, []channels.FindingKind{channels.FindingMissing, channels.FindingRefused, channels.FindingUnwanted}, kinds(report.Left))
	require.Equal(t, intruder.ID, report.Left[2].HookID)
	require.Equal(t, []string{orderScope}, report.Subscribed, "the address of exceptions is taken, that of orders is not")
	require.Equal(t, channels.HealthDegraded, report.Health(time.Now()).State)
	require.Len(t, f.of(bigcommerce.ScopeShipmentCreated), 1, "not ours: not touched")

	require.NoError(t, f.store.DeleteHookByHand(intruder.ID))
	f.sync(c)
	f.requireRight()
	f.requireStill(c)
}

func TestAuditSurvivesAnExceptionsHookThatFails(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]bigcommercetest.Answer{
		"refused": bigcommercetest.Failure(http.StatusUnprocessableEntity), "out of order": bigcommercetest.Failure(http.StatusBadGateway),
		"forbidden": bigcommercetest.Failure(http.StatusForbidden), "garbage": bigcommercetest.Garbage(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setupHooks(t)
			c := f.channel(mainChannel)
			f.sync(c)
			require.NoError(t, f.store.DeleteHookByHand(f.of(exceptionScope)[0].ID))
			f.store.Faults().FailNext(-1, http.MethodPost, "/hooks", answer)
			report := f.sync(c)
			require.Equal(t, []string{orderScope}, report.Subscribed)
			require.Equal(t, channels.FindingMissing, report.Left[0].Kind)
			require.Equal(t, channels.HealthDegraded, report.Health(time.Now()).State)
			f.store.Faults().ClearAPI()
			f.sync(c)
			f.requireRight()
			f.requireStill(c)
		})
	}
}
