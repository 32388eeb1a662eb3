package devserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
)

const (
	readyTimeout  = time.Minute // half a second is usual
	readyPoll     = 25 * time.Millisecond
	adoptTimeout  = 5 * time.Second
	startAttempts = 3
)

// launch runs a server on the data directory: the one that is there already or
// a new one.
func launch(ctx context.Context, o Options) (*Server, error) {
	dir, err := openDataDir(o)
	if err != nil {
		return nil, err
	}

	s, err := adoptOrStart(ctx, o, dir)
	if err != nil {
		return nil, errors.Join(err, dir.close())
	}

	if err := s.settle(ctx); err != nil {
		return nil, errors.Join(err, s.Stop(context.WithoutCancel(ctx)))
	}

	return s, nil
}

// adoptOrStart returns a server that answers, whatever its namespaces.
func adoptOrStart(ctx context.Context, o Options, dir *dataDir) (*Server, error) {
	last, err := dir.readState()
	if err != nil {
		return nil, err
	}

	if s, err := adopt(ctx, o, dir, last); s != nil || err != nil {
		return s, err
	}

	path, source, err := find(ctx, o)
	if err != nil {
		return nil, err
	}

	return spawn(ctx, o, dir, path, source)
}

// adopt takes over a server that was left on this data directory when the
// program that started it was killed. A leftover that is of no use is stopped.
func adopt(ctx context.Context, o Options, dir *dataDir, last state) (*Server, error) {
	if last.PID == 0 || !isOurs(last, dir.file(databaseName)) {
		return nil, nil //nolint:nilnil // There is nothing to adopt, which is no error.
	}

	proc, err := adoptProcess(last.PID)
	if err != nil {
		return nil, fmt.Errorf("temporal server: take over the one left on %s: %w", dir.path, err)
	}

	s := newServer(o, dir, proc)
	s.Address, s.UIURL, s.Source = last.Address, last.UIURL, SourceAdopted

	if !o.InMemory && !last.InMemory {
		checkCtx, cancel := context.WithTimeout(ctx, adoptTimeout)
		err := s.check(checkCtx)

		cancel()

		if err == nil {
			o.Progress("taking over the Temporal server that was left running on %s (process %d)", dir.path, last.PID)

			return s, nil
		}
	}

	o.Progress("stopping a Temporal server that was left on %s (process %d)", dir.path, last.PID)

	if err := proc.stop(ctx); err != nil {
		return nil, fmt.Errorf("temporal server: stop process %d, left on %s: %w: end it yourself", last.PID, dir.path, err)
	}

	return nil, nil //nolint:nilnil // What was there is gone, as wanted.
}

// isOurs says whether the process of a state still is the server it was. Its
// number alone proves nothing: the system gives numbers again.
func isOurs(last state, database string) bool {
	line, err := commandLine(last.PID)
	if errors.Is(err, errors.ErrUnsupported) {
		return processRunning(last.PID)
	}

	_, port, _ := strings.Cut(last.Address, ":")

	return err == nil && strings.Contains(line, " start-dev ") && strings.Contains(line, " --port "+port+" ") &&
		(last.InMemory || strings.Contains(line, " "+database+" "))
}

// spawn starts a server that answers, with other ports if one of the first was
// taken by somebody else before the server could have it.
func spawn(ctx context.Context, o Options, dir *dataDir, path, source string) (*Server, error) {
	for attempt := 1; ; attempt++ {
		s, err := spawnOnce(ctx, o, dir, path, source)
		if err == nil || attempt == startAttempts || !portTaken(err) {
			return s, err
		}

		o.Progress("a port was taken while Temporal started; trying other ports")
	}
}

// spawnOnce starts one server process and waits until it answers.
func spawnOnce(ctx context.Context, o Options, dir *dataDir, path, source string) (*Server, error) {
	unlock := lockPorts(ctx, o)
	defer unlock()

	p, err := choosePorts(ctx, o)
	if err != nil {
		return nil, err
	}

	log, err := dir.openLog()
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }() // The child has its own.

	// Not CommandContext: ctx bounds the start and not the server's life.
	cmd := exec.Command(path, arguments(o, dir, p)...) //nolint:gosec,noctx // The path was found by us; see above.
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir.path, log, log
	cmd.Env = childEnvironment(os.Environ())

	proc, err := startProcess(cmd)
	if err != nil {
		return nil, fmt.Errorf("temporal server: %w", err)
	}

	s := newServer(o, dir, proc)
	s.Address, s.UIURL, s.Source = address(p.grpc), "http://"+address(p.ui), source

	last, err := dir.readState()
	if err == nil {
		last.PID, last.Address, last.UIURL, last.InMemory = proc.pid, s.Address, s.UIURL, o.InMemory
		err = dir.writeState(last)
	}

	if err == nil {
		err = s.awaitReady(ctx)
	}

	if err != nil {
		// Stopped here and not by Stop, which would release the directory.
		return nil, errors.Join(err, proc.stop(context.WithoutCancel(ctx)))
	}

	return s, nil
}

// newServer returns a server that watches its process.
func newServer(o Options, dir *dataDir, proc *process) *Server {
	s := &Server{
		DataDir: dir.path, LogFile: dir.file(logName), Namespace: o.Namespace,
		options: o, proc: proc, dir: dir, done: make(chan struct{}),
	}

	go s.watch()

	return s
}

// arguments is the command line of the server, the same for every executable.
func arguments(o Options, dir *dataDir, p ports) []string {
	args := []string{
		"server", "start-dev", "--ip", loopback,
		"--port", strconv.Itoa(p.grpc), "--ui-port", strconv.Itoa(p.ui),
		"--namespace", o.Namespace, "--log-level", "warn", "--log-format", "json",
	}

	if !o.InMemory {
		// With synchronous=normal a write-ahead log can lose the last commits
		// when the power fails, not when a process dies.
		args = append(args, "--db-filename", dir.file(databaseName),
			"--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", "synchronous=normal")
	}

	for _, setting := range []string{
		"frontend.namespaceRPS.visibility=100",
		"frontend.persistenceMaxQPS=10000",
		"history.persistenceMaxQPS=45000",
		"history.timerProcessorMaxPollRPS=2000",
		"history.transferProcessorMaxPollRPS=2000",
		"history.visibilityProcessorMaxPollRPS=2000",
		"matching.enableFairness=true",
		"matching.numTaskqueueReadPartitions=1",
		"matching.numTaskqueueWritePartitions=1",
		"system.forceSearchAttributesCacheRefreshOnRead=true",
	} {
		args = append(args, "--dynamic-config-value", setting)
	}

	return args
}

// awaitReady returns once the server answers, or with the reason why it will not.
func (s *Server) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()

	ticker := time.NewTicker(readyPoll)
	defer ticker.Stop()

	var last error

	for {
		select {
		case <-s.done:
			return s.Err()
		case <-ctx.Done():
			return fmt.Errorf("temporal server: not ready: %w: %w%s", context.Cause(ctx), last, logTail(s.LogFile))
		case <-ticker.C:
		}

		// A client that dials too early backs off for longer than the start takes.
		if last = accepts(ctx, s.Address); last != nil {
			continue
		}

		if last = s.check(ctx); last == nil {
			return nil
		}
	}
}

// check returns nil if the server says that it is well.
func (s *Server) check(ctx context.Context) error {
	c, err := s.dial(ctx, s.Namespace)
	if err != nil {
		return err
	}
	defer c.Close()

	if _, err := c.CheckHealth(ctx, &client.CheckHealthRequest{}); err != nil {
		return fmt.Errorf("temporal server: health of %s: %w", s.Address, err)
	}

	return nil
}

// settle prepares the namespace and notes which version wrote the database.
func (s *Server) settle(ctx context.Context) error {
	if err := s.PrepareNamespace(ctx, s.Namespace, s.options.SearchAttributes); err != nil {
		return err
	}

	c, err := s.Client(ctx)
	if err != nil {
		return err
	}
	defer c.Close()

	info, err := c.WorkflowService().GetSystemInfo(ctx, &workflowservice.GetSystemInfoRequest{})
	if err != nil {
		return fmt.Errorf("temporal server: version of %s: %w", s.Address, err)
	}

	st, err := s.dir.readState()
	if err != nil {
		return err
	}

	// Temporal has no migrations for SQLite.
	if now := info.GetServerVersion(); st.ServerVersion != "" && st.ServerVersion != now && !s.options.InMemory {
		s.options.Progress("the data in %s was last used by Temporal %s, this is %s: if something fails, start with an empty directory",
			s.DataDir, st.ServerVersion, now)
	}

	st.ServerVersion = info.GetServerVersion()

	return s.dir.writeState(st)
}

// portTaken recognizes in a server's last words that another process was faster.
func portTaken(err error) bool {
	text := err.Error()

	return strings.Contains(text, "address already in use") || strings.Contains(text, "Only one usage of each socket address")
}
