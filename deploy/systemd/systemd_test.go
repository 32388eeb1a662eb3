package systemd_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// maxExposure is what systemd-analyze may find at most, of 10. What is left is
// that the processes use the network.
const maxExposure = "15" // tenths

func units(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob("*.service")
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"orderbridge-ingress.service", "orderbridge-worker.service"}, found)
	return found
}

// TestVerify has systemd read the units, with a program in place of the binary
// that is there: every word that it does not know is an error.
func TestVerify(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	found := units(t)
	files := make([]string, 0, len(found))
	for _, unit := range found {
		text, err := os.ReadFile(unit)
		require.NoError(t, err)
		require.Contains(t, string(text), "ExecStart=/usr/local/bin/orderbridge ")
		file := filepath.Join(dir, unit)
		require.NoError(t, os.WriteFile(file, []byte(strings.ReplaceAll(string(text), "/usr/local/bin/orderbridge", os.Args[0])), 0o600))
		files = append(files, file)
	}
	out, err := exec.CommandContext(t.Context(), "systemd-analyze", append([]string{"verify", "--man=no"}, files...)...).CombinedOutput()
	require.NoError(t, err, string(out))
	require.Empty(t, string(out))
}

func TestSecurity(t *testing.T) {
	t.Parallel()
	for _, unit := range units(t) {
		out, err := exec.CommandContext(t.Context(), "systemd-analyze", "security", "--offline=true", "--threshold="+maxExposure, "--json=short", unit).Output()
		require.NoError(t, err, string(out))
		var findings []struct {
			Name string `json:"name"`
			Set  bool   `json:"set"`
		}
		require.NoError(t, json.Unmarshal(out, &findings))
		var open []string
		for _, finding := range findings {
			if !finding.Set {
				open = append(open, finding.Name)
			}
		}
		require.Subset(t, []string{
			"DeviceAllow=", "IPAddressDeny=", "PrivateNetwork=", "ProcSubset=", "RestrictAddressFamilies=~AF_(INET|INET6)",
			"RestrictAddressFamilies=~AF_UNIX", "RootDirectory=/RootImage=",
		}, open, unit)
	}
}

// TestUnitsAreHardenedAlike compares the lines below the first empty line of
// the service: one must not be forgotten in the other.
func TestUnitsAreHardenedAlike(t *testing.T) {
	t.Parallel()
	found := units(t)
	sections := make([]string, 0, len(found))
	for _, unit := range found {
		text, err := os.ReadFile(unit)
		require.NoError(t, err)
		_, section, ok := strings.Cut(string(text), "\n\nDynamicUser=yes\n")
		require.True(t, ok, unit)
		sections = append(sections, section)
	}
	require.Equal(t, sections[0], sections[1])
}
