package ingress

import (
	"errors"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/bigcommerce"
)

// topicNone is the topic of a callback that told of none, or was not read.
const topicNone = "none"

// Surfaces where somebody can fail to authenticate.
const (
	surfaceWebhook    = "webhook"
	surfaceExceptions = "exceptions"
	surfaceAPI        = "api"
)

type metrics struct {
	channels   *activities.Bounded
	webhooks   *prometheus.CounterVec
	exceptions *prometheus.CounterVec
	answering  prometheus.Histogram
	requests   *prometheus.CounterVec
	strangers  *prometheus.CounterVec
}

func newMetrics(registry prometheus.Registerer, channels *activities.Bounded) (*metrics, error) {
	m := &metrics{
		channels: channels,
		webhooks: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "orderbridge_webhooks_received_total",
			Help: "Callbacks received from BigCommerce, by sales channel (other: without a valid secret, or beyond the first channels), " +
				"topic (none: not read, or it has none) and what was answered.",
		}, []string{"channel", "topic", "result"}),
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
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "orderbridge_api_requests_total",
			Help: "Calls of the operator API, by the pattern of the path (other: there is no such path) and HTTP status code.",
		}, []string{"route", "code"}),
		strangers: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "orderbridge_authentication_failures_total",
			Help: "Requests refused for want of a valid secret or token, by where they came to.",
		}, []string{"surface"}),
	}
	if err := errors.Join(
		registry.Register(m.webhooks), registry.Register(m.exceptions), registry.Register(m.answering),
		registry.Register(m.requests), registry.Register(m.strangers),
	); err != nil {
		return nil, err
	}
	for _, code := range []int{bigcommerce.DeliveryWillBeRetried, bigcommerce.DeliveryGivenUp, bigcommerce.DeliveryBlocked, 0} {
		m.exceptions.WithLabelValues(exceptionLabel(code))
	}
	for _, result := range []string{
		resultAccepted, resultDuplicate, resultRejected, resultUnauthorized,
		resultMediaType, resultTooLarge, resultUnreadable, resultUnavailable, resultInternal,
	} {
		m.webhooks.WithLabelValues(activities.Other, topicNone, result) // a rate needs the zero before the first
	}
	for _, surface := range []string{surfaceWebhook, surfaceExceptions, surfaceAPI} {
		m.strangers.WithLabelValues(surface)
	}
	return m, nil
}

// received counts a callback that was answered. channel is "" unless the
// callback carried a secret that was made for that channel: strangers make no
// series.
func (m *metrics) received(channel string, answer answer, took time.Duration) {
	m.webhooks.WithLabelValues(m.channels.Of(channel), topicLabel(answer.scope), answer.result).Inc()
	activities.ObserveRun(m.answering, took.Seconds(), answer.run)
}

func (m *metrics) exception(code int) {
	m.exceptions.WithLabelValues(exceptionLabel(code)).Inc()
}

func (m *metrics) stranger(surface string) {
	m.strangers.WithLabelValues(surface).Inc()
}

// apiMetrics implements api.Metrics.
type apiMetrics struct{ *metrics }

func (m apiMetrics) Answered(route string, status int) {
	if route == "" {
		route = activities.Other
	}
	m.requests.WithLabelValues(route, strconv.Itoa(status)).Inc()
}

func (m apiMetrics) Unauthenticated() { m.stranger(surfaceAPI) }

// topicLabel names a scope in metrics: one that hooks of ours have, or that it is
// another.
func topicLabel(scope string) string {
	switch scope {
	case "":
		return topicNone
	case bigcommerce.ScopeOrderStatusUpdated, bigcommerce.ScopeHookDeliveryException:
		return scope
	default:
		return activities.Other
	}
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
