package activities

import "github.com/prometheus/client_golang/prometheus"

// What can become of a change that a search of the store has found. The words
// are the values of a label.
const (
	reconciledCovered = "covered"
	reconciledStarted = "started"
	reconciledAlready = "already_started"
)

// reconcileMetrics count what searches of the stores have found.
type reconcileMetrics struct {
	changes *prometheus.CounterVec
	lost    prometheus.Counter
}

func newReconcileMetrics() reconcileMetrics {
	m := reconcileMetrics{
		changes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "orderbridge_reconciled_changes_total",
			Help: "Changes of orders in a mapped status that searches of the stores came upon, by result " +
				"(covered: a webhook was there before; started; already_started: by an earlier search).",
		}, []string{"result"}),
		lost: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "orderbridge_webhooks_missed_total",
			Help: "Changes of orders that a scheduled search started because no webhook had told of them.",
		}),
	}
	for _, result := range []string{reconciledCovered, reconciledStarted, reconciledAlready} {
		m.changes.WithLabelValues(result) // there from the beginning, at zero
	}
	return m
}

func (m reconcileMetrics) collectors() []prometheus.Collector {
	return []prometheus.Collector{m.changes, m.lost}
}

func (m *Metrics) reconciled(result string, n int) {
	if m != nil && n > 0 {
		m.reconcile.changes.WithLabelValues(result).Add(float64(n))
	}
}

func (m *Metrics) missed() {
	if m != nil {
		m.reconcile.lost.Inc()
	}
}
