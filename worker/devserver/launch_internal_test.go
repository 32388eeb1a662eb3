package devserver

import (
	"bufio"
	"context"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
)

func TestAdopt(t *testing.T) {
	t.Parallel()

	setup := func(t *testing.T) (Options, *recorder) {
		t.Helper()

		r := newRecorder()

		o, err := Options{DataDir: t.TempDir(), Port: AnyPort, UIPort: AnyPort, Progress: r.progressf}.withDefaults()
		require.NoError(t, err)

		return o, r
	}

	// leave runs a command on the data directory as a program does that is then
	// killed: the process and the state stay, the lock goes.
	leave := func(t *testing.T, o Options, path string) *process {
		t.Helper()

		dir, err := openDataDir(o)
		require.NoError(t, err)

		p, err := choosePorts(t.Context(), o)
		require.NoError(t, err)

		proc, err := startProcess(exec.Command(path, arguments(o, dir, p)...))
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, proc.stop(t.Context())) })

		require.NoError(t, dir.writeState(state{PID: proc.pid, Address: address(p.grpc), UIURL: "http://" + address(p.ui)}))
		require.NoError(t, dir.close())

		return proc
	}

	t.Run("ServerThatIsWell", func(t *testing.T) {
		t.Parallel()

		o, r := setup(t)

		path, _, err := find(t.Context(), o)
		require.NoError(t, err)

		left := leave(t, o, path)

		// Not answering yet would be a reason to replace it.
		dir := &dataDir{path: o.DataDir}
		st, err := dir.readState()
		require.NoError(t, err)

		answering := newServer(o, dir, left)
		answering.Address = st.Address
		require.NoError(t, answering.awaitReady(t.Context()))

		s, err := Start(t.Context(), o)
		require.NoError(t, err)
		require.Equal(t, SourceAdopted, s.Source)
		require.Equal(t, st.Address, s.Address)
		require.Equal(t, st.UIURL, s.UIURL)
		require.Contains(t, r.String(), "taking over the Temporal server that was left running")

		require.NoError(t, s.Stop(t.Context()))
		<-left.done
		<-s.Done()
		require.NoError(t, s.Err())
	})

	t.Run("ServerThatDoesNotAnswer", func(t *testing.T) {
		t.Parallel()

		o, r := setup(t)
		left := leave(t, o, newCommands(t, map[string]string{"temporal": "temporal that never answers"}).path("temporal"))

		s, err := Start(t.Context(), o)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Stop(t.Context())) })

		<-left.done
		require.NotEqual(t, SourceAdopted, s.Source)
		require.Contains(t, r.String(), "stopping a Temporal server that was left")
	})

	t.Run("OtherProcessWithThatNumber", func(t *testing.T) {
		t.Parallel()

		o, r := setup(t)

		dir, err := openDataDir(o)
		require.NoError(t, err)
		require.NoError(t, dir.writeState(state{PID: os.Getpid(), Address: "127.0.0.1:7233"}))
		require.NoError(t, dir.close())

		s, err := Start(t.Context(), o)
		require.NoError(t, err)
		require.NotEqual(t, SourceAdopted, s.Source)
		require.NotContains(t, r.String(), "left")
		require.NoError(t, s.Stop(t.Context()))
	})

	t.Run("DamagedState", func(t *testing.T) {
		t.Parallel()

		o, _ := setup(t)

		dir, err := openDataDir(o)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(dir.file(stateName), []byte("{"), 0o600))
		require.NoError(t, dir.close())

		_, err = Start(t.Context(), o)
		require.ErrorContains(t, err, "temporal.json is damaged")

		// The directory was released.
		dir, err = openDataDir(o)
		require.NoError(t, err)
		require.NoError(t, dir.close())
	})
}

func TestSpawn(t *testing.T) {
	t.Parallel()

	spawnFake := func(t *testing.T, behavior string) (commands, *recorder, error) {
		t.Helper()

		c, r := newCommands(t, map[string]string{"temporal": behavior}), newRecorder()

		o, err := Options{InMemory: true, DataDir: t.TempDir(), Port: AnyPort, UIPort: AnyPort, Progress: r.progressf}.withDefaults()
		require.NoError(t, err)

		dir, err := openDataDir(o)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, dir.close()) })

		_, err = spawn(t.Context(), o, dir, c.path("temporal"), SourcePath)

		return c, r, err
	}

	t.Run("ErrorHasTheLog", func(t *testing.T) {
		t.Parallel()

		c, _, err := spawnFake(t, "temporal that fails")
		require.ErrorContains(t, err, "exit status 1")
		require.ErrorContains(t, err, "the disk is on fire")
		require.ErrorContains(t, err, logName)
		require.Len(t, c.calls(t, "temporal"), 1)
	})

	t.Run("PortTakenMeanwhile", func(t *testing.T) {
		t.Parallel()

		c, r, err := spawnFake(t, "temporal without a port")
		require.ErrorContains(t, err, "address already in use")
		require.Contains(t, r.String(), "trying other ports")

		calls := c.calls(t, "temporal")
		require.Len(t, calls, startAttempts)
		require.NotEqual(t, calls[0], calls[1], "the ports")
	})

	t.Run("NoProgram", func(t *testing.T) {
		t.Parallel()

		o, err := Options{InMemory: true, DataDir: t.TempDir()}.withDefaults()
		require.NoError(t, err)

		_, err = spawn(t.Context(), o, &dataDir{path: o.DataDir}, filepath.Join(o.DataDir, "missing"), SourceCached)
		require.ErrorIs(t, err, fs.ErrNotExist)
	})
}

func TestChildEnvironment(t *testing.T) {
	t.Parallel()

	require.Equal(t, []string{"HOME=/root", "Path=C:\\"}, childEnvironment([]string{
		"HOME=/root", "BIGCOMMERCE_ACCESS_TOKEN=secret", "TEMPORAL_ADDRESS=example.com:7233", "Path=C:\\", "TEMPORARY=x",
	}))
}

func TestProcessThatWillNotStopIsKilled(t *testing.T) {
	t.Parallel()

	fake := newCommands(t, map[string]string{"temporal": "temporal that will not stop"}).path("temporal")
	reader, writer, err := os.Pipe()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, reader.Close()) })

	cmd := exec.Command(fake)
	cmd.Stdout = writer

	proc, err := startProcess(cmd)
	require.NoError(t, err)
	require.NoError(t, writer.Close())

	// It says so when it has made itself deaf.
	_, err = bufio.NewReader(reader).ReadString('\n')
	require.NoError(t, err)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, proc.stop(ctx))
	require.Equal(t, "signal: killed", proc.state())
	require.NoError(t, proc.stop(ctx), "a second time")
}

// TestSDKStartsTheExecutable: the SDK's own launcher takes ours for the official
// one, or the other way round.
func TestSDKStartsTheExecutable(t *testing.T) {
	t.Parallel()

	o, err := Options{InMemory: true}.withDefaults()
	require.NoError(t, err)

	path, _, err := find(t.Context(), o)
	require.NoError(t, err)

	server, err := testsuite.StartDevServer(t.Context(), testsuite.DevServerOptions{
		ExistingPath: path, EnableUI: false, DBFilename: filepath.Join(t.TempDir(), "temporal.db"), LogLevel: "error", LogFormat: "json",
		ClientOptions: &client.Options{Namespace: "orders", Logger: sdklog.NewStructuredLogger(o.Logger)},
		Stdout:        io.Discard, Stderr: io.Discard,
	})
	require.NoError(t, err)

	_, err = server.Client().CheckHealth(t.Context(), &client.CheckHealthRequest{})
	require.NoError(t, err)
	server.Client().Close()
	require.NoError(t, server.Stop())
}

func TestLogTail(t *testing.T) {
	t.Parallel()

	name := t.TempDir() + "/log"
	require.Empty(t, logTail(name))

	require.NoError(t, os.WriteFile(name, []byte(strings.Repeat("early\n", 5000)+"last words\n"), 0o600))

	tail := logTail(name)
	require.True(t, strings.HasSuffix(tail, "\n\tlast words"), tail)
	require.Equal(t, tailLines, strings.Count(tail, "\n"))
}
