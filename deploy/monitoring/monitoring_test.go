package monitoring_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/deploy/monitoring"
)

func TestSelectors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		expr string
		want []string
	}{
		"bare": {"absent(orderbridge_audits_total)", []string{"orderbridge_audits_total"}},
		"with a range and an offset": {
			`sum(increase(orderbridge_audits_total{result=~"a|b"}[2h] offset 1w)) by (go_version)`,
			[]string{`orderbridge_audits_total{result=~"a|b"}`},
		},
		"several": {
			`up{job="x"} == 0 and on (job) group_left (version) go_goroutines > 1`,
			[]string{`up{job="x"}`, "go_goroutines"},
		},
		"none": {"vector(0)", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, monitoring.Selectors(c.expr))
		})
	}
}

// TestExpandKnowsEveryVariable shows that no query has a variable that a test
// would ask Prometheus for as it stands.
func TestExpandKnowsEveryVariable(t *testing.T) {
	t.Parallel()
	for _, d := range dashboards(t) {
		for _, query := range d.Queries() {
			require.NotContains(t, monitoring.Expand(query.Expr), "$", query.Where)
		}
	}
}

func TestLabelValues(t *testing.T) {
	t.Parallel()
	selector, label, err := monitoring.Variable{Definition: `label_values(up{job=~"a, b"}, instance)`}.LabelValues()
	require.NoError(t, err)
	require.Equal(t, `up{job=~"a, b"}`, selector)
	require.Equal(t, "instance", label)
	_, _, err = monitoring.Variable{Name: "which", Definition: "metrics(up)"}.LabelValues()
	require.ErrorContains(t, err, "the variable which asks for no label")
}

// TestImpatient shows that nothing but the waiting is left out.
func TestImpatient(t *testing.T) {
	t.Parallel()
	text, err := monitoring.Impatient(rulesPath)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "impatient.rules.yaml")
	require.NoError(t, os.WriteFile(path, text, 0o600))
	got, err := monitoring.ReadAlerts(path)
	require.NoError(t, err)
	want := alerts(t)
	waiting := 0
	for i := range want {
		if want[i].For != "" {
			waiting++
		}
		want[i].For = ""
	}
	require.Positive(t, waiting)
	require.Equal(t, want, got)
	require.Contains(t, promtool(t, "check", "rules", path), "SUCCESS")
}

func TestBrokenFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "broken.json")
	require.NoError(t, os.WriteFile(path, []byte(`{"title": 7, "groups": [{"records": []}]}`), 0o600))
	_, err := monitoring.ReadAlerts(path)
	require.ErrorContains(t, err, "broken.json")
	_, err = monitoring.ReadDashboards(dir)
	require.ErrorContains(t, err, "broken.json")
	_, err = monitoring.ReadAlerts(filepath.Join(dir, "none.yaml"))
	require.ErrorIs(t, err, os.ErrNotExist)
}
