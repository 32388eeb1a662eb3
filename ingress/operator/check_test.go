package operator_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
	"github.com/orderbridge/orderbridge/activities/callback"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/downstream/rest/resttest"
	"github.com/orderbridge/orderbridge/activities/seal"
	"github.com/orderbridge/orderbridge/ingress"
	"github.com/orderbridge/orderbridge/ingress/operator"
	"github.com/orderbridge/orderbridge/worker/devserver/devservertest"
	"github.com/orderbridge/orderbridge/workflows"
)

// patience bounds what a test waits for; it is reached only by a test that fails.
const patience = 60 * time.Second

// installation is a store, an order system, an ingress and workers between them,
// on a real Temporal server.
type installation struct {
	t        *testing.T
	ctx      context.Context //nolint:containedctx // the deadline of the whole test
	temporal client.Client
	store    *bigcommercetest.Store
	account  bigcommercetest.Account
	demo     *resttest.System
	keeper   *seal.Keeper
	secrets  *callback.Secrets
	address  string // of the ingress
	operator *operator.Service
}

func newInstallation(t *testing.T, account ...bigcommercetest.AccountOption) *installation {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	server := devservertest.Start(t, workflows.SearchAttributes())
	namespace := server.CreateNamespace(t)
	i := &installation{
		t: t, ctx: ctx, temporal: server.Connect(t, namespace),
		store: bigcommercetest.New(t, bigcommercetest.WithHTTPDestinations()), demo: resttest.New(t),
	}
	i.account = i.store.AddAccount("orderbridge", account...)
	key := bytes.Repeat([]byte("k"), seal.MasterKeySize)
	var err error
	i.keeper, err = seal.NewLocal(key)
	require.NoError(t, err)
	i.secrets, err = callback.NewSecrets(key)
	require.NoError(t, err)
	i.operator = operator.New(i.temporal, namespace, i.keeper, drivers())
	i.work(namespace)
	i.listen()
	saved, err := channels.Save(ctx, i.temporal, channels.TaskQueue, channels.SaveRequest{By: "test", Channel: i.channel()})
	require.NoError(t, err)
	require.NotEmpty(t, saved.Subscribed)
	return i
}

// work runs the workers.
func (i *installation) work(namespace string) {
	i.t.Helper()
	acts := activities.New(activities.Dependencies{
		Directory:   channels.NewDirectory(i.temporal, time.Millisecond),
		Connections: activities.NewConnections(activities.ConnectionsConfig{Keeper: i.keeper, Drivers: drivers()}),
		Secrets:     i.secrets, Temporal: i.temporal, Namespace: namespace,
	})
	for _, queue := range []string{workflows.TaskQueueChannels, workflows.TaskQueueBigCommerce, workflows.TaskQueueDownstream} {
		w := worker.New(i.temporal, queue, worker.Options{DisableWorkflowWorker: queue != workflows.TaskQueueChannels})
		if queue == workflows.TaskQueueChannels {
			w.RegisterWorkflowWithOptions(workflows.SalesChannel, workflow.RegisterOptions{Name: workflows.SalesChannelType})
			w.RegisterWorkflowWithOptions(workflows.Connection, workflow.RegisterOptions{Name: workflows.ConnectionType})
			w.RegisterWorkflowWithOptions(workflows.CheckIntegration, workflow.RegisterOptions{Name: workflows.CheckType})
		}
		w.RegisterActivity(acts)
		require.NoError(i.t, w.Start())
		i.t.Cleanup(w.Stop)
	}
}

// listen runs the ingress.
func (i *installation) listen() {
	i.t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(i.ctx, "tcp", "127.0.0.1:0")
	require.NoError(i.t, err)
	i.address = listener.Addr().String()
	server, err := ingress.New(ingress.Config{
		ListenAddress: i.address, MaxBodyBytes: 65536, StartTimeout: 3 * time.Second, ReadTimeout: 5 * time.Second, ShutdownTimeout: 5 * time.Second,
	}, ingress.Dependencies{
		Starter: &ingress.TemporalStarter{Client: i.temporal}, Notifier: &ingress.TemporalNotifier{Client: i.temporal},
		Secrets: i.secrets, Registry: prometheus.NewRegistry(), Logger: slog.New(slog.DiscardHandler),
	})
	require.NoError(i.t, err)
	ctx, cancel := context.WithCancel(context.WithoutCancel(i.ctx))
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx, listener) }()
	i.t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			i.t.Errorf("the ingress ended badly: %v", err)
		}
	})
}

func (i *installation) channel() channels.Channel {
	i.t.Helper()
	seals := func(plain string) seal.Sealed {
		sealed, err := i.keeper.Seal(i.ctx, plain)
		require.NoError(i.t, err)
		return sealed
	}
	return channels.Channel{
		ID: "main", Active: true, CallbackURL: "http://" + i.address + "/webhooks/bigcommerce/main",
		Store: channels.Store{
			Hash: i.store.Hash, BaseURL: i.store.URL, AccessToken: seals(i.account.AccessToken), ClientSecret: seals(i.account.ClientSecret),
		},
		Downstream: channels.Downstream{Adapter: "rest", BaseURL: i.demo.URL, Token: seals(i.demo.Token)},
		Settings: channels.Settings{
			ValidCancellationStatuses: []string{"Awaiting Shipment"}, ValidFulfillmentStatuses: []string{"Awaiting Shipment"},
			AuditEvery: channels.Duration(24 * time.Hour), ReconcileEvery: channels.Duration(24 * time.Hour),
		},
	}
}

// done waits for the end of a check.
func (i *installation) done(run operator.CheckRun) activities.CheckReport {
	i.t.Helper()
	var report activities.CheckReport
	require.Eventually(i.t, func() bool {
		var ended bool
		var err error
		report, ended, err = i.operator.CheckProgress(i.ctx, run)
		require.NoError(i.t, err)
		return ended
	}, patience, 20*time.Millisecond)
	return report
}

// clean requires that nothing of a check is left in the store.
func (i *installation) clean() {
	i.t.Helper()
	for _, hook := range i.store.Hooks() {
		require.NotEqual(i.t, bigcommerce.ScopeOrderMetafieldCreated, hook.Scope)
	}
	require.Empty(i.t, i.store.Metafields(7))
}

func results(report activities.CheckReport) map[string]activities.CheckResult {
	out := map[string]activities.CheckResult{}
	for _, step := range report.Steps {
		out[step.Name] = step.Result
	}
	return out
}

func TestCheckAllTheWayRound(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	i.store.AddOrder(bigcommercetest.Order{ID: 7, StatusID: bigcommerce.StatusAwaitingShipment})
	run, err := i.operator.StartCheck(i.ctx, "ann", "main", true)
	require.NoError(t, err)
	again, err := i.operator.StartCheck(i.ctx, "bob", "main", true)
	require.NoError(t, err)
	report := i.done(run)
	if again.RunID == run.RunID {
		require.True(t, again.Joined, "it is the one that was under way")
	} else { // the first was over already
		require.False(t, again.Joined)
		i.done(again)
	}
	require.False(t, run.Joined)
	require.Equal(t, map[string]activities.CheckResult{
		activities.CheckStepChannel: activities.CheckOK, activities.CheckStepToken: activities.CheckOK,
		activities.CheckStepScopes: activities.CheckOK, activities.CheckStepHooks: activities.CheckOK,
		activities.CheckStepCallback: activities.CheckWarning, // http, as only development has it
		activities.CheckStepDelivery: activities.CheckOK, activities.CheckStepDownstream: activities.CheckOK,
		activities.CheckStepRules: activities.CheckOK, activities.CheckStepSignature: activities.CheckOK,
	}, results(report), "%+v", report)
	require.Equal(t, activities.CheckWarning, report.Result)
	require.Contains(t, report.Steps[4].Detail, "leads to an ingress of Orderbridge")
	require.Contains(t, report.Steps[5].Detail, "BigCommerce delivered a callback")
	i.clean()
	hooks := len(i.store.Hooks())
	require.Positive(t, hooks)

	_, err = i.operator.StartCheck(i.ctx, "ann", "nobody", true)
	require.True(t, operator.IsKind(err, operator.KindUnknownChannel), "%v", err)
	_, _, err = i.operator.CheckProgress(i.ctx, operator.CheckRun{WorkflowID: channels.CheckID("main"), RunID: "5f0b8c1e-3b7a-4a55-9d51-0d1d8f5e7c11"})
	require.True(t, operator.IsKind(err, operator.KindUnknownChannel), "%v", err)
}

func TestCheckOfAReadOnlyAccount(t *testing.T) {
	t.Parallel()
	i := newInstallation(t, bigcommercetest.WithReadOnlyOrders())
	i.store.AddOrder(bigcommercetest.Order{ID: 7, StatusID: bigcommerce.StatusAwaitingShipment})
	run, err := i.operator.StartCheck(i.ctx, "ann", "main", true)
	require.NoError(t, err)
	report := i.done(run)
	require.Equal(t, activities.CheckWarning, results(report)[activities.CheckStepDelivery])
	require.Equal(t, activities.CheckOK, results(report)[activities.CheckStepScopes])
	require.Contains(t, report.Steps[5].Detail, "no permission to create a metafield of order 7")
	i.clean()
	for _, call := range i.store.Calls() {
		require.False(t, call.Method == http.MethodPost && strings.Contains(call.Path, "metafields") && call.Status < 400)
	}
}

// TestCheckIsCancelled: what a check is making when it is cancelled is removed
// once it is made.
func TestCheckIsCancelled(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	i.store.AddOrder(bigcommercetest.Order{ID: 7, StatusID: bigcommerce.StatusAwaitingShipment})
	i.store.Faults().FailNext(1, http.MethodPost, "/v3/hooks", bigcommercetest.Slow(1500*time.Millisecond))
	run, err := i.operator.StartCheck(i.ctx, "ann", "main", true)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return i.underWay(run, "PrepareTrial") }, patience, 10*time.Millisecond)
	require.NoError(t, i.temporal.CancelWorkflow(i.ctx, run.WorkflowID, run.RunID))
	require.Error(t, i.temporal.GetWorkflow(i.ctx, run.WorkflowID, run.RunID).Get(i.ctx, nil))
	require.Eventually(t, i.made, patience, 10*time.Millisecond, "the activity that makes the hook is not broken off")
	i.clean()
	_, done, err := i.operator.CheckProgress(i.ctx, run)
	require.True(t, done)
	var failure *operator.Error
	require.ErrorAs(t, err, &failure)
	require.Equal(t, operator.KindFailed, failure.Kind)
	require.Contains(t, failure.Message, "Canceled")
}

// made reports whether a hook of a check was made, and may be gone by now.
func (i *installation) made() bool {
	count := 0
	for _, call := range i.store.Calls() {
		if call.Method == http.MethodPost && call.Path == "/v3/hooks" {
			count++
		}
	}
	return count > 2 // two are the channel's own
}

// underWay reports whether an activity of a run has begun and not ended.
func (i *installation) underWay(run operator.CheckRun, name string) bool {
	described, err := i.temporal.DescribeWorkflowExecution(i.ctx, run.WorkflowID, run.RunID)
	require.NoError(i.t, err)
	for _, pending := range described.GetPendingActivities() {
		if pending.GetActivityType().GetName() == name && pending.GetState() == enums.PENDING_ACTIVITY_STATE_STARTED {
			return true
		}
	}
	return false
}
