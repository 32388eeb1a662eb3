package workflows_test

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/workflows"
)

// histories are those that a real server recorded of the tests in
// cmd/orderbridge/pipeline: go test ./cmd/orderbridge/pipeline -record. One
// that is replaced loses its value: give the recording of a new version a
// folder of its own.
func histories(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "histories", "*", "*.json"))
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 10, "the recorded histories are missing")
	return files
}

// TestReplay replays every recorded history on today's code. A change that
// breaks it would break the runs that are under way when it is rolled out: keep
// the old way behind workflow.GetVersion.
func TestReplay(t *testing.T) {
	t.Parallel()
	for _, file := range histories(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			replayer := worker.NewWorkflowReplayer()
			workflows.RegisterOrders(replayer)
			workflows.RegisterChannels(replayer)
			require.NoError(t, replayer.ReplayWorkflowHistoryFromJSONFile(nil, file))
		})
	}
}

// TestReplayNotices shows that the test above can fail: workflows that begin in
// another way do not replay.
func TestReplayNotices(t *testing.T) {
	t.Parallel()
	for _, file := range histories(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			replayer := worker.NewWorkflowReplayer()
			replayer.RegisterWorkflowWithOptions(func(ctx workflow.Context, in workflows.Webhook) (workflows.Result, error) {
				if err := workflow.Sleep(ctx, 1); err != nil {
					return workflows.Result{}, err
				}
				return workflows.OrderWebhook(ctx, in)
			}, workflow.RegisterOptions{Name: workflows.OrderWebhookType})
			replayer.RegisterWorkflowWithOptions(func(ctx workflow.Context, _ channels.State) error {
				return workflow.Sleep(ctx, 1)
			}, workflow.RegisterOptions{Name: workflows.SalesChannelType})
			replayer.RegisterWorkflowWithOptions(late(workflows.Audit), workflow.RegisterOptions{Name: workflows.AuditType})
			replayer.RegisterWorkflowWithOptions(late(workflows.Reconcile), workflow.RegisterOptions{Name: workflows.ReconcileType})
			replayer.RegisterWorkflowWithOptions(late(workflows.CheckIntegration), workflow.RegisterOptions{Name: workflows.CheckType})
			require.Error(t, replayer.ReplayWorkflowHistoryFromJSONFile(nil, file))
		})
	}
}

// late returns a workflow that begins with something that the other does not do.
func late[I, O any](other func(workflow.Context, I) (O, error)) func(workflow.Context, I) (O, error) {
	return func(ctx workflow.Context, in I) (O, error) {
		if err := workflow.Sleep(ctx, 1); err != nil {
			var none O
			return none, err
		}
		return other(ctx, in)
	}
}

// TestHistoriesCoverOutcomes keeps the recordings honest: each outcome of an
// order workflow has one, and so does every other workflow that does something.
func TestHistoriesCoverOutcomes(t *testing.T) {
	t.Parallel()
	names := make([]string, 0, 16)
	for _, file := range histories(t) {
		names = append(names, filepath.Base(file))
	}
	for _, want := range []string{
		"already_done", "audit", "cancelled", "channel", "channel_removed", "check", "reconcile", "secret_rotated", "conflict_cancelled", "failed_ambiguous", "fulfilled", "gave_up",
		"no_effect", "rejected", "store_unavailable", "too_late", "waited",
	} {
		require.True(t, slices.Contains(names, want+".json"), "no history of %s", want)
	}
}
