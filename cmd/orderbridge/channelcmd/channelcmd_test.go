package channelcmd_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/cmd/orderbridge/channelcmd"
)

// environ is that of an installation whose Temporal is nowhere.
func environ() []string {
	return []string{"ORDERBRIDGE_MASTER_KEY=MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", "TEMPORAL_ADDRESS=127.0.0.1:1"}
}

func execute(t *testing.T, stdin string, args ...string) (string, error) {
	t.Helper()
	cmd := channelcmd.New(environ())
	var out bytes.Buffer
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	cmd.SetIn(strings.NewReader(stdin))
	cmd.SetArgs(args)
	cmd.SilenceUsage, cmd.SilenceErrors = true, true
	err := cmd.ExecuteContext(t.Context())
	return out.String(), err
}

func TestEveryCommandIsExplained(t *testing.T) {
	t.Parallel()
	commands := channelcmd.New(nil).Commands()
	names := make([]string, 0, len(commands))
	for _, cmd := range commands {
		if cmd.Name() == "help" {
			continue
		}
		names = append(names, cmd.Name())
		t.Run(cmd.Name(), func(t *testing.T) {
			t.Parallel()
			out, err := execute(t, "", cmd.Name(), "--help")
			require.NoError(t, err)
			require.Contains(t, out, "Usage:\n  channels "+cmd.Name())
			require.NotEmpty(t, cmd.Long)
			for line := range strings.Lines(cmd.Long) {
				require.LessOrEqual(t, len([]rune(strings.TrimSuffix(line, "\n"))), 84, "%s", line)
			}
			require.NotNil(t, cmd.Flags().Lookup("json"))
		})
	}
	require.Equal(t, []string{
		"activate", "add", "apply", "audit", "check", "deactivate", "history", "list", "remove",
		"rotate-access-token", "rotate-downstream-token", "rotate-key", "rotate-secret", "set", "show",
	}, names)
}

func TestHelpOfACommand(t *testing.T) {
	t.Parallel()
	want, err := execute(t, "", "add", "--help")
	require.NoError(t, err)
	got, err := execute(t, "", "help", "add")
	require.NoError(t, err)
	require.Equal(t, want, got)
	all, err := execute(t, "", "help")
	require.NoError(t, err)
	require.Contains(t, all, "rotate-access-token")
}

func TestNoFlagTakesASecret(t *testing.T) {
	t.Parallel()
	var visit func(cmd *cobra.Command)
	visit = func(cmd *cobra.Command) {
		for _, name := range []string{"access-token", "client-secret", "downstream-token", "token", "secret"} {
			require.Nil(t, cmd.Flags().Lookup(name), "%s --%s", cmd.CommandPath(), name)
		}
		for _, sub := range cmd.Commands() {
			visit(sub)
		}
	}
	visit(channelcmd.New(nil))
}

func TestMisuse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	hollow := filepath.Join(dir, "hollow")
	require.NoError(t, os.WriteFile(hollow, nil, 0o600))
	bad := filepath.Join(dir, "bad.yaml")
	require.NoError(t, os.WriteFile(bad, []byte("id: main\nsettings: {signature: hunter}\nstore: {access_token: hunter2}\n"), 0o600))
	for name, tc := range map[string]struct {
		stdin string
		args  []string
		says  string
	}{
		"no id":                      {"", []string{"show"}, `give the id of the channel; see "channels show --help"`},
		"two ids":                    {"", []string{"audit", "main", "other"}, `"other" is too much`},
		"a status by its name":       {"", []string{"set", "main", "--cancel-on", "Cancelled"}, `"Cancelled" is not a number: give ids separated by commas`},
		"help for what is not there": {"", []string{"help", "delete"}, `there is no command "delete"`},
		"an unknown command":         {"", []string{"delete", "main"}, `unknown command "delete"`},
		"an unknown flag":            {"", []string{"set", "main", "--access-token", "hunter2"}, `unknown flag: --access-token; see "channels set --help"`},
		"a bad duration":             {"", []string{"set", "main", "--audit-every", "15"}, "missing unit"},
		"two secrets of one input":   {"x", []string{"add", "main", "--access-token-file", "-", "--downstream-token-file", "-"}, "--downstream-token-file: standard input is that of --access-token-file already"},
		"an empty input":             {" \n", []string{"add", "main", "--access-token-file", "-"}, "--access-token-file: standard input is empty"},
		"an empty file":              {"", []string{"add", "main", "--access-token-file", hollow}, "hollow is empty"},
		"an absent file":             {"", []string{"add", "main", "--client-secret-file", filepath.Join(dir, "absent")}, "no such file"},
		"a token that cannot go":     {"", []string{"add", "main", "--downstream-token-file", ""}, "--downstream-token-file: open"},
		"no new token":               {"", []string{"rotate-access-token", "main"}, `required flag(s) "access-token-file" not set`},
		"no new downstream token":    {"", []string{"rotate-downstream-token", "main"}, `required flag(s) "downstream-token-file" not set`},
		"no channel to seal":         {"", []string{"rotate-key"}, "name the channels, or give --all"},
		"some channels and all":      {"", []string{"rotate-key", "main", "--all"}, "name the channels or give --all, not both"},
		"no file":                    {"", []string{"apply"}, `required flag(s) "file" not set`},
		"a file that is not there":   {"", []string{"apply", "-f", filepath.Join(dir, "absent.yaml")}, "no such file"},
		"a file with mistakes":       {"", []string{"apply", "-f", bad}, bad + ":2:12: channel main: settings.signature"},
		"an input with mistakes":     {"{", []string{"apply", "-f", "-"}, "stdin cannot be applied:\nstdin:1:1: this is no YAML"},
		"an id that cannot be":       {"", []string{"show", "../main"}, `there is no such sales channel: "orderbridge channels list" shows those that there are`},
		"a Temporal that is nowhere": {"", []string{"list"}, "Temporal does not answer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := execute(t, tc.stdin, tc.args...)
			require.ErrorContains(t, err, tc.says)
			require.NotContains(t, out+err.Error(), "hunter2")
		})
	}
}
