// Package devservertest gives tests a real Temporal server: one a test binary,
// in a temporary directory, with a namespace for each test that wants one.
//
// A package that uses it has
//
//	func TestMain(m *testing.M) { os.Exit(devservertest.Main(m)) }
//
// and in a test
//
//	c := devservertest.Start(t, attributes).NewNamespace(t)
//
// A machine that cannot get a server fails the test; nothing is skipped. The
// first run on a machine may have to build one, which takes minutes: see
// [devserver.Binary] to do that beforehand.
package devservertest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/orderbridge/orderbridge/worker/devserver"
)

const (
	startTimeout  = 20 * time.Minute // a cold build on a slow machine
	stopTimeout   = 30 * time.Second
	nameMaxLength = 60
)

// Server is a handle on the server that all tests of a binary share.
type Server struct {
	*devserver.Server

	attributes map[string]enumspb.IndexedValueType
}

// shared is the one server of a test binary.
type shared struct {
	mu      sync.Mutex
	inMain  bool
	started bool
	dir     string
	server  *devserver.Server
	err     error
}

var (
	theServer  shared       //nolint:gochecknoglobals // One a test binary, which is the process.
	namespaces atomic.Int64 //nolint:gochecknoglobals // Numbers them on that server.
)

// Main runs a package's tests and then stops the server, if a test started it.
// It returns the exit status. m is the *testing.M of TestMain.
func Main(m interface{ Run() int }) int {
	theServer.mu.Lock()
	theServer.inMain = true
	theServer.mu.Unlock()

	status := m.Run()

	if err := theServer.stop(); err != nil {
		slog.Error("stop the Temporal server of the tests", "error", err)

		return max(status, 1)
	}

	return status
}

// Start returns the shared server, which the first call starts. Namespaces made
// through this handle have the given search attributes; Temporal allows ten of
// type Keyword and three of each other type on SQLite. It fails the test if there
// is no server, or no [Main] to stop it.
func Start(tb testing.TB, attributes map[string]enumspb.IndexedValueType) *Server {
	tb.Helper()

	server, err := theServer.start(context.WithoutCancel(tb.Context()))
	if err != nil {
		tb.Fatalf("a Temporal server for the tests: %v", err)
	}

	return &Server{Server: server, attributes: attributes}
}

// NewNamespace makes a namespace for this test and returns a client of it, which
// is closed when the test ends. Retention is [devserver.DefaultRetention].
func (s *Server) NewNamespace(tb testing.TB) client.Client {
	tb.Helper()

	return s.Connect(tb, s.CreateNamespace(tb))
}

// CreateNamespace makes a namespace for this test and returns its name.
func (s *Server) CreateNamespace(tb testing.TB) string {
	tb.Helper()

	name := namespaceName(tb.Name(), namespaces.Add(1))
	if err := s.PrepareNamespace(tb.Context(), name, s.attributes); err != nil {
		tb.Fatalf("a namespace for the test: %v", err)
	}

	return name
}

// Connect returns one more client of a namespace, closed when the test ends.
func (s *Server) Connect(tb testing.TB, namespace string) client.Client {
	tb.Helper()

	options := s.ClientOptions()
	options.Namespace = namespace

	c, err := client.DialContext(tb.Context(), options)
	if err != nil {
		tb.Fatalf("connect to the Temporal server of the tests: %v", err)
	}

	tb.Cleanup(c.Close)

	return c
}

func (s *shared) start(ctx context.Context) (*devserver.Server, error) {
	s.mu.Lock()
	defer s.mu.Unlock()

	if !s.inMain {
		return nil, errors.New("the package needs: func TestMain(m *testing.M) { os.Exit(devservertest.Main(m)) }")
	}

	if s.started {
		return s.server, s.err
	}

	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()

	s.started = true
	// On disk, because a database in memory is gone with its one connection,
	// which a call that is broken off at a bad moment can close.
	if s.dir, s.err = os.MkdirTemp("", "orderbridge-temporal-"); s.err != nil {
		return nil, s.err
	}
	s.server, s.err = devserver.Start(ctx, devserver.Options{
		DataDir: s.dir, Port: devserver.AnyPort, UIPort: devserver.AnyPort,
		// Seen while it happens, which a test's own log is not.
		Progress: func(format string, args ...any) { slog.Info(fmt.Sprintf(format, args...)) },
	})

	return s.server, s.err
}

func (s *shared) stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()

	if s.server == nil {
		return nil
	}

	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()

	return errors.Join(s.server.Err(), s.server.Stop(ctx), os.RemoveAll(s.dir))
}

// namespaceName makes a valid and unique name of a test's name.
func namespaceName(test string, number int64) string {
	valid := strings.Map(func(r rune) rune {
		if (r >= 'a' && r <= 'z') || (r >= 'A' && r <= 'Z') || (r >= '0' && r <= '9') {
			return r
		}

		return '-'
	}, test)

	return fmt.Sprintf("%s-%d", strings.Trim(valid[:min(len(valid), nameMaxLength)], "-"), number)
}
