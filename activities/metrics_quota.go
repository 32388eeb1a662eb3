package activities

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
)

// quotaMetrics shows what is known of the request quotas of stores, as it is at
// the moment of a scrape.
type quotaMetrics struct {
	stores    *Bounded
	remaining *prometheus.Desc
	limit     *prometheus.Desc

	mu     sync.Mutex
	quotas map[*bigcommerce.Quota]string // the hashes of their stores
}

func newQuotaMetrics(stores *Bounded) *quotaMetrics {
	return &quotaMetrics{
		stores: stores,
		remaining: prometheus.NewDesc("orderbridge_bigcommerce_quota_remaining_requests",
			"Requests that a store still allows until its window of 30 seconds ends, by store (other: the one of them with the fewest).",
			[]string{"store"}, nil),
		limit: prometheus.NewDesc("orderbridge_bigcommerce_quota_limit_requests",
			"Requests that a store allows in a window of 30 seconds, by store (other: the one of them with the fewest remaining).",
			[]string{"store"}, nil),
		quotas: map[*bigcommerce.Quota]string{},
	}
}

// watch shows a store's quota from now on.
func (m *Metrics) watch(store string, quota *bigcommerce.Quota) {
	if m == nil {
		return
	}
	m.quota.mu.Lock()
	defer m.quota.mu.Unlock()
	m.quota.quotas[quota] = store
}

// Describe implements prometheus.Collector.
func (m *quotaMetrics) Describe(out chan<- *prometheus.Desc) {
	out <- m.remaining
	out <- m.limit
}

// Collect implements prometheus.Collector.
func (m *quotaMetrics) Collect(out chan<- prometheus.Metric) {
	for store, state := range m.states(time.Now()) {
		out <- prometheus.MustNewConstMetric(m.remaining, prometheus.GaugeValue, float64(state.Left), store)
		out <- prometheus.MustNewConstMetric(m.limit, prometheus.GaugeValue, float64(state.Limit), store)
	}
}

// states returns the quota with the fewest requests left for each value of the
// label.
func (m *quotaMetrics) states(now time.Time) map[string]bigcommerce.QuotaState {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := map[string]bigcommerce.QuotaState{}
	for quota, store := range m.quotas {
		state := quota.State()
		if state.Limit <= 0 {
			continue // no answer has told of one, and perhaps there is no such store
		}
		if !now.Before(state.ResetAt) {
			state.Left = state.Limit // its window is over, and nothing was asked since
		}
		label := m.stores.Of(store)
		if worst, met := out[label]; !met || state.Left < worst.Left {
			out[label] = state
		}
	}
	return out
}
