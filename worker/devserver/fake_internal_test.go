package devserver

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// commands is a directory of fake commands; see TestMain.
type commands struct{ dir string }

func newCommands(t *testing.T, behaviors map[string]string) commands {
	t.Helper()

	self, err := os.Executable()
	require.NoError(t, err)

	c := commands{dir: t.TempDir()}
	for name, behavior := range behaviors {
		require.NoError(t, os.Symlink(self, c.path(name)))
		require.NoError(t, os.WriteFile(c.path(name)+".fake", []byte(behavior), 0o600))
	}

	return c
}

func (c commands) path(name string) string { return filepath.Join(c.dir, name) }

// lookPath is exec.LookPath with the directory for a PATH.
func (c commands) lookPath(name string) (string, error) {
	if !isFile(c.path(name)) {
		return "", &exec.Error{Name: name, Err: exec.ErrNotFound}
	}

	return c.path(name), nil
}

// calls returns the arguments of each call of a command so far.
func (c commands) calls(t *testing.T, name string) []string {
	t.Helper()

	raw, err := os.ReadFile(c.path(name) + ".calls")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}

	require.NoError(t, err)

	return strings.Split(strings.TrimSpace(string(raw)), "\n")
}

// recorder keeps progress and passes each line on to whoever listens.
type recorder struct {
	mu    sync.Mutex
	lines []string
	heard chan string
}

func newRecorder() *recorder { return &recorder{heard: make(chan string, 100)} }

func (r *recorder) progressf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()

	line := fmt.Sprintf(format, args...)
	r.lines = append(r.lines, line)
	r.heard <- line
}

func (r *recorder) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()

	return strings.Join(r.lines, "\n")
}

// newModuleDir makes a stand-in for the deploy/temporal module.
func newModuleDir(t *testing.T) string {
	t.Helper()

	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module "+modulePath+"\n\ngo 1.26\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.sum"), nil, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "main.go"), []byte("package main\n"), 0o600))

	return dir
}
