package worker

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"

	"github.com/orderbridge/orderbridge/ingress/logtest"
)

// surveyed is a Temporal that knows some numbers.
type surveyed struct {
	workflowservice.WorkflowServiceClient

	mu      sync.Mutex
	err     error
	counts  map[string]int64 // by a part of the query
	queries []string
	bounded bool
	hold    bool          // answer nobody
	held    chan struct{} // tells of a question that is not answered
}

func (s *surveyed) WorkflowService() workflowservice.WorkflowServiceClient { return s }

func (s *surveyed) CountWorkflow(ctx context.Context, request *workflowservice.CountWorkflowExecutionsRequest) (*workflowservice.CountWorkflowExecutionsResponse, error) {
	s.mu.Lock()
	_, s.bounded = ctx.Deadline()
	s.queries = append(s.queries, request.GetQuery())
	hold, err := s.hold, s.err
	count := int64(0)
	for part, n := range s.counts {
		if strings.Contains(request.GetQuery(), part) {
			count += n
		}
	}
	s.mu.Unlock()
	if hold {
		s.held <- struct{}{}
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	return &workflowservice.CountWorkflowExecutionsResponse{Count: count}, nil
}

func (s *surveyed) DescribeTaskQueue(_ context.Context, request *workflowservice.DescribeTaskQueueRequest, _ ...grpc.CallOption) (*workflowservice.DescribeTaskQueueResponse, error) {
	return &workflowservice.DescribeTaskQueueResponse{
		Stats: &taskqueue.TaskQueueStats{ApproximateBacklogCount: int64(len(request.GetTaskQueue().GetName())) + int64(request.GetTaskQueueType())},
	}, nil
}

func setupSurvey(t *testing.T) (*survey, *surveyed, *prometheus.Registry, *logtest.Buffer) {
	t.Helper()
	registry, log := prometheus.NewRegistry(), &logtest.Buffer{}
	temporal := &surveyed{held: make(chan struct{}), counts: map[string]int64{
		`"healthy"`: 5, `"degraded"`: 2, `"unhealthy"`: 1, `"inactive"`: 3,
		`"OrderWebhook" AND ExecutionStatus='Running'`: 7, `"too_late"`: 4, `"failed"`: 9, `"ambiguous"`: 6, `"rejected"`: 8,
	}}
	s, err := newSurvey(registry, temporal, "shop", time.Millisecond, slog.New(slog.NewTextHandler(log, nil)))
	require.NoError(t, err)
	return s, temporal, registry, log
}

func gauges(t *testing.T, registry *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := registry.Gather()
	require.NoError(t, err)
	out := map[string]float64{}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			name := []string{strings.TrimPrefix(family.GetName(), "orderbridge_")}
			for _, label := range metric.GetLabel() {
				name = append(name, label.GetValue())
			}
			out[strings.Join(name, " ")] = metric.GetGauge().GetValue()
		}
	}
	return out
}

func TestSurvey(t *testing.T) {
	t.Parallel()
	s, temporal, registry, _ := setupSurvey(t)
	require.Equal(t, map[string]float64{"temporal_up": 0, "survey_last_success_timestamp_seconds": 0}, gauges(t, registry),
		"nothing is claimed before it is known")
	temporal.counts[`"SalesChannel" AND ExecutionStatus='Running'`] = 12
	for _, health := range []string{"healthy", "degraded", "unhealthy", "inactive"} {
		temporal.counts[`"`+health+`"`] -= 12 // it matches the query of its health too
	}
	require.NoError(t, s.round(t.Context()))
	got := gauges(t, registry)
	require.Positive(t, got["survey_last_success_timestamp_seconds"])
	delete(got, "survey_last_success_timestamp_seconds")
	require.Equal(t, map[string]float64{
		"channels healthy": 5, "channels degraded": 2, "channels unhealthy": 1, "channels inactive": 3, "channels unknown": 1,
		"orders_waiting 0s": 7, "orders_waiting 5m": 7, "orders_waiting 1h": 7, "orders_waiting 24h": 7,
		"open_issues too_late": 4, "open_issues failed": 3, "open_issues ambiguous": 6, "open_issues rejected": 8,
		"open_issues unhealthy_channels": 1, "open_issues waiting_over_an_hour": 7,
		"task_queue_backlog orderbridge workflow": 12, "task_queue_backlog orderbridge activity": 13,
		"task_queue_backlog orderbridge-channels workflow": 21, "task_queue_backlog orderbridge-channels activity": 22,
		"task_queue_backlog orderbridge-bigcommerce activity": 25, "task_queue_backlog orderbridge-downstream activity": 24,
		"temporal_up": 1,
	}, got)
	require.Len(t, temporal.queries, 13, "each costs Temporal something")
	require.True(t, temporal.bounded)
	problems, err := testutil.GatherAndLint(registry)
	require.NoError(t, err)
	require.Empty(t, problems)
}

func TestSurveyThatFails(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		err error
		up  float64
	}{
		"nobody is there":               {serviceerror.NewUnavailable("connection refused"), 0},
		"the time is over":              {context.DeadlineExceeded, 0},
		"a search attribute is missing": {serviceerror.NewInvalidArgument("no such column"), 1},
		"too much to do":                {&serviceerror.ResourceExhausted{Message: "later"}, 1},
		"something else":                {errors.New("no"), 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, temporal, registry, _ := setupSurvey(t)
			require.NoError(t, s.round(t.Context()))
			before := gauges(t, registry)
			temporal.err = tc.err
			temporal.counts = nil
			require.ErrorIs(t, s.round(t.Context()), tc.err)
			after := gauges(t, registry)
			require.InDelta(t, tc.up, after["temporal_up"], 0)
			delete(before, "temporal_up")
			delete(after, "temporal_up")
			require.Equal(t, before, after, "the old numbers stay")
		})
	}
}

func TestSurveyBeginsAndEnds(t *testing.T) {
	t.Parallel()
	s, temporal, registry, log := setupSurvey(t)
	s.end() // has not begun
	temporal.err = errors.New("not yet")
	s.begin()
	s.begin() // twice is harmless
	require.Eventually(t, func() bool { return strings.Contains(log.String(), "the survey failed") }, time.Minute, time.Millisecond)
	temporal.mu.Lock()
	temporal.err = nil
	temporal.mu.Unlock()
	require.Eventually(t, func() bool { return strings.Contains(log.String(), "the survey succeeds again") }, time.Minute, time.Millisecond)
	require.InDelta(t, 1, gauges(t, registry)["temporal_up"], 0)
	require.Equal(t, 1, strings.Count(log.String(), "the survey failed"), "it is said once")

	temporal.mu.Lock()
	temporal.hold = true
	temporal.mu.Unlock()
	<-temporal.held
	s.end()
	asked := len(temporal.queries)
	require.InDelta(t, 1, gauges(t, registry)["temporal_up"], 0, "that it was called off says nothing of Temporal")
	s.begin() // as after a start that failed
	<-temporal.held
	s.end()
	require.Greater(t, len(temporal.queries), asked)
}

func TestSurveyIsRegisteredOnce(t *testing.T) {
	t.Parallel()
	_, temporal, registry, _ := setupSurvey(t)
	_, err := newSurvey(registry, temporal, "shop", time.Second, slog.New(slog.DiscardHandler))
	require.Error(t, err)
}
