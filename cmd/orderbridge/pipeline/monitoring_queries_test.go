package pipeline_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/deploy/monitoring"
)

// unprovoked are selectors of alerts of which this run has no series, because
// what they are about does not happen in it. That they match when it happens is
// shown by deploy/prometheus/testdata; the test looks that the metric is there,
// with the same labels.
var unprovoked = map[string]string{
	`orderbridge_activity_failures_total{reason=~"(store|downstream)_(credentials|permission)"}`:     "credentials are accepted: TestAlertsFireWhenSomethingBreaks revokes them",
	`orderbridge_activity_failures_total{reason=~"sealed_with_another_key|keeper_unavailable"}`:      "the keys are right: TestAlertsFireWhenSomethingBreaks gives a worker another one",
	`orderbridge_downstream_request_duration_seconds_count{result=~"` + failedDownstreamCalls + `"}`: "the order system works: TestAlertsFireWhenSomethingBreaks revokes its token",
}

const failedDownstreamCalls = "unavailable|timeout|malformed|unauthorized|forbidden|rate_limited|misconfigured|error"

// TestDashboardsShowARun asks a real Prometheus, which looks at a real run in
// which everything happens, for all that the dashboards and the alerts ask for.
func TestDashboardsShowARun(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	w.round()
	// A rate needs a sample of each series before something happens again.
	require.Eventually(t, func() bool {
		return w.has(`orderbridge_webhook_outcomes_total{outcome="gave_up"}`) && w.has(`temporal_workflow_failed_total`)
	}, noticed, 250*time.Millisecond, "Prometheus does not see the first round")
	w.round()

	dashboards, err := monitoring.ReadDashboards(dashboardsDir)
	require.NoError(t, err)
	alerts, err := monitoring.ReadAlerts(rulesPath)
	require.NoError(t, err)

	t.Run("in every panel and annotation", func(t *testing.T) {
		var queries []monitoring.Query
		for _, dashboard := range dashboards {
			queries = append(queries, dashboard.Queries()...)
		}
		require.NotEmpty(t, queries)
		w.awaitData(t, queries)
	})
	t.Run("in every variable", func(t *testing.T) {
		variables := 0
		for _, dashboard := range dashboards {
			for _, variable := range dashboard.Templating.List {
				if variable.Type != "query" {
					continue
				}
				selector, label, err := variable.LabelValues()
				require.NoError(t, err)
				values, err := w.prometheus.LabelValues(w.ctx, monitoring.Expand(selector), label)
				require.NoError(t, err)
				require.NotEmpty(t, values, "%s: %s", dashboard.Title, variable.Name)
				variables++
			}
		}
		require.GreaterOrEqual(t, variables, 2*len(dashboards))
	})
	t.Run("in every alert", func(t *testing.T) {
		met := map[string]bool{}
		var queries []monitoring.Query
		for _, alert := range alerts {
			_, err := w.prometheus.Query(w.ctx, alert.Expr)
			require.NoError(t, err, alert.Name)
			selectors := monitoring.Selectors(alert.Expr)
			require.NotEmpty(t, selectors, alert.Name)
			for _, selector := range selectors {
				if unprovoked[selector] == "" {
					queries = append(queries, monitoring.Query{Where: alert.Name, Expr: selector})
					continue
				}
				met[selector] = true
				metric, rest, _ := strings.Cut(selector, "{")
				label, _, _ := strings.Cut(rest, "=")
				require.True(t, w.has(fmt.Sprintf(`%s{%s!=""}`, metric, label)), alert.Name)
			}
		}
		w.awaitData(t, queries)
		require.Len(t, met, len(unprovoked), "a selector that is excused is none of an alert")
	})
	t.Run("and leads to the runs", func(t *testing.T) {
		n, err := w.prometheus.Exemplars(w.ctx, `orderbridge_webhook_duration_seconds_bucket{outcome="cancelled"}`)
		require.NoError(t, err)
		require.Positive(t, n)
	})
}

// awaitData waits until each of the queries returns a number.
func (w *watched) awaitData(t *testing.T, queries []monitoring.Query) {
	t.Helper()
	var empty []string
	require.Eventually(t, func() bool {
		var left []monitoring.Query
		empty = nil
		for _, query := range queries {
			if !w.has(monitoring.Expand(query.Expr)) {
				left = append(left, query)
				empty = append(empty, query.Where+": "+query.Expr)
			}
		}
		queries = left
		return len(left) == 0
	}, noticed, time.Second, "queries without data:\n%v", lines{&empty})
}

// lines are printed when they are needed, not before.
type lines struct{ all *[]string }

func (l lines) String() string { return strings.Join(*l.all, "\n") }

// has reports whether a query returns a number.
func (w *watched) has(expr string) bool {
	w.t.Helper()
	samples, err := w.prometheus.Query(w.ctx, expr)
	require.NoError(w.t, err)
	for _, sample := range samples {
		if !math.IsNaN(sample.Value) {
			return true
		}
	}
	return false
}
