package doctorcmd_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/orderbridge/orderbridge/cmd/orderbridge/doctorcmd"
	"github.com/orderbridge/orderbridge/workflows"
)

// TestDoctorOfVersionedWorkers sees that workers poll in vain, and who does not.
func TestDoctorOfVersionedWorkers(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	version := worker.WorkerDeploymentVersion{DeploymentName: "orderbridge", BuildID: "v7"}
	w := worker.New(i.client, workflows.TaskQueue, worker.Options{DeploymentOptions: worker.DeploymentOptions{
		UseVersioning: true, Version: version, DefaultVersioningBehavior: workflow.VersioningBehaviorPinned,
	}})
	w.RegisterWorkflow(func(workflow.Context) error { return nil })
	w.RegisterActivity(func() error { return nil })
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
	name := "queue " + workflows.TaskQueue
	require.Eventually(t, func() bool {
		return i.findings(nil)[name].Detail == "Workers poll it, but none that new work goes to: no version of a worker deployment is current."
	}, patience, 50*time.Millisecond)
	requireFinding(t, i.findings(nil), name, "failed", "", `"orderbridge rollout"`)

	require.Eventually(t, func() bool {
		_, err := i.client.WorkerDeploymentClient().GetHandle("orderbridge").SetCurrentVersion(i.ctx, client.WorkerDeploymentSetCurrentVersionOptions{BuildID: "v7"})
		return err == nil
	}, patience, 50*time.Millisecond)
	require.Eventually(t, func() bool { return i.findings(nil)[name].Result == "ok" }, patience, 50*time.Millisecond)
	requireFinding(t, i.findings(nil), name, "ok", "(build v7).", "")
}

// TestDoctorOfAProcessThatIsNotReady passes on what it says of itself.
func TestDoctorOfAProcessThatIsNotReady(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	there := i.namespace
	i.namespace = "nobodys"
	i.start()
	i.namespace = there
	environ := []string{"ORDERBRIDGE_LISTEN_ADDRESS=" + i.ingress, "ORDERBRIDGE_OPS_ADDRESS=" + i.ops}
	found := i.findings(environ)
	for _, name := range []string{"ingress", "operators"} {
		requireFinding(t, found, name, "failed", "is not ready: temporal: the Temporal namespace does not exist", "its log")
	}
}

func TestJudgeClock(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		at     time.Time
		result string
		says   string
		ahead  time.Duration
	}{
		"between":          {noon.Add(time.Millisecond), "ok", "agree, to 5ms", 0},
		"a little behind":  {noon.Add(-20 * time.Second), "ok", "agree, to 20s", -20 * time.Second},
		"far behind":       {noon.Add(-time.Hour), "warning", "1h0m0s apart", -time.Hour},
		"far ahead of us":  {noon.Add(2*time.Minute + 5*time.Millisecond), "warning", "2m0s apart", 2 * time.Minute},
		"just not too far": {noon.Add(time.Minute + 5*time.Millisecond), "ok", "agree, to 1m0s", time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			finding, ahead := doctorcmd.JudgeClock(c.at, noon, noon.Add(5*time.Millisecond))
			require.Equal(t, c.result, string(finding.Result))
			require.Contains(t, finding.Detail, c.says)
			require.Equal(t, c.ahead, ahead)
		})
	}
}
