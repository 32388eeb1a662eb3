package devserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
)

const (
	builtPrefix   = "temporal-dev-"        // executables that were built here
	officialName  = "temporal-cli-go-sdk-" // the SDK's name for its download, before its version
	commandName   = "temporal"
	installAdvice = "install the temporal command (https://docs.temporal.io/cli), or start from a checkout of Orderbridge with the Go command on the PATH, or set TEMPORAL_ADDRESS to a server that runs"
)

// Binary finds an executable that can run a server, or makes one, and says which
// of the sources it is from. It looks for no running server. Use it to have the
// download or the build over with before the first [Start], for instance when a
// machine image is made. ctx should allow for ten minutes or more.
func Binary(ctx context.Context, o Options) (path, source string, err error) {
	o.InMemory = true // No data directory is needed.

	o, err = o.withDefaults()
	if err != nil {
		return "", "", err
	}

	o.Progress = serialize(o.Progress)

	return find(ctx, o)
}

// find is Binary for options that are complete.
func find(ctx context.Context, o Options) (path, source string, err error) {
	return finder{Options: o, lookPath: exec.LookPath, infoURL: downloadURL()}.find(ctx)
}

// finder looks for an executable. Its functions are what a test replaces.
type finder struct {
	Options

	lookPath func(string) (string, error)
	infoURL  string // the address that says where the download is
}

// find tries the sources in order. When none of them will do, the error says why
// for each.
func (f finder) find(ctx context.Context) (path, source string, err error) {
	module, moduleErr := f.module()
	if moduleErr != nil && f.ModuleDir != "" {
		return "", "", fmt.Errorf("temporal server: %w", moduleErr)
	}

	path, onPathErr := f.onPath(ctx)
	if onPathErr == nil {
		return path, SourcePath, nil
	}

	if !errors.Is(onPathErr, exec.ErrNotFound) {
		f.Progress("the temporal command on the PATH is not used: %v", onPathErr)
	}

	if path := f.cached(module); path != "" {
		return path, SourceCached, nil
	}

	if err := os.MkdirAll(f.CacheDir, 0o700); err != nil {
		return "", "", fmt.Errorf("temporal server: cache directory: %w", err)
	}

	path, downloadErr := f.download(ctx)
	if downloadErr == nil {
		return path, SourceDownloaded, nil
	}

	if err := ctx.Err(); err != nil {
		return "", "", fmt.Errorf("temporal server: find one: %w", err)
	}

	if moduleErr != nil {
		return "", "", fmt.Errorf("temporal server: none found: on the PATH: %w; download: %w; build: %w: %s",
			onPathErr, downloadErr, moduleErr, installAdvice)
	}

	if !f.NoDownload {
		f.Progress("the Temporal server cannot be downloaded here, so it is built from source (%v)", downloadErr)
	}

	path, err = f.build(ctx, module)
	if err != nil {
		return "", "", fmt.Errorf("temporal server: none found: on the PATH: %w; download: %w; build: %w: %s",
			onPathErr, downloadErr, err, installAdvice)
	}

	return path, SourceBuilt, nil
}

// cached returns what was built from the module as it is now, or else what was
// downloaded for this SDK, or else, if there is no module to go by, the latest
// build of any. It is empty if there is none of them.
func (f finder) cached(module *module) string {
	var candidates []string

	if module != nil {
		candidates = append(candidates, f.builtPath(module))
	}

	candidates = append(candidates, f.downloadPath())

	if module == nil {
		candidates = append(candidates, f.builds()...)
	}

	i := slices.IndexFunc(candidates, isFile)
	if i < 0 {
		return ""
	}

	return candidates[i]
}

// builds lists the executables built so far, the latest first.
func (f finder) builds() []string {
	entries, err := os.ReadDir(f.CacheDir)
	if err != nil {
		return nil
	}

	var (
		paths []string
		times = map[string]time.Time{}
	)

	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || !strings.HasPrefix(entry.Name(), builtPrefix) {
			continue
		}

		path := filepath.Join(f.CacheDir, entry.Name())
		paths, times[path] = append(paths, path), info.ModTime()
	}

	slices.SortFunc(paths, func(a, b string) int { return times[b].Compare(times[a]) })

	return paths
}

func (f finder) builtPath(m *module) string {
	return filepath.Join(f.CacheDir, builtPrefix+m.hash+exeSuffix())
}

func (f finder) downloadPath() string {
	return filepath.Join(f.CacheDir, officialName+temporal.SDKVersion+exeSuffix())
}

func exeSuffix() string {
	if runtime.GOOS == "windows" {
		return ".exe"
	}

	return ""
}

func isFile(path string) bool {
	info, err := os.Stat(path)

	return err == nil && info.Mode().IsRegular()
}
