package operator_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/rest"
	"github.com/orderbridge/orderbridge/activities/downstream/threepl"
	"github.com/orderbridge/orderbridge/activities/seal"
	"github.com/orderbridge/orderbridge/ingress/operator"
)

// fakeTemporal is as much of Temporal, and of the workflows of channels, as the
// service asks for.
type fakeTemporal struct {
	client.Client

	mu       sync.Mutex
	channels map[string]channels.Channel
	status   map[string]channels.Status
	saved    []channels.SaveRequest
	// changedAt is when the last change was made.
	changedAt time.Time
	updates   []client.UpdateWorkflowOptions

	// queryErr and updateErr, if set, are answered instead.
	queryErr  map[string]error
	updateErr error
	// beforeSave is called before a save is looked at.
	beforeSave func()
}

func (f *fakeTemporal) QueryWorkflowWithOptions(
	_ context.Context, request *client.QueryWorkflowWithOptionsRequest,
) (*client.QueryWorkflowWithOptionsResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	id := request.WorkflowID[len(channels.WorkflowID("")):]
	if err := f.queryErr[id+" "+request.QueryType]; err != nil {
		return nil, err
	}
	channel, ok := f.channels[id]
	if !ok {
		return nil, serviceerror.NewNotFound("workflow not found for ID: " + request.WorkflowID)
	}
	answers := map[string]any{
		channels.QueryChannel: channel, channels.QueryStatus: f.status[id],
		channels.QueryHistory: []channels.Change{{At: f.changedAt, By: "alice", Revision: channel.Revision}},
	}
	payloads, err := converter.GetDefaultDataConverter().ToPayloads(answers[request.QueryType])
	return &client.QueryWorkflowWithOptionsResponse{QueryResult: client.NewValue(payloads)}, err
}

func (f *fakeTemporal) ListWorkflow(
	_ context.Context, request *workflowservice.ListWorkflowExecutionsRequest,
) (*workflowservice.ListWorkflowExecutionsResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.queryErr["list"]; err != nil {
		return nil, err
	}
	ids := []string{"zoo", "never-saved", "main", "broken"}
	one := ids[len(request.GetNextPageToken())]
	response := &workflowservice.ListWorkflowExecutionsResponse{Executions: []*workflowpb.WorkflowExecutionInfo{
		{Execution: &commonpb.WorkflowExecution{WorkflowId: channels.WorkflowID(one)}},
	}}
	if next := len(request.GetNextPageToken()) + 1; next < len(ids) {
		response.NextPageToken = make([]byte, next)
	}
	return response, nil
}

func (f *fakeTemporal) NewWithStartWorkflowOperation(client.StartWorkflowOptions, any, ...any) client.WithStartWorkflowOperation {
	return nil
}

func (f *fakeTemporal) UpdateWithStartWorkflow(
	_ context.Context, options client.UpdateWithStartWorkflowOptions,
) (client.WorkflowUpdateHandle, error) {
	if f.beforeSave != nil {
		f.beforeSave()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	request, ok := options.UpdateOptions.Args[0].(channels.SaveRequest)
	if !ok {
		return nil, errors.New("no SaveRequest")
	}
	f.saved = append(f.saved, request)
	if f.updateErr != nil {
		return handle{err: f.updateErr}, nil
	}
	was := f.channels[request.Channel.ID]
	if request.Expected != nil && *request.Expected != was.Revision {
		return handle{err: conflict()}, nil
	}
	changed := channels.Diff(was, request.Channel)
	is := request.Channel
	is.Revision = was.Revision
	if len(changed) > 0 {
		is.Revision++
	}
	f.channels[is.ID] = is
	return handle{result: channels.SaveResult{Revision: is.Revision, Changed: changed}}, nil
}

func (f *fakeTemporal) UpdateWorkflow(_ context.Context, options client.UpdateWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.updates = append(f.updates, options)
	if f.updateErr != nil {
		return nil, f.updateErr
	}
	if options.UpdateName == channels.UpdateRemove {
		return handle{result: channels.RemoveResult{Left: []channels.Finding{{Kind: channels.FindingRevoked}}}}, nil
	}
	return handle{result: channels.SaveResult{Revision: 8}}, nil
}

// handle is an update that is done.
type handle struct {
	client.WorkflowUpdateHandle

	result any
	err    error
}

func (h handle) Get(_ context.Context, into any) error {
	if h.err != nil {
		return h.err
	}
	payloads, err := converter.GetDefaultDataConverter().ToPayloads(h.result)
	if err != nil {
		return err
	}
	return converter.GetDefaultDataConverter().FromPayloads(payloads, into)
}

// bundle is a service on a fake with one channel, "main", at revision 7.
type bundle struct {
	*operator.Service

	temporal *fakeTemporal
	keeper   *seal.Keeper
}

func setup(t *testing.T) bundle {
	t.Helper()
	keeper, err := seal.NewLocal([]byte("0123456789abcdef0123456789abcdef"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, keeper.Close()) })
	sealed := func(plain string) seal.Sealed {
		out, err := keeper.Seal(t.Context(), plain)
		require.NoError(t, err)
		return out
	}
	main := channels.Channel{
		ID: "main", Active: true, Revision: 7, CallbackURL: "https://hooks.example.com/webhooks/bigcommerce/main", SecretVersion: 2, SecretFloor: 1,
		Store:      channels.Store{Hash: "abc", ClientID: "id1", AccessToken: sealed("store-token"), ClientSecret: sealed("client-secret")},
		Downstream: channels.Downstream{Adapter: "rest", BaseURL: "https://orders.example.com/v1", Token: sealed("wms-token")},
	}
	main.Settings.ValidCancellationStatuses = []string{"Awaiting Shipment"}
	main.Settings.ValidFulfillmentStatuses = []string{}
	main.Settings = main.Settings.WithDefaults()
	main.Former = []channels.FormerStore{{Store: channels.Store{Hash: "old", AccessToken: sealed("old-token")}}}
	fake := &fakeTemporal{
		channels: map[string]channels.Channel{"main": main}, queryErr: map[string]error{},
		status: map[string]channels.Status{"main": {Health: channels.Health{State: channels.HealthHealthy}}},
	}
	return bundle{Service: operator.New(fake, "default", keeper, drivers()), temporal: fake, keeper: keeper}
}

// drivers are the kinds of downstream systems that the channels of these tests
// can name.
func drivers() downstream.Drivers { return downstream.Drivers{rest.Driver(), threepl.Driver()} }
