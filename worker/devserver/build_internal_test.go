package devserver

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gofrs/flock"
	"github.com/stretchr/testify/require"
)

func TestBuild(t *testing.T) {
	t.Parallel()

	setup := func(t *testing.T, goBehavior string) (finder, *module, commands, *recorder) {
		t.Helper()

		c, r := newCommands(t, map[string]string{"go": goBehavior}), newRecorder()

		o, err := Options{CacheDir: t.TempDir(), InMemory: true, ModuleDir: newModuleDir(t), Progress: r.progressf}.withDefaults()
		require.NoError(t, err)

		f := finder{Options: o, lookPath: c.lookPath}

		m, err := f.module()
		require.NoError(t, err)

		return f, m, c, r
	}

	t.Run("OK", func(t *testing.T) {
		t.Parallel()

		f, m, c, r := setup(t, "go")

		path, err := f.build(t.Context(), m)
		require.NoError(t, err)
		require.FileExists(t, path)
		require.NoFileExists(t, filepath.Join(f.CacheDir, "building-"+m.hash))
		require.Contains(t, c.calls(t, "go")[1], "build -v -mod=readonly")
		require.Contains(t, r.String(), "seven minutes")
		require.Contains(t, r.String(), "built the Temporal server in")
	})

	t.Run("FailureShowsTheCompilersWords", func(t *testing.T) {
		t.Parallel()

		f, m, _, _ := setup(t, "go that fails")

		_, err := f.build(t.Context(), m)
		require.ErrorContains(t, err, "main.go:7:1: syntax error")
		require.NotContains(t, err.Error(), "\terrors\n", "a package name")
		require.Empty(t, f.builds())
	})

	t.Run("WaitsForAnotherProcess", func(t *testing.T) {
		t.Parallel()

		f, m, c, r := setup(t, "go")

		other := flock.New(filepath.Join(f.CacheDir, buildLockName))
		require.NoError(t, other.Lock())

		result := make(chan error, 1)

		go func() {
			_, err := f.build(t.Context(), m)
			result <- err
		}()

		require.Contains(t, <-r.heard, "another process is building")
		require.NoError(t, os.WriteFile(f.builtPath(m), []byte("by the other"), 0o600))
		require.NoError(t, other.Unlock())
		require.NoError(t, <-result)
		require.Empty(t, c.calls(t, "go"))
	})

	t.Run("WaitingCanBeInterrupted", func(t *testing.T) {
		t.Parallel()

		f, m, _, r := setup(t, "go")

		other := flock.New(filepath.Join(f.CacheDir, buildLockName))
		require.NoError(t, other.Lock())
		t.Cleanup(func() { require.NoError(t, other.Unlock()) })

		ctx, cancel := context.WithCancel(t.Context())
		result := make(chan error, 1)

		go func() {
			_, err := f.build(ctx, m)
			result <- err
		}()

		<-r.heard
		cancel()
		require.ErrorIs(t, <-result, context.Canceled)
	})

	t.Run("KeepsTwoBuilds", func(t *testing.T) {
		t.Parallel()

		f, m, _, _ := setup(t, "go")

		for range 4 {
			require.NoError(t, os.WriteFile(filepath.Join(m.dir, "main.go"), []byte("package main // "+m.hash), 0o600))

			var err error
			m, err = newModule(m.dir)
			require.NoError(t, err)

			_, err = f.build(t.Context(), m)
			require.NoError(t, err)
		}

		require.Len(t, f.builds(), keptBuilds)
		require.Contains(t, f.builds(), f.builtPath(m))
	})
}

func TestModule(t *testing.T) {
	t.Parallel()

	t.Run("FoundWhereCompiled", func(t *testing.T) {
		t.Parallel()

		m, err := finder{}.module()
		require.NoError(t, err)
		require.True(t, strings.HasSuffix(filepath.Clean(m.dir), filepath.Join("deploy", "temporal")), m.dir)
	})

	t.Run("HashFollowsTheSource", func(t *testing.T) {
		t.Parallel()

		dir := newModuleDir(t)

		before, err := newModule(dir)
		require.NoError(t, err)

		// Neither tests nor documents go into the executable.
		require.NoError(t, os.WriteFile(filepath.Join(dir, "main_test.go"), []byte("package main\n"), 0o600))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "README.md"), []byte("read me"), 0o600))

		same, err := newModule(dir)
		require.NoError(t, err)
		require.Equal(t, before.hash, same.hash)

		for _, name := range []string{"go.sum", "main.go", "go.mod", "another.go"} {
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("module "+modulePath+"\n// "+name), 0o600))

			after, err := newModule(dir)
			require.NoError(t, err)
			require.NotEqual(t, before.hash, after.hash, name)
			before = after
		}
	})

	t.Run("OtherModuleIsNone", func(t *testing.T) {
		t.Parallel()

		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module example.com/other\n"), 0o600))
		require.False(t, isModule(dir))
	})
}
