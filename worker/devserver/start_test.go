package devserver_test

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/orderbridge/orderbridge/worker/devserver"
)

// progress collects what a start reports.
type progress struct {
	mu    sync.Mutex
	lines strings.Builder
}

func (p *progress) addf(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()

	fmt.Fprintf(&p.lines, format+"\n", args...)
}

func (p *progress) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()

	return p.lines.String()
}

// start starts a server that is stopped with the test, at the latest.
func start(t *testing.T, o devserver.Options) *devserver.Server {
	t.Helper()

	if o.Port == 0 {
		o.Port, o.UIPort = devserver.AnyPort, devserver.AnyPort
	}

	s, err := devserver.Start(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop(t.Context())) })

	return s
}

// connect gives a client of a server's namespace.
func connect(t *testing.T, s *devserver.Server) client.Client {
	t.Helper()

	c, err := s.Client(t.Context())
	require.NoError(t, err)
	t.Cleanup(c.Close)

	return c
}

// pid reads from the state file which process serves a data directory.
func pid(t *testing.T, dataDir string) int {
	t.Helper()

	raw, err := os.ReadFile(filepath.Join(dataDir, "temporal.json"))
	require.NoError(t, err)

	var state struct {
		PID int `json:"pid"`
	}

	require.NoError(t, json.Unmarshal(raw, &state))

	return state.PID
}

// startWorkflow starts one that nobody carries out.
func startWorkflow(t *testing.T, c client.Client, id string) client.WorkflowRun {
	t.Helper()

	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: id, TaskQueue: "nobody"}, "Any")
	require.NoError(t, err)

	return run
}

func TestStart(t *testing.T) {
	t.Parallel()

	t.Run("StateOutlivesAKilledServer", func(t *testing.T) {
		t.Parallel()

		dir := t.TempDir()
		first := start(t, devserver.Options{DataDir: dir})
		run := startWorkflow(t, connect(t, first), "webhook/store/1")

		require.NoError(t, first.Err())
		require.NoError(t, syscall.Kill(pid(t, dir), syscall.SIGKILL))
		<-first.Done()
		require.ErrorContains(t, first.Err(), "ended unexpectedly: signal: killed")
		require.NoError(t, first.Stop(t.Context()))

		second := start(t, devserver.Options{DataDir: dir})
		require.NotEqual(t, devserver.SourceAdopted, second.Source)

		found, err := connect(t, second).DescribeWorkflow(t.Context(), run.GetID(), run.GetRunID())
		require.NoError(t, err)
		require.Equal(t, enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, found.Status)
	})

	t.Run("TakenPorts", func(t *testing.T) {
		t.Parallel()

		taken := func() int {
			l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, l.Close()) })

			addr, ok := l.Addr().(*net.TCPAddr)
			require.True(t, ok)

			return addr.Port
		}

		var p progress

		port, uiPort := taken(), taken()
		s := start(t, devserver.Options{InMemory: true, Port: port, UIPort: uiPort, Progress: p.addf})
		require.NotContains(t, s.Address, strconv.Itoa(port))
		require.Contains(t, p.String(), fmt.Sprintf("port %d is taken", port))
		require.Contains(t, p.String(), fmt.Sprintf("port %d is taken, Temporal's Web UI gets", uiPort))
	})

	t.Run("DirectoryInUse", func(t *testing.T) {
		t.Parallel()

		dir := t.TempDir()
		s := start(t, devserver.Options{DataDir: dir})

		_, err := devserver.Start(t.Context(), devserver.Options{DataDir: dir})
		require.ErrorIs(t, err, devserver.ErrInUse)
		require.ErrorContains(t, err, dir)

		// Stopping makes it free again.
		require.NoError(t, s.Stop(t.Context()))
		start(t, devserver.Options{DataDir: dir})
	})

	t.Run("SearchAttributesAndRetention", func(t *testing.T) {
		t.Parallel()

		dir := t.TempDir()
		o := devserver.Options{DataDir: dir, Namespace: "orders", SearchAttributes: map[string]enumspb.IndexedValueType{
			"Store": enumspb.INDEXED_VALUE_TYPE_KEYWORD,
		}}
		s := start(t, o)

		require.NoError(t, s.PrepareNamespace(t.Context(), "orders", o.SearchAttributes), "a second time")
		require.NoError(t, s.Stop(t.Context()))

		// The database exists now, and one attribute is new to it.
		o.SearchAttributes["Outcome"] = enumspb.INDEXED_VALUE_TYPE_KEYWORD_LIST
		s = start(t, o)
		c := connect(t, s)

		listed, err := c.OperatorService().ListSearchAttributes(t.Context(), &operatorservice.ListSearchAttributesRequest{Namespace: "orders"})
		require.NoError(t, err)
		require.Equal(t, o.SearchAttributes, listed.GetCustomAttributes())

		described, err := c.WorkflowService().DescribeNamespace(t.Context(), &workflowservice.DescribeNamespaceRequest{Namespace: "orders"})
		require.NoError(t, err)
		require.Equal(t, devserver.DefaultRetention, described.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration())

		err = s.PrepareNamespace(t.Context(), "orders", map[string]enumspb.IndexedValueType{"Store": enumspb.INDEXED_VALUE_TYPE_INT})
		require.ErrorContains(t, err, "Store exists with type Keyword, type Int is needed")
	})

	t.Run("StopLeavesNothing", func(t *testing.T) {
		t.Parallel()

		dir := t.TempDir()
		s := start(t, devserver.Options{DataDir: dir})
		process := pid(t, dir)

		require.NoError(t, s.Stop(t.Context()))
		<-s.Done()
		require.NoError(t, s.Err())
		require.ErrorIs(t, syscall.Kill(process, 0), syscall.ESRCH)
		require.Zero(t, pid(t, dir))

		_, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", s.Address)
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
	})

	t.Run("InMemoryLeavesNoFiles", func(t *testing.T) {
		t.Parallel()

		s := start(t, devserver.Options{InMemory: true})
		require.DirExists(t, s.DataDir)
		require.NoError(t, s.Stop(t.Context()))
		require.NoDirExists(t, s.DataDir)
	})

	for name, tc := range map[string]struct {
		options devserver.Options
		want    string
	}{
		"NoDirectory":          {devserver.Options{}, "no data directory given"},
		"DirectoryLikeAQuery":  {devserver.Options{DataDir: "/tmp/what?"}, "must not contain"},
		"AddressWithoutServer": {devserver.Options{Address: "127.0.0.1:1"}, "no Temporal server answers at 127.0.0.1:1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			_, err := devserver.Start(t.Context(), tc.options)
			require.ErrorContains(t, err, tc.want)
		})
	}
}
