package devserver_test

import (
	"bufio"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/orderbridge/orderbridge/worker/devserver"
)

// TestKilledOwner kills a program that runs a server, which on Linux takes the
// server along, and starts on its data directory at once.
func TestKilledOwner(t *testing.T) {
	t.Parallel()

	dir := t.TempDir()

	owner := exec.CommandContext(t.Context(), os.Args[0])
	owner.Env = append(os.Environ(), ownerEnv+"="+dir)
	owner.Stderr = os.Stderr

	stdout, err := owner.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, owner.Start())

	address, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)

	c, err := client.DialContext(t.Context(), client.Options{HostPort: strings.TrimSpace(address)})
	require.NoError(t, err)
	t.Cleanup(c.Close)

	run := startWorkflow(t, c, "webhook/store/1")
	server := pid(t, dir)

	require.NoError(t, owner.Process.Kill())
	require.ErrorContains(t, owner.Wait(), "signal: killed")

	s := start(t, devserver.Options{DataDir: dir})

	found, err := connect(t, s).DescribeWorkflow(t.Context(), run.GetID(), run.GetRunID())
	require.NoError(t, err)
	require.Equal(t, enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, found.Status)

	// Gone, or not collected yet by the process that inherited it.
	require.Eventually(t, func() bool {
		line, err := os.ReadFile("/proc/" + strconv.Itoa(server) + "/cmdline")
		return err != nil || len(line) == 0
	}, 10*time.Second, 10*time.Millisecond)
}
