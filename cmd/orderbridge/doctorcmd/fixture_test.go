package doctorcmd_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http/httptest"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/rest/resttest"
	"github.com/orderbridge/orderbridge/activities/seal"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/doctorcmd"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/process"
	"github.com/orderbridge/orderbridge/ingress/logtest"
	"github.com/orderbridge/orderbridge/worker/devserver/devservertest"
	"github.com/orderbridge/orderbridge/workflows"
)

func TestMain(m *testing.M) { os.Exit(devservertest.Main(m)) }

const (
	masterKey = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
	patience  = time.Minute
)

// installation is a store, an order system and a process between them, in a
// namespace of the test's own.
type installation struct {
	t         *testing.T
	ctx       context.Context //nolint:containedctx // the deadline of the whole test
	address   string
	namespace string
	client    client.Client
	store     *bigcommercetest.Store
	account   bigcommercetest.Account
	system    *resttest.System

	stop    func() // ends the process
	ingress string
	ops     string
	proc    *process.Process
}

// newInstallation sets all up but the process.
func newInstallation(t *testing.T) *installation {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	server := devservertest.Start(t, workflows.SearchAttributes())
	i := &installation{t: t, ctx: ctx, address: server.Address, namespace: server.CreateNamespace(t)}
	i.client = server.Connect(t, i.namespace)
	i.store = bigcommercetest.New(t, bigcommercetest.WithHTTPDestinations())
	i.account = i.store.AddAccount("orderbridge")
	i.system = resttest.New(t)
	return i
}

// start runs ingress and worker.
func (i *installation) start() {
	i.t.Helper()
	config, err := process.Load(append(i.environ(),
		"ORDERBRIDGE_LISTEN_ADDRESS=127.0.0.1:0", "ORDERBRIDGE_OPS_ADDRESS=127.0.0.1:0", "ORDERBRIDGE_WORKER_STOP_TIMEOUT=1s"))
	require.NoError(i.t, err)
	log := &logtest.Buffer{}
	i.proc, err = process.New(config, process.Options{Roles: process.Roles{Ingress: true, Worker: true}, Log: log})
	require.NoError(i.t, err)
	ctx, cancel := context.WithCancel(context.WithoutCancel(i.ctx))
	ended, listening := make(chan error, 1), make(chan struct{})
	go func() {
		ended <- i.proc.Run(ctx, func(ingress, ops string) {
			i.ingress, i.ops = ingress, ops
			close(listening)
		})
	}()
	i.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			i.t.Errorf("the process ended badly: %v", err)
		}
		if err := i.proc.Close(); err != nil {
			i.t.Errorf("the process was not closed in order: %v", err)
		}
		if i.t.Failed() {
			i.t.Logf("the log of the process:\n%s", log)
		}
	})
	i.t.Cleanup(i.stop)
	select {
	case <-listening:
	case err := <-ended:
		i.t.Fatalf("the process did not start: %v", err)
	}
}

func (i *installation) environ() []string {
	return []string{"ORDERBRIDGE_MASTER_KEY=" + masterKey, "TEMPORAL_ADDRESS=" + i.address, "TEMPORAL_NAMESPACE=" + i.namespace}
}

// seal seals a secret with the key of the installation.
func (i *installation) seal(plain string) seal.Sealed {
	i.t.Helper()
	sealed, err := i.proc.Keeper.Seal(i.ctx, plain)
	require.NoError(i.t, err)
	return sealed
}

// connect saves a channel "main" between the two systems.
func (i *installation) connect() {
	i.t.Helper()
	statuses := []string{"Awaiting Shipment"}
	_, err := channels.Save(i.ctx, i.client, workflows.TaskQueueChannels, channels.SaveRequest{By: "test", Channel: channels.Channel{
		ID: "main", Active: true, CallbackURL: "http://" + i.ingress + channels.CallbackPath("main"),
		Store:      channels.Store{Hash: i.store.Hash, BaseURL: i.store.URL, AccessToken: i.seal(i.account.AccessToken)},
		Downstream: channels.Downstream{Adapter: "rest", BaseURL: i.system.URL, Token: i.seal(i.system.Token)},
		Settings:   channels.Settings{ValidCancellationStatuses: statuses, ValidFulfillmentStatuses: statuses},
	}})
	require.NoError(i.t, err)
}

// doctor runs the command as a person would, with some more of an environment.
// What it prints must not hold a secret.
func (i *installation) doctor(environ []string, args ...string) (string, error) {
	i.t.Helper()
	cmd := doctorcmd.New(append(i.environ(), environ...))
	var out bytes.Buffer
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	cmd.SetArgs(args)
	cmd.SilenceUsage, cmd.SilenceErrors = true, true
	err := cmd.ExecuteContext(i.ctx)
	for _, secret := range []string{masterKey, i.account.AccessToken, i.account.ClientSecret, i.system.Token} {
		require.NotContains(i.t, out.String(), secret)
	}
	return out.String(), err
}

// findings returns what the command says with --json, by the names of the checks,
// those of a channel after its id and a colon.
func (i *installation) findings(environ []string, args ...string) map[string]doctorcmd.Finding {
	i.t.Helper()
	out, err := i.doctor(environ, append(args, "--json")...)
	var report doctorcmd.Report
	require.NoError(i.t, json.Unmarshal([]byte(out), &report), out)
	require.Equal(i.t, err != nil, report.Result == "failed", "the exit status says it too")
	found := map[string]doctorcmd.Finding{}
	for _, finding := range report.Checks {
		name := finding.Check
		if finding.Channel != "" {
			name = finding.Channel + ": " + name
		}
		require.NotContains(i.t, found, name)
		require.Equal(i.t, finding.Result == "warning" || finding.Result == "failed", finding.Advice != "", "%s: %s", name, finding.Detail)
		found[name] = finding
	}
	return found
}

// requireFinding checks one of the findings.
func requireFinding(t *testing.T, found map[string]doctorcmd.Finding, name, result, detail, advice string) {
	t.Helper()
	require.Contains(t, found, name)
	require.Equal(t, result, string(found[name].Result), found[name].Detail)
	require.Contains(t, found[name].Detail, detail)
	require.Contains(t, found[name].Advice, advice)
}

// nowhere is the address of a server that is gone.
func nowhere(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(nil)
	server.Close()
	return server.Listener.Addr().String()
}

// withoutAwaiting are the statuses of the order system but one.
func withoutAwaiting() []downstream.Status {
	return slices.DeleteFunc(resttest.Statuses(), func(s downstream.Status) bool { return s.Name == "Awaiting Shipment" })
}
