package activities_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/rest/resttest"
)

var order218 = activities.OrderRef{Channel: mainChannel, OrderID: 218}

func TestReadChannel(t *testing.T) {
	t.Parallel()
	f := setup(t)
	t.Run("complete with defaults", func(t *testing.T) {
		var view activities.ChannelView
		f.run(f.activities.ReadChannel, mainChannel, &view)
		require.Equal(t, activities.ChannelView{
			Known: true, Active: true, Revision: 1, StoreHash: f.store.Hash,
			Settings: f.channel(mainChannel).Settings.WithDefaults(),
		}, view)
	})
	t.Run("an unknown channel is a result", func(t *testing.T) {
		var view activities.ChannelView
		f.run(f.activities.ReadChannel, "other", &view)
		require.Equal(t, activities.ChannelView{}, view)
	})
	t.Run("an outage is an error", func(t *testing.T) {
		f.directory.err = errors.New("Temporal is away")
		failure := f.fails(f.activities.ReadChannel, mainChannel)
		require.Equal(t, string(activities.ReasonInternal), failure.Type())
		require.False(t, failure.NonRetryable())
		require.Contains(t, failure.Message(), "channel main: read settings: ")
	})
}

func TestReadStoreOrder(t *testing.T) {
	t.Parallel()
	f := setup(t, bigcommercetest.WithFrozenClock())
	f.store.AddOrder(bigcommercetest.Order{ID: 218, StatusID: bigcommerce.StatusAwaitingShipment, ChannelID: 3})
	require.NoError(t, f.store.SetStatus(218, bigcommerce.StatusCancelled))
	var got activities.StoreOrder
	f.run(f.activities.ReadStoreOrder, order218, &got)
	stored, _ := f.store.Order(218)
	require.Equal(t, bigcommerce.StatusCancelled, got.StatusID)
	require.Equal(t, int64(3), got.StoreChannel)
	require.True(t, stored.DateModified.Equal(got.ModifiedAt))
	require.False(t, got.ReadAt.Before(got.ModifiedAt), "both are times of the store")
}

func TestReadStoreOrderFails(t *testing.T) {
	t.Parallel()
	t.Run("no such order", func(t *testing.T) {
		t.Parallel()
		f := setup(t)
		failure := f.fails(f.activities.ReadStoreOrder, order218)
		require.Equal(t, string(activities.ReasonStoreNotFound), failure.Type())
		require.True(t, failure.NonRetryable())
		require.Contains(t, failure.Message(), "channel main")
		require.Contains(t, failure.Message(), "218")
	})
	t.Run("revoked token", func(t *testing.T) {
		t.Parallel()
		f := setup(t)
		f.store.RevokeAccount(f.account.ClientID)
		failure := f.fails(f.activities.ReadStoreOrder, order218)
		require.Equal(t, string(activities.ReasonStoreCredentials), failure.Type())
		require.False(t, failure.NonRetryable(), "somebody will mend it")
		require.Equal(t, slow, failure.NextRetryDelay())
	})
	t.Run("quota used up", func(t *testing.T) {
		t.Parallel()
		f := setup(t, bigcommercetest.WithFrozenClock())
		f.store.AddOrder(bigcommercetest.Order{ID: 218})
		f.store.Faults().SpendQuota(1_000_000)
		failure := f.fails(f.activities.ReadStoreOrder, order218)
		require.Equal(t, string(activities.ReasonStoreRateLimited), failure.Type())
		require.Positive(t, failure.NextRetryDelay(), "the store's headers say when to come back")
	})
	t.Run("unknown channel", func(t *testing.T) {
		t.Parallel()
		f := setup(t)
		failure := f.fails(f.activities.ReadStoreOrder, activities.OrderRef{Channel: "gone", OrderID: 218})
		require.Equal(t, string(activities.ReasonUnknownChannel), failure.Type())
		require.False(t, failure.NonRetryable(), "it may be back")
	})
	t.Run("sealed with another key", func(t *testing.T) {
		t.Parallel()
		f := setup(t)
		c := f.channel(mainChannel)
		c.Store.AccessToken[0] ^= 1
		f.directory.put(c)
		failure := f.fails(f.activities.ReadStoreOrder, order218)
		require.Equal(t, string(activities.ReasonSealed), failure.Type())
		require.False(t, failure.NonRetryable())
		require.Equal(t, slow, failure.NextRetryDelay())
		require.Contains(t, failure.Message(), "channel main: store access token: ")
	})
}

func TestFindDownstreamOrder(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		numbers []string
		want    activities.Found
	}{
		"one":                {[]string{"217", "218", "219"}, activities.FoundOne},
		"none":               {[]string{"217", "219"}, activities.FoundNone},
		"several":            {[]string{"218", "218"}, activities.FoundSeveral},
		"longer numbers":     {[]string{"2180", "1218", "218-1"}, activities.FoundNone},
		"an empty system":    {nil, activities.FoundNone},
		"one among a longer": {[]string{"2180", "218"}, activities.FoundOne},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			f.demo.Faults().MatchSubstrings(true) // as many systems search
			for _, number := range tc.numbers {
				f.demo.AddOrder(number, "Awaiting Shipment")
			}
			var got activities.FindResult
			f.run(f.activities.FindDownstreamOrder, order218, &got)
			require.Equal(t, tc.want, got.Found)
			if tc.want != activities.FoundOne {
				require.Zero(t, got.Order)
				return
			}
			require.Equal(t, "218", got.Order.Number)
			require.Equal(t, downstream.PhaseOpen, got.Order.Status.Phase)
			require.NotEmpty(t, got.Order.Version)
		})
	}
}

func TestFindDownstreamOrderFails(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		spoil  func(*fixture)
		reason activities.Reason
		final  bool
	}{
		"revoked token": {func(f *fixture) { f.demo.Faults().RevokeToken() }, activities.ReasonDownstreamCredentials, false},
		"out of order":  {func(f *fixture) { f.demo.Faults().Inject(resttest.Fault{Times: -1}) }, activities.ReasonDownstreamUnavailable, false},
		"away":          {func(f *fixture) { f.demo.Close() }, activities.ReasonDownstreamUnavailable, false},
		"no sense": {
			func(f *fixture) {
				f.demo.Faults().Inject(resttest.Fault{Do: resttest.Garbage, Call: resttest.CallReads, Times: -1})
			},
			activities.ReasonDownstreamMalformed, false,
		},
		"no such adapter": {func(f *fixture) {
			c := f.channel(mainChannel)
			c.Downstream.Adapter = "carrier-pigeon"
			f.directory.put(c)
		}, activities.ReasonDownstreamMisconfigured, false},
		"sealed with another key": {func(f *fixture) {
			c := f.channel(mainChannel)
			c.Downstream.Token[0] ^= 1
			f.directory.put(c)
		}, activities.ReasonSealed, false},
		"unknown channel": {func(f *fixture) { clear(f.directory.known) }, activities.ReasonUnknownChannel, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			req := f.request(f.order("Awaiting Shipment"))
			tc.spoil(f)
			for what, failure := range map[string]*temporal.ApplicationError{
				"find":   f.fails(f.activities.FindDownstreamOrder, order218),
				"cancel": f.fails(f.activities.CancelDownstreamOrder, req),
			} {
				require.Equal(t, string(tc.reason), failure.Type(), what)
				require.Equal(t, tc.final, failure.NonRetryable(), what)
				require.Contains(t, failure.Message(), "channel main")
			}
		})
	}
}

// TestNewCredentialsServeAtOnce shows that credentials that were just saved are
// used, although older ones are still remembered and refused.
func TestNewCredentialsServeAtOnce(t *testing.T) {
	t.Parallel()
	t.Run("store", func(t *testing.T) {
		t.Parallel()
		f := setup(t)
		f.store.AddOrder(bigcommercetest.Order{ID: 218})
		fresh := f.channel(mainChannel)
		fresh.Revision, fresh.Store.AccessToken = 2, f.seal(f.store.AddAccount("new").AccessToken)
		f.store.RevokeAccount(f.account.ClientID)
		f.directory.later(fresh)
		var order activities.StoreOrder
		f.run(f.activities.ReadStoreOrder, order218, &order)
	})
	t.Run("downstream", func(t *testing.T) {
		t.Parallel()
		f := setup(t)
		f.order("Awaiting Shipment")
		stale, fresh := f.channel(mainChannel), f.channel(mainChannel)
		stale.Downstream.Token, fresh.Revision = f.seal("revoked"), 2
		f.directory.put(stale)
		f.directory.later(fresh)
		f.find()
	})
	t.Run("no others", func(t *testing.T) {
		t.Parallel()
		f := setup(t)
		f.store.RevokeAccount(f.account.ClientID)
		require.Equal(t, string(activities.ReasonStoreCredentials), f.fails(f.activities.ReadStoreOrder, order218).Type())
		require.Len(t, f.store.Calls(), 1, "the same credentials are not tried twice")
	})
}
