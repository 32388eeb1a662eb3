package activities_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities"
)

func TestAuditsAreCounted(t *testing.T) {
	t.Parallel()
	f := setupHooks(t)
	c := f.channel(mainChannel)
	counted := func(name, labels string) float64 {
		t.Helper()
		families, err := f.registry.Gather()
		require.NoError(t, err)
		for _, family := range families {
			if family.GetName() != name {
				continue
			}
			for _, metric := range family.GetMetric() {
				values := make([]string, 0, len(metric.GetLabel()))
				for _, label := range metric.GetLabel() {
					values = append(values, label.GetValue())
				}
				if strings.Join(values, " ") == labels {
					return metric.GetCounter().GetValue()
				}
			}
		}
		t.Fatalf("there is no %s with %s", name, labels)
		return 0
	}
	const audits, findings = "orderbridge_audits_total", "orderbridge_audit_findings_total"
	f.ask(activities.SyncRequest{Channel: c})
	require.Zero(t, counted(audits, "mended"), "a save is no audit")
	require.Zero(t, counted(findings, "missing mended"))

	f.sync(c)
	require.InDelta(t, 1, counted(audits, "healthy"), 0)
	require.NoError(t, f.store.DeleteHookByHand(f.of(orderScope)[0].ID))
	f.sync(c)
	require.InDelta(t, 1, counted(audits, "mended"), 0)
	require.InDelta(t, 1, counted(findings, "missing mended"), 0)
	f.store.RevokeAccount(f.account.ClientID)
	f.sync(c)
	require.InDelta(t, 1, counted(audits, "left"), 0)
	require.InDelta(t, 1, counted(findings, "revoked_token left"), 0)
	require.InDelta(t, 1, counted(audits, "healthy"), 0)
}

// TestEveryFindingIsCountedFromTheBeginning reads the kinds from where they are
// declared.
func TestEveryFindingIsCountedFromTheBeginning(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "channels/status.go", nil, parser.SkipObjectResolution)
	require.NoError(t, err)
	kinds := 0
	ast.Inspect(file, func(node ast.Node) bool {
		if spec, ok := node.(*ast.ValueSpec); ok && strings.HasPrefix(spec.Names[0].Name, "Finding") {
			kinds++
		}
		return true
	})
	require.Positive(t, kinds)
	f := setup(t)
	n, err := testutil.GatherAndCount(f.registry, "orderbridge_audit_findings_total")
	require.NoError(t, err)
	require.Equal(t, 2*kinds, n)
}

// TestASharedExceptionsHookIsHealthy has nothing wrong, and nothing to mend.
func TestASharedExceptionsHookIsHealthy(t *testing.T) {
	t.Parallel()
	f := setupHooks(t)
	f.fixture.sync(f.channel("other"))
	f.ask(activities.SyncRequest{Channel: f.channel(mainChannel)})
	f.sync(f.channel(mainChannel))
	require.NoError(t, testutil.GatherAndCompare(f.registry, strings.NewReader(`
# HELP orderbridge_audits_total Audits of subscriptions that came to an end, by result (healthy, mended, left).
# TYPE orderbridge_audits_total counter
orderbridge_audits_total{result="healthy"} 1
orderbridge_audits_total{result="left"} 0
orderbridge_audits_total{result="mended"} 0
`), "orderbridge_audits_total"))
}
