package helm_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files and the copies of rules and dashboards anew")

// TestGolden shows every change of what the chart renders for production.yaml:
// go test -run TestGolden -update writes the file anew.
func TestGolden(t *testing.T) {
	t.Parallel()
	rendered := strings.Join(manifests(t, values(t, "production")), "\n---\n") + "\n"
	file := filepath.Join("testdata", "golden", "production.yaml")
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(rendered), 0o644))
	}
	golden, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(golden), rendered, "if this is meant: go test -run TestGolden -update")
}
