package reconcilecmd_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
	"github.com/orderbridge/orderbridge/activities/callback"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/seal"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/reconcilecmd"
	"github.com/orderbridge/orderbridge/worker/devserver/devservertest"
	"github.com/orderbridge/orderbridge/workflows"
)

func TestMain(m *testing.M) { os.Exit(devservertest.Main(m)) }

const (
	patience  = time.Minute
	masterKey = "0123456789abcdef0123456789abcdef"
)

// shop is a store, a real Temporal, and a worker whose order workflows do
// nothing but say what they have seen.
type shop struct {
	t         *testing.T
	ctx       context.Context //nolint:containedctx // the deadline of the whole test
	client    client.Client
	address   string
	namespace string
	store     *bigcommercetest.Store
	channel   channels.Channel
}

// seen is what an order workflow of this test says at its end; one that says
// nothing stays open.
type seen struct {
	Modified time.Time
	Outcome  string
}

func newShop(t *testing.T) *shop {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	server := devservertest.Start(t, workflows.SearchAttributes())
	s := &shop{t: t, ctx: ctx, address: server.Address, namespace: server.CreateNamespace(t)}
	s.client = server.Connect(t, s.namespace)
	s.store = bigcommercetest.New(t, bigcommercetest.WithPlan(bigcommercetest.PlanUnlimited))
	keeper, err := seal.NewLocal([]byte(masterKey))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, keeper.Close()) })
	token, err := keeper.Seal(ctx, s.store.AddAccount("orderbridge").AccessToken)
	require.NoError(t, err)
	secrets, err := callback.NewSecrets([]byte(masterKey))
	require.NoError(t, err)
	statuses := []string{"Awaiting Shipment"}
	s.channel = channels.Channel{
		ID: "main", Active: true, Revision: 1, CreatedAt: time.Now().Add(-time.Hour),
		Store:      channels.Store{Hash: s.store.Hash, BaseURL: s.store.URL, AccessToken: token},
		Downstream: channels.Downstream{Adapter: "none", BaseURL: "http://127.0.0.1:9", Token: token},
		Settings:   channels.Settings{ValidCancellationStatuses: statuses, ValidFulfillmentStatuses: statuses}.WithDefaults(),
	}
	acts := activities.New(activities.Dependencies{
		Directory: oneChannel{s.channel},
		Connections: activities.NewConnections(activities.ConnectionsConfig{
			Keeper: keeper,
			Drivers: downstream.Drivers{{
				Name: "none",
				Open: func(downstream.Config) (downstream.Adapter, error) { return nil, nil }, //nolint:nilnil // never used
			}},
		}),
		Secrets: secrets, Temporal: s.client, Namespace: s.namespace, Starter: s,
	})
	for _, queue := range []string{workflows.TaskQueue, channels.TaskQueue, workflows.TaskQueueBigCommerce} {
		w := worker.New(s.client, queue, worker.Options{})
		w.RegisterWorkflowWithOptions(orderWorkflow, workflow.RegisterOptions{Name: workflows.OrderWebhookType})
		w.RegisterWorkflowWithOptions(workflows.Reconcile, workflow.RegisterOptions{Name: workflows.ReconcileType})
		w.RegisterWorkflowWithOptions(channelWorkflow, workflow.RegisterOptions{Name: channels.WorkflowType})
		w.RegisterActivity(acts)
		require.NoError(t, w.Start())
		t.Cleanup(w.Stop)
	}
	_, err = s.client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: channels.WorkflowID("main"), TaskQueue: channels.TaskQueue,
	}, channels.WorkflowType, s.channel)
	require.NoError(t, err)
	return s
}

type oneChannel struct{ channel channels.Channel }

func (o oneChannel) Channel(context.Context, string) (channels.Channel, error) { return o.channel, nil }
func (oneChannel) Forget(string)                                               {}

// channelWorkflow is as much of a channel as a search needs.
func channelWorkflow(ctx workflow.Context, channel channels.Channel) error {
	var status channels.Status
	if err := workflow.SetQueryHandler(ctx, channels.QueryStatus, func() (channels.Status, error) { return status, nil }); err != nil {
		return err
	}
	if err := workflow.SetQueryHandler(ctx, channels.QueryChannel, func() (channels.Channel, error) { return channel, nil }); err != nil {
		return err
	}
	for {
		var reconciled channels.Reconciled
		workflow.GetSignalChannel(ctx, channels.SignalReconciled).Receive(ctx, &reconciled)
		status.ReconciledThrough = reconciled.Through
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

func orderWorkflow(ctx workflow.Context, _ workflows.Webhook, says seen) error {
	if says.Outcome == "" {
		workflow.GetSignalChannel(ctx, "never").Receive(ctx, nil)
		return nil
	}
	updates := []temporal.SearchAttributeUpdate{workflows.AttributeOutcome.ValueSet(says.Outcome)}
	if !says.Modified.IsZero() {
		updates = append(updates, workflows.AttributeModified.ValueSet(says.Modified))
	}
	return workflow.UpsertTypedSearchAttributes(ctx, updates...)
}

// StartOrder implements activities.OrderStarter as a worker does.
func (s *shop) StartOrder(ctx context.Context, found activities.FoundOrder) (bool, error) {
	webhook := workflows.FoundWebhook(found, time.Now())
	_, err := s.client.ExecuteWorkflow(ctx, webhook.StartOptions(), workflows.OrderWebhookType, webhook, seen{})
	if temporal.IsWorkflowExecutionAlreadyStartedError(err) {
		return false, nil
	}
	return err == nil, err
}

// changed adds an order that was cancelled some time ago.
func (s *shop) changed(id int64, ago time.Duration) time.Time {
	return s.store.AddOrder(bigcommercetest.Order{
		ID: id, StatusID: bigcommerce.StatusCancelled, DateModified: s.store.Clock().Now().Add(-ago),
	}).DateModified
}

// webhook starts the run of a webhook of an order.
func (s *shop) webhook(channel string, order int64, says seen) {
	s.t.Helper()
	hook := workflows.Webhook{
		Channel: channel, Scope: bigcommerce.ScopeOrderStatusUpdated, OrderID: order, Hash: fmt.Sprintf("%040d", time.Now().UnixNano()),
	}
	run, err := s.client.ExecuteWorkflow(s.ctx, hook.StartOptions(), workflows.OrderWebhookType, hook, says)
	require.NoError(s.t, err)
	if says.Outcome != "" {
		require.NoError(s.t, run.Get(s.ctx, nil))
	}
}

// visible waits until visibility shows so many runs.
func (s *shop) visible(query string, n int64) {
	s.t.Helper()
	require.Eventually(s.t, func() bool {
		response, err := s.client.CountWorkflow(s.ctx, &workflowservice.CountWorkflowExecutionsRequest{Query: query})
		return err == nil && response.GetCount() == n
	}, patience, 10*time.Millisecond, query)
}

// command runs the command as a person would.
func (s *shop) command(args ...string) (out, errOut string, err error) {
	s.t.Helper()
	cmd := reconcilecmd.New([]string{
		"ORDERBRIDGE_MASTER_KEY=MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
		"TEMPORAL_ADDRESS=" + s.address, "TEMPORAL_NAMESPACE=" + s.namespace,
	})
	var stdout, stderr bytes.Buffer
	cmd.SetOut(&stdout)
	cmd.SetErr(&stderr)
	cmd.SetArgs(args)
	cmd.SilenceUsage = true
	err = cmd.ExecuteContext(s.ctx)
	return stdout.String(), stderr.String(), err
}

// TestOnTemporal searches a store with a real Temporal: what its visibility says
// decides which changes were missed.
func TestOnTemporal(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	const hour = time.Hour
	read := s.changed(1, hour)
	s.webhook("main", 1, seen{read, "cancelled"})
	s.changed(2, hour)
	s.webhook("main", 2, seen{}) // open, and begun after the change
	s.changed(3, hour)           // no webhook at all
	s.changed(4, hour)
	s.webhook("other", 4, seen{read, "cancelled"}) // of another channel
	s.changed(5, hour)
	s.webhook("main", 5, seen{read, "rejected"})
	for id := range int64(60) { // more than one question to visibility
		s.changed(100+id, 30*time.Minute)
		s.webhook("main", 100+id, seen{read, "cancelled"})
	}
	s.visible(`WorkflowType="OrderWebhook" AND OrderbridgeOutcome IS NOT NULL`, 63)
	s.visible(`WorkflowType="OrderWebhook"`, 64)

	out, _, err := s.command("main", "--since", "2h", "--dry-run", "--json")
	require.NoError(t, err)
	var report activities.ReconcileReport
	require.NoError(t, json.Unmarshal([]byte(out), &report))
	require.Equal(t, activities.ReconcileCounts{Listed: 65, Mapped: 65, Covered: 62, Missed: 3}, report.ReconcileCounts)
	s.visible(`WorkflowType="OrderWebhook"`, 64)

	out, errOut, err := s.command("main")
	require.NoError(t, err)
	for _, id := range []string{"3", "4", "5"} {
		require.Regexp(t, `(?m)^`+id+` +Cancelled +2\d\d\d-`, out)
	}
	require.Contains(t, out, "65 of them in a mapped status, 3 without a webhook: 3 started now")
	require.NotContains(t, errOut, "rror")
	s.visible(`WorkflowType="OrderWebhook"`, 67)
	var status channels.Status
	value, err := s.client.QueryWorkflow(s.ctx, channels.WorkflowID("main"), "", channels.QueryStatus)
	require.NoError(t, err)
	require.NoError(t, value.Get(&status))
	require.False(t, status.ReconciledThrough.IsZero(), "the watermark has moved")

	out, _, err = s.command("main", "--since", "2h")
	require.NoError(t, err)
	require.Contains(t, out, "all seen to already: nothing is lost")

	s.replays(3)
}

// replays puts the histories of the searches through today's code once more.
func (s *shop) replays(n int) {
	s.t.Helper()
	query := "WorkflowType=" + strconv.Quote(workflows.ReconcileType)
	s.visible(query+` AND ExecutionStatus="Completed"`, int64(n))
	list, err := s.client.ListWorkflow(s.ctx, &workflowservice.ListWorkflowExecutionsRequest{Query: query})
	require.NoError(s.t, err)
	for _, execution := range list.GetExecutions() {
		events := s.client.GetWorkflowHistory(s.ctx, execution.GetExecution().GetWorkflowId(), execution.GetExecution().GetRunId(),
			false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		whole := &history.History{}
		for events.HasNext() {
			event, err := events.Next()
			require.NoError(s.t, err)
			whole.Events = append(whole.Events, event)
		}
		replayer := worker.NewWorkflowReplayer()
		replayer.RegisterWorkflowWithOptions(workflows.Reconcile, workflow.RegisterOptions{Name: workflows.ReconcileType})
		require.NoError(s.t, replayer.ReplayWorkflowHistory(log.NewStructuredLogger(slog.New(slog.DiscardHandler)), whole))
	}
}
