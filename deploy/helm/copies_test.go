package helm_test

import (
	"os"
	"path/filepath"
	"testing"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"
)

// copies are the files of the chart that are kept elsewhere: a chart can hold
// nothing that is outside of its folder.
var copies = []struct{ from, to string }{
	{filepath.Join("..", "prometheus", "*.rules.yaml"), filepath.Join(chartDir, "files", "rules")},
	{filepath.Join("..", "grafana", "dashboards", "*.json"), filepath.Join(chartDir, "files", "dashboards")},
}

// TestCopies shows that the chart has the rules and the dashboards of
// deploy/prometheus and deploy/grafana, and no others:
// go test -run TestCopies -update copies them anew.
func TestCopies(t *testing.T) {
	t.Parallel()
	for _, each := range copies {
		from := contents(t, each.from)
		require.NotEmpty(t, from, each.from)
		if *update {
			require.NoError(t, os.RemoveAll(each.to))
			require.NoError(t, os.MkdirAll(each.to, 0o755))
			for name, text := range from {
				require.NoError(t, os.WriteFile(filepath.Join(each.to, name), []byte(text), 0o644))
			}
		}
		require.Equal(t, from, contents(t, filepath.Join(each.to, "*")), "if this is meant: go test -run TestCopies -update")
	}
}

// TestRulesAndDashboardsArriveWhole shows that nothing of them is lost or
// taken for a template on the way into the cluster.
func TestRulesAndDashboardsArriveWhole(t *testing.T) {
	t.Parallel()
	o := decode(t, values(t, "everything"))
	rules := contents(t, copies[0].from)
	require.Len(t, o.rules, len(rules))
	for name, text := range rules {
		var wanted monitoring.PrometheusRuleSpec
		require.NoError(t, yaml.UnmarshalStrict([]byte(text), &wanted), name)
		require.NotEmpty(t, wanted.Groups)
		found := false
		for _, rule := range o.rules {
			if rule.Spec.Groups[0].Name == wanted.Groups[0].Name {
				require.Equal(t, wanted, rule.Spec)
				found = true
			}
		}
		require.True(t, found, name)
	}
	dashboards := contents(t, copies[1].from)
	require.Len(t, o.configMaps, len(dashboards))
	for _, configMap := range o.configMaps {
		require.Equal(t, "1", configMap.Labels["grafana_dashboard"])
		for name, text := range configMap.Data {
			require.JSONEq(t, dashboards[name], text)
			require.Less(t, len(text), 1<<20, "a ConfigMap holds no more")
		}
	}
}

// contents reads the files that match a pattern, by their names.
func contents(t *testing.T, pattern string) map[string]string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	require.NoError(t, err)
	out := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		out[filepath.Base(file)] = string(text)
	}
	return out
}
