package activities_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
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
	"github.com/orderbridge/orderbridge/activities/downstream/rest/resttest"
)

var request = activities.CheckRequest{Channel: mainChannel}

// temporalStub answers what a check asks of Temporal.
type temporalStub struct {
	client.Client

	status *channels.Status
	runs   []*workflowpb.WorkflowExecutionInfo
	inputs map[string]any // by workflow id
	err    error
	asked  []string
}

func (s *temporalStub) QueryWorkflow(_ context.Context, id, _, query string, _ ...any) (converter.EncodedValue, error) {
	if s.status == nil || id != channels.WorkflowID(mainChannel) || query != channels.QueryStatus {
		return nil, errors.New("nobody answers")
	}
	payloads, err := converter.GetDefaultDataConverter().ToPayloads(s.status)
	return client.NewValue(payloads), err
}

func (s *temporalStub) ListWorkflow(_ context.Context, r *workflowservice.ListWorkflowExecutionsRequest) (*workflowservice.ListWorkflowExecutionsResponse, error) {
	s.asked = append(s.asked, r.GetQuery())
	return &workflowservice.ListWorkflowExecutionsResponse{Executions: s.runs}, s.err
}

func (s *temporalStub) GetWorkflowHistory(_ context.Context, id, _ string, _ bool, _ enums.HistoryEventFilterType) client.HistoryEventIterator {
	input, ok := s.inputs[id]
	return &firstEvent{input: input, known: ok}
}

type firstEvent struct {
	input any
	known bool
}

func (*firstEvent) HasNext() bool { return true }

func (e *firstEvent) Next() (*historypb.HistoryEvent, error) {
	if !e.known {
		return nil, serviceerror.NewNotFound("no such run")
	}
	payloads, err := converter.GetDefaultDataConverter().ToPayloads(e.input)
	return &historypb.HistoryEvent{Attributes: &historypb.HistoryEvent_WorkflowExecutionStartedEventAttributes{
		WorkflowExecutionStartedEventAttributes: &historypb.WorkflowExecutionStartedEventAttributes{Input: payloads},
	}}, err
}

// ran adds a run of an order workflow.
func (s *temporalStub) ran(id string, at time.Time, input any) {
	s.runs = append(s.runs, &workflowpb.WorkflowExecutionInfo{
		Execution: &commonpb.WorkflowExecution{WorkflowId: id, RunId: "run"}, StartTime: timestamppb.New(at),
	})
	if input != nil {
		s.inputs[id] = input
	}
}

// checker is a fixture whose activities can ask Temporal.
type checker struct {
	*fixture

	temporal *temporalStub
}

func setupCheck(t *testing.T, options ...bigcommercetest.Option) *checker {
	t.Helper()
	c := &checker{fixture: setup(t, options...), temporal: &temporalStub{inputs: map[string]any{}}}
	c.temporal.status = &channels.Status{Health: channels.Health{State: channels.HealthHealthy, CheckedAt: time.Now()}}
	c.use(nil)
	return c
}

// use makes the activities anew, with what is to call the callback address.
func (c *checker) use(knocker http.RoundTripper) {
	c.t.Helper()
	c.activities = activities.New(activities.Dependencies{
		Directory: c.directory, Connections: c.connections, Secrets: c.secrets, Temporal: c.temporal, Namespace: "default", Knocker: knocker,
	})
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.NewJSONHandler(c.log, nil))))
	c.env = suite.NewTestActivityEnvironment()
	c.env.RegisterActivity(c.activities)
}

// step runs a step and requires that it says what is to be done unless it is ok.
func (c *checker) step(activity any) activities.CheckStep {
	c.t.Helper()
	var result activities.CheckStep
	c.run(activity, request, &result)
	require.Contains(c.t, activities.CheckStepNames(), result.Name)
	require.NotEmpty(c.t, result.Detail)
	if result.Result == activities.CheckOK {
		require.Empty(c.t, result.Advice)
	} else {
		require.NotEmpty(c.t, result.Advice, result.Detail)
	}
	return result
}

func TestCheckActive(t *testing.T) {
	t.Parallel()
	c := setupCheck(t)
	require.Equal(t, activities.CheckOK, c.step(c.activities.CheckActive).Result)

	inactive := c.channel(mainChannel)
	inactive.Active = false
	c.directory.later(inactive)
	result := c.step(c.activities.CheckActive)
	require.Equal(t, activities.CheckWarning, result.Result, "what was remembered is forgotten first")
	require.Contains(t, result.Advice, "channels activate main")

	delete(c.directory.known, mainChannel)
	c.directory.next = nil
	require.Equal(t, activities.CheckFailed, c.step(c.activities.CheckActive).Result)
}

func TestCheckToken(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		opts  []bigcommercetest.Option
		spoil func(*checker)
		want  activities.CheckResult
		says  string
	}{
		"works":   {want: activities.CheckOK, says: "accepts the access token"},
		"revoked": {spoil: func(c *checker) { c.store.RevokeAccount(c.account.ClientID) }, want: activities.CheckFailed, says: "rotate-access-token"},
		"no information scope": {
			spoil: func(c *checker) {
				c.account = c.store.AddAccount("less", bigcommercetest.WithoutInformation())
				c.directory.put(c.channel(mainChannel))
			},
			want: activities.CheckFailed, says: `"Information & Settings: read-only"`,
		},
		"store ahead": {
			opts: []bigcommercetest.Option{bigcommercetest.WithFrozenClockAt(time.Now().Add(90 * time.Second))},
			want: activities.CheckWarning, says: "apart",
		},
		"store behind": {
			opts: []bigcommercetest.Option{bigcommercetest.WithFrozenClockAt(time.Now().Add(-90 * time.Second))},
			want: activities.CheckWarning, says: "apart",
		},
		"a little behind": {
			opts: []bigcommercetest.Option{bigcommercetest.WithFrozenClockAt(time.Now().Add(-30 * time.Second))},
			want: activities.CheckOK, says: "accepts",
		},
		"quota used up": {spoil: func(c *checker) { c.store.Faults().SpendQuota(1_000_000) }, want: activities.CheckWarning, says: "share the quota"},
		"sealed with another key": {
			spoil: func(c *checker) {
				channel := c.channel(mainChannel)
				channel.Store.AccessToken[len(channel.Store.AccessToken)-1] ^= 1
				c.directory.put(channel)
			},
			want: activities.CheckFailed, says: "sealed with a key",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := setupCheck(t, tc.opts...)
			if tc.spoil != nil {
				tc.spoil(c)
			}
			result := c.step(c.activities.CheckToken)
			require.Equal(t, tc.want, result.Result, result.Detail)
			require.Contains(t, result.Detail+result.Advice, tc.says)
		})
	}
}

// TestCheckRepeats: what may be gone in a moment is tried again, and the last
// attempt says what it saw.
func TestCheckRepeats(t *testing.T) {
	t.Parallel()
	c := setupCheck(t)
	require.NoError(t, c.store.Close())
	failure := c.fails(c.activities.CheckToken, request)
	require.False(t, failure.NonRetryable())
	require.Equal(t, string(activities.ReasonStoreUnavailable), failure.Type())
	last := activities.JudgeFinal(activities.CheckStepToken, errors.New("connection reset"))
	require.Equal(t, activities.CheckWarning, last.Result)
	last = activities.JudgeFinal(activities.CheckStepToken, &bigcommerce.Error{Kind: bigcommerce.Unavailable, Call: "get time", StatusCode: 503, Advice: "wait"})
	require.Equal(t, activities.CheckStep{
		Name: activities.CheckStepToken, Result: activities.CheckFailed,
		Detail: `BigCommerce did not take "get time": unavailable (HTTP 503).`, Advice: "Wait.",
	}, last)
}

func TestCheckScopes(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		account []bigcommercetest.AccountOption
		empty   bool
		want    activities.CheckResult
		says    string
	}{
		"all":              {want: activities.CheckOK, says: "orders and their shipments"},
		"orders read-only": {account: []bigcommercetest.AccountOption{bigcommercetest.WithReadOnlyOrders()}, want: activities.CheckOK, says: "orders and their shipments"},
		"no order yet":     {empty: true, want: activities.CheckOK, says: "none yet"},
		"no orders":        {account: []bigcommercetest.AccountOption{bigcommercetest.WithoutOrders()}, want: activities.CheckFailed, says: `"Orders: read-only"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := setupCheck(t)
			c.account = c.store.AddAccount("app", tc.account...)
			c.directory.put(c.channel(mainChannel))
			if !tc.empty {
				c.store.AddOrder(bigcommercetest.Order{ID: 7})
			}
			result := c.step(c.activities.CheckScopes)
			require.Equal(t, tc.want, result.Result, result.Detail)
			require.Contains(t, result.Detail+result.Advice, tc.says)
			for _, call := range c.store.Calls() {
				require.Equal(t, http.MethodGet, call.Method)
			}
		})
	}

	t.Run("no shipments", func(t *testing.T) {
		t.Parallel()
		c := setupCheck(t)
		c.store.AddOrder(bigcommercetest.Order{ID: 7})
		c.store.Faults().FailNext(1, http.MethodGet, "/v2/orders/7/shipments", bigcommercetest.Failure(http.StatusForbidden))
		result := c.step(c.activities.CheckScopes)
		require.Equal(t, activities.CheckFailed, result.Result)
		require.Contains(t, result.Advice, `"Orders: read-only"`)
	})
}

func TestCheckDownstream(t *testing.T) {
	t.Parallel()
	c := setupCheck(t)
	require.Equal(t, activities.CheckOK, c.step(c.activities.CheckDownstream).Result)
	c.demo.Faults().Inject(resttest.Fault{Call: resttest.CallReads, Status: http.StatusForbidden, Times: -1})
	result := c.step(c.activities.CheckDownstream)
	require.Equal(t, activities.CheckFailed, result.Result)
	require.Contains(t, result.Detail, "403")

	c = setupCheck(t)
	c.demo.Faults().RevokeToken()
	result = c.step(c.activities.CheckDownstream)
	require.Equal(t, activities.CheckFailed, result.Result)
	require.Contains(t, result.Detail, "401")
}

func TestCheckRules(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*channels.Settings)
		want   activities.CheckResult
		says   []string
	}{
		"both": {want: activities.CheckOK, says: []string{"cancelled in Awaiting Shipment", "fulfilled in Awaiting Shipment"}},
		"cancellation alone": {
			change: func(s *channels.Settings) { s.ValidFulfillmentStatuses = nil },
			want:   activities.CheckOK, says: []string{"cancelled in Awaiting Shipment", "No order is ever fulfilled"},
		},
		"nothing": {
			change: func(s *channels.Settings) { s.ValidCancellationStatuses, s.ValidFulfillmentStatuses = nil, nil },
			want:   activities.CheckWarning, says: []string{"nothing will ever happen"},
		},
		"nothing asks for it": {
			change: func(s *channels.Settings) { s.FulfillOn = []bigcommerce.StatusID{} },
			want:   activities.CheckWarning, says: []string{"no status in BigCommerce asks for it", "settings.fulfill_on"},
		},
		"unknown status": {
			change: func(s *channels.Settings) { s.ValidCancellationStatuses = []string{"Waiting"} },
			want:   activities.CheckFailed, says: []string{`"Waiting" is not a status`, `"Awaiting Shipment"`},
		},
		"final status": {
			change: func(s *channels.Settings) { s.ValidFulfillmentStatuses = []string{"Shipped"} },
			want:   activities.CheckFailed, says: []string{`"Shipped" is final`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := setupCheck(t)
			channel := c.channel(mainChannel)
			if tc.change != nil {
				tc.change(&channel.Settings)
			}
			c.directory.put(channel)
			result := c.step(c.activities.CheckRules)
			require.Equal(t, tc.want, result.Result, result.Detail)
			for _, words := range tc.says {
				require.Contains(t, result.Detail+result.Advice, words)
			}
		})
	}

	t.Run("downstream system away", func(t *testing.T) {
		t.Parallel()
		c := setupCheck(t)
		c.demo.Close()
		result := c.step(c.activities.CheckRules)
		require.Equal(t, activities.CheckOK, result.Result, "that is another step's business")
		require.Contains(t, result.Detail, "could not be looked up")
	})
}

func TestWorst(t *testing.T) {
	t.Parallel()
	for words, want := range map[string]activities.CheckResult{
		"": activities.CheckOK, "ok": activities.CheckOK, "ok skipped": activities.CheckOK, "ok warning ok": activities.CheckWarning,
		"warning failed ok": activities.CheckFailed, "failed warning": activities.CheckFailed,
	} {
		var steps []activities.CheckStep
		for word := range strings.FieldsSeq(words) {
			steps = append(steps, activities.CheckStep{Result: activities.CheckResult(word)})
		}
		require.Equal(t, want, activities.Worst(steps), words)
	}
}
