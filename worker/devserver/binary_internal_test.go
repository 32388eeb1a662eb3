package devserver

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestFind(t *testing.T) {
	t.Parallel()

	type bundle struct {
		finder

		commands commands
		recorder *recorder
	}

	// setup gives a finder that would have to build: it has the given commands,
	// an empty cache, and a network without the download.
	setup := func(t *testing.T, behaviors map[string]string) *bundle {
		t.Helper()

		network := httptest.NewServer(http.NotFoundHandler())
		t.Cleanup(network.Close)

		b := &bundle{commands: newCommands(t, behaviors), recorder: newRecorder()}

		o, err := Options{
			CacheDir: filepath.Join(t.TempDir(), "cache"), InMemory: true, ModuleDir: newModuleDir(t), Progress: b.recorder.progressf,
		}.withDefaults()
		require.NoError(t, err)

		b.finder = finder{Options: o, lookPath: b.commands.lookPath, infoURL: network.URL}

		return b
	}

	// cache puts a file into the cache under a name.
	cache := func(t *testing.T, path string) string {
		t.Helper()

		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte("cached"), 0o600))

		return path
	}

	t.Run("PathFirst", func(t *testing.T) {
		t.Parallel()

		b := setup(t, map[string]string{"temporal": "temporal", "go": "go"})
		cache(t, b.downloadPath())

		path, source, err := b.find(t.Context())
		require.NoError(t, err)
		require.Equal(t, SourcePath, source)
		require.Equal(t, b.commands.path("temporal"), path)
		require.Equal(t, []string{"--version", "server start-dev --help"}, b.commands.calls(t, "temporal"))
		require.Empty(t, b.recorder.String())
	})

	for name, tc := range map[string]struct{ behavior, why string }{
		"OldCommandIsPassedOver":           {"temporal that is old", "its server is 1.24, at least 1.29 is needed"},
		"CommandWithoutServerIsPassedOver": {"temporal without a server", "cannot start a development server"},
		"OtherProgramIsPassedOver":         {"something else", "does not tell the version"},
		"BrokenCommandIsPassedOver":        {"temporal that fails", "does not tell its version"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b := setup(t, map[string]string{"temporal": tc.behavior})
			want := cache(t, b.downloadPath())

			path, source, err := b.find(t.Context())
			require.NoError(t, err)
			require.Equal(t, SourceCached, source)
			require.Equal(t, want, path)
			require.Contains(t, b.recorder.String(), tc.why)
		})
	}

	t.Run("OwnBuildBeforeDownload", func(t *testing.T) {
		t.Parallel()

		b := setup(t, nil)
		cache(t, b.downloadPath())

		m, err := b.module()
		require.NoError(t, err)

		want := cache(t, b.builtPath(m))

		path, source, err := b.find(t.Context())
		require.NoError(t, err)
		require.Equal(t, SourceCached, source)
		require.Equal(t, want, path)
	})

	t.Run("BuildOfOtherSourceIsNotUsed", func(t *testing.T) {
		t.Parallel()

		b := setup(t, map[string]string{"go": "go"})
		other := cache(t, filepath.Join(b.CacheDir, builtPrefix+"0123"))

		path, source, err := b.find(t.Context())
		require.NoError(t, err)
		require.Equal(t, SourceBuilt, source)
		require.NotEqual(t, other, path)
		require.Contains(t, b.recorder.String(), "404", "why there was no download")
	})

	t.Run("BuiltOnce", func(t *testing.T) {
		t.Parallel()

		b := setup(t, map[string]string{"go": "go"})

		first, source, err := b.find(t.Context())
		require.NoError(t, err)
		require.Equal(t, SourceBuilt, source)

		second, source, err := b.find(t.Context())
		require.NoError(t, err)
		require.Equal(t, SourceCached, source)
		require.Equal(t, first, second)
		require.Len(t, b.commands.calls(t, "go"), 2, "go list and go build, once")
	})

	t.Run("LatestBuildWithoutSource", func(t *testing.T) {
		t.Parallel()

		b := setup(t, nil)
		older := cache(t, filepath.Join(b.CacheDir, builtPrefix+"older"))
		newer := cache(t, filepath.Join(b.CacheDir, builtPrefix+"newer"))
		cache(t, filepath.Join(b.CacheDir, "building-newest"))
		require.NoError(t, os.Chtimes(older, time.Time{}, time.Now().Add(-time.Hour)))

		require.Equal(t, newer, b.cached(nil))
	})

	t.Run("NothingWorks", func(t *testing.T) {
		t.Parallel()

		b := setup(t, nil)

		_, _, err := b.find(t.Context())
		require.ErrorIs(t, err, exec.ErrNotFound)
		require.ErrorContains(t, err, "404")
		require.ErrorContains(t, err, "the Go command is needed")
		require.ErrorContains(t, err, "install the temporal command")
	})

	t.Run("WrongModuleDirectoryIsAnErrorAtOnce", func(t *testing.T) {
		t.Parallel()

		b := setup(t, map[string]string{"temporal": "temporal"})
		b.ModuleDir = t.TempDir()

		_, _, err := b.find(t.Context())
		require.ErrorIs(t, err, errNoModule)
		require.ErrorContains(t, err, b.ModuleDir)
	})

	t.Run("Download", func(t *testing.T) {
		t.Parallel()

		b := setup(t, nil)

		network := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		t.Cleanup(network.Close)

		b.infoURL = network.URL

		// The SDK does not download what is there already, so that all but the
		// transfer can be tried with an executable from elsewhere.
		o, err := Options{InMemory: true}.withDefaults()
		require.NoError(t, err)
		executable, _, err := find(t.Context(), o)
		require.NoError(t, err)
		require.NoError(t, os.MkdirAll(b.CacheDir, 0o700))
		require.NoError(t, os.Symlink(executable, b.downloadPath()))

		path, err := b.download(t.Context())
		require.NoError(t, err)
		require.Equal(t, b.downloadPath(), path)
	})

	t.Run("NoNetwork", func(t *testing.T) {
		t.Parallel()

		b := setup(t, nil)
		closed := httptest.NewServer(http.NotFoundHandler())
		closed.Close()

		b.infoURL = closed.URL

		_, err := b.download(t.Context())
		require.ErrorContains(t, err, "refused")
	})

	t.Run("DownloadNotWanted", func(t *testing.T) {
		t.Parallel()

		b := setup(t, nil)
		b.NoDownload = true

		_, err := b.download(t.Context())
		require.ErrorContains(t, err, "not wanted")
	})
}
