package vendure_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/deploy/vendure"
)

func TestWrite(t *testing.T) {
	t.Parallel()

	dir := t.TempDir()
	require.NoError(t, vendure.Write(dir))
	for _, name := range []string{"config.js", "populate.js", "server.js", "initial-data.json", "products.csv"} {
		require.FileExists(t, filepath.Join(dir, name))
	}
	require.ErrorContains(t, vendure.Write(filepath.Join(dir, "nowhere")), "nowhere")

	var project struct {
		Dependencies map[string]string `json:"dependencies"`
		Engines      map[string]string `json:"engines"`
		Overrides    map[string]string `json:"overrides"`
	}
	read(t, filepath.Join(dir, "package.json"), &project)
	require.Equal(t, fmt.Sprintf(">=%d", vendure.MinNode), project.Engines["node"])
	require.NotEmpty(t, project.Dependencies)
	for _, versions := range []map[string]string{project.Dependencies, project.Overrides} {
		for name, version := range versions {
			require.Regexp(t, `^\d+\.\d+\.\d+$`, version, name)
		}
	}

	// Which registry the packages come from is for whoever installs them to say.
	var lock struct {
		Packages map[string]map[string]any `json:"packages"`
	}
	read(t, filepath.Join(dir, "package-lock.json"), &lock)
	require.NotEmpty(t, lock.Packages)
	for name, entry := range lock.Packages {
		require.NotContains(t, entry, "resolved", name)
		if name != "" {
			require.NotEmpty(t, entry["integrity"], name)
		}
	}
}

func TestHash(t *testing.T) {
	t.Parallel()

	files, err := vendure.Hash()
	require.NoError(t, err)
	packages, err := vendure.PackagesHash()
	require.NoError(t, err)
	require.Regexp(t, `^[0-9a-f]{16}$`, files)
	require.NotEqual(t, files, packages)
}

func read(t *testing.T, path string, into any) {
	t.Helper()
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, into))
}
