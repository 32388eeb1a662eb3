package subscriptions_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/seal"
	"github.com/orderbridge/orderbridge/worker/devserver/devservertest"
)

// TestTemporalRepeatsAnAuditWithoutQuota uses up the store's quota in the middle
// of an audit. The attempt that succeeds reports what the one before did, and
// that it waited.
func TestTemporalRepeatsAnAuditWithoutQuota(t *testing.T) {
	t.Parallel()
	temporalClient := devservertest.Start(t, nil).NewNamespace(t)
	f := setup(t)
	f.run(f.sync())
	require.NoError(t, f.store.DeactivateHook(f.store.Hooks()[0].ID))
	f.store.AddHook(bigcommercetest.Hook{
		ClientID: f.account.ClientID, Scope: bigcommerce.ScopeOrderStatusUpdated, Destination: "https://bridge.example/old",
		Headers: f.headers(),
	})
	f.store.Faults().FailNext(1, http.MethodDelete, "/hooks", bigcommercetest.RateLimited(time.Second))

	keeper, err := seal.NewLocal(masterKey)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, keeper.Close()) })
	token, err := keeper.Seal(t.Context(), f.account.AccessToken)
	require.NoError(t, err)
	f.channel.Store = channels.Store{Hash: f.store.Hash, BaseURL: f.store.URL, AccessToken: token}
	acts := activities.New(activities.Dependencies{
		Connections: activities.NewConnections(activities.ConnectionsConfig{Keeper: keeper}), Secrets: f.secrets,
	})
	const queue = "audits"
	w := worker.New(temporalClient, queue, worker.Options{})
	w.RegisterActivity(acts)
	w.RegisterWorkflowWithOptions(func(ctx workflow.Context, request activities.SyncRequest) (report channels.AuditReport, err error) {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
			StartToCloseTimeout: time.Minute, RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 2},
		})
		err = workflow.ExecuteActivity(ctx, acts.SyncSubscriptions, request).Get(ctx, &report)
		return report, err
	}, workflow.RegisterOptions{Name: "audit"})
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)

	run, err := temporalClient.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: queue}, "audit",
		activities.SyncRequest{Channel: f.channel, Cause: channels.AuditRequested})
	require.NoError(t, err)
	var report channels.AuditReport
	require.NoError(t, run.Get(t.Context(), &report))
	require.Equal(t, []channels.FindingKind{channels.FindingDeactivated, channels.FindingQuota, channels.FindingDuplicate}, kinds(report.Found))
	require.Equal(t, "The audit waited for the next window.", report.Found[1].Done)
	require.Empty(t, report.Left)
	require.Len(t, report.Done, 2)
}
