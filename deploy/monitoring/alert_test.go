package monitoring_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/deploy/monitoring"
)

var (
	prometheusDir = filepath.Join("..", "prometheus")
	rulesPath     = filepath.Join(prometheusDir, "orderbridge.rules.yaml")
)

func alerts(t *testing.T) []monitoring.Alert {
	t.Helper()
	all, err := monitoring.ReadAlerts(rulesPath)
	require.NoError(t, err)
	require.NotEmpty(t, all)
	return all
}

// promtool is Prometheus's own tool, of the same Debian package.
func promtool(t *testing.T, arguments ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "promtool", arguments...).CombinedOutput()
	require.NoError(t, err, "promtool, which comes with Prometheus (bash .ci/setup installs it), finds fault:\n%s", out)
	return string(out)
}

func TestPromtoolAccepts(t *testing.T) {
	t.Parallel()
	for name, arguments := range map[string][]string{
		"the rules":                       {"check", "rules", "--lint-fatal", rulesPath},
		"the example of a configuration":  {"check", "config", filepath.Join(prometheusDir, "prometheus.yml")},
		"that alerts fire and are silent": {"test", "rules", filepath.Join(prometheusDir, "testdata", "orderbridge.test.yaml")},
		"the comparison with last week":   {"test", "rules", filepath.Join(prometheusDir, "testdata", "week.test.yaml")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, promtool(t, arguments...), "SUCCESS")
		})
	}
}

// TestFolderOfRules: deploy/compose.yaml loads every file of the folder whose name
// ends so, and Prometheus does not start if one of them holds no rules.
func TestFolderOfRules(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(prometheusDir, "*.yaml"))
	require.NoError(t, err)
	require.Equal(t, []string{rulesPath}, files)
}

// TestEachAlertIsTested shows that promtool sees each alert fire, and sees it
// silent.
func TestEachAlertIsTested(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(prometheusDir, "testdata", "*.test.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	fires, silent := map[string]bool{}, map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		var cases struct {
			Tests []struct {
				Name        string `yaml:"name"`
				Expressions []struct {
					Expr    string `yaml:"expr"`
					Samples []any  `yaml:"exp_samples"`
				} `yaml:"promql_expr_test"`
			} `yaml:"tests"`
		}
		require.NoError(t, yaml.Unmarshal(text, &cases))
		for _, test := range cases.Tests {
			alert, _, _ := strings.Cut(test.Name, " ")
			require.Len(t, test.Expressions, 1, test.Name)
			require.Equal(t, `ALERTS{alertname="`+alert+`",alertstate="firing"}`, test.Expressions[0].Expr, test.Name)
			if len(test.Expressions[0].Samples) > 0 {
				fires[alert] = true
			} else {
				silent[alert] = true
			}
		}
	}
	for _, alert := range alerts(t) {
		require.True(t, fires[alert.Name], "no test sees %s fire", alert.Name)
		require.True(t, silent[alert.Name], "no test sees %s silent", alert.Name)
	}
	require.Len(t, fires, len(alerts(t)), "a test is of no alert")
}

func TestAlertsExplainThemselves(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, alert := range alerts(t) {
		require.Regexp(t, `^Orderbridge[A-Z][A-Za-z]+$`, alert.Name)
		require.False(t, seen[alert.Name], alert.Name)
		seen[alert.Name] = true
		require.Len(t, alert.Labels, 1, alert.Name)
		require.Contains(t, []string{"critical", "warning"}, alert.Labels["severity"], alert.Name)
		require.Len(t, alert.Annotations, 3, alert.Name)
		require.NotEmpty(t, alert.Annotations["summary"], alert.Name)
		require.NotRegexp(t, `\.$`, alert.Annotations["summary"], alert.Name)
		require.Regexp(t, `\.$`, alert.Annotations["description"], alert.Name)
		require.Equal(t, "{{ with $externalLabels.runbook }}{{ . }}{{ else }}"+
			"https://github.com/orderbridge/orderbridge/blob/main/docs/runbook.md{{ end }}#"+strings.ToLower(alert.Name),
			alert.Annotations["runbook_url"])
	}
}

// TestRunbook shows that each alert has its section, with all that a section
// must say, and that there is no section of an alert that is gone.
func TestRunbook(t *testing.T) {
	t.Parallel()
	sections := map[string]string{}
	for _, section := range regexp.MustCompile(`(?m)^#+ `).Split(runbook(t), -1) {
		title, body, _ := strings.Cut(section, "\n")
		if strings.HasPrefix(title, "Orderbridge") && !strings.Contains(title, " ") {
			require.NotContains(t, sections, title)
			sections[title] = body
		}
	}
	for _, alert := range alerts(t) {
		section, ok := sections[alert.Name]
		require.True(t, ok, "docs/runbook.md has no section %s", alert.Name)
		after := 0
		for _, part := range []string{"**What it means.**", "**Meanwhile.**", "**Look.**", "**Do.**", "**It ends**"} {
			at := strings.Index(section, part)
			require.GreaterOrEqual(t, at, after, "the section %s lacks %s, or has it in another place", alert.Name, part)
			after = at
		}
		require.Contains(t, section, "`", "the section %s names no command, page or metric to look at", alert.Name)
		delete(sections, alert.Name)
	}
	require.Empty(t, sections, "docs/runbook.md has sections of alerts that are not there")
}

// TestRunbookNamesWhatThereIs shows that the runbook sends nobody to a panel or a
// command that is not there.
func TestRunbookNamesWhatThereIs(t *testing.T) {
	t.Parallel()
	text := runbook(t)
	titles := map[string]bool{}
	for _, d := range dashboards(t) {
		titles[strings.TrimPrefix(d.Title, "Orderbridge / ")] = true
		for _, panel := range d.Panels {
			titles[panel.Title] = true
		}
	}
	named := regexp.MustCompile(`(?:^|[^*])\*([A-Z][^*]+)\*[^*]`).FindAllStringSubmatch(text, -1)
	require.Greater(t, len(named), 30)
	for _, name := range named {
		require.True(t, titles[strings.ReplaceAll(name[1], "\n", " ")], "no dashboard, row or panel is called %q", name[1])
	}

	commands := regexp.MustCompile("(?:`| {4})orderbridge ([a-z]+)(?: ([a-z-]+))?").FindAllStringSubmatch(text, -1)
	require.NotEmpty(t, commands)
	known := map[string][]string{
		"channels": {
			"list", "show", "set", "history", "check", "audit", "activate", "deactivate",
			"rotate-secret", "rotate-access-token", "rotate-downstream-token", "rotate-key",
		},
		"reconcile": nil, "doctor": nil, "worker": nil, "ingress": nil, "serve": nil, "setup": nil,
	}
	for _, command := range commands {
		subcommands, ok := known[command[1]]
		require.True(t, ok, command[0])
		if subcommands != nil {
			require.Contains(t, subcommands, command[2], command[0])
		}
	}
}

func runbook(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "runbook.md"))
	require.NoError(t, err)
	return string(text)
}
