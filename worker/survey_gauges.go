package worker

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

// surveyGauges are what a survey shows. But for the last two they are not there
// before the first round has succeeded: nothing is known then.
type surveyGauges struct {
	channels *prometheus.GaugeVec
	waiting  *prometheus.GaugeVec
	issues   *prometheus.GaugeVec
	backlog  *prometheus.GaugeVec
	success  prometheus.Gauge
	up       prometheus.Gauge
}

func newSurveyGauges() surveyGauges {
	return surveyGauges{
		channels: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "orderbridge_channels",
			Help: "Sales channels of the installation, by health (healthy, degraded, unhealthy, unknown, inactive).",
		}, []string{"health"}),
		waiting: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "orderbridge_orders_waiting",
			Help: "Order workflows of the installation that have not ended, by how long ago they began: cumulative, 0s counts all.",
		}, []string{"older_than"}),
		issues: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "orderbridge_open_issues",
			Help: "What needs somebody, by kind: webhooks that ended so in the last 24 hours (too_late, ambiguous, failed, rejected), " +
				"unhealthy_channels, and waiting_over_an_hour.",
		}, []string{"kind"}),
		backlog: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "orderbridge_task_queue_backlog",
			Help: "Tasks that no worker has taken yet, approximately, by task queue and type (workflow, activity).",
		}, []string{"task_queue", "type"}),
		success: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "orderbridge_survey_last_success_timestamp_seconds",
			Help: "When the newest survey that succeeded began, in seconds since 1970; 0: none did yet.",
		}),
		up: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "orderbridge_temporal_up",
			Help: "1 if Temporal answered the last question of the survey, otherwise 0, also before the first.",
		}),
	}
}

func (g surveyGauges) register(registry prometheus.Registerer) error {
	return errors.Join(
		registry.Register(g.channels), registry.Register(g.waiting), registry.Register(g.issues),
		registry.Register(g.backlog), registry.Register(g.success), registry.Register(g.up),
	)
}

// show replaces the numbers.
func (g surveyGauges) show(r reading) {
	for health, n := range r.channels {
		g.channels.WithLabelValues(health).Set(float64(n))
	}
	for age, n := range r.waiting {
		g.waiting.WithLabelValues(age).Set(float64(n))
	}
	for kind, n := range r.issues {
		g.issues.WithLabelValues(kind).Set(float64(n))
	}
	for queue, n := range r.backlog {
		g.backlog.WithLabelValues(queue.name, queue.kind).Set(float64(n))
	}
}
