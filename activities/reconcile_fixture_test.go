package activities_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/query/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
	"github.com/orderbridge/orderbridge/activities/channels"
)

// run is a run of the order workflow.
type run struct {
	order    int64
	id       string                        // of the workflow
	status   enums.WorkflowExecutionStatus // by default what the outcome says
	started  time.Time
	modified time.Time
	outcome  string
	reason   string
}

// temporalOf is a Temporal that knows one channel and some runs. What a test
// does not need panics.
type temporalOf struct {
	client.Client

	mu      sync.Mutex
	gone    bool // the channel has no workflow
	closed  bool // its workflow has ended
	status  channels.Status
	runs    []run
	asked   []string
	listErr error
}

func (c *temporalOf) QueryWorkflowWithOptions(
	_ context.Context, request *client.QueryWorkflowWithOptionsRequest,
) (*client.QueryWorkflowWithOptionsResponse, error) {
	switch {
	case c.gone || request.WorkflowID != "channel/main" || request.QueryType != channels.QueryStatus:
		return nil, serviceerror.NewNotFound("no such workflow")
	case c.closed:
		return &client.QueryWorkflowWithOptionsResponse{QueryRejected: &query.QueryRejected{}}, nil
	}
	payloads, err := converter.GetDefaultDataConverter().ToPayloads(c.status)
	return &client.QueryWorkflowWithOptionsResponse{QueryResult: client.NewValue(payloads)}, err
}

// ListWorkflow answers in pages of two, to the bare question for orders.
func (c *temporalOf) ListWorkflow(
	_ context.Context, request *workflowservice.ListWorkflowExecutionsRequest,
) (*workflowservice.ListWorkflowExecutionsResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.listErr != nil {
		return nil, c.listErr
	}
	if len(request.GetNextPageToken()) == 0 {
		c.asked = append(c.asked, request.GetQuery())
	}
	var matching []run
	for _, r := range c.runs {
		if strings.Contains(request.GetQuery(), strconv.Quote(strconv.FormatInt(r.order, 10))) {
			matching = append(matching, r)
		}
	}
	from := 0
	if token := request.GetNextPageToken(); len(token) > 0 {
		from = int(token[0])
	}
	response := &workflowservice.ListWorkflowExecutionsResponse{}
	for _, r := range matching[from:min(from+2, len(matching))] {
		response.Executions = append(response.Executions, r.execution())
	}
	if from+2 < len(matching) {
		response.NextPageToken = []byte{byte(from + 2)}
	}
	return response, nil
}

func (r run) execution() *workflowpb.WorkflowExecutionInfo {
	fields := map[string]*commonpb.Payload{}
	set := func(name string, value any) {
		payload, err := converter.GetDefaultDataConverter().ToPayload(value)
		if err != nil {
			panic(err)
		}
		fields[name] = payload
	}
	set("OrderbridgeOrder", strconv.FormatInt(r.order, 10))
	if !r.modified.IsZero() {
		set("OrderbridgeModified", r.modified)
	}
	if r.outcome != "" {
		set("OrderbridgeOutcome", r.outcome)
		set("OrderbridgeReason", r.reason)
	}
	status := r.status
	switch {
	case status != enums.WORKFLOW_EXECUTION_STATUS_UNSPECIFIED:
	case r.outcome == "failed":
		status = enums.WORKFLOW_EXECUTION_STATUS_FAILED
	case r.outcome != "":
		status = enums.WORKFLOW_EXECUTION_STATUS_COMPLETED
	default:
		status = enums.WORKFLOW_EXECUTION_STATUS_RUNNING
	}
	return &workflowpb.WorkflowExecutionInfo{
		Execution:        &commonpb.WorkflowExecution{WorkflowId: r.id},
		Status:           status,
		StartTime:        timestamppb.New(r.started),
		SearchAttributes: &commonpb.SearchAttributes{IndexedFields: fields},
	}
}

// starterOf keeps what it is asked to start.
type starterOf struct {
	started []activities.FoundOrder
	known   map[string]bool
	room    int // fails when it is used up; negative: never
}

func (s *starterOf) StartOrder(_ context.Context, found activities.FoundOrder) (bool, error) {
	key := fmt.Sprint(found.OrderID, found.ModifiedAt.Unix())
	if s.known[key] {
		return false, nil
	}
	if s.room == 0 {
		return false, errors.New("Temporal is away")
	}
	s.room--
	s.known[key] = true
	s.started = append(s.started, found)
	return true, nil
}

func (s *starterOf) ids() []int64 {
	ids := make([]int64, 0, len(s.started))
	for _, found := range s.started {
		ids = append(ids, found.OrderID)
	}
	slices.Sort(ids)
	return ids
}

// searched is a fixture with what a search needs beside it.
type searched struct {
	*fixture

	temporal *temporalOf
	starter  *starterOf
	window   activities.ReconcileWindow
}

// searchable sets up a store whose clock stands still, and a search of the last
// hour.
func searchable(t *testing.T, options ...bigcommercetest.Option) *searched {
	t.Helper()
	options = append([]bigcommercetest.Option{
		bigcommercetest.WithFrozenClock(), bigcommercetest.WithPlan(bigcommercetest.PlanUnlimited),
	}, options...)
	s := &searched{
		fixture: setup(t, options...), temporal: &temporalOf{}, starter: &starterOf{known: map[string]bool{}, room: -1},
	}
	s.registry = prometheus.NewRegistry()
	metrics, err := activities.NewMetrics(s.registry, activities.NewLabels(100))
	require.NoError(t, err)
	s.activities = activities.New(activities.Dependencies{
		Directory: s.directory, Connections: s.connections, Secrets: s.secrets,
		Temporal: s.temporal, Namespace: "shop", Starter: s.starter, Metrics: metrics,
	})
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	s.env = suite.NewTestActivityEnvironment()
	s.env.RegisterActivity(s.activities)
	now := s.store.Clock().Now()
	s.window = activities.ReconcileWindow{From: now.Add(-time.Hour), Until: now.Add(-30 * time.Second)}
	return s
}

// changed adds an order that was changed some time ago.
func (s *searched) changed(id int64, status bigcommerce.StatusID, ago time.Duration) time.Time {
	s.t.Helper()
	order := s.store.AddOrder(bigcommercetest.Order{
		ID: id, StatusID: status,
		DateCreated: s.store.Clock().Now().Add(-24 * time.Hour), DateModified: s.store.Clock().Now().Add(-ago),
	})
	return order.DateModified
}

// page reads one page.
func (s *searched) page(cursor activities.ReconcileCursor, change func(*activities.ReconcilePageRequest)) activities.ReconcilePageResult {
	s.t.Helper()
	request := activities.ReconcilePageRequest{Channel: mainChannel, Window: s.window, Cursor: cursor, Scheduled: true}
	if change != nil {
		change(&request)
	}
	var result activities.ReconcilePageResult
	s.run(s.activities.ReconcilePage, request, &result)
	return result
}

// search reads all pages and returns the sum of their counts. between is called
// after each page.
func (s *searched) search(between func()) activities.ReconcileCounts {
	s.t.Helper()
	var counts activities.ReconcileCounts
	cursor := activities.ReconcileCursor{At: s.window.From}
	for {
		result := s.page(cursor, nil)
		counts = counts.Add(result.Counts)
		if result.Done {
			return counts
		}
		cursor = result.Next
		if between != nil {
			between()
		}
	}
}

// count returns the value of a counter.
func (s *searched) count(name, result string) float64 {
	s.t.Helper()
	families, err := s.registry.Gather()
	require.NoError(s.t, err)
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		for _, metric := range family.GetMetric() {
			if result == "" || metric.GetLabel()[0].GetValue() == result {
				return metric.GetCounter().GetValue()
			}
		}
	}
	require.FailNow(s.t, "no such counter", "%s %s", name, result)
	return 0
}
