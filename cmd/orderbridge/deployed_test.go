package main

import (
	"bufio"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"
)

// deploy is the folder of the files to run the command with.
const deploy = "../../deploy"

// secretFiles makes the secrets that an installation has, and returns their
// folder.
func secretFiles(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"master-key": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n",
		"api-tokens": "operator:change:0123456789abcdef0123456789abcdef\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}
	return dir
}

// startsAndStops runs the command with an environment of a deployment, in which
// only where it listens and where Temporal is are others, until it has started.
func startsAndStops(t *testing.T, environ []string, args ...string) {
	t.Helper()
	environ = slices.DeleteFunc(slices.Clone(environ), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return slices.Contains([]string{"ORDERBRIDGE_LISTEN_ADDRESS", "ORDERBRIDGE_OPS_ADDRESS", "TEMPORAL_ADDRESS"}, name)
	})
	cmd := command(t, append(environ, "ORDERBRIDGE_LISTEN_ADDRESS=127.0.0.1:0", "ORDERBRIDGE_OPS_ADDRESS=127.0.0.1:0",
		"TEMPORAL_ADDRESS=127.0.0.1:1"), args...)
	stderr, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	var log strings.Builder
	started := false
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		log.WriteString(lines.Text() + "\n")
		if strings.Contains(lines.Text(), `"msg":"started"`) {
			started = true
			require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
		}
	}
	require.NoError(t, cmd.Wait(), log.String())
	require.True(t, started, log.String())
}

// TestComposeStarts runs the processes with the environment, the command and
// the secrets that compose.yaml gives them.
func TestComposeStarts(t *testing.T) {
	t.Parallel()
	dir, err := filepath.Abs(deploy)
	require.NoError(t, err)
	settings, err := dotenv.Read(filepath.Join(dir, ".env.example"))
	require.NoError(t, err)
	project, err := loader.LoadWithContext(t.Context(), types.ConfigDetails{
		WorkingDir: dir, ConfigFiles: []types.ConfigFile{{Filename: filepath.Join(dir, "compose.yaml")}}, Environment: settings,
	})
	require.NoError(t, err)
	secrets := secretFiles(t)
	for _, name := range []string{"ingress", "worker"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			service := project.Services[name]
			environ := make([]string, 0, len(service.Environment))
			for variable, value := range service.Environment {
				path, isSecret := strings.CutPrefix(*value, "/run/secrets/")
				if isSecret {
					require.True(t, slices.ContainsFunc(service.Secrets, func(s types.ServiceSecretConfig) bool { return s.Source == path }), path)
					path = filepath.Join(secrets, path)
				} else {
					path = *value
				}
				environ = append(environ, variable+"="+path)
			}
			startsAndStops(t, environ, service.Command...)
		})
	}
}

// TestComposeSetupIsACommand looks only at the words: what the command does
// needs a server.
func TestComposeSetupIsACommand(t *testing.T) {
	t.Parallel()
	_, _, err := execute(t, nil, "setup", "--wait=2m", "--help")
	require.NoError(t, err)
}

// TestUnitsStart runs the processes with the environment of the systemd units.
func TestUnitsStart(t *testing.T) {
	t.Parallel()
	secrets := secretFiles(t)
	shared, err := dotenv.Read(filepath.Join(deploy, "systemd", "orderbridge.env.example"))
	require.NoError(t, err)
	for _, name := range []string{"ingress", "worker"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			unit, err := os.ReadFile(filepath.Join(deploy, "systemd", "orderbridge-"+name+".service"))
			require.NoError(t, err)
			var environ, args []string
			for line := range strings.Lines(string(unit)) {
				key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
				switch key {
				case "Environment":
					// %d is where systemd puts credentials.
					environ = append(environ, strings.ReplaceAll(value, "%d", secrets))
				case "ExecStart":
					args = strings.Fields(value)[1:]
				}
			}
			require.NotEmpty(t, environ)
			for variable, value := range shared {
				environ = append(environ, variable+"="+value)
			}
			startsAndStops(t, environ, args...)
		})
	}
}
