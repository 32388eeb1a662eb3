package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
)

// asCommand makes the test binary be the command itself.
const asCommand = "TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		os.Exit(run())
	}
	os.Exit(m.Run())
}

// execute runs the command in this process.
func execute(t *testing.T, environ []string, args ...string) (out, errOut string, err error) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	root := newRootCommand(environ, &stdout, &stderr)
	root.SetArgs(args)
	err = root.ExecuteContext(t.Context())
	return stdout.String(), stderr.String(), err
}

// command returns the command as a process of its own.
func command(t *testing.T, environ []string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append([]string{asCommand + "=1", "HOME=" + t.TempDir()}, environ...)
	return cmd
}

func TestVersionCommand(t *testing.T) {
	t.Parallel()
	out, errOut, err := execute(t, nil, "version")
	require.NoError(t, err)
	require.Empty(t, errOut)
	require.Regexp(t, `^orderbridge \S+ \(commit \S+, `+runtime.Version()+`\)\n$`, out)
}

func TestVersionFlagSaysTheSame(t *testing.T) {
	t.Parallel()
	want, _, err := execute(t, nil, "version")
	require.NoError(t, err)
	out, errOut, err := execute(t, nil, "--version")
	require.NoError(t, err)
	require.Empty(t, errOut)
	require.Equal(t, want, out)
}

func TestVersionCommandAsJSON(t *testing.T) {
	t.Parallel()
	out, _, err := execute(t, nil, "version", "--json")
	require.NoError(t, err)
	var version map[string]string
	require.NoError(t, json.Unmarshal([]byte(out), &version))
	require.Len(t, version, 3)
	require.NotEmpty(t, version["version"])
	require.NotEmpty(t, version["commit"])
	require.Equal(t, runtime.Version(), version["go"])
}

func TestHelp(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		args []string
		says []string
	}{
		"root":             {nil, []string{"BigCommerce", "serve", "ingress", "worker", "dev", "version", "docs/configuration.md"}},
		"serve":            {[]string{"serve"}, []string{"Run ingress and worker in one process", "SIGTERM", "docs/configuration.md", "TEMPORAL_"}},
		"ingress":          {[]string{"ingress"}, []string{"Run the ingress alone", "docs/configuration.md"}},
		"worker":           {[]string{"worker"}, []string{"Run the worker alone", "docs/configuration.md"}},
		"dev":              {[]string{"dev"}, []string{"Temporal server", "fake BigCommerce store", "an order system", "--once", "--data-dir", "--in-memory"}},
		"temporal":         {[]string{"temporal"}, []string{"Temporal server of development runs", "prepare"}},
		"vendure":          {[]string{"vendure"}, []string{"Vendure of development runs", "prepare"}},
		"temporal prepare": {[]string{"temporal", "prepare"}, []string{"fetch or build the server"}},
		"version":          {[]string{"version"}, []string{"version, commit and Go version", "--json"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, errOut, err := execute(t, nil, append(tc.args, "--help")...)
			require.NoError(t, err)
			require.Empty(t, errOut)
			for _, words := range tc.says {
				require.Contains(t, out, words)
			}
		})
	}
}

func TestEveryCommandSaysWhatItDoes(t *testing.T) {
	t.Parallel()
	var visit func(*cobra.Command)
	visit = func(cmd *cobra.Command) {
		require.NotEmpty(t, cmd.Short, cmd.CommandPath())
		require.False(t, strings.HasSuffix(cmd.Short, "."), cmd.CommandPath())
		for _, sub := range cmd.Commands() {
			visit(sub)
		}
	}
	visit(newRootCommand(nil, &bytes.Buffer{}, &bytes.Buffer{}))
}

func TestMisuse(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		args []string
		says string
	}{
		"unknown command":             {[]string{"sevre"}, `unknown command "sevre"`},
		"unknown flag":                {[]string{"serve", "--prot", "8080"}, `unknown flag: --prot; see "orderbridge serve --help"`},
		"unknown flag of dev":         {[]string{"dev", "--twice"}, "unknown flag: --twice"},
		"an argument too many":        {[]string{"version", "please"}, `unknown command "please"`},
		"reconcile without a channel": {[]string{"reconcile"}, `give the id of the channel; see "orderbridge reconcile --help"`},
		"reconcile since nothing":     {[]string{"reconcile", "main", "--since", ""}, `--since "": say from when`},
		"channels without an id":      {[]string{"channels", "show"}, `give the id of the channel; see "orderbridge channels show --help"`},
		"unknown temporal command":    {[]string{"temporal", "start"}, `unknown command "start"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, errOut, err := execute(t, nil, tc.args...)
			require.ErrorContains(t, err, tc.says)
			require.Empty(t, errOut, "main prints the error, once")
		})
	}
}

func TestServeReportsAllMistakesAtOnce(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"serve", "ingress", "worker"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := execute(t, []string{
				"ORDERBRIDGE_MASTER_KEY=hunter2", "ORDERBRIDGE_LOG_LEVEL=loud", "ORDERBRIDGE_START_TIMEOUT=1h", "ORDERBRIDGE_TYPO=1",
			}, name)
			for _, variable := range []string{
				"ORDERBRIDGE_MASTER_KEY", "ORDERBRIDGE_LOG_LEVEL", "ORDERBRIDGE_START_TIMEOUT", "ORDERBRIDGE_TYPO",
			} {
				require.ErrorContains(t, err, variable)
			}
			require.NotContains(t, err.Error(), "hunter2")
		})
	}
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		args []string
		code int
		says string
	}{
		"success":         {[]string{"version"}, 0, ""},
		"no command":      {nil, 0, ""},
		"unknown command": {[]string{"sevre"}, 1, "orderbridge: unknown command"},
		"configuration":   {[]string{"serve"}, 1, "orderbridge: the configuration cannot be used:\n  ORDERBRIDGE_MASTER_KEY is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := command(t, nil, tc.args...)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			_ = cmd.Run() // its code says it
			require.Equal(t, tc.code, cmd.ProcessState.ExitCode(), stderr.String())
			require.True(t, strings.HasPrefix(stderr.String(), tc.says), stderr.String())
		})
	}
}

func TestServeStopsInOrderOnASignal(t *testing.T) {
	t.Parallel()
	for _, signal := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			cmd := command(t, []string{
				"ORDERBRIDGE_MASTER_KEY=MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", "ORDERBRIDGE_LISTEN_ADDRESS=127.0.0.1:0",
				"ORDERBRIDGE_OPS_ADDRESS=127.0.0.1:0", "TEMPORAL_ADDRESS=127.0.0.1:1",
			}, "serve")
			stderr, err := cmd.StderrPipe()
			require.NoError(t, err)
			require.NoError(t, cmd.Start())
			var log strings.Builder
			lines := bufio.NewScanner(stderr)
			for lines.Scan() {
				log.WriteString(lines.Text() + "\n")
				if strings.Contains(lines.Text(), `"msg":"started"`) {
					require.NoError(t, cmd.Process.Signal(signal))
				}
			}
			require.NoError(t, cmd.Wait(), log.String())
			require.Contains(t, log.String(), `"msg":"stopped"`)
		})
	}
}
