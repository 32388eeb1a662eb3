package helm_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	core "k8s.io/api/core/v1"
)

// binaryDir is where binary puts what it builds.
var binaryDir string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "orderbridge-helm-")
	if err != nil {
		panic(err)
	}
	binaryDir = dir
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// binary builds the command once.
var binary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(binaryDir, "orderbridge")
	build := exec.Command("go", "build", "-o", path, "./cmd/orderbridge")
	build.Dir = filepath.Join("..", "..")
	build.Stderr = os.Stderr
	return path, build.Run()
})

// TestEnvironment starts every container with the arguments, the variables and
// the files that it gets. What runs on must say that it has started, although
// no Temporal is there, and end in order; a Job must get as far as asking
// Temporal.
func TestEnvironment(t *testing.T) {
	t.Parallel()
	path, err := binary()
	require.NoError(t, err)
	for _, set := range sets(t) {
		t.Run(set, func(t *testing.T) {
			t.Parallel()
			o := decode(t, values(t, set))
			for name, template := range o.templates() {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					c := container(t, template)
					ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
					defer cancel()
					command := exec.CommandContext(ctx, path, c.Args...)
					command.Env = variables(t, o, template)
					if len(c.Ports) > 0 {
						startAndEnd(t, command)
						return
					}
					if c.Args[0] == "setup" {
						command.Args = append(command.Args, "--wait", "1ms") // nobody will answer
					}
					output, err := command.CombinedOutput()
					require.Error(t, err)
					require.Contains(t, string(output), "Temporal", "it must get as far as that")
					for _, mistake := range []string{"unknown command", "unknown flag", "invalid argument", "cannot be used:\n", "not every variable"} {
						require.NotContains(t, strings.ToLower(string(output)), mistake)
					}
				})
			}
		})
	}
}

// startAndEnd waits until a process says that it has started, and stops it as
// Kubernetes does.
func startAndEnd(t *testing.T, command *exec.Cmd) {
	t.Helper()
	log, err := command.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	var said strings.Builder
	lines := bufio.NewScanner(log)
	started := false
	for lines.Scan() {
		said.WriteString(lines.Text() + "\n")
		if !started && (strings.Contains(lines.Text(), `"msg":"started"`) || strings.Contains(lines.Text(), "msg=started")) {
			started = true
			require.NoError(t, command.Process.Signal(syscall.SIGTERM))
		}
	}
	require.NoError(t, command.Wait(), said.String())
	require.True(t, started, said.String())
}

// variables returns the environment of a container as it is on this machine:
// files are in a directory of the test, addresses are free ones, and Temporal is
// nowhere.
func variables(t *testing.T, o objects, template core.PodTemplateSpec) []string {
	t.Helper()
	root := t.TempDir()
	for _, volume := range template.Spec.Volumes {
		if volume.Projected == nil {
			continue
		}
		dir := filepath.Join(root, mountOf(t, template, volume.Name))
		require.NoError(t, os.MkdirAll(dir, 0o700))
		for _, source := range volume.Projected.Sources {
			for _, item := range source.Secret.Items {
				content := contentOf(t, o, source.Secret.Name, item)
				require.NoError(t, os.WriteFile(filepath.Join(dir, item.Path), content, 0o600))
			}
		}
	}
	environment := plain(t, container(t, template))
	out := make([]string, 0, len(environment))
	for name, value := range environment {
		switch {
		case name == "TEMPORAL_ADDRESS":
			value = "127.0.0.1:1"
		case name == "ORDERBRIDGE_LISTEN_ADDRESS", name == "ORDERBRIDGE_OPS_ADDRESS":
			value = "127.0.0.1:0"
		case name == "ORDERBRIDGE_DRAIN_DELAY":
			value = "0s" // nobody waits for it here
		case strings.HasPrefix(value, "/run/secrets/"):
			value = filepath.Join(root, value)
		}
		out = append(out, name+"="+value)
	}
	return out
}

// contentOf returns what is in a file: what the chart's own Secret has, or
// something of the kind that belongs there.
func contentOf(t *testing.T, o objects, secret string, item core.KeyToPath) []byte {
	t.Helper()
	if own, ok := o.secrets[secret]; ok {
		return own.Data[item.Key]
	}
	switch item.Path {
	case "api-tokens":
		return []byte("alice:change:" + someKey)
	case "keeper-url", "previous-keeper-urls":
		key := base64.URLEncoding.EncodeToString([]byte("a key of tests that has 32 bytes"))
		return []byte("base64key://" + key)
	case "tracing-headers":
		return []byte("x-key=abc")
	case "ca.crt", "tls.crt":
		return certificate(t).authority
	case "tls.key":
		return certificate(t).key
	default:
		return []byte(someKey)
	}
}
