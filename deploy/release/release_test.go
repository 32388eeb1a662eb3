package main

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// repository is its root, as these tests see it.
const repository = "../.."

// here is the platform of this machine, as the name of a target.
var here = target{os: "linux", arch: runtime.GOARCH}

func release(t *testing.T, args ...string) {
	t.Helper()
	var log strings.Builder
	require.NoError(t, run(t.Context(), args, &log), log.String())
}

func sum(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	return fmt.Sprintf("%x", sha256.Sum256(content))
}

// TestReproducible makes a release of this checkout, and one of a copy of it in
// another directory, by somebody with another environment: they must be the
// same. It is for one platform, and with one build cache: that the compiler
// itself always comes to the same is the Go project's own promise, and to see it
// takes minutes (GOCACHE=$(mktemp -d) make release, twice).
func TestReproducible(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "1790000000")
	first, second := t.TempDir(), t.TempDir()
	flags := []string{"--version", "v1.2.3", "--commit", "0123abc", "--target", here.String()}
	release(t, append(flags, "--root", repository, "--out", first)...)

	elsewhere := filepath.Join(t.TempDir(), "another", "place")
	copyTracked(t, elsewhere)
	t.Setenv("GOAMD64", "v2")
	t.Setenv("GOFLAGS", "-tags=nomsgpack")
	t.Setenv("CGO_ENABLED", "1")
	t.Setenv("TZ", "Asia/Kolkata")
	release(t, append(flags, "--root", elsewhere, "--out", second)...)

	name := "orderbridge_1.2.3_linux_" + here.arch
	for _, file := range []string{"linux-" + here.arch + "/orderbridge", name + ".cdx.json", name + ".tar.gz", "SHA256SUMS"} {
		require.Equal(t, sum(t, filepath.Join(first, file)), sum(t, filepath.Join(second, file)), file)
	}

	checkSums(t, first, name)
	checkBinary(t, filepath.Join(first, "linux-"+here.arch, "orderbridge"))
	checkArchive(t, filepath.Join(first, name+".tar.gz"), name)
	checkBill(t, filepath.Join(first, name+".cdx.json"))
}

// copyTracked copies the files that a release is made from.
func copyTracked(t *testing.T, to string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "git", "-C", repository, "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	require.NoError(t, err)
	for name := range strings.SplitSeq(strings.TrimRight(string(out), "\x00"), "\x00") {
		info, err := os.Stat(filepath.Join(repository, name))
		if errors.Is(err, os.ErrNotExist) {
			continue // deleted, and not yet committed
		}
		require.NoError(t, err)
		content, err := os.ReadFile(filepath.Join(repository, name))
		require.NoError(t, err)
		file := filepath.Join(to, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o700))
		require.NoError(t, os.WriteFile(file, content, info.Mode().Perm()&0o700))
	}
}

func checkSums(t *testing.T, dir, name string) {
	t.Helper()
	sums, err := os.ReadFile(filepath.Join(dir, "SHA256SUMS"))
	require.NoError(t, err)
	require.Equal(t, fmt.Sprintf("%s  %[2]s.tar.gz\n%[3]s  %[2]s.cdx.json\n",
		sum(t, filepath.Join(dir, name+".tar.gz")), name, sum(t, filepath.Join(dir, name+".cdx.json"))), string(sums))
}

func checkBinary(t *testing.T, binary string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, "version", "--json")
	cmd.Env = []string{}
	out, err := cmd.Output()
	require.NoError(t, err)
	var version map[string]string
	require.NoError(t, json.Unmarshal(out, &version))
	require.Equal(t, map[string]string{"version": "1.2.3", "commit": "0123abc", "go": runtime.Version()}, version)
}

func checkArchive(t *testing.T, file, name string) {
	t.Helper()
	in, err := os.Open(file)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, in.Close()) })
	zip, err := gzip.NewReader(in)
	require.NoError(t, err)
	archive := tar.NewReader(zip)
	modes := map[string]int64{}
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		within, ok := strings.CutPrefix(header.Name, name+"/")
		require.True(t, ok, header.Name)
		require.Equal(t, int64(1790000000), header.ModTime.Unix())
		require.Empty(t, header.Uname+header.Gname)
		require.Zero(t, header.Uid+header.Gid)
		modes[within] = header.Mode
	}
	for file, mode := range map[string]int64{
		"orderbridge": 0o755, "LICENSE": 0o644, "README.md": 0o644, "CHANGELOG.md": 0o644, "docs/deployment.md": 0o644,
		"deploy/.env.example": 0o644, "deploy/compose.yaml": 0o644, "deploy/compose/secrets.sh": 0o755,
		"deploy/systemd/orderbridge-worker.service": 0o644, "deploy/image/Dockerfile": 0o644,
	} {
		require.Equal(t, mode, modes[file], file)
	}
	for file := range modes {
		require.False(t, isOurs(file), file)
		for _, folder := range left {
			require.False(t, strings.HasPrefix(file, folder+"/"), file)
		}
	}
}

func checkBill(t *testing.T, file string) {
	t.Helper()
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	var bill struct {
		Format   string `json:"bomFormat"`
		Metadata struct {
			Component struct {
				Name    string `json:"name"`
				Version string `json:"version"`
			} `json:"component"`
		} `json:"metadata"`
		Components []struct {
			Name     string `json:"name"`
			Version  string `json:"version"`
			PURL     string `json:"purl"`
			Evidence struct {
				Licenses []any `json:"licenses"`
			} `json:"evidence"`
		} `json:"components"`
	}
	require.NoError(t, json.Unmarshal(content, &bill))
	require.Equal(t, "CycloneDX", bill.Format)
	require.Equal(t, "github.com/orderbridge/orderbridge", bill.Metadata.Component.Name)
	require.Equal(t, "v1.2.3", bill.Metadata.Component.Version)
	names, licensed := map[string]bool{}, 0
	for _, component := range bill.Components {
		names[component.Name] = true
		require.NotEmpty(t, component.Version, component.Name)
		require.Contains(t, component.PURL, component.Name)
		if len(component.Evidence.Licenses) > 0 {
			licensed++
		}
	}
	for _, name := range []string{"go.temporal.io/sdk", "golang.org/x/crypto/x509roots/fallback", "std"} {
		require.True(t, names[name], name)
	}
	require.False(t, names["github.com/compose-spec/compose-go/v2"], "it is in tests alone")
	require.Greater(t, licensed, len(names)*9/10)
}

func TestStamp(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, args := range [][]string{
		{"init", "-q"},
		{"-c", "user.name=T", "-c", "user.email=t@example.com", "commit", "-q", "--allow-empty", "-m", "first"},
		{"tag", "v0.3.0"},
	} {
		cmd := exec.CommandContext(t.Context(), "git", append([]string{"-C", dir}, args...)...)
		cmd.Env = append(os.Environ(), "GIT_COMMITTER_DATE=2026-02-03T04:05:06Z", "GIT_CONFIG_GLOBAL=/dev/null")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
	}
	s, err := stamp{}.complete(t.Context(), dir, "")
	require.NoError(t, err)
	require.Equal(t, "0.3.0", s.version)
	require.Regexp(t, `^[0-9a-f]{40}$`, s.commit)
	require.Equal(t, time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC), s.time)

	s, err = stamp{version: "edge", commit: "abc"}.complete(t.Context(), t.TempDir(), "0")
	require.NoError(t, err)
	require.Equal(t, stamp{version: "edge", commit: "abc", time: time.Unix(0, 0).UTC()}, s)
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		args []string
		says string
	}{
		"an argument":       {[]string{"linux/amd64"}, "no arguments are known"},
		"another platform":  {[]string{"--target", "plan9/mips"}, `--target "plan9/mips" must be one of [darwin/amd64 darwin/arm64 linux/amd64 linux/arm64]`},
		"an unfit version":  {[]string{"--version", "1 -X a.b=c", "--commit", "a"}, "must be letters, digits"},
		"an unfit commit":   {[]string{"--version", "1", "--commit", "a b"}, "must be letters and digits"},
		"not a repository":  {[]string{"--root", os.TempDir() + "/nowhere"}, "find out the version, or give --version"},
		"an unknown option": {[]string{"--fast"}, "unknown flag: --fast"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.ErrorContains(t, run(context.Background(), tc.args, io.Discard), tc.says)
		})
	}
	_, err := stamp{version: "1", commit: "a"}.complete(t.Context(), ".", "soon")
	require.ErrorContains(t, err, `SOURCE_DATE_EPOCH "soon" must be a number of seconds`)
}

func TestOurs(t *testing.T) {
	t.Parallel()
	for name, ours := range map[string]bool{
		"deploy/compose.yaml": false, "deploy/compose/secrets.sh": false, "deploy/.env.example": false, "docs/architecture.md": false,
		"deploy/.env": true, "deploy/secrets/master-key": true, "deploy/compose/proxy_test.go": true, "deploy/helm/go.mod": true,
		"deploy/helm/testdata/golden.yaml": true,
	} {
		require.Equal(t, ours, isOurs(name), name)
	}
}
