package devserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// adoptedPoll is how often an adopted process, which is not a child and cannot
// be waited for, is looked at.
const adoptedPoll = 250 * time.Millisecond

// process is a server process, a child or an adopted one.
type process struct {
	pid  int
	os   *os.Process
	done chan struct{} // closed when the process is gone
	exit *os.ProcessState
}

// childEnvironment keeps of an environment what a server may need. The rest is
// none of its business, secrets of ours above all, and the official tool would
// take TEMPORAL_ variables for flags.
func childEnvironment(environ []string) []string {
	var kept []string

	for _, variable := range environ {
		name, _, _ := strings.Cut(variable, "=")

		switch strings.ToUpper(name) {
		case "HOME", "PATH", "TMPDIR", "TMP", "TEMP", "TZ", "XDG_CONFIG_HOME", "GODEBUG", "GOMAXPROCS", "GOMEMLIMIT",
			"APPDATA", "LOCALAPPDATA", "SYSTEMROOT", "USERPROFILE": // Windows
			kept = append(kept, variable)
		}
	}

	return kept
}

// startProcess runs cmd as a child that gets no signals of our terminal and,
// where the system can do that, does not outlive us.
func startProcess(cmd *exec.Cmd) (*process, error) {
	cmd.SysProcAttr = childAttributes()

	p := &process{done: make(chan struct{})}
	started := make(chan error)

	// Linux ends the child with the thread that made it, not with the process.
	// So that thread belongs to this goroutine, which waits for the child, and
	// is never handed back: it ends together with the goroutine.
	go func() {
		runtime.LockOSThread()

		if err := cmd.Start(); err != nil {
			started <- err
			return
		}

		p.pid, p.os = cmd.Process.Pid, cmd.Process
		started <- nil

		// The error repeats the state in other words.
		_ = cmd.Wait()
		p.exit = cmd.ProcessState

		close(p.done)
	}()

	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}

	return p, nil
}

// adoptProcess takes charge of a running process that is not a child.
func adoptProcess(pid int) (*process, error) {
	handle, err := os.FindProcess(pid)
	if err != nil {
		return nil, fmt.Errorf("find process %d: %w", pid, err)
	}

	p := &process{pid: pid, os: handle, done: make(chan struct{})}

	go func() {
		ticker := time.NewTicker(adoptedPoll)
		defer ticker.Stop()

		for processRunning(pid) {
			<-ticker.C
		}

		close(p.done)
	}()

	return p, nil
}

// stop asks the process to end, kills it if it takes too long or ctx ends, and
// returns when it is gone.
func (p *process) stop(ctx context.Context) error {
	// Asking is not possible on every system, and fails if the process is gone.
	if err := p.os.Signal(syscall.SIGTERM); err == nil {
		select {
		case <-p.done:
			return nil
		case <-ctx.Done():
		case <-time.After(stopTimeout):
		}
	}

	if err := p.os.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}

	select {
	case <-p.done:
		return nil
	case <-time.After(killTimeout):
		return errors.New("it is still there after it was killed")
	}
}

// state says how a process ended, as far as that is known.
func (p *process) state() string {
	if p.exit == nil {
		return "unknown exit status"
	}

	return p.exit.String()
}
