package pipeline_test

import (
	"context"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
	"github.com/orderbridge/orderbridge/activities/callback"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/downstream/rest/resttest"
	"github.com/orderbridge/orderbridge/activities/seal"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/process"
	"github.com/orderbridge/orderbridge/ingress/logtest"
	"github.com/orderbridge/orderbridge/worker/devserver/devservertest"
	"github.com/orderbridge/orderbridge/workflows"
)

// record writes the histories of some tests to where the replay test reads
// them: go test ./cmd/orderbridge/pipeline -record.
var record = flag.Bool("record", false, "record histories for the replay test")

func TestMain(m *testing.M) { os.Exit(devservertest.Main(m)) }

// recording is the folder of the histories that this code records. Histories
// that a release has recorded stay as they are.
const recording = "v0.2"

const (
	channelID = "main"
	masterKey = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
	patience  = 60 * time.Second
)

// pipeline is a store, an order system and a process between them, in a
// Temporal namespace of the test's own.
type pipeline struct {
	t         *testing.T
	ctx       context.Context //nolint:containedctx // the deadline of the whole test
	namespace string
	address   string // of Temporal
	client    client.Client
	store     *bigcommercetest.Store
	account   bigcommercetest.Account
	demo      *resttest.System
	log       *logtest.Buffer

	ingress string
	main    *instance
}

// instance is one running process.
type instance struct {
	process *process.Process
	stop    func()
	ingress string
}

// newPipeline sets everything up and saves a channel that acts in "Awaiting
// Shipment".
func newPipeline(t *testing.T) *pipeline {
	t.Helper()
	p := newBarePipeline(t)
	p.main = p.start(process.Roles{Ingress: true, Worker: true})
	p.ingress = p.main.ingress
	p.save(p.channel())
	return p
}

// newBarePipeline sets up all but the process and the channel.
func newBarePipeline(t *testing.T, storeOptions ...bigcommercetest.Option) *pipeline {
	t.Helper()
	return newBarePipelineFor(t, patience, storeOptions...)
}

// newBarePipelineFor is newBarePipeline for a test that takes longer than others.
func newBarePipelineFor(t *testing.T, longest time.Duration, storeOptions ...bigcommercetest.Option) *pipeline {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), longest)
	t.Cleanup(cancel)
	server := devservertest.Start(t, workflows.SearchAttributes())
	p := &pipeline{t: t, ctx: ctx, log: &logtest.Buffer{}, address: server.Address, namespace: server.CreateNamespace(t)}
	p.client = server.Connect(t, p.namespace)
	p.store = bigcommercetest.New(t, append([]bigcommercetest.Option{bigcommercetest.WithHTTPDestinations()}, storeOptions...)...)
	p.account = p.store.AddAccount("orderbridge")
	p.demo = resttest.New(t)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the log of the process:\n%s", p.log)
		}
	})
	return p
}

// start runs one process until the test ends or stop is called.
func (p *pipeline) start(roles process.Roles, environ ...string) *instance {
	p.t.Helper()
	config, err := process.Load(append([]string{
		"ORDERBRIDGE_MASTER_KEY=" + masterKey,
		"ORDERBRIDGE_LISTEN_ADDRESS=127.0.0.1:0",
		"ORDERBRIDGE_OPS_ADDRESS=127.0.0.1:0",
		"ORDERBRIDGE_CHANNEL_CACHE_TTL=100ms",
		"ORDERBRIDGE_WORKER_STOP_TIMEOUT=1s",
		"ORDERBRIDGE_LOG_LEVEL=debug",
		"TEMPORAL_ADDRESS=" + p.address,
		"TEMPORAL_NAMESPACE=" + p.namespace,
	}, environ...))
	require.NoError(p.t, err)
	proc, err := process.New(config, process.Options{Roles: roles, Log: p.log})
	require.NoError(p.t, err)
	ctx, cancel := context.WithCancel(context.WithoutCancel(p.ctx))
	ended := make(chan error, 1)
	listening := make(chan string, 1)
	go func() { ended <- proc.Run(ctx, func(ingress, _ string) { listening <- ingress }) }()
	one := &instance{process: proc}
	one.stop = sync.OnceFunc(func() {
		cancel()
		// assert, not require: it may run after the test has ended.
		if err := <-ended; err != nil {
			p.t.Errorf("the process ended badly: %v", err)
		}
		if err := proc.Close(); err != nil {
			p.t.Errorf("the process was not closed in order: %v", err)
		}
	})
	p.t.Cleanup(one.stop)
	select {
	case one.ingress = <-listening:
	case err := <-ended:
		p.t.Fatalf("the process did not start: %v", err)
	}
	return one
}

// channel is the main channel, as it is saved first.
func (p *pipeline) channel() channels.Channel {
	p.t.Helper()
	return p.channelBetween(channelID, p.store, p.account, p.demo)
}

func (p *pipeline) seal(plain string) seal.Sealed {
	p.t.Helper()
	sealed, err := p.main.process.Keeper.Seal(p.ctx, plain)
	require.NoError(p.t, err)
	return sealed
}

// channelBetween is a channel between a store and an order system.
func (p *pipeline) channelBetween(id string, store *bigcommercetest.Store, account bigcommercetest.Account, demo *resttest.System) channels.Channel {
	p.t.Helper()
	statuses := []string{"Awaiting Shipment"}
	return channels.Channel{
		ID: id, Active: true,
		CallbackURL: "http://" + p.ingress + "/webhooks/bigcommerce/" + id,
		Store:       channels.Store{Hash: store.Hash, BaseURL: store.URL, AccessToken: p.seal(account.AccessToken)},
		Downstream:  channels.Downstream{Adapter: "rest", BaseURL: demo.URL, Token: p.seal(demo.Token)},
		Settings: channels.Settings{
			ValidCancellationStatuses: statuses, ValidFulfillmentStatuses: statuses,
			Waits: channels.Waits{
				First: ms(200), Longest: ms(400), GiveUpAfter: ms(4000), Settle: ms(1), RetryFor: ms(30_000),
			},
		},
	}
}

func ms(n int) channels.Duration { return channels.Duration(time.Duration(n) * time.Millisecond) }

func (p *pipeline) save(channel channels.Channel) channels.SaveResult {
	p.t.Helper()
	result, err := channels.Save(p.ctx, p.client, workflows.TaskQueueChannels, channels.SaveRequest{By: "test", Channel: channel})
	require.NoError(p.t, err)
	return result
}

// order makes an order that is awaiting fulfillment in the store and in the
// given status downstream; none if the status is empty.
func (p *pipeline) order(id int64, status string) {
	p.t.Helper()
	p.store.AddOrder(bigcommercetest.Order{ID: id, StatusID: bigcommerce.StatusAwaitingFulfillment})
	if status != "" {
		p.demo.AddOrder(strconv.FormatInt(id, 10), status)
	}
}

// moveDownstream changes the status of an order in the order system.
func (p *pipeline) moveDownstream(id int64, status string) {
	p.t.Helper()
	order, ok := p.demo.Order(strconv.FormatInt(id, 10))
	require.True(p.t, ok)
	require.NoError(p.t, p.demo.SetStatus(order.ID, status))
}

// runOf waits for the webhook of an order's status change to be taken, and
// returns the id of its workflow.
func (p *pipeline) runOf(id int64) string {
	p.t.Helper()
	var workflowID string
	require.Eventually(p.t, func() bool {
		for _, d := range p.store.Deliveries() {
			if d.OrderID == id && d.Scope == bigcommerce.ScopeOrderStatusUpdated && d.OK() {
				workflowID = workflows.Webhook{Channel: channelID, Scope: d.Scope, OrderID: id, Hash: d.EventHash}.ID()
			}
		}
		return workflowID != ""
	}, patience, 5*time.Millisecond, "the webhook of order %d was not taken", id)
	return workflowID
}

// result waits for the end of a run.
func (p *pipeline) result(workflowID string) workflows.Result {
	p.t.Helper()
	var result workflows.Result
	require.NoError(p.t, p.client.GetWorkflow(p.ctx, workflowID, "").Get(p.ctx, &result))
	return result
}

// effects returns what was done to an order downstream.
func (p *pipeline) effects(id int64) []resttest.Effect {
	var out []resttest.Effect
	for _, effect := range p.demo.Effects() {
		if effect.OrderNumber == strconv.FormatInt(id, 10) {
			out = append(out, effect)
		}
	}
	return out
}

// actions returns the actions alone.
func (p *pipeline) actions(id int64) []resttest.Action {
	effects := p.effects(id)
	out := make([]resttest.Action, 0, len(effects))
	for _, effect := range effects {
		out = append(out, effect.Action)
	}
	return out
}

// history returns the whole history of a run.
func (p *pipeline) history(workflowID string) *history.History {
	p.t.Helper()
	events := p.client.GetWorkflowHistory(p.ctx, workflowID, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	whole := &history.History{}
	for events.HasNext() {
		event, err := events.Next()
		require.NoError(p.t, err)
		whole.Events = append(whole.Events, event)
	}
	return whole
}

// recordHistory keeps a history for the replay test, with -record.
func (p *pipeline) recordHistory(name, workflowID string) {
	p.t.Helper()
	if !*record {
		return
	}
	text, err := protojson.MarshalOptions{Multiline: true}.Marshal(p.history(workflowID))
	require.NoError(p.t, err)
	path := filepath.Join("..", "..", "..", "workflows", "testdata", "histories", recording, name+".json")
	require.NoError(p.t, os.MkdirAll(filepath.Dir(path), 0o750))
	require.NoError(p.t, os.WriteFile(path, append(text, '\n'), 0o600))
}

// post sends a callback as BigCommerce would, with the channel's secret.
func (p *pipeline) post(body string) int {
	p.t.Helper()
	key, err := process.Config{MasterKey: masterKey}.Secrets()
	require.NoError(p.t, err)
	request, err := http.NewRequestWithContext(p.ctx, http.MethodPost,
		"http://"+p.ingress+"/webhooks/bigcommerce/"+channelID, strings.NewReader(body))
	require.NoError(p.t, err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set(callback.Header, key.Secret(channelID, 1))
	response, err := http.DefaultClient.Do(request)
	require.NoError(p.t, err)
	require.NoError(p.t, response.Body.Close())
	return response.StatusCode
}
