package devserver

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"time"
)

// The oldest server that will do: the first with task queue fairness and with
// eager workflow start on by default.
const (
	minServerMajor = 1
	minServerMinor = 29
)

const commandTimeout = 15 * time.Second // for asking an executable about itself

// serverVersion finds the server's version in what "temporal --version" prints:
// temporal version 1.5.1 (Server 1.29.1, UI 2.42.1).
var serverVersion = regexp.MustCompile(`\bServer (\d+)\.(\d+)\.\d+`)

// onPath returns the temporal command on the PATH if it can run a server that is
// recent enough. If there is none the error is [exec.ErrNotFound].
func (f finder) onPath(ctx context.Context) (string, error) {
	path, err := f.lookPath(commandName)
	if err != nil {
		return "", err
	}

	if err := checkCommand(ctx, path); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}

	return path, nil
}

// checkCommand asks an executable what it is and can do.
func checkCommand(ctx context.Context, path string) error {
	ctx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()

	out, err := exec.CommandContext(ctx, path, "--version").Output()
	if err != nil {
		return fmt.Errorf("it does not tell its version: %w", err)
	}

	match := serverVersion.FindSubmatch(out)
	if match == nil {
		return errors.New("it does not tell the version of its server")
	}

	major, majorErr := strconv.Atoi(string(match[1]))

	minor, minorErr := strconv.Atoi(string(match[2]))
	if err := errors.Join(majorErr, minorErr); err != nil {
		return fmt.Errorf("the version of its server: %w", err)
	}

	if major < minServerMajor || (major == minServerMajor && minor < minServerMinor) {
		return fmt.Errorf("its server is %d.%d, at least %d.%d is needed", major, minor, minServerMajor, minServerMinor)
	}

	if err := exec.CommandContext(ctx, path, "server", "start-dev", "--help").Run(); err != nil {
		return fmt.Errorf("it cannot start a development server: %w", err)
	}

	return nil
}
