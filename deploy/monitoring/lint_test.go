package monitoring_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/deploy/monitoring"
)

const (
	gridWidth = 24
	// oldestSchema is that of Grafana 12, which the dashboards are made for.
	oldestSchema = 41
	prometheus   = "prometheus"
	variable     = "${datasource}"
)

func dashboards(t *testing.T) map[string]monitoring.Dashboard {
	t.Helper()
	all, err := monitoring.ReadDashboards(filepath.Join("..", "grafana", "dashboards"))
	require.NoError(t, err)
	require.Len(t, all, 3)
	return all
}

// eachDashboard runs a test for each.
func eachDashboard(t *testing.T, test func(t *testing.T, d monitoring.Dashboard)) {
	t.Helper()
	for name, dashboard := range dashboards(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, dashboard)
		})
	}
}

func TestDashboardsAreWellFormed(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for name, d := range dashboards(t) {
		require.Equal(t, strings.TrimSuffix(name, ".json"), d.UID, "the file is named after it")
		require.NotContains(t, seen, d.Title)
		seen[d.Title] = name
		require.True(t, strings.HasPrefix(d.Title, "Orderbridge / "), d.Title)
		require.NotEmpty(t, d.Description, name)
		require.GreaterOrEqual(t, d.SchemaVersion, oldestSchema, name)
		require.Contains(t, d.Tags, "orderbridge", name)
	}
}

// TestDashboardsLead asks for links to the other dashboards and the runbook.
func TestDashboardsLead(t *testing.T) {
	t.Parallel()
	eachDashboard(t, func(t *testing.T, d monitoring.Dashboard) {
		t.Helper()
		targets := map[string]string{}
		for _, link := range d.Links {
			targets[link.Type] = link.URL + strings.Join(link.Tags, " ")
		}
		require.Equal(t, map[string]string{"dashboards": "orderbridge", "link": "${runbook}"}, targets)
	})
}

// TestNoDatasourceIsNamed shows that the dashboards work with any Prometheus.
func TestNoDatasourceIsNamed(t *testing.T) {
	t.Parallel()
	eachDashboard(t, func(t *testing.T, d monitoring.Dashboard) {
		t.Helper()
		want := monitoring.Datasource{Type: prometheus, UID: variable}
		for _, panel := range d.Panels {
			if panel.Type == "row" {
				continue
			}
			require.Equal(t, want, panel.Datasource, panel.Title)
			for _, target := range panel.Targets {
				require.Equal(t, want, target.Datasource, panel.Title)
			}
		}
		for _, annotation := range d.Annotations.List {
			if annotation.Expr != "" {
				require.Equal(t, want, annotation.Datasource, annotation.Name)
			}
		}
		names := make([]string, 0, len(d.Templating.List))
		for _, v := range d.Templating.List {
			names = append(names, v.Name)
		}
		require.Subset(t, names, []string{"datasource", "job", "instance", "runbook"})
		require.Equal(t, "datasource", names[0], "others depend on it")
	})
}

// TestPanelsExplainThemselves asks for all that somebody needs who sees a panel
// for the first time.
func TestPanelsExplainThemselves(t *testing.T) {
	t.Parallel()
	eachDashboard(t, func(t *testing.T, d monitoring.Dashboard) {
		t.Helper()
		titles := map[string]bool{}
		for _, panel := range d.Panels {
			require.NotEmpty(t, panel.Title)
			if panel.Type == "row" {
				continue
			}
			require.False(t, titles[panel.Title], "two panels are called %q", panel.Title)
			titles[panel.Title] = true
			require.Greater(t, len(panel.Description), 60, panel.Title)
			require.True(t, strings.HasSuffix(panel.Description, "."), panel.Title)
			require.NotEmpty(t, panel.FieldConfig.Defaults.Unit, panel.Title)
			require.NotEmpty(t, panel.Targets, panel.Title)
			ids := map[string]bool{}
			for _, target := range panel.Targets {
				require.NotEmpty(t, target.LegendFormat, panel.Title)
				require.False(t, ids[target.RefID], panel.Title)
				ids[target.RefID] = true
			}
		}
	})
}

func TestPanelsDoNotOverlap(t *testing.T) {
	t.Parallel()
	eachDashboard(t, func(t *testing.T, d monitoring.Dashboard) {
		t.Helper()
		taken := map[[2]int]string{}
		ids := map[int]bool{}
		for _, panel := range d.Panels {
			require.Positive(t, panel.ID)
			require.False(t, ids[panel.ID], "two panels have the id %d", panel.ID)
			ids[panel.ID] = true
			at := panel.GridPos
			require.Positive(t, at.W*at.H, panel.Title)
			require.LessOrEqual(t, at.X+at.W, gridWidth, panel.Title)
			for x := at.X; x < at.X+at.W; x++ {
				for y := at.Y; y < at.Y+at.H; y++ {
					require.Empty(t, taken[[2]int{x, y}], "%s lies upon it", panel.Title)
					taken[[2]int{x, y}] = panel.Title
				}
			}
		}
	})
}

var (
	ofRange = regexp.MustCompile(`(\w+)\([^()]*\[([^\]]+)\]`)
	total   = regexp.MustCompile(`(\w+)\((orderbridge|temporal)_[a-z_]+_(total|bucket|count|sum)\{`)
	counter = regexp.MustCompile(`\b(?:orderbridge|temporal|process)_[a-z_]+_(?:total|bucket|count|sum)\b`)
	matched = regexp.MustCompile(`^[a-zA-Z_]+\{job=~"\$job",instance=~"\$instance"[,}]`)
)

// TestQueriesFollowTheRules: each selector follows the choice of job and
// instance, counters are seen as rates, and rates are taken over what Grafana
// says, which knows how often Prometheus scrapes.
func TestQueriesFollowTheRules(t *testing.T) {
	t.Parallel()
	eachDashboard(t, func(t *testing.T, d monitoring.Dashboard) {
		t.Helper()
		for _, query := range d.Queries() {
			for _, selector := range monitoring.Selectors(query.Expr) {
				if !strings.HasPrefix(selector, "ALERTS") { // which has the labels of alerts
					require.Regexp(t, matched, selector, query.Where)
				}
			}
			ranges := ofRange.FindAllStringSubmatch(query.Expr, -1)
			require.Len(t, ranges, strings.Count(query.Expr, "["), query.Where)
			for _, found := range ranges {
				switch found[1] {
				case "rate":
					require.Equal(t, "$__rate_interval", found[2], query.Where)
				case "increase":
					require.Equal(t, "$__range", found[2], query.Where)
				default:
					require.Fail(t, "a function that is not known", "%s in %s", found[1], query.Where)
				}
			}
			for _, found := range total.FindAllStringSubmatch(query.Expr, -1) {
				require.Contains(t, []string{"rate", "increase"}, found[1], query.Where)
			}
			require.Len(t, ranges, len(counter.FindAllString(query.Expr, -1)), "%s has a counter that is no rate", query.Where)
		}
	})
}

// TestTheSurveyIsNotAddedUp: every worker shows the same numbers of the whole
// installation.
func TestTheSurveyIsNotAddedUp(t *testing.T) {
	t.Parallel()
	survey := regexp.MustCompile(`(\S+) ?(?:by \([a-z_, ]+\) )?\(orderbridge_(?:channels|orders_waiting|open_issues|task_queue_backlog|survey_last_success_timestamp_seconds|temporal_up)\b`)
	queries := 0
	check := func(where, expr string) {
		for _, found := range survey.FindAllStringSubmatch(expr, -1) {
			queries++
			require.Regexp(t, `(max|min|absent|by)$|^\(?max|^\(?sum\(max$`, found[1], where)
			require.NotEqual(t, "sum", found[1], where)
		}
	}
	for _, d := range dashboards(t) {
		for _, query := range d.Queries() {
			check(query.Where, query.Expr)
		}
	}
	for _, alert := range alerts(t) {
		check(alert.Name, alert.Expr)
	}
	require.Greater(t, queries, 20)
}
