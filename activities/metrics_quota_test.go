package activities_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
)

const (
	quotaLeft  = "orderbridge_bigcommerce_quota_remaining_requests"
	quotaLimit = "orderbridge_bigcommerce_quota_limit_requests"
)

func TestQuotasAreShown(t *testing.T) {
	t.Parallel()
	f := setup(t, bigcommercetest.WithPlan(bigcommercetest.PlanStandard))
	require.Zero(t, f.gathered(quotaLeft), "nothing is known before an answer")
	store, err := f.connections.Store(t.Context(), f.channel(mainChannel))
	require.NoError(t, err)
	require.Zero(t, f.gathered(quotaLeft), "and a store that was never reached has no place")
	_, err = store.Time(t.Context())
	require.NoError(t, err)
	require.NoError(t, testutil.GatherAndCompare(f.registry, strings.NewReader(fmt.Sprintf(`
# HELP %[1]s Requests that a store still allows until its window of 30 seconds ends, by store (other: the one of them with the fewest).
# TYPE %[1]s gauge
%[1]s{store=%[3]q} 149
# HELP %[2]s Requests that a store allows in a window of 30 seconds, by store (other: the one of them with the fewest remaining).
# TYPE %[2]s gauge
%[2]s{store=%[3]q} 150
`, quotaLeft, quotaLimit, f.store.Hash)), quotaLeft, quotaLimit))
}

// TestManyStoresMakeFewSeries shows the one of the others that is the worst off.
func TestManyStoresMakeFewSeries(t *testing.T) {
	t.Parallel()
	f := setup(t)
	registry := prometheus.NewRegistry()
	metrics, err := activities.NewMetrics(registry, activities.NewLabels(1))
	require.NoError(t, err)
	connections := activities.NewConnections(activities.ConnectionsConfig{Keeper: f.keeper, Drivers: drivers(), Metrics: metrics})
	plans := []bigcommercetest.Plan{bigcommercetest.PlanPro, bigcommercetest.PlanPro, bigcommercetest.PlanStandard, bigcommercetest.PlanPro}
	for i, plan := range plans {
		fake := bigcommercetest.New(t, bigcommercetest.WithPlan(plan))
		sealed, err := f.keeper.Seal(t.Context(), fake.AddAccount("orderbridge").AccessToken)
		require.NoError(t, err)
		channel := f.channel(fmt.Sprintf("channel-%d", i))
		channel.Store.Hash, channel.Store.BaseURL, channel.Store.AccessToken = fake.Hash, fake.URL, sealed
		store, err := connections.Store(t.Context(), channel)
		require.NoError(t, err)
		_, err = store.Time(t.Context())
		require.NoError(t, err)
		if i == 0 {
			n, err := testutil.GatherAndCount(registry, quotaLeft)
			require.NoError(t, err)
			require.Equal(t, 1, n, "it has taken the one place")
		}
	}
	n, err := testutil.GatherAndCount(registry, quotaLeft, quotaLimit)
	require.NoError(t, err)
	require.Equal(t, 4, n)
	families, err := registry.Gather()
	require.NoError(t, err)
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			if family.GetName() == quotaLimit && metric.GetLabel()[0].GetValue() == activities.Other {
				require.InDelta(t, 150, metric.GetGauge().GetValue(), 0)
			}
		}
	}
}

func (f *fixture) gathered(name string) int {
	f.t.Helper()
	n, err := testutil.GatherAndCount(f.registry, name)
	require.NoError(f.t, err)
	return n
}
