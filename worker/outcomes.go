package worker

import (
	"errors"
	"maps"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/sdk/client"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/workflows"
)

// durationBuckets are in seconds, from a webhook that ends at once to one that
// is tried again for days.
var durationBuckets = []float64{
	.05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600, 14_400, 43_200, 86_400, 172_800, 345_600, 691_200,
}

// WithOutcomes returns a metrics handler for the Temporal SDK that keeps the
// metrics of the ends of order workflows, which workflows report through the
// SDK so that replays are not counted, in the registry itself, with bounded
// labels and with exemplars. Everything else goes to the handler that is given.
// It fails if the metrics are registered already.
func WithOutcomes(handler client.MetricsHandler, registry prometheus.Registerer, channels *activities.Bounded) (client.MetricsHandler, error) {
	o := &outcomes{
		channels: channels,
		ends: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: workflows.OutcomesMetric,
			Help: "Order workflows that ended, by sales channel (other: beyond the first channels), outcome and reason.",
		}, []string{"channel", "outcome", "reason"}),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    workflows.DurationMetric,
			Help:    "Time from when a webhook was received, or its change was found, to the end of its workflow, by outcome.",
			Buckets: durationBuckets,
		}, []string{"outcome"}),
	}
	if err := errors.Join(registry.Register(o.ends), registry.Register(o.durations)); err != nil {
		return nil, err
	}
	for _, outcome := range workflows.Outcomes() {
		o.durations.WithLabelValues(string(outcome)) // there from the beginning, at zero
	}
	return &outcomesHandler{MetricsHandler: handler, outcomes: o}, nil
}

type outcomes struct {
	channels  *activities.Bounded
	ends      *prometheus.CounterVec
	durations *prometheus.HistogramVec
}

// outcomesHandler is a handler of the SDK with the tags that it was given.
type outcomesHandler struct {
	client.MetricsHandler

	outcomes *outcomes
	tags     map[string]string
}

// WithTags implements client.MetricsHandler.
func (h *outcomesHandler) WithTags(tags map[string]string) client.MetricsHandler {
	all := maps.Clone(h.tags)
	if all == nil {
		all = make(map[string]string, len(tags))
	}
	maps.Copy(all, tags)
	return &outcomesHandler{MetricsHandler: h.MetricsHandler.WithTags(tags), outcomes: h.outcomes, tags: all}
}

// Counter implements client.MetricsHandler.
func (h *outcomesHandler) Counter(name string) client.MetricsCounter {
	if name == workflows.OutcomesMetric {
		return ends{h}
	}
	return h.MetricsHandler.Counter(name)
}

// Timer implements client.MetricsHandler.
func (h *outcomesHandler) Timer(name string) client.MetricsTimer {
	if name == workflows.DurationMetric {
		return durations{h}
	}
	return h.MetricsHandler.Timer(name)
}

// ends counts the ends of order workflows.
type ends struct{ *outcomesHandler }

// Inc implements client.MetricsCounter.
func (e ends) Inc(n int64) {
	e.outcomes.ends.WithLabelValues(
		e.outcomes.channels.Of(e.tags[workflows.TagChannel]), e.tags[workflows.TagOutcome], e.tags[workflows.TagReason],
	).Add(float64(n))
}

// durations observes how long webhooks took.
type durations struct{ *outcomesHandler }

// Record implements client.MetricsTimer.
func (d durations) Record(took time.Duration) {
	activities.ObserveRun(d.outcomes.durations.WithLabelValues(d.tags[workflows.TagOutcome]), took.Seconds(), d.tags[workflows.TagWorkflow])
}
