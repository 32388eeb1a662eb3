package venduretest

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/orderbridge/orderbridge/deploy/vendure"
)

const (
	// lockPoll is how often a process looks whether the other one, which
	// installs, is done.
	lockPoll = 250 * time.Millisecond
	// unfinished marks directories of installations that are under way.
	unfinished = ".new-"
)

// Install has the installation over with before the first Start, for instance
// when a machine image is made. Of the Options it uses CacheDir and Progress.
// Where it is installed it does nothing. ctx should allow for ten minutes.
//
// The installation downloads about 450 packages from the npm registry and
// checks them against the lock file, compiles SQLite, and populates a
// database; measured on two cores with the packages in npm's cache: 15, 75 and
// 4 seconds. Install scripts of packages do not run, but for the one of the
// package that is compiled. A process that is killed on the way leaves
// nothing that a later one takes for an installation; two processes do not
// install at once.
func Install(ctx context.Context, o Options) error {
	node, err := findNode(ctx)
	if err == nil {
		_, err = install(ctx, node, o)
	}
	if err != nil {
		return fmt.Errorf("vendure: %w", err)
	}
	return nil
}

// install returns the directory of the server: its files and a populated
// database. The packages are in the directory above it, where Node.js looks
// too, so that another version of the files alone installs them no second time.
func install(ctx context.Context, node node, o Options) (string, error) {
	if o.Progress == nil {
		o.Progress = func(string, ...any) {}
	}
	if o.CacheDir == "" {
		dir, err := cacheDir()
		if err != nil {
			return "", err
		}
		o.CacheDir = dir
	}
	packages, err := vendure.PackagesHash()
	if err != nil {
		return "", err
	}
	files, err := vendure.Hash()
	if err != nil {
		return "", err
	}
	dir, err := filepath.Abs(filepath.Join(o.CacheDir, "vendure", packages+"-"+node.id()))
	if err != nil {
		return "", fmt.Errorf("cache directory: %w", err)
	}
	err = once(ctx, dir, o.Progress, func(dir string) error { return addPackages(ctx, node, dir, o.Progress) })
	if err != nil {
		return "", err
	}
	dir = filepath.Join(dir, "server-"+files)
	return dir, once(ctx, dir, o.Progress, func(dir string) error { return populate(ctx, node, dir, o.Progress) })
}

// once makes a directory, unless it is there. What fill is given to fill is
// another one, which becomes the wished one when fill has succeeded.
func once(ctx context.Context, dir string, progress func(string, ...any), fill func(dir string) error) error {
	if exists(dir) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return fmt.Errorf("cache directory: %w", err)
	}
	lock := flock.New(dir + ".lock")
	if locked, err := lock.TryLock(); err != nil || !locked {
		progress("waiting for another process that installs Vendure")
		if _, err := lock.TryLockContext(ctx, lockPoll); err != nil {
			return fmt.Errorf("wait for the process that holds %s.lock: %w", dir, err)
		}
	}
	defer func() { _ = lock.Close() }()
	if exists(dir) {
		return nil
	}
	if err := removeUnfinished(dir); err != nil {
		return err
	}
	// A new one each time: what a killed process started may still write.
	making, err := os.MkdirTemp(filepath.Dir(dir), filepath.Base(dir)+unfinished)
	if err != nil {
		return fmt.Errorf("cache directory: %w", err)
	}
	err = vendure.Write(making)
	if err == nil {
		err = fill(making)
	}
	if err == nil {
		// The last step, and one that is made or not.
		err = os.Rename(making, dir)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("install: %w", err), os.RemoveAll(making))
	}
	return nil
}

// addPackages installs the packages.
func addPackages(ctx context.Context, node node, dir string, progress func(string, ...any)) error {
	begin := time.Now()
	progress("installing Vendure, which takes some minutes, once on this machine")
	environ := append(environment(forNpm), "npm_config_audit=false", "npm_config_fund=false", "npm_config_update_notifier=false")
	if err := run(ctx, dir, environ, node.npm, "ci", "--ignore-scripts"); err != nil {
		return fmt.Errorf("%w: is the npm registry within reach?", err)
	}
	compile := node.buildEnvironment()
	if compile == nil {
		progress("no C++ compiler, make or Python 3 here: npm looks for a compiled SQLite on GitHub")
	} else {
		progress("compiling SQLite for Vendure")
	}
	if err := run(ctx, dir, append(environ, compile...), node.npm, "rebuild", "better-sqlite3"); err != nil {
		return fmt.Errorf("%w: are a C++ compiler, make and Python 3 installed?", err)
	}
	progress("Vendure is installed (%s)", time.Since(begin).Round(time.Second))
	return nil
}

// populate makes the database that servers start from.
func populate(ctx context.Context, node node, dir string, progress func(string, ...any)) error {
	progress("populating the database of Vendure")
	// Nobody needs this superadmin: each server gets one of its own.
	environ := append(environment(nil),
		"VENDURE_DATABASE="+filepath.Join(dir, databaseName),
		"VENDURE_EXIT_WITH_STDIN=1",
		"VENDURE_PASSWORD="+rand.Text(),
		"VENDURE_USERNAME=populate",
	)
	return run(ctx, dir, environ, node.path, "populate.js")
}

// removeUnfinished removes what processes that were killed have left.
func removeUnfinished(dir string) error {
	entries, err := os.ReadDir(filepath.Dir(dir))
	if err != nil {
		return fmt.Errorf("cache directory: %w", err)
	}
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), filepath.Base(dir)+unfinished) {
			err = cmp.Or(err, os.RemoveAll(filepath.Join(filepath.Dir(dir), entry.Name())))
		}
	}
	if err != nil {
		return fmt.Errorf("remove an installation that broke off: %w", err)
	}
	return nil
}

func exists(dir string) bool {
	_, err := os.Stat(dir)
	return err == nil
}
