package pipeline_test

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/workflow"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/process"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/rolloutcmd"
	"github.com/orderbridge/orderbridge/worker"
	"github.com/orderbridge/orderbridge/workflows"
)

const deployment = "shop"

// build are the variables of a process that is a build of the workers.
func build(id string) []string {
	return []string{"ORDERBRIDGE_WORKER_DEPLOYMENT=" + deployment, "ORDERBRIDGE_WORKER_BUILD_ID=" + id}
}

// rollout runs the command as that of a build.
func (p *pipeline) rollout(id string, args ...string) (string, error) {
	p.t.Helper()
	cmd := rolloutcmd.New(append(build(id), "TEMPORAL_ADDRESS="+p.address, "TEMPORAL_NAMESPACE="+p.namespace))
	var out bytes.Buffer
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	cmd.SetArgs(args)
	cmd.SilenceUsage, cmd.SilenceErrors = true, true
	err := cmd.ExecuteContext(p.ctx)
	return out.String(), err
}

// rolledOut makes a build the current one once its workers are there.
func (p *pipeline) rolledOut(id string) {
	p.t.Helper()
	out, err := p.rollout(id, "--wait", patience.String())
	require.NoError(p.t, err, out)
	require.Contains(p.t, out, "new work goes to workers of build "+id+" of shop now\n")
}

// otherwise makes order workflows begin in another way than they do: no history
// of theirs replays on the code as it is, and none of that code on them.
type otherwise struct{ interceptor.InterceptorBase }

// InterceptWorkflow implements interceptor.WorkerInterceptor.
func (*otherwise) InterceptWorkflow(ctx workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	if workflow.GetInfo(ctx).WorkflowType.Name != workflows.OrderWebhookType {
		return next
	}
	return &otherOrder{interceptor.WorkflowInboundInterceptorBase{Next: next}}
}

type otherOrder struct {
	interceptor.WorkflowInboundInterceptorBase
}

// ExecuteWorkflow implements interceptor.WorkflowInboundInterceptor.
func (o *otherOrder) ExecuteWorkflow(ctx workflow.Context, in *interceptor.ExecuteWorkflowInput) (any, error) {
	if err := workflow.Sleep(ctx, time.Millisecond); err != nil {
		return nil, err
	}
	return o.Next.ExecuteWorkflow(ctx, in)
}

// startOther runs a worker of a build whose order workflows are other code, until
// the test ends or the function returned is called.
func (p *pipeline) startOther(id string) (stop func()) {
	p.t.Helper()
	config, err := process.Load(append(build(id), "ORDERBRIDGE_MASTER_KEY="+masterKey, "ORDERBRIDGE_CHANNEL_CACHE_TTL=100ms",
		"ORDERBRIDGE_WORKER_STOP_TIMEOUT=1s", "ORDERBRIDGE_SURVEY_EVERY=0s", "TEMPORAL_ADDRESS="+p.address, "TEMPORAL_NAMESPACE="+p.namespace))
	require.NoError(p.t, err)
	logger := slog.New(slog.NewJSONHandler(p.log, nil))
	temporal, namespace, err := worker.Connect(worker.Connection{
		Environment: config.Environment, Logger: logger, Interceptors: []interceptor.ClientInterceptor{&otherwise{}},
	})
	require.NoError(p.t, err)
	secrets, err := config.Secrets()
	require.NoError(p.t, err)
	keeper, err := config.Keeper(p.ctx)
	require.NoError(p.t, err)
	other, err := worker.New(config.Worker, worker.Dependencies{
		Client: temporal, Namespace: namespace, Keeper: keeper, Secrets: secrets, Registry: prometheus.NewRegistry(),
		Labels: activities.NewLabels(1), UserAgent: "Orderbridge/test", Logger: logger,
	})
	require.NoError(p.t, err)
	require.NoError(p.t, other.Start())
	stop = sync.OnceFunc(func() {
		other.Stop()
		temporal.Close()
		if err := keeper.Close(); err != nil {
			p.t.Errorf("the keeper was not closed in order: %v", err)
		}
	})
	p.t.Cleanup(stop)
	return stop
}

// newVersioned sets up an ingress, which is all that has no build, and saves the
// channel on the build that begin starts.
func newVersioned(t *testing.T, first string, begin func(*pipeline) (stop func())) (p *pipeline, stop func()) {
	t.Helper()
	p = newBarePipelineFor(t, 3*patience)
	p.main = p.start(process.Roles{Ingress: true})
	p.ingress = p.main.ingress
	stop = begin(p)
	p.rolledOut(first)
	channel := p.channel()
	channel.Settings.Waits.GiveUpAfter = channels.Duration(3 * patience)
	p.save(channel)
	return p, stop
}

// change cancels an order in the store and returns the run of its webhook.
func (p *pipeline) change(id int64, downstream string) string {
	p.t.Helper()
	p.order(id, downstream)
	require.NoError(p.t, p.store.SetStatus(id, bigcommerce.StatusCancelled))
	return p.runOf(id)
}

// waits changes an order that is not downstream yet, and returns its run once that
// waits.
func (p *pipeline) waits(id int64) string {
	p.t.Helper()
	run := p.change(id, "")
	p.awaitTimer(run)
	require.Eventually(p.t, func() bool {
		return p.outcomes("TemporalWorkflowVersioningBehavior='Pinned' AND WorkflowId='"+run+"'") == 1
	}, patience, 10*time.Millisecond)
	return run
}

// builds returns the builds that the workflow tasks of a run were done by, in
// order, without repetitions.
func builds(past *history.History) []string {
	var out []string
	for _, event := range past.GetEvents() {
		if done := event.GetWorkflowTaskCompletedEventAttributes(); done != nil {
			out = append(out, done.GetDeploymentVersion().GetBuildId())
		}
	}
	return slices.Compact(out)
}

func (p *pipeline) builds(workflowID string) []string {
	p.t.Helper()
	return builds(p.history(workflowID))
}

// TestRolloutMidRun replaces a worker whose order workflows are other code, while
// a run of them waits and a channel is open.
func TestRolloutMidRun(t *testing.T) {
	t.Parallel()
	p, stopOld := newVersioned(t, "a", func(p *pipeline) func() { return p.startOther("a") })
	waiting := p.waits(1)

	p.start(process.Roles{Worker: true}, build("b")...)
	before := p.change(2, "Awaiting Shipment")
	require.Equal(t, workflows.OutcomeCancelled, p.result(before).Outcome)
	require.Equal(t, []string{"a"}, p.builds(before), "a build gets nothing before it is rolled out")
	p.rolledOut("b")
	after := p.change(3, "Awaiting Shipment")
	require.Equal(t, workflows.OutcomeCancelled, p.result(after).Outcome)
	require.Equal(t, []string{"b"}, p.builds(after))
	require.False(t, p.startedEagerly(after))

	channel := p.channel()
	channel.Settings.Waits.GiveUpAfter = channels.Duration(3*patience - time.Second)
	p.save(channel)
	require.Equal(t, []string{"a", "b"}, p.builds(channels.WorkflowID(channelID)), "a channel moves on")

	status, err := p.rollout("b", "status")
	require.NoError(t, err)
	require.Regexp(t, `a +draining +0 % +1 +yes\n`, status)
	p.demo.AddOrder("1", "Awaiting Shipment")
	require.Equal(t, workflows.OutcomeCancelled, p.result(waiting).Outcome)
	require.Equal(t, []string{"a"}, p.builds(waiting), "a run ends where it began")

	stopOld()
	last := p.change(4, "Awaiting Shipment")
	require.Equal(t, workflows.OutcomeCancelled, p.result(last).Outcome)
	require.Empty(t, p.auditNow().Left)
	for id := int64(1); id <= 4; id++ {
		require.Equal(t, cancelled, p.actions(id))
	}
}

// TestOldWorkersGoTooEarly stops the workers of a build while runs of it wait.
// Nothing is lost: what replays on the new code is moved to it, and what does not
// waits for its own.
func TestOldWorkersGoTooEarly(t *testing.T) {
	t.Parallel()
	t.Run("the same code", func(t *testing.T) {
		t.Parallel()
		p, stopOld := newVersioned(t, "a", func(p *pipeline) func() {
			return p.start(process.Roles{Worker: true}, build("a")...).stop
		})
		waiting := p.waits(11)
		p.start(process.Roles{Worker: true}, build("b")...)
		p.rolledOut("b")
		stopOld()
		p.demo.AddOrder("11", "Awaiting Shipment")
		out, err := p.rollout("b", "move", "a", "--dry-run")
		require.NoError(t, err)
		require.Equal(t, waiting+" can be moved\n", out)
		require.Empty(t, p.effects(11))
		out, err = p.rollout("b", "move", "a")
		require.NoError(t, err)
		require.Equal(t, waiting+" moved\n", out)
		require.Equal(t, workflows.OutcomeCancelled, p.result(waiting).Outcome)
		require.Equal(t, []string{"a", "b"}, p.builds(waiting))
		require.Equal(t, cancelled, p.actions(11))
	})

	t.Run("other code", func(t *testing.T) {
		t.Parallel()
		p, stopOld := newVersioned(t, "a", func(p *pipeline) func() { return p.startOther("a") })
		waiting := p.waits(12)
		p.start(process.Roles{Worker: true}, build("b")...)
		p.rolledOut("b")
		stopOld()
		p.demo.AddOrder("12", "Awaiting Shipment")
		out, err := p.rollout("b", "move", "a")
		require.EqualError(t, err, "1 of 1 runs stay with build a of shop: start its workers again, they end there")
		require.Equal(t, waiting+" stays: this code does not know its history\n", out)
		p.startOther("a")
		require.Equal(t, workflows.OutcomeCancelled, p.result(waiting).Outcome)
		require.Equal(t, []string{"a"}, p.builds(waiting))
		require.Equal(t, cancelled, p.actions(12))
	})
}

// TestSwitchVersioningOn gives a namespace whose runs have no build its first one,
// while a run waits.
func TestSwitchVersioningOn(t *testing.T) {
	t.Parallel()
	p := newBarePipelineFor(t, 3*patience)
	p.main = p.start(process.Roles{Ingress: true})
	p.ingress = p.main.ingress
	old := p.start(process.Roles{Worker: true})
	channel := p.channel()
	channel.Settings.Waits.GiveUpAfter = channels.Duration(3 * patience)
	p.save(channel)
	waiting := p.change(15, "")
	p.awaitTimer(waiting)

	p.start(process.Roles{Worker: true}, build("a")...)
	p.rolledOut("a")
	old.stop()
	p.demo.AddOrder("15", "Awaiting Shipment")
	require.Equal(t, workflows.OutcomeCancelled, p.result(waiting).Outcome)
	require.Equal(t, []string{"", "a"}, p.builds(waiting))
	require.Equal(t, cancelled, p.actions(15))
	require.Empty(t, p.auditNow().Left)
	require.Equal(t, []string{"", "a"}, p.builds(channels.WorkflowID(channelID)))
}

// TestNoEagerStartWithVersioning runs ingress and worker in one process that is a
// build: one that is not current must not get webhooks by being near to them.
func TestNoEagerStartWithVersioning(t *testing.T) {
	t.Parallel()
	p := newBarePipeline(t)
	p.main = p.start(process.Roles{Ingress: true, Worker: true}, build("a")...)
	p.ingress = p.main.ingress
	p.rolledOut("a")
	p.save(p.channel())
	run := p.change(20, "Awaiting Shipment")
	require.Equal(t, workflows.OutcomeCancelled, p.result(run).Outcome)
	require.False(t, p.startedEagerly(run))
	require.Equal(t, []string{"a"}, p.builds(run))
}

// TestWithoutVersioning compares the history of a run with one that was recorded
// before there was worker versioning.
func TestWithoutVersioning(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	run := p.change(30, "Awaiting Shipment")
	p.result(run)
	recorded, err := os.ReadFile(filepath.Join("..", "..", "..", "workflows", "testdata", "histories", recording, "cancelled.json"))
	require.NoError(t, err)
	before, err := client.HistoryFromJSON(bytes.NewReader(recorded), client.HistoryJSONOptions{})
	require.NoError(t, err)
	now := p.history(run)
	// Whether a run has to wait until its order has come to rest depends on when in
	// a second the order was changed.
	require.Subset(t, types(before), types(now))
	require.Equal(t, []string{""}, builds(now))
	for _, event := range now.GetEvents() {
		require.Equal(t, enums.VERSIONING_BEHAVIOR_UNSPECIFIED, event.GetWorkflowTaskCompletedEventAttributes().GetVersioningBehavior())
	}
}

func types(past *history.History) []enums.EventType {
	out := make([]enums.EventType, 0, len(past.GetEvents()))
	for _, event := range past.GetEvents() {
		out = append(out, event.GetEventType())
	}
	return out
}
