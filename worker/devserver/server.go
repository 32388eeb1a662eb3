package devserver

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"go.temporal.io/sdk/client"
)

// Sources of a server, as in [Server].Source and as returned by [Binary].
const (
	SourceRunning    = "running"    // a server that somebody else runs
	SourceAdopted    = "adopted"    // ours, left behind by a program that was killed
	SourcePath       = "path"       // the temporal command on the PATH
	SourceCached     = "cached"     // an executable downloaded or built before
	SourceDownloaded = "downloaded" // the SDK's download of the official command
	SourceBuilt      = "built"      // built from the deploy/temporal module
)

const (
	stopTimeout = 10 * time.Second // from SIGTERM to SIGKILL; a second is usual
	killTimeout = 5 * time.Second
)

// Server is a Temporal server that is ready: it answers, and the namespace with
// its search attributes is there.
type Server struct {
	Address   string // host:port of gRPC
	DataDir   string // empty for a foreign server
	LogFile   string // what the server writes; empty for a foreign server
	Namespace string
	Source    string // one of the Source constants
	UIURL     string // base URL of the Web UI, without a slash at the end; empty if none is known

	options Options
	proc    *process // nil for a foreign server
	dir     *dataDir // nil for a foreign server
	done    chan struct{}

	mu       sync.Mutex
	stopping bool
	err      error

	stopOnce sync.Once
	stopErr  error
}

// Start finds or starts a server and prepares its namespace. ctx bounds the
// start, including a download or a build, which can take many minutes; it has no
// part in the server's life afterward, which ends with [Server.Stop].
//
// It returns [ErrInUse] if another process uses the data directory, and
// otherwise errors that say what was tried and what to do.
func Start(ctx context.Context, o Options) (*Server, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}

	o.Progress = serialize(o.Progress)

	if o.Address != "" {
		s, err := connect(ctx, o)
		if !errors.Is(err, errNoAnswer) {
			return s, err
		}

		if o.DataDir == "" && !o.InMemory {
			return nil, err
		}

		o.Progress("%v; starting a server instead", err)
	}

	return launch(ctx, o)
}

// Client connects to the server and its namespace. The caller closes it.
func (s *Server) Client(ctx context.Context) (client.Client, error) {
	return s.dial(ctx, s.Namespace)
}

// ClientOptions are the options with which to connect, credentials included.
func (s *Server) ClientOptions() client.Options {
	return s.options.clientOptions(s.Address, s.proc == nil)
}

// Done is closed when a server that was started or adopted here has ended, asked
// to or not. It is never closed for a foreign server.
func (s *Server) Done() <-chan struct{} {
	return s.done
}

// Err says, after [Server.Done], why the server ended: nil if it was stopped,
// otherwise how it died, with the end of its log. Before that it is nil.
func (s *Server) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()

	return s.err
}

// Foreign says whether somebody else runs the server: [Server.Stop] leaves it
// alone.
func (s *Server) Foreign() bool {
	return s.proc == nil
}

// WorkflowURL is the page of one workflow run in the Web UI; of the latest run
// if runID is empty. The ids may contain slashes. Without a known Web UI it is
// empty.
func (s *Server) WorkflowURL(workflowID, runID string) string {
	if s.UIURL == "" {
		return ""
	}

	link := s.UIURL + "/namespaces/" + url.PathEscape(s.Namespace) + "/workflows/" + url.PathEscape(workflowID)
	if runID != "" {
		link += "/" + url.PathEscape(runID) + "/history"
	}

	return link
}

// Stop ends a server that was started or adopted here and releases its data
// directory; a foreign server is left alone. It asks first and kills after ten
// seconds, or when ctx ends. It may be called more than once.
func (s *Server) Stop(ctx context.Context) error {
	s.stopOnce.Do(func() { s.stopErr = s.stop(ctx) })

	return s.stopErr
}

func (s *Server) stop(ctx context.Context) error {
	if s.proc == nil {
		return nil
	}

	s.mu.Lock()
	s.stopping = true
	s.mu.Unlock()

	err := s.proc.stop(ctx)
	if err != nil {
		return fmt.Errorf("temporal server: stop process %d: %w", s.proc.pid, err)
	}

	<-s.done

	return errors.Join(s.dir.forgetProcess(), s.dir.close())
}

// watch closes done once the process has ended, with the reason in err. It ends
// with the process.
func (s *Server) watch() {
	<-s.proc.done

	s.mu.Lock()
	if !s.stopping {
		s.err = fmt.Errorf("temporal server: process %d ended unexpectedly: %s%s", s.proc.pid, s.proc.state(), logTail(s.LogFile))
	}
	s.mu.Unlock()

	close(s.done)
}

// dial connects to one of the server's namespaces.
func (s *Server) dial(ctx context.Context, namespace string) (client.Client, error) {
	o := s.ClientOptions()
	o.Namespace = namespace

	c, err := client.DialContext(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("temporal server: connect to %s: %w", s.Address, err)
	}

	return c, nil
}

// serialize lets one goroutine at a time report progress.
func serialize(f func(string, ...any)) func(string, ...any) {
	var mu sync.Mutex

	return func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()

		f(strings.TrimRight(format, "\n"), args...)
	}
}
