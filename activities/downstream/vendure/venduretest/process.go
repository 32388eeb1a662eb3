package venduretest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// stopTimeout is from asking to killing. Measured: it ends at once.
	stopTimeout = 10 * time.Second
	// tailBytes is how much of what a process wrote goes into an error.
	tailBytes = 4096
)

// process is a server process.
type process struct {
	done    chan struct{} // closed when the process is gone
	log     string
	state   *os.ProcessState // once done is closed
	os      *os.Process
	stdin   io.Closer
	stopped atomic.Bool
	url     string // http://host:port
}

// startProcess starts a server and returns when it says that it listens. The
// process ends with its standard input, which ends with us.
func startProcess(ctx context.Context, node node, dir, log string, variables map[string]string) (*process, error) {
	logFile, err := os.OpenFile(log, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600) //nolint:gosec // In our directory.
	if err != nil {
		return nil, err
	}
	defer func() { _ = logFile.Close() }() // The process has it open on its own.

	cmd := exec.Command(node.path, "server.js") //nolint:gosec,noctx // The node command; it outlives ctx.
	cmd.Dir = dir
	cmd.Stderr = logFile
	cmd.Env = append(environment(nil), "NODE_ENV=production", "VENDURE_EXIT_WITH_STDIN=1")
	for name, value := range variables {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	ownGroup(cmd)
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", node.path, err)
	}
	p := &process{done: make(chan struct{}), log: log, os: cmd.Process, stdin: stdin}
	said := make(chan string, 1)
	// Ends with the process.
	go func() {
		line, _ := bufio.NewReader(stdout).ReadString('\n')
		said <- strings.TrimSpace(line)
		_, _ = io.Copy(io.Discard, stdout)
		_ = cmd.Wait() // The state says the same.
		p.state = cmd.ProcessState
		close(p.done)
	}()

	select {
	case line := <-said:
		url, found := strings.CutSuffix(line, adminPath)
		if !found {
			// It has died or is about to.
			return nil, errors.Join(errors.New("the server did not start"), p.kill(), p.ended())
		}
		p.url = url
		return p, nil
	case <-ctx.Done():
		return nil, errors.Join(fmt.Errorf("wait for the server to start: %w", ctx.Err()), p.stop())
	}
}

// stop asks the process to end, kills it if it takes too long, and returns when
// it is gone.
func (p *process) stop() error {
	p.stopped.Store(true)
	if err := p.stdin.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return errors.Join(err, p.kill())
	}
	select {
	case <-p.done:
		return nil
	case <-time.After(stopTimeout):
		return p.kill()
	}
}

// kill ends the process and waits for that.
func (p *process) kill() error {
	err := p.os.Kill()
	<-p.done
	if err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}

// err says why a process that has ended did.
func (p *process) err() error {
	if p.stopped.Load() {
		return nil
	}
	return p.ended()
}

func (p *process) ended() error {
	var end tail
	if f, err := os.Open(p.log); err == nil {
		_, _ = io.Copy(&end, f)
		_ = f.Close()
	}
	return fmt.Errorf("vendure: process %d ended unexpectedly: %s%s", p.os.Pid, p.state, end.String())
}

// tail keeps the end of what is written to it.
type tail struct {
	mu  sync.Mutex
	end []byte
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.end = append(t.end, b...)
	t.end = t.end[max(0, len(t.end)-tailBytes):]
	return len(b), nil
}

// String is the end, set up to be appended to an error.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := strings.TrimSpace(string(t.end))
	if text == "" {
		return ""
	}
	return "; the end of what it wrote:\n\t" + strings.ReplaceAll(text, "\n", "\n\t")
}
