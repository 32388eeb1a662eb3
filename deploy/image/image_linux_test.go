package image_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/worker/devserver/devservertest"
	"github.com/orderbridge/orderbridge/workflows"
)

func TestMain(m *testing.M) { os.Exit(devservertest.Main(m)) }

// startTimeout bounds how long a container may take to be ready.
const startTimeout = time.Minute

// dockerfile is what the Dockerfile says, a list of arguments an instruction.
func dockerfile(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("Dockerfile")
	require.NoError(t, err)
	joined := strings.ReplaceAll(string(text), "\\\n", " ")
	instructions := map[string][]string{}
	for line := range strings.Lines(joined) {
		if name, arguments, ok := strings.Cut(strings.TrimSpace(line), " "); ok && name != "#" {
			instructions[name] = append(instructions[name], strings.TrimSpace(arguments))
		}
	}
	return instructions
}

// TestDockerfile requires that nothing but the binary is in the image, and that
// it can be run as somebody who is not root.
func TestDockerfile(t *testing.T) {
	t.Parallel()
	file := dockerfile(t)
	require.Equal(t, []string{"scratch"}, file["FROM"])
	require.Equal(t, []string{"linux-${TARGETARCH} /"}, strip(file["COPY"]))
	require.NotContains(t, file, "ADD")
	require.NotContains(t, file, "RUN")
	require.NotContains(t, file, "VOLUME")
	require.Regexp(t, `^[1-9]\d+:[1-9]\d+$`, file["USER"][0])
	require.Equal(t, []string{`["/orderbridge"]`}, file["ENTRYPOINT"])
	require.Contains(t, file["HEALTHCHECK"][0], `["/orderbridge", "health"]`)
	for _, label := range []string{"title", "description", "licenses", "version", "revision"} {
		require.Contains(t, file["LABEL"][0], "org.opencontainers.image."+label+"=")
	}
}

// strip takes the name of the binary from what is copied.
func strip(copied []string) []string {
	out := make([]string, 0, len(copied))
	for _, c := range copied {
		out = append(out, strings.ReplaceAll(strings.ReplaceAll(c, "/orderbridge /orderbridge", " /"), "  ", " "))
	}
	return out
}

// container runs what is in the image.
type container interface {
	// command returns the command that starts it.
	command(ctx context.Context, environ []string, args ...string) *exec.Cmd
	// health asks it as its health check does.
	health(ctx context.Context, environ []string) ([]byte, error)
	// stop tells it to end, as its engine does.
	stop(ctx context.Context) error
}

// TestImage runs the image against a real Temporal server, with a root file
// system that cannot be written, as nobody in particular, until it is ready.
// Where an engine answers, it is the engine's container; elsewhere the files that
// the Dockerfile puts into an image are the root of the process.
func TestImage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "run", "./deploy/release", "--binaries", "--target", "linux/"+runtime.GOARCH,
		"--out", dir, "--version", "1.2.3", "--commit", "0123abc")
	build.Dir = "../.."
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))

	// What a system would have, and the image has not.
	binary, err := os.ReadFile(filepath.Join(dir, "linux-"+runtime.GOARCH, "orderbridge"))
	require.NoError(t, err)
	require.True(t, bytes.Contains(binary, []byte("Asia/Kolkata")), "time zones")
	require.True(t, bytes.Contains(binary, []byte("ISRG Root X1")), "certificates")

	server := devservertest.Start(t, workflows.SearchAttributes())
	ops := freeAddress(t)
	environ := []string{
		"ORDERBRIDGE_MASTER_KEY=MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
		"ORDERBRIDGE_LISTEN_ADDRESS=127.0.0.1:0", "ORDERBRIDGE_OPS_ADDRESS=" + ops,
		"TEMPORAL_ADDRESS=" + server.Address, "TEMPORAL_NAMESPACE=" + server.CreateNamespace(t),
	}
	c := newContainer(t, dir)
	ctx, cancel := context.WithTimeout(t.Context(), startTimeout)
	t.Cleanup(cancel)

	out, err = c.health(ctx, environ)
	require.Error(t, err, string(out))

	cmd := c.command(ctx, environ, "serve")
	log, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = c.stop(context.WithoutCancel(ctx)) })
	lines := bufio.NewScanner(log)
	var said strings.Builder
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(said.String())
		}
	})
	for lines.Scan() {
		said.WriteString(lines.Text() + "\n")
		var line struct {
			Msg     string `json:"msg"`
			Version string `json:"version"`
		}
		require.NoError(t, json.Unmarshal(lines.Bytes(), &line), lines.Text())
		if line.Msg == "started" {
			require.Equal(t, "1.2.3", line.Version)
			waitReady(ctx, t, c, environ)
			require.NoError(t, c.stop(ctx))
		}
	}
	require.NoError(t, cmd.Wait(), said.String())
	require.Contains(t, said.String(), `"msg":"stopped"`)
}

// waitReady asks until the worker runs too, as an engine would.
func waitReady(ctx context.Context, t *testing.T, c container, environ []string) {
	t.Helper()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		out, err := c.health(ctx, environ)
		if err == nil {
			require.Equal(t, "ok\n", string(out))
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			require.Fail(t, "the container is not ready", string(out))
		}
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return listener.Addr().String()
}

func newContainer(t *testing.T, dir string) container {
	t.Helper()
	if exec.CommandContext(t.Context(), "docker", "version").Run() == nil {
		return newDocker(t, dir)
	}
	return newRoot(t, dir)
}

// docker is a container of a Docker engine.
type docker struct{ image, name string }

func newDocker(t *testing.T, dir string) *docker {
	t.Helper()
	d := &docker{image: "orderbridge-test:" + filepath.Base(dir), name: "orderbridge-test-" + filepath.Base(filepath.Dir(dir))}
	out, err := exec.CommandContext(t.Context(), "docker", "build", "--build-arg", "TARGETARCH="+runtime.GOARCH,
		"--build-arg", "VERSION=1.2.3", "--file", "Dockerfile", "--tag", d.image, dir).CombinedOutput()
	require.NoError(t, err, string(out))
	t.Cleanup(func() {
		out, err := exec.CommandContext(context.WithoutCancel(t.Context()), "docker", "image", "rm", "--force", d.image).CombinedOutput()
		require.NoError(t, err, string(out))
	})
	return d
}

func (d *docker) command(ctx context.Context, environ []string, args ...string) *exec.Cmd {
	run := []string{
		"run", "--rm", "--name", d.name, "--network=host", "--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges",
	}
	for _, variable := range environ {
		run = append(run, "--env", variable)
	}
	return exec.CommandContext(ctx, "docker", append(append(run, d.image), args...)...)
}

func (d *docker) health(ctx context.Context, _ []string) ([]byte, error) {
	return exec.CommandContext(ctx, "docker", "exec", d.name, "/orderbridge", "health").CombinedOutput()
}

func (d *docker) stop(ctx context.Context) error {
	return exec.CommandContext(ctx, "docker", "stop", d.name).Run()
}

// root is a process whose root file system is what the image holds.
type root struct {
	dir     string
	process *exec.Cmd
}

func newRoot(t *testing.T, dir string) *root {
	t.Helper()
	r := &root{dir: t.TempDir()}
	binary, err := os.ReadFile(filepath.Join(dir, "linux-"+runtime.GOARCH, "orderbridge"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(r.dir, "orderbridge"), binary, 0o555))
	// Engines mount /proc, and the Temporal SDK asks there which file it runs.
	self := filepath.Join(r.dir, "proc", "self")
	require.NoError(t, os.MkdirAll(self, 0o755))
	require.NoError(t, os.Symlink("/orderbridge", filepath.Join(self, "exe")))
	require.NoError(t, os.Chmod(r.dir, 0o555))
	t.Cleanup(func() { require.NoError(t, os.Chmod(r.dir, 0o755)) })
	return r
}

// within returns a command whose root is the folder and who is user 65532.
func (r *root) within(ctx context.Context, environ []string, args ...string) *exec.Cmd {
	const nobody = 65532
	cmd := exec.CommandContext(ctx, "/orderbridge", args...)
	cmd.Dir, cmd.Env = "/", environ
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: r.dir, Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	if os.Getuid() != 0 {
		// Without being root, in a user namespace of its own.
		cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: nobody, HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: nobody, HostID: os.Getgid(), Size: 1}}
		cmd.SysProcAttr.Credential.NoSetGroups = true
	}
	return cmd
}

func (r *root) command(ctx context.Context, environ []string, args ...string) *exec.Cmd {
	r.process = r.within(ctx, environ, args...)
	return r.process
}

func (r *root) health(ctx context.Context, environ []string) ([]byte, error) {
	return r.within(ctx, environ, "health").CombinedOutput()
}

func (r *root) stop(context.Context) error { return r.process.Process.Signal(syscall.SIGTERM) }
