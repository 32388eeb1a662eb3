package venduretest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/orderbridge/orderbridge/deploy/vendure"
)

// questionTimeout bounds asking node about itself.
const questionTimeout = 30 * time.Second

// node is the Node.js on the PATH.
type node struct {
	npm     string // the npm command
	path    string // the node command
	prefix  string // where Node.js is installed: /usr for /usr/bin/node
	version string // without a v
}

// findNode finds Node.js and checks that it will do.
func findNode(ctx context.Context) (node, error) {
	advice := fmt.Sprintf("install Node.js %d or later with npm (https://nodejs.org)", vendure.MinNode)
	var (
		n   node
		err error
	)
	if n.path, err = exec.LookPath("node"); err != nil {
		return n, fmt.Errorf("%w: %s", err, advice)
	}
	if n.npm, err = exec.LookPath("npm"); err != nil {
		return n, fmt.Errorf("%w: %s", err, advice)
	}
	ctx, cancel := context.WithTimeout(ctx, questionTimeout)
	defer cancel()
	const question = `console.log(JSON.stringify({version: process.versions.node, path: process.execPath}))`
	cmd := exec.CommandContext(ctx, n.path, "-e", question) //nolint:gosec // The node command.
	cmd.Env = environment(nil)
	out, err := cmd.Output()
	if err != nil {
		return n, fmt.Errorf("ask %s for its version: %w", n.path, err)
	}
	var self struct {
		Version string `json:"version"`
		Path    string `json:"path"`
	}
	if err := json.Unmarshal(out, &self); err != nil {
		return n, fmt.Errorf("ask %s for its version: %w", n.path, err)
	}
	n.version, n.prefix = self.Version, filepath.Dir(filepath.Dir(self.Path))
	return n, checkVersion(n.path, n.version)
}

func checkVersion(path, version string) error {
	first, _, _ := strings.Cut(version, ".")
	major, err := strconv.Atoi(first)
	if err != nil {
		return fmt.Errorf("%s has the version %q: %w", path, version, err)
	}
	if major < vendure.MinNode {
		return fmt.Errorf("%s is Node.js %s, at least %d is needed: install a later one, or put it first on the PATH",
			path, version, vendure.MinNode)
	}
	return nil
}

// id tells installations apart whose compiled part cannot be exchanged.
func (n node) id() string {
	major, _, _ := strings.Cut(n.version, ".")
	return fmt.Sprintf("node%s-%s-%s", major, runtime.GOOS, runtime.GOARCH)
}

// buildEnvironment makes npm compile SQLite where that can be done, instead of
// downloading it compiled from somewhere that the lock file does not vouch
// for. It is nil where a compiler is missing: then the download is tried.
func (n node) buildEnvironment() []string {
	for _, tool := range [][]string{{"make"}, {"python3", "python"}, {"c++", "g++", "clang++"}} {
		if !anyOnPath(tool) {
			return nil
		}
	}
	environ := []string{"npm_config_build_from_source=true"}
	// The headers come with most installations. Without them node-gyp
	// downloads them.
	header := filepath.Join(n.prefix, "include", "node", "node_version.h")
	if _, err := os.Stat(header); err == nil {
		environ = append(environ, "npm_config_nodedir="+n.prefix)
	}
	return environ
}

func anyOnPath(commands []string) bool {
	for _, command := range commands {
		if _, err := exec.LookPath(command); err == nil {
			return true
		}
	}
	return false
}

// environment keeps of ours what Node.js needs and what keep names, in lower
// case. The rest is none of its business, secrets above all.
func environment(keep func(name string) bool) []string {
	var kept []string
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		name = strings.ToLower(name)
		switch name {
		case "home", "path", "tmpdir", "tmp", "temp", "tz", "appdata", "localappdata", "systemroot", "userprofile":
			kept = append(kept, variable)
		default:
			if keep != nil && keep(name) {
				kept = append(kept, variable)
			}
		}
	}
	return kept
}

// forNpm names what npm and a compiler need beside.
func forNpm(name string) bool {
	switch name {
	case "http_proxy", "https_proxy", "no_proxy", "node_extra_ca_certs", "ssl_cert_file", "ssl_cert_dir",
		"cc", "cxx", "cflags", "cxxflags", "ldflags", "python", "xdg_cache_home", "xdg_config_home", "comspec", "pathext":
		return true
	default:
		return strings.HasPrefix(name, "npm_config_")
	}
}

// run runs a step of the installation in a directory, bounded by ctx. What it
// wrote is in the error, shortened.
func run(ctx context.Context, dir string, environ []string, path string, args ...string) error {
	var output tail
	cmd := exec.CommandContext(ctx, path, args...) //nolint:gosec // The node and npm commands.
	cmd.Dir, cmd.Env = dir, environ
	cmd.Stdout, cmd.Stderr = &output, &output
	// So that populate.js goes when we do: see VENDURE_EXIT_WITH_STDIN.
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	cmd.WaitDelay = stopTimeout
	endGroup(cmd)
	err = cmd.Run()
	_ = stdin.Close()
	if err == nil {
		return nil
	}
	if ended := context.Cause(ctx); ended != nil {
		err = errors.Join(err, ended)
	}
	return fmt.Errorf("%s %s: %w%s", filepath.Base(path), strings.Join(args, " "), err, output.String())
}
