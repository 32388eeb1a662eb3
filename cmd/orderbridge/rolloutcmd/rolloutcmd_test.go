package rolloutcmd_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/orderbridge/orderbridge/cmd/orderbridge/rolloutcmd"
	"github.com/orderbridge/orderbridge/worker/devserver/devservertest"
	"github.com/orderbridge/orderbridge/workflows"
)

func TestMain(m *testing.M) { os.Exit(devservertest.Main(m)) }

const patience = "60s"

// installation is a namespace in which builds of the workers come and go.
type installation struct {
	t       *testing.T
	environ []string
	client  client.Client
}

func newInstallation(t *testing.T) *installation {
	t.Helper()
	server := devservertest.Start(t, nil)
	namespace := server.CreateNamespace(t)
	return &installation{t: t, client: server.Connect(t, namespace), environ: []string{
		"TEMPORAL_ADDRESS=" + server.Address, "TEMPORAL_NAMESPACE=" + namespace, "ORDERBRIDGE_WORKER_DEPLOYMENT=shop",
	}}
}

// rollout runs the command as a person would, as that of a build.
func (i *installation) rollout(build string, args ...string) (string, error) {
	i.t.Helper()
	return run(i.t, append([]string{"ORDERBRIDGE_WORKER_BUILD_ID=" + build}, i.environ...), args...)
}

func run(t *testing.T, environ []string, args ...string) (string, error) {
	t.Helper()
	cmd := rolloutcmd.New(environ)
	var out bytes.Buffer
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	cmd.SetArgs(args)
	cmd.SilenceUsage, cmd.SilenceErrors = true, true
	err := cmd.ExecuteContext(t.Context())
	return out.String(), err
}

// done runs the command, which must succeed, and returns what it printed.
func (i *installation) done(build string, args ...string) string {
	i.t.Helper()
	out, err := i.rollout(build, args...)
	require.NoError(i.t, err, out)
	return out
}

// seen is what is compared of a build.
type seen struct {
	BuildID    string  `json:"build_id"`
	State      string  `json:"state"`
	Percentage float32 `json:"percentage"`
}

func (i *installation) builds() (unversioned bool, builds []seen) {
	i.t.Helper()
	var status struct {
		Unversioned bool   `json:"unversioned"`
		Builds      []seen `json:"builds"`
	}
	require.NoError(i.t, json.Unmarshal([]byte(i.done("any", "status", "--json")), &status))
	return status.Unversioned, status.Builds
}

// begin starts workers of a build, or without one, on some task queues.
func (i *installation) begin(build string, queues ...string) {
	i.t.Helper()
	for _, queue := range queues {
		options := worker.Options{}
		if build != "" {
			options.DeploymentOptions = worker.DeploymentOptions{
				UseVersioning: true, Version: worker.WorkerDeploymentVersion{DeploymentName: "shop", BuildID: build},
			}
		}
		w := worker.New(i.client, queue, options)
		w.RegisterWorkflowWithOptions(func(workflow.Context) error { return nil },
			workflow.RegisterOptions{Name: "any", VersioningBehavior: workflow.VersioningBehaviorPinned})
		w.RegisterActivity(func(context.Context) error { return nil })
		require.NoError(i.t, w.Start())
		i.t.Cleanup(w.Stop)
	}
}

func all() []string {
	return []string{workflows.TaskQueue, workflows.TaskQueueChannels, workflows.TaskQueueBigCommerce, workflows.TaskQueueDownstream}
}

// TestRollout takes a build from its first workers to the end of versioning.
func TestRollout(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	_, err := i.rollout("v1")
	require.ErrorContains(t, err, "nothing was changed: no worker of build v1 of shop polls orderbridge (workflow), orderbridge (activity), ")
	_, err = i.rollout("v1", "status")
	require.ErrorContains(t, err, "knows no worker deployment shop")

	i.begin("v1", all()[:3]...)
	_, err = i.rollout("v1", "--wait", "2s")
	require.ErrorContains(t, err, "no worker of build v1 of shop polls orderbridge-downstream (activity); start such workers")
	i.begin("v1", all()[3:]...)
	require.Contains(t, i.done("v1", "--wait", patience), "new work goes to workers of build v1 of shop now\n")
	require.Contains(t, i.done("v1"), "new work goes to workers of build v1 of shop already\n")

	i.begin("v2", all()...)
	require.Contains(t, i.done("v2", "--ramp", "10", "--wait", patience), "build v2 of shop has 10 % of the work now\n")
	require.Contains(t, i.done("v2", "--ramp", "10"), "has 10 % of the work already\n")
	_, builds := i.builds()
	require.Equal(t, []seen{{"v2", "ramping", 10}, {"v1", "current", 90}}, builds, "the newest first")
	_, err = i.rollout("v1", "--ramp", "20")
	require.ErrorContains(t, err, "build v1 of shop is the current build already")

	require.Contains(t, i.done("v2", "--ramp", "0"), "build v2 of shop has no part of the work any more\n")
	require.Contains(t, i.done("v2", "--ramp", "0"), "no build has a part of the work\n")
	require.Contains(t, i.done("v2", "--ramp", "30"), "has 30 % of the work now\n")
	require.Contains(t, i.done("v2", "--build-id", "v1"), "new work goes to workers of build v1 of shop already\nbuild v2 of shop has no part",
		"going back ends the ramp")

	require.Contains(t, i.done("v2"), "new work goes to workers of build v2 of shop now\n")
	unversioned, builds := i.builds()
	require.False(t, unversioned)
	require.Contains(t, builds, seen{"v2", "current", 100})
	require.Regexp(t, `v2 +current +100 % +0 +yes`, i.done("v2", "status"))

	_, err = i.rollout("v2", "--unversioned")
	require.ErrorContains(t, err, "no worker without a build polls")
	i.begin("", all()...)
	require.Contains(t, i.done("v2", "--unversioned", "--wait", patience), "new work goes to workers without a build now\n")
	unversioned, _ = i.builds()
	require.True(t, unversioned)
}

// TestMoveNeedsTheCurrentBuild shows that runs are moved only to where this code
// is.
func TestMoveNeedsTheCurrentBuild(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	i.begin("v1", all()...)
	i.done("v1", "--wait", patience)
	_, err := i.rollout("v2", "move", "v1")
	require.ErrorContains(t, err, "nothing was moved: the current build is build v1 of shop, and this is build v2 of shop")
	_, err = i.rollout("v1", "move", "v1")
	require.ErrorContains(t, err, "name another")
	require.Equal(t, "no run stays with build v0 of shop\n", i.done("v1", "move", "v0"))
}

func TestMisuse(t *testing.T) {
	t.Parallel()
	on := []string{"ORDERBRIDGE_WORKER_DEPLOYMENT=shop", "ORDERBRIDGE_WORKER_BUILD_ID=v1", "TEMPORAL_ADDRESS=127.0.0.1:1"}
	for name, c := range map[string]struct {
		environ []string
		args    []string
		says    string
	}{
		"too much":            {on, []string{"--ramp", "101"}, `--ramp 101 must be between 0 and 100; see "rollout --help"`},
		"too little":          {on, []string{"--ramp", "-1"}, "--ramp -1 must be"},
		"a wait back":         {on, []string{"--wait", "-1s"}, "--wait -1s must not be below zero"},
		"two wishes":          {on, []string{"--unversioned", "--ramp", "1"}, "goes with neither"},
		"no build to move":    {on, []string{"move"}, `give the id of one build, as "orderbridge rollout status" shows it; see "rollout move --help"`},
		"nobody there":        {on, nil, "no Temporal answers at 127.0.0.1:1"},
		"versioning is off":   {nil, nil, "set ORDERBRIDGE_WORKER_DEPLOYMENT to the same as for the workers"},
		"an unknown build":    {on[:1], nil, "ORDERBRIDGE_WORKER_BUILD_ID is missing"},
		"a name with a colon": {[]string{"ORDERBRIDGE_WORKER_DEPLOYMENT=a:b", on[1]}, nil, `ORDERBRIDGE_WORKER_DEPLOYMENT "a:b" must have no dot and no colon`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := run(t, c.environ, c.args...)
			require.ErrorContains(t, err, c.says)
		})
	}
}
