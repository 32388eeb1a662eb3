package main

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	workflowservice "go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// readyWriter closes ready when the announcement is complete, and keeps it.
type readyWriter struct {
	bytes.Buffer

	ready chan struct{}
}

func (w *readyWriter) Write(p []byte) (int, error) {
	if bytes.HasPrefix(p, []byte("Ready")) {
		defer close(w.ready)
	}

	return w.Buffer.Write(p)
}

// startServer runs the command on dbFile until the returned function is called,
// which returns the command's error. It also returns the gRPC and UI ports.
func startServer(t *testing.T, dbFile string) (port, uiPort int, stop func() error) {
	t.Helper()

	ports, err := freePorts(t.Context(), "127.0.0.1", 2)
	require.NoError(t, err)

	ctx, cancel := context.WithCancel(t.Context())
	out := &readyWriter{ready: make(chan struct{})}
	done := make(chan error, 1)

	go func() {
		done <- run(ctx, []string{
			"server", "start-dev", "--port", strconv.Itoa(ports[0]), "--ui-port", strconv.Itoa(ports[1]),
			"--log-level", "never", "--db-filename", dbFile, "--sqlite-pragma", "journal_mode=wal",
		}, out, os.Stderr)
	}()

	select {
	case <-out.ready:
	case err := <-done:
		require.NoError(t, err)
	}

	return ports[0], ports[1], func() error {
		cancel()
		return <-done
	}
}

// TestServer is one test and not parallel because two servers in one
// process share the SQLite plugin's connections and a metrics registry.
func TestServer(t *testing.T) { //nolint:paralleltest // See above.
	dbFile := filepath.Join(t.TempDir(), "with space & 100%.db")
	port, uiPort, stop := startServer(t, dbFile)

	conn, err := grpc.NewClient(hostPort("127.0.0.1", port), grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })

	res, err := workflowservice.NewWorkflowServiceClient(conn).DescribeNamespace(t.Context(),
		&workflowservice.DescribeNamespaceRequest{Namespace: defaultNamespace})
	require.NoError(t, err)
	require.Equal(t, defaultNamespace, res.GetNamespaceInfo().GetName())

	require.NoError(t, getOK(t.Context(), "http://"+hostPort("127.0.0.1", uiPort)+"/namespaces/default/workflows/a%2Fb"))
	require.FileExists(t, dbFile)
	require.FileExists(t, dbFile+"-wal")
	require.NoFileExists(t, dbFile+".incomplete")

	err = run(t.Context(), []string{"server", "start-dev", "--port", strconv.Itoa(port)}, os.Stdout, os.Stderr)
	require.ErrorContains(t, err, "--port "+strconv.Itoa(port)+" cannot be used")

	require.NoError(t, stop())

	// Nothing listens any more: the next process can have the port. Told to stop
	// at once it does so without an error.
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", hostPort("127.0.0.1", port))
	require.NoError(t, err)
	require.NoError(t, l.Close())

	stopped, cancel := context.WithCancel(t.Context())
	cancel()

	var out bytes.Buffer

	require.NoError(t, run(stopped, []string{"server", "start-dev", "--port", strconv.Itoa(port), "--headless", "--log-level", "never"}, &out, os.Stderr))
	require.Empty(t, out.String())
}

func TestSetupFileStartsAfreshAfterAnInterruption(t *testing.T) {
	t.Parallel()

	name := filepath.Join(t.TempDir(), "temporal.db")
	require.NoError(t, os.WriteFile(name, []byte("half a schema"), 0o600))
	require.NoError(t, os.WriteFile(name+".incomplete", nil, 0o600))

	o := options{dbFilename: name, namespaces: []string{defaultNamespace}}
	require.NoError(t, prepareDatabase(o, newDatabase(o)))
	require.NoFileExists(t, name+".incomplete")

	// A complete file is left alone.
	require.NoError(t, prepareDatabase(o, newDatabase(o)))
}

func TestVersionLine(t *testing.T) {
	t.Parallel()

	var out bytes.Buffer

	require.NoError(t, run(t.Context(), []string{"--version"}, &out, os.Stderr))
	require.Regexp(t, `^temporal version \S+ \(Server \d+\.\d+\.\d+, UI \d+\.\d+\.\d+\)\n$`, out.String())
}

func TestGetOKRefusesOtherAnswers(t *testing.T) {
	t.Parallel()

	srv := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(srv.Close)

	require.ErrorContains(t, getOK(t.Context(), srv.URL), "404")
}
