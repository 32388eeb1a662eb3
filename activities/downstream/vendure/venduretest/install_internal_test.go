package venduretest

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// fakeNode makes commands that pretend to be npm and node: see main_test.go.
func fakeNode(t *testing.T, npm string) node {
	t.Helper()
	dir, n := t.TempDir(), node{version: "20.19.0"}
	self, err := os.Executable()
	require.NoError(t, err)
	for name, behavior := range map[string]string{"npm": npm, "node": "node"} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.Symlink(self, path))
		require.NoError(t, os.WriteFile(path+".fake", []byte(behavior), 0o600))
	}
	n.npm, n.path = filepath.Join(dir, "npm"), filepath.Join(dir, "node")
	return n
}

// calls are the arguments with which a fake command was called.
func calls(t *testing.T, path string) []string {
	t.Helper()
	raw, err := os.ReadFile(path + ".calls")
	require.NoError(t, err)
	return strings.Split(strings.TrimSpace(string(raw)), "\n")
}

// entries are the names in a directory but for lock files.
func entries(t *testing.T, dir string) []string {
	t.Helper()
	list, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, entry := range list {
		if !strings.HasSuffix(entry.Name(), ".lock") {
			names = append(names, entry.Name())
		}
	}
	return names
}

func TestInstall(t *testing.T) {
	t.Parallel()

	t.Run("OnceForAll", func(t *testing.T) {
		t.Parallel()

		cache, n := t.TempDir(), fakeNode(t, "npm")
		dirs := make([]string, 4)
		var group sync.WaitGroup
		for i := range dirs {
			group.Go(func() {
				// The errors show in what they leave empty.
				dirs[i], _ = install(t.Context(), n, Options{CacheDir: cache})
			})
		}
		group.Wait()
		for _, dir := range dirs {
			require.Equal(t, dirs[0], dir)
			require.FileExists(t, filepath.Join(dir, databaseName))
			require.FileExists(t, filepath.Join(dir, "package-lock.json"))
		}
		require.Equal(t, []string{"ci --ignore-scripts", "rebuild better-sqlite3"}, calls(t, n.npm))
		require.Equal(t, []string{"populate.js"}, calls(t, n.path))
		packages := filepath.Dir(dirs[0])
		require.Equal(t, []string{filepath.Base(packages)}, entries(t, filepath.Dir(packages)))
	})

	t.Run("OtherFilesOfTheServer", func(t *testing.T) {
		t.Parallel()

		cache, n := t.TempDir(), fakeNode(t, "npm")
		dir, err := install(t.Context(), n, Options{CacheDir: cache})
		require.NoError(t, err)
		require.NoError(t, os.Rename(dir, filepath.Join(filepath.Dir(dir), "server-of-other-files")))
		again, err := install(t.Context(), n, Options{CacheDir: cache})
		require.NoError(t, err)
		require.Equal(t, dir, again)
		require.Len(t, calls(t, n.npm), 2, "the packages are there")
		require.Len(t, calls(t, n.path), 2)
	})

	t.Run("AfterOneThatBrokeOff", func(t *testing.T) {
		t.Parallel()

		cache := t.TempDir()
		_, err := install(t.Context(), fakeNode(t, "npm that fails"), Options{CacheDir: cache})
		require.ErrorContains(t, err, "npm ci --ignore-scripts: exit status 1")
		require.ErrorContains(t, err, "ETARGET")
		require.ErrorContains(t, err, "registry")
		require.Empty(t, entries(t, filepath.Join(cache, "vendure")))

		// And one whose process was killed.
		n := fakeNode(t, "npm")
		dir, err := install(t.Context(), n, Options{CacheDir: cache})
		require.NoError(t, err)
		packages := filepath.Dir(dir)
		require.NoError(t, os.Rename(packages, packages+unfinished+"123"))
		again, err := install(t.Context(), n, Options{CacheDir: cache})
		require.NoError(t, err)
		require.Equal(t, dir, again)
		require.Equal(t, []string{filepath.Base(packages)}, entries(t, filepath.Dir(packages)))
		require.Len(t, calls(t, n.npm), 4, "it is made anew")
	})

	t.Run("ContextEnds", func(t *testing.T) {
		t.Parallel()

		cache, n := t.TempDir(), fakeNode(t, "npm that never ends")
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			_, err := install(ctx, n, Options{CacheDir: cache})
			ended <- err
		}()
		require.Eventually(t, func() bool { return exists(n.npm + ".calls") }, time.Minute, time.Millisecond)
		cancel()
		require.ErrorIs(t, <-ended, context.Canceled)
		require.Empty(t, entries(t, filepath.Join(cache, "vendure")))
	})
}

func TestCheckVersion(t *testing.T) {
	t.Parallel()

	for version, want := range map[string]string{
		"20.0.0":  "",
		"25.1.0":  "",
		"18.20.4": "/usr/bin/node is Node.js 18.20.4, at least 20 is needed",
		"soon":    `has the version "soon"`,
	} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()

			err := checkVersion("/usr/bin/node", version)
			if want == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, want)
			}
		})
	}
}

// TestEnvironment is not parallel: it changes the environment.
func TestEnvironment(t *testing.T) {
	t.Setenv("ORDERBRIDGE_SECRET", "x")
	t.Setenv("npm_config_cache", "/tmp/npm")
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:3128")

	plain := environment(nil)
	require.Contains(t, plain, "PATH="+os.Getenv("PATH"))
	forInstall := environment(forNpm)
	for _, variable := range []string{"npm_config_cache=/tmp/npm", "HTTPS_PROXY=http://127.0.0.1:3128"} {
		require.NotContains(t, plain, variable)
		require.Contains(t, forInstall, variable)
	}
	require.NotContains(t, plain, "ORDERBRIDGE_SECRET=x")
	require.NotContains(t, forInstall, "ORDERBRIDGE_SECRET=x")
}
