package ingress

import (
	"errors"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
)

type metrics struct {
	webhooks   *prometheus.CounterVec
	exceptions *prometheus.CounterVec
	answering  prometheus.Histogram
}

func newMetrics(registry prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		webhooks: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "orderbridge_webhooks_received_total",
			Help: "Callbacks received from BigCommerce, by what was answered.",
		}, []string{"result"}),
		exceptions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "orderbridge_delivery_exceptions_total",
			Help: "Callbacks that BigCommerce reported not to have delivered, by its code: 90001 will be tried again, " +
				"90002 given up and the hook about to be switched off, 90003 domain blocked.",
		}, []string{"code"}),
		answering: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "orderbridge_webhook_acknowledgement_duration_seconds",
			Help:    "Time from the arrival of a callback to the answer. BigCommerce gives up after about eleven seconds.",
			Buckets: []float64{.002, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}),
	}
	if err := errors.Join(registry.Register(m.webhooks), registry.Register(m.exceptions), registry.Register(m.answering)); err != nil {
		return nil, err
	}
	for _, code := range []int{bigcommerce.DeliveryWillBeRetried, bigcommerce.DeliveryGivenUp, bigcommerce.DeliveryBlocked, 0} {
		m.exceptions.WithLabelValues(exceptionLabel(code))
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

func (m *metrics) exception(code int) {
	m.exceptions.WithLabelValues(exceptionLabel(code)).Inc()
}

// exceptionLabel names a code in metrics and workflow ids. It keeps the list
// closed, whatever a callback says.
func exceptionLabel(code int) string {
	switch code {
	case bigcommerce.DeliveryWillBeRetried, bigcommerce.DeliveryGivenUp, bigcommerce.DeliveryBlocked:
		return strconv.Itoa(code)
	default:
		return "other"
	}
}
