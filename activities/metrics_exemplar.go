package activities

import (
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
)

// ExemplarWorkflow is the label of an exemplar that holds the id of the workflow
// run that an observation is about.
const ExemplarWorkflow = "workflow_id"

// ObserveRun observes a value of a workflow, whose id becomes the exemplar, so
// that a dashboard can lead from a slow one to its run. Without an id, or with
// one that is longer than the 128 characters that OpenMetrics allows an
// exemplar, the value is observed without.
func ObserveRun(observer prometheus.Observer, value float64, workflowID string) {
	exemplars, can := observer.(prometheus.ExemplarObserver)
	room := prometheus.ExemplarMaxRunes - len(ExemplarWorkflow)
	if !can || workflowID == "" || !utf8.ValidString(workflowID) || utf8.RuneCountInString(workflowID) > room {
		observer.Observe(value)
		return
	}
	exemplars.ObserveWithExemplar(value, prometheus.Labels{ExemplarWorkflow: workflowID})
}
