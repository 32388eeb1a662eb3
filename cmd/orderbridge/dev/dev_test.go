package dev_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/orderbridge/orderbridge/activities/downstream/sandbox"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/dev"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/process"
	"github.com/orderbridge/orderbridge/worker/devserver/devservertest"
	"github.com/orderbridge/orderbridge/workflows"
)

func TestMain(m *testing.M) { os.Exit(devservertest.Main(m)) }

// options are those of a run on the tests' Temporal server, in a namespace of
// its own and on ports that are free.
func options(t *testing.T, out io.Writer) dev.Options {
	t.Helper()
	server := devservertest.Start(t, workflows.SearchAttributes())
	return dev.Options{
		InMemory: true, Once: true, Out: out, Downstream: "rest",
		Environment: process.Environment{
			"TEMPORAL_ADDRESS": server.Address, "TEMPORAL_NAMESPACE": server.CreateNamespace(t), "TEMPORAL_UI_URL": "http://ui.test",
		},
		Listen: "127.0.0.1:0", StoreListen: "127.0.0.1:0", DownstreamListen: "127.0.0.1:0",
	}
}

func TestStory(t *testing.T) {
	t.Parallel()
	for _, kind := range sandbox.Kinds() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			testStory(t, kind)
		})
	}
}

func testStory(t *testing.T, kind string) {
	t.Helper()
	var out bytes.Buffer
	o := options(t, &out)
	o.Downstream = kind
	require.NoError(t, dev.Run(t.Context(), o), out.String())
	require.Contains(t, out.String(), "  ("+kind+", credential ")
	told := regexp.MustCompile(`(?m)^ {2}ok {2}Order (\d+) .* → .*\. http://ui\.test/namespaces/[^ ]+/workflows/webhook%2Fdemo%2F[^ ]+$`).
		FindAllStringSubmatch(out.String(), -1)
	require.Len(t, told, 6, out.String())
	for i, order := range []string{"218", "219", "220", "221", "222", "223"} {
		require.Equal(t, order, told[i][1])
	}
	require.NotContains(t, out.String(), "FAILED")
	require.Contains(t, out.String(), "Stopped.")
}

// TestStoryCanFail shows that a run with --once fails when the story does not
// come true: here because the ingress is given a time in which it can start
// nothing.
func TestStoryCanFail(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	o := options(t, &out)
	o.Environment["ORDERBRIDGE_START_TIMEOUT"] = "1ns"
	err := dev.Run(t.Context(), o)
	require.ErrorContains(t, err, "the story of order 218")
	require.ErrorContains(t, err, "503")
	require.Contains(t, out.String(), "FAILED  Order 218")
}

func TestBadEnvironment(t *testing.T) {
	t.Parallel()
	o := options(t, io.Discard)
	var out bytes.Buffer
	o.Environment["ORDERBRIDGE_MAX_BODY_BYTES"], o.Listen, o.StoreListen, o.Out = "many", "8080", "127.0.0.1:99999", &out
	o.Downstream = "fax"
	err := dev.Run(t.Context(), o)
	require.ErrorContains(t, err, "ORDERBRIDGE_MAX_BODY_BYTES")
	require.ErrorContains(t, err, `--downstream "fax" is none of `)
	require.ErrorContains(t, err, `--listen "8080" must look like 127.0.0.1:8080`)
	require.ErrorContains(t, err, `--store-listen "127.0.0.1:99999"`)
	require.NotContains(t, out.String(), "Temporal:", "nothing is started before")
}

// TestPortsTaken holds the preferred ports: the run takes others, says so, and
// goes on until it is told to stop.
func TestPortsTaken(t *testing.T) {
	t.Parallel()
	reader, writer := io.Pipe()
	o := options(t, writer)
	o.Once = false
	taken := make([]string, 0, 3)
	for _, address := range []*string{&o.Listen, &o.StoreListen, &o.DownstreamListen} {
		var listen net.ListenConfig
		listener, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
		require.NoError(t, err)
		t.Cleanup(func() { _ = listener.Close() })
		*address = listener.Addr().String()
		taken = append(taken, *address)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() {
		ended <- dev.Run(ctx, o)
		_ = writer.Close()
	}()
	var lines []string
	scanner := bufio.NewScanner(reader)
	for scanner.Scan() {
		lines = append(lines, scanner.Text())
		if strings.HasPrefix(scanner.Text(), "Running.") {
			requireReady(t, lines)
			stop()
		}
	}
	require.NoError(t, <-ended)
	text := strings.Join(lines, "\n")
	for _, address := range taken {
		require.Contains(t, text, address+" is taken, so it listens on 127.0.0.1:")
	}
	require.Equal(t, "Stopped.", lines[len(lines)-1])
}

// requireReady asks the ingress whose address was printed.
func requireReady(t *testing.T, lines []string) {
	t.Helper()
	address := regexp.MustCompile(`(?m)^ {2}Ingress +(http://\S+)$`).FindStringSubmatch(strings.Join(lines, "\n"))
	require.Len(t, address, 2)
	response, err := http.Get(address[1] + "/readyz")
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusOK, response.StatusCode)
}

// TestKilled kills a whole development run, with its Temporal server, and
// starts it again on the same data directory: nothing that was done is
// forgotten.
func TestKilled(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "orderbridge")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "..")
	output, err := build.CombinedOutput()
	require.NoError(t, err, string(output))
	dataDir := t.TempDir()

	first := start(t, binary, dataDir)
	before := first.until("Running.")
	require.Equal(t, int64(6), countWebhooks(t, before))
	require.NoError(t, first.cmd.Process.Kill())
	require.Error(t, first.cmd.Wait())

	// The second is killed in the middle of the story, with a run that waits.
	second := start(t, binary, dataDir)
	second.until("  …   Order 221")
	require.NoError(t, second.cmd.Process.Kill())
	require.Error(t, second.cmd.Wait())

	third := start(t, binary, dataDir)
	after := third.until("Running.")
	require.NotContains(t, after, "FAILED")
	require.GreaterOrEqual(t, countWebhooks(t, after), int64(5+3+5))
	require.Contains(t, after, `Channel "demo": set again`)
	list := exec.CommandContext(t.Context(), binary, "channels", "list")
	list.Env = []string{"HOME=" + t.TempDir()}
	for _, export := range regexp.MustCompile(`(?m)^ {2}export (\S+)$`).FindAllStringSubmatch(after, -1) {
		list.Env = append(list.Env, export[1])
	}
	listed, err := list.CombinedOutput()
	require.NoError(t, err, "what it prints is all that the commands need: %s", listed)
	require.Regexp(t, `(?m)^demo +active +healthy `, string(listed))
	require.NoError(t, third.cmd.Process.Signal(syscall.SIGINT))
	require.Contains(t, third.until("Stopped."), "Stopped.")
	require.NoError(t, third.cmd.Wait(), "Ctrl-C ends it with status 0")
}

// TestStoppedOnce shows that a run with --once that is stopped before its end
// has not succeeded.
func TestStoppedOnce(t *testing.T) {
	t.Parallel()
	reader, writer := io.Pipe()
	o := options(t, writer)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() {
		ended <- dev.Run(ctx, o)
		_ = writer.Close()
	}()
	scanner := bufio.NewScanner(reader)
	for scanner.Scan() {
		if strings.HasPrefix(scanner.Text(), "A short story") {
			stop()
		}
	}
	require.ErrorIs(t, <-ended, context.Canceled)
}

type run struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines *bufio.Scanner
	text  strings.Builder
}

func start(t *testing.T, binary, dataDir string) *run {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, "dev", "--data-dir", dataDir,
		"--listen", "127.0.0.1:0", "--store-listen", "127.0.0.1:0", "--downstream-listen", "127.0.0.1:0")
	cmd.Env = append(os.Environ(), "TEMPORAL_ADDRESS=", "TEMPORAL_NAMESPACE=")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	return &run{t: t, cmd: cmd, lines: bufio.NewScanner(out)}
}

// until reads up to a line that begins with prefix and returns all that was
// read of the run.
func (r *run) until(prefix string) string {
	r.t.Helper()
	for r.lines.Scan() {
		r.text.WriteString(r.lines.Text() + "\n")
		if strings.HasPrefix(r.lines.Text(), prefix) {
			return r.text.String()
		}
	}
	r.t.Fatalf("the run ended without %q:\n%s", prefix, r.text.String())
	return ""
}

// countWebhooks counts the order workflows on the server that a run names.
func countWebhooks(t *testing.T, printed string) int64 {
	t.Helper()
	address := regexp.MustCompile(`(?m)^Temporal: (127\.0\.0\.1:\d+),`).FindStringSubmatch(printed)
	require.Len(t, address, 2, printed)
	c, err := client.DialContext(t.Context(), client.Options{HostPort: address[1]})
	require.NoError(t, err)
	defer c.Close()
	var n int64
	require.Eventually(t, func() bool { // visibility follows a moment later
		response, err := c.CountWorkflow(t.Context(), &workflowservice.CountWorkflowExecutionsRequest{
			Query: `WorkflowType="OrderWebhook" AND OrderbridgeOutcome IS NOT NULL`,
		})
		require.NoError(t, err)
		settled := n == response.GetCount()
		n = response.GetCount()
		return settled && n > 0
	}, 10*time.Second, 500*time.Millisecond)
	return n
}

// TestOwnServerNeedsNoCredentials shows that settings for another Temporal
// server do not get in the way of our own.
func TestOwnServerNeedsNoCredentials(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	o := options(t, &out)
	o.InMemory, o.DataDir = false, t.TempDir()
	o.Environment = process.Environment{"TEMPORAL_API_KEY": "of-another-server", "TEMPORAL_TLS_SERVER_NAME": "temporal.test"}
	require.NoError(t, dev.Run(t.Context(), o), out.String())
}
