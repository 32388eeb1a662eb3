package ingress

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	webhooks  *prometheus.CounterVec
	answering prometheus.Histogram
}

func newMetrics(registry prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		webhooks: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "orderbridge_webhooks_received_total",
			Help: "Callbacks received from BigCommerce, by what was answered.",
		}, []string{"result"}),
		answering: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "orderbridge_webhook_acknowledgement_duration_seconds",
			Help:    "Time from the arrival of a callback to the answer. BigCommerce gives up after about eleven seconds.",
			Buckets: []float64{.002, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}),
	}
	if err := errors.Join(registry.Register(m.webhooks), registry.Register(m.answering)); err != nil {
		return nil, err
	}
	for _, result := range []string{
		resultAccepted, resultDuplicate, resultRejected, resultUnauthorized,
		resultMediaType, resultTooLarge, resultUnreadable, resultUnavailable, resultInternal,
	} {
		m.webhooks.WithLabelValues(result) // a rate needs the zero before the first
	}
	return m, nil
}

func (m *metrics) received(result string, took time.Duration) {
	m.webhooks.WithLabelValues(result).Inc()
	m.answering.Observe(took.Seconds())
}
