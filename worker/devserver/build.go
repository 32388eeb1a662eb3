package devserver

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"
)

const (
	buildLockName   = "build.lock"
	buildLockPoll   = 200 * time.Millisecond
	progressEvery   = 10 * time.Second
	keptBuilds      = 2 // this one and the one before it, some 150 MB each
	buildErrorLines = 20
)

// build compiles the module into the cache. Of several processes that want the
// same executable one builds and the others wait for it.
func (f finder) build(ctx context.Context, m *module) (string, error) {
	goCommand, err := f.lookPath("go")
	if err != nil {
		return "", fmt.Errorf("the Go command is needed: %w", err)
	}

	lock := flock.New(filepath.Join(f.CacheDir, buildLockName))
	if locked, err := lock.TryLock(); err != nil {
		return "", fmt.Errorf("lock the cache: %w", err)
	} else if !locked {
		f.Progress("another process is building the Temporal server, waiting for it")

		if _, err := lock.TryLockContext(ctx, buildLockPoll); err != nil {
			return "", fmt.Errorf("wait for another process that builds: %w", err)
		}
	}
	defer func() { _ = lock.Close() }()

	target := f.builtPath(m)
	if isFile(target) {
		return target, nil
	}

	temporary := filepath.Join(f.CacheDir, "building-"+m.hash+exeSuffix())
	defer func() { _ = os.Remove(temporary) }() // There is nothing left of it after a success.

	if err := f.compile(ctx, goCommand, m, temporary); err != nil {
		return "", err
	}

	if err := os.Rename(temporary, target); err != nil {
		return "", fmt.Errorf("keep the executable: %w", err)
	}

	f.prune()

	return target, nil
}

// compile runs the Go command and reports how far it is.
func (f finder) compile(ctx context.Context, goCommand string, m *module, target string) error {
	f.Progress("building the Temporal server from %s: this takes some seven minutes on two cores the first time, and is not needed again until that module changes", m.dir)

	started := time.Now()

	total, err := countPackages(ctx, goCommand, m)
	if err != nil {
		return err
	}

	// Path trimming would give every package another key in Go's build cache than
	// a plain "go build" or "go test" of the module, and so a second cold build.
	cmd := goCmd(ctx, goCommand, m, "build", "-v", "-mod=readonly", "-buildvcs=false", "-ldflags=-s -w", "-o", target, ".")

	stderr, err := cmd.StderrPipe()
	if err != nil {
		return fmt.Errorf("run the Go command: %w", err)
	}

	if err := cmd.Start(); err != nil {
		return fmt.Errorf("run the Go command: %w", err)
	}

	var packages atomic.Int64

	stopReporting := every(progressEvery, func() {
		f.Progress("building the Temporal server: %d of at most %d packages, %s so far",
			packages.Load(), total, time.Since(started).Round(time.Second))
	})

	lines := readBuild(stderr, &packages)
	err = cmd.Wait()

	stopReporting()

	if ctx.Err() != nil {
		return fmt.Errorf("build %s: %w", m.dir, context.Cause(ctx))
	}

	if err != nil {
		return fmt.Errorf("go build in %s: %w:\n\t%s", m.dir, err, strings.Join(lines, "\n\t"))
	}

	f.Progress("built the Temporal server in %s", time.Since(started).Round(time.Second))

	return nil
}

// countPackages says how many packages a build compiles at most: those that Go's
// build cache has are not compiled again. It downloads the modules.
func countPackages(ctx context.Context, goCommand string, m *module) (int, error) {
	var stderr bytes.Buffer

	cmd := goCmd(ctx, goCommand, m, "list", "-mod=readonly", "-deps", ".")
	cmd.Stderr = &stderr

	out, err := cmd.Output()
	if ctx.Err() != nil {
		return 0, fmt.Errorf("download the modules of %s: %w", m.dir, context.Cause(ctx))
	}

	if err != nil {
		return 0, fmt.Errorf("go list in %s: %w: is there a module proxy, or a network? %s", m.dir, err,
			strings.Join(lastLines(stderr.String()), "\n\t"))
	}

	return bytes.Count(out, []byte{'\n'}), nil
}

// goCmd prepares the Go command for this machine, whatever the environment of
// this process cross-compiles for.
func goCmd(ctx context.Context, goCommand string, m *module, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, goCommand, args...) //nolint:gosec // The Go command of the PATH.
	cmd.Dir = m.dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOOS="+runtime.GOOS, "GOARCH="+runtime.GOARCH)
	// Interrupted, the Go command cleans up after itself.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = stopTimeout

	return cmd
}

// readBuild counts the packages in the output of "go build -v" and returns the
// last lines that are something else: errors, if there are any.
func readBuild(r io.Reader, packages *atomic.Int64) []string {
	var lines []string

	scanner := bufio.NewScanner(r)
	for scanner.Scan() {
		line := scanner.Text()

		switch {
		case strings.HasPrefix(line, "go: downloading "):
		case line != "" && !strings.ContainsAny(line, " \t:"):
			packages.Add(1)
		default:
			lines = append(lines, line)
		}
	}

	if err := scanner.Err(); err != nil && !errors.Is(err, os.ErrClosed) {
		lines = append(lines, err.Error())
	}

	return lines[max(0, len(lines)-buildErrorLines):]
}

// every calls f at an interval until the returned function is called, which
// waits for a call that is under way.
func every(interval time.Duration, f func()) (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})

	go func() {
		defer close(done)

		ticker := time.NewTicker(interval)
		defer ticker.Stop()

		for {
			select {
			case <-quit:
				return
			case <-ticker.C:
				f()
			}
		}
	}()

	return func() {
		close(quit)
		<-done
	}
}

// prune removes builds that nobody is likely to want again. A running server
// keeps its file where that matters; where it cannot be removed it stays.
func (f finder) prune() {
	for i, path := range f.builds() {
		if i < keptBuilds {
			continue
		}

		if err := os.Remove(path); err != nil {
			f.Logger.Debug("remove an old Temporal server", "path", path, "error", err)
		}
	}
}

func lastLines(text string) []string {
	lines := strings.Split(strings.TrimSpace(text), "\n")

	return lines[max(0, len(lines)-buildErrorLines):]
}
