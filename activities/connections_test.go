package activities_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/rest/resttest"
)

// clients returns both clients of a channel.
func (f *fixture) clients(c channels.Channel) (*bigcommerce.Client, downstream.Adapter) {
	f.t.Helper()
	store, err := f.connections.Store(f.t.Context(), c)
	require.NoError(f.t, err)
	adapter, err := f.connections.Downstream(f.t.Context(), c)
	require.NoError(f.t, err)
	return store, adapter
}

func TestConnectionsKeepClients(t *testing.T) {
	t.Parallel()
	f := setup(t)
	first := f.channel(mainChannel)
	second := first
	second.Downstream.Token = f.seal("another-token")
	store1, adapter1 := f.clients(first)
	again, adapterAgain := f.clients(first)
	require.Same(t, store1, again)
	require.Same(t, adapter1, adapterAgain)

	store2, adapter2 := f.clients(second)
	require.NotSame(t, store1, store2)
	require.NotSame(t, adapter1, adapter2)

	second.Revision, second.Settings.StoreChannels = 9, []int64{7}
	still, _ := f.clients(second)
	require.Same(t, store2, still, "only the two ends matter")
}

func TestConnectionsKeepChannelsApart(t *testing.T) {
	t.Parallel()
	f := setup(t)
	one, _ := f.clients(f.channel(mainChannel))
	other, _ := f.clients(f.channel("other"))
	require.NotSame(t, one, other)
}

func TestConnectionsNoticeAChannelThatWasMadeAnew(t *testing.T) {
	t.Parallel()
	f := setup(t)
	before := f.channel(mainChannel)
	before.Revision = 5
	store1, _ := f.clients(before)
	// It ended and was added again: its revisions count from 1 again.
	anew := before
	anew.Revision, anew.Downstream.BaseURL = 1, "https://orders.example.com"
	store2, _ := f.clients(anew)
	require.NotSame(t, store1, store2, "the old system is not used for the new channel")
	again, _ := f.clients(anew)
	require.Same(t, store2, again)
}

func TestConnectionsFail(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for name, tc := range map[string]struct {
		spoil func(*channels.Channel)
		says  string
	}{
		"store token":        {func(c *channels.Channel) { c.Store.AccessToken[0] ^= 1 }, "channel main: store access token: "},
		"store settings":     {func(c *channels.Channel) { c.Store.Hash = "NO" }, "channel main: store.hash must be "},
		"adapter":            {func(c *channels.Channel) { c.Downstream.Adapter = "" }, "set downstream.adapter to one of rest, threepl"},
		"downstream token":   {func(c *channels.Channel) { c.Downstream.Token[0] ^= 1 }, "channel main: downstream token: "},
		"downstream address": {func(c *channels.Channel) { c.Downstream.BaseURL = "nowhere" }, "channel main: downstream: "},
	} {
		c := f.channel(mainChannel)
		tc.spoil(&c)
		store, err := f.connections.Store(t.Context(), c)
		require.ErrorContains(t, err, tc.says, name)
		require.Nil(t, store)
		adapter, err := f.connections.Downstream(t.Context(), c)
		require.ErrorContains(t, err, tc.says, name)
		require.Nil(t, adapter)
		f.clean(err.Error())
	}
	_, err := f.connections.Store(t.Context(), f.channel(mainChannel))
	require.NoError(t, err, "a failure is not kept")
}

func TestConnectionsShareAStoresQuota(t *testing.T) {
	t.Parallel()
	f := setup(t, bigcommercetest.WithFrozenClock())
	f.store.AddOrder(bigcommercetest.Order{ID: 218})
	otherStore := bigcommercetest.New(t)
	elsewhere := f.channel("elsewhere")
	elsewhere.Store = channels.Store{
		Hash: otherStore.Hash, BaseURL: otherStore.URL, AccessToken: f.seal(otherStore.AddAccount("orderbridge").AccessToken),
	}
	f.directory.put(f.channel("other"))
	f.directory.put(elsewhere)

	f.store.Faults().SpendQuota(1_000_000)
	failure := f.fails(f.activities.ReadStoreOrder, order218)
	require.Equal(t, string(activities.ReasonStoreRateLimited), failure.Type())
	asked := len(f.store.Calls())

	// The other channel of the store knows without asking, also after a change
	// of its settings; a channel of another store is not held up.
	next := f.channel("other")
	for _, revision := range []int{1, 2} {
		next.Revision = revision
		f.directory.put(next)
		failure = f.fails(f.activities.ReadStoreOrder, activities.OrderRef{Channel: "other", OrderID: 218})
		require.Equal(t, string(activities.ReasonStoreRateLimited), failure.Type())
		require.Positive(t, failure.NextRetryDelay())
	}
	require.Len(t, f.store.Calls(), asked)
	otherStore.AddOrder(bigcommercetest.Order{ID: 218})
	f.run(f.activities.ReadStoreOrder, activities.OrderRef{Channel: "elsewhere", OrderID: 218}, &activities.StoreOrder{})
}

func TestConnectionsAreSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	f := setup(t)
	base := f.channel(mainChannel)
	var group sync.WaitGroup
	errs := make(chan error, 64)
	for i := range 64 {
		c := base
		c.Revision = 1 + i%4
		c.ID = []string{"main", "other"}[i%2]
		group.Go(func() {
			_, err := f.connections.Store(t.Context(), c)
			_, err2 := f.connections.Downstream(t.Context(), c)
			errs <- errors.Join(err, err2)
		})
	}
	group.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
}

func TestConnectionsHaveATimeout(t *testing.T) {
	t.Parallel()
	require.Equal(t, 10*time.Second, activities.DefaultTimeout(activities.NewConnections(activities.ConnectionsConfig{})))
}

func TestMetricsCountTheCallsOfBothSides(t *testing.T) {
	t.Parallel()
	f := setup(t)
	req := f.request(f.order("Awaiting Shipment"))
	f.run(f.activities.ReadStoreOrder, order218, &activities.StoreOrder{})
	f.run(f.activities.CheckChannel, f.channel(mainChannel), nil)
	f.run(f.activities.CancelDownstreamOrder, req, &activities.ApplyResult{})
	f.run(f.activities.FulfillDownstreamOrder, req, &activities.ApplyResult{}) // too late
	f.demo.Faults().Inject(resttest.Fault{Call: resttest.CallFind, Times: 1})
	require.NotNil(t, f.fails(f.activities.FindDownstreamOrder, order218))
	counts := map[string]uint64{}
	families, err := f.registry.Gather()
	require.NoError(t, err)
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			if metric.GetHistogram() == nil {
				continue // counts something else
			}
			key := make([]string, 0, len(metric.GetLabel()))
			for _, label := range metric.GetLabel() {
				key = append(key, label.GetValue())
			}
			counts[strings.Join(key, " ")] += metric.GetHistogram().GetSampleCount()
		}
	}
	require.Equal(t, map[string]uint64{
		"rest find ok":                  1,
		"rest find unavailable":         1,
		"rest cancel ok":                1,
		"rest fulfill version_conflict": 1,
		"rest statuses ok":              1,
		"rest probe ok":                 1,
		"200 get_order":                 3, // a late change looks once more
		"200 get_time":                  1,
		"204 list_shipments":            1,
	}, counts)
	problems, err := promlint.NewWithMetricFamilies(families).Lint()
	require.NoError(t, err)
	require.Empty(t, problems)
}

func TestMetricsCannotBeRegisteredTwice(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	_, err := activities.NewMetrics(registry, activities.NewLabels(100))
	require.NoError(t, err)
	_, err = activities.NewMetrics(registry, activities.NewLabels(100))
	require.Error(t, err)
}

func TestConnectionsWorkWithoutMetrics(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.demo.AddOrder("218", "Awaiting Shipment")
	connections := activities.NewConnections(activities.ConnectionsConfig{Keeper: f.keeper, Drivers: drivers()})
	store, err := connections.Store(t.Context(), f.channel(mainChannel))
	require.NoError(t, err)
	_, err = store.Time(t.Context())
	require.NoError(t, err)
	adapter, err := connections.Downstream(t.Context(), f.channel(mainChannel))
	require.NoError(t, err)
	_, err = adapter.Find(t.Context(), "218")
	require.NoError(t, err)
}
