package venduretest_test

import (
	"bufio"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestKilledOwner kills a program that runs a server, which takes the server
// along.
func TestKilledOwner(t *testing.T) {
	t.Parallel()

	require.NoError(t, startShared())
	owner := exec.CommandContext(t.Context(), os.Args[0])
	owner.Env = append(os.Environ(), ownerEnv+"="+t.TempDir())
	owner.Stderr = os.Stderr
	stdout, err := owner.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, owner.Start())
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)
	url, pid, found := strings.Cut(strings.TrimSpace(line), " ")
	require.True(t, found)
	commandLine := "/proc/" + pid + "/cmdline"
	running, err := os.ReadFile(commandLine)
	require.NoError(t, err)
	require.Contains(t, string(running), "server.js")

	require.NoError(t, owner.Process.Kill())
	require.ErrorContains(t, owner.Wait(), "signal: killed")
	// Gone, or not collected yet by the process that inherited it.
	require.Eventually(t, func() bool {
		running, err := os.ReadFile(commandLine)
		return err != nil || len(running) == 0
	}, 10*time.Second, 10*time.Millisecond)
	requireGone(t, url)
}
