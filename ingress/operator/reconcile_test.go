package operator_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/ingress/operator"
)

// searching is a Temporal with one search.
type searching struct {
	*fakeTemporal

	options client.StartWorkflowOptions
	request activities.ReconcileRequest

	status    enums.WorkflowExecutionStatus
	progress  activities.ReconcileProgress
	report    activities.ReconcileReport
	err       error // of the start, or of the run
	unknown   bool  // there is no such run
	askedRuns []string
}

func (s *searching) ExecuteWorkflow(_ context.Context, options client.StartWorkflowOptions, workflow any, args ...any) (client.WorkflowRun, error) {
	if workflow != channels.ReconcileWorkflowType {
		return nil, errors.New("another workflow")
	}
	s.options = options
	s.request, _ = args[0].(activities.ReconcileRequest)
	return searchRun{s}, s.err
}

func (s *searching) DescribeWorkflow(_ context.Context, _, run string) (*client.WorkflowExecutionDescription, error) {
	s.askedRuns = append(s.askedRuns, run)
	if s.unknown {
		return nil, serviceerror.NewNotFound("no such run")
	}
	return &client.WorkflowExecutionDescription{WorkflowExecutionMetadata: client.WorkflowExecutionMetadata{Status: s.status}}, nil
}

func (s *searching) QueryWorkflow(_ context.Context, _, run, query string, _ ...any) (converter.EncodedValue, error) {
	s.askedRuns = append(s.askedRuns, run)
	if query != channels.QueryProgress {
		return nil, errors.New("another query")
	}
	payloads, err := converter.GetDefaultDataConverter().ToPayloads(s.progress)
	return client.NewValue(payloads), err
}

func (s *searching) GetWorkflow(context.Context, string, string) client.WorkflowRun {
	return searchRun{s}
}

type searchRun struct{ *searching }

func (r searchRun) GetID() string                { return r.options.ID }
func (searchRun) GetRunID() string               { return "first" }
func (searchRun) GetFirstExecutionRunID() string { return "first" }
func (r searchRun) Get(_ context.Context, into any) error {
	if r.unknown {
		return serviceerror.NewNotFound("no such run")
	}
	if report, ok := into.(*activities.ReconcileReport); ok {
		*report = r.report
	}
	return r.err
}

func (r searchRun) GetWithOptions(ctx context.Context, into any, _ client.WorkflowRunGetOptions) error {
	return r.Get(ctx, into)
}

func newSearching(t *testing.T) (*operator.Service, *searching) {
	t.Helper()
	b := setup(t)
	s := &searching{fakeTemporal: b.temporal}
	return operator.New(s, "shop", b.keeper, drivers()), s
}

func TestStartReconcile(t *testing.T) {
	t.Parallel()
	t.Run("OK", func(t *testing.T) {
		t.Parallel()
		service, s := newSearching(t)
		since := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		run, err := service.StartReconcile(t.Context(), activities.ReconcileRequest{
			Channel: "main", Since: since, DryRun: true, Resumed: &activities.ReconcileState{Pages: 7},
		})
		require.NoError(t, err)
		require.Regexp(t, `^reconcile/main/request/\d{13}$`, run.WorkflowID)
		require.Equal(t, "first", run.RunID)
		require.Equal(t, activities.ReconcileRequest{Channel: "main", Since: since, DryRun: true}, s.request, "nobody resumes a search but itself")
		require.Equal(t, channels.TaskQueue, s.options.TaskQueue)
		require.Equal(t, "search the store of main for lost webhooks since 2026-01-02T03:04:05Z (dry run), asked for by an operator", s.options.StaticSummary)
		require.Equal(t, temporal.Priority{PriorityKey: 4, FairnessKey: "main"}, s.options.Priority)
		id, _ := s.options.TypedSearchAttributes.GetKeyword(channels.SearchAttribute)
		require.Equal(t, "main", id)
	})
	t.Run("unknown channel", func(t *testing.T) {
		t.Parallel()
		service, s := newSearching(t)
		_, err := service.StartReconcile(t.Context(), activities.ReconcileRequest{Channel: "gone"})
		require.ErrorIs(t, err, channels.ErrUnknown)
		require.Empty(t, s.options.ID)
	})
	t.Run("since yet to come", func(t *testing.T) {
		t.Parallel()
		service, s := newSearching(t)
		_, err := service.StartReconcile(t.Context(), activities.ReconcileRequest{Channel: "main", Since: time.Now().Add(time.Hour)})
		require.True(t, operator.IsKind(err, operator.KindInvalid))
		require.ErrorContains(t, err, "since ")
		require.Empty(t, s.options.ID)
	})
	t.Run("Temporal is away", func(t *testing.T) {
		t.Parallel()
		service, s := newSearching(t)
		s.err = serviceerror.NewUnavailable("connection refused")
		_, err := service.StartReconcile(t.Context(), activities.ReconcileRequest{Channel: "main"})
		require.True(t, operator.IsKind(err, operator.KindUnavailable))
	})
}

func TestReconcileProgress(t *testing.T) {
	t.Parallel()
	run := operator.ReconcileRun{WorkflowID: "reconcile/main/request/1", RunID: "first"}
	counts := activities.ReconcileCounts{Listed: 9, Missed: 2}
	noon := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	t.Run("under way", func(t *testing.T) {
		t.Parallel()
		service, s := newSearching(t)
		s.status, s.progress = enums.WORKFLOW_EXECUTION_STATUS_RUNNING, activities.ReconcileProgress{Pages: 3, ReconcileCounts: counts}
		progress, err := service.ReconcileProgress(t.Context(), run)
		require.NoError(t, err)
		require.Equal(t, s.progress, progress)
		require.Equal(t, []string{"", ""}, s.askedRuns, "of the latest run, not of the first")
	})
	t.Run("done", func(t *testing.T) {
		t.Parallel()
		service, s := newSearching(t)
		s.status = enums.WORKFLOW_EXECUTION_STATUS_COMPLETED
		s.report = activities.ReconcileReport{From: noon.Add(-time.Hour), Through: noon, ReconcileCounts: counts, Pages: 4}
		progress, err := service.ReconcileProgress(t.Context(), run)
		require.NoError(t, err)
		require.Equal(t, activities.ReconcileProgress{
			From: noon.Add(-time.Hour), Until: noon, At: noon, ReconcileCounts: counts, Pages: 4, Done: true,
		}, progress)
	})
	for name, c := range map[string]struct {
		given func(s *searching)
		kind  operator.Kind
		says  string
	}{
		"failed": {func(s *searching) {
			s.status = enums.WORKFLOW_EXECUTION_STATUS_FAILED
			s.err = temporal.NewApplicationError("channel main: search for lost webhooks: the token is refused", string(activities.ReasonStoreCredentials))
		}, operator.KindFailed, "the token is refused"},
		"terminated": {func(s *searching) {
			s.status = enums.WORKFLOW_EXECUTION_STATUS_TERMINATED
			s.err = errors.New("terminated")
		}, operator.KindFailed, "the search reconcile/main/request/1 was ended before it was done"},
		"cancelled": {func(s *searching) {
			s.status = enums.WORKFLOW_EXECUTION_STATUS_CANCELED
			s.err = temporal.NewCanceledError()
		}, operator.KindFailed, "was ended before it was done"},
		"unknown": {func(s *searching) { s.unknown = true }, operator.KindUnknownChannel, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			service, s := newSearching(t)
			c.given(s)
			_, err := service.ReconcileProgress(t.Context(), run)
			require.True(t, operator.IsKind(err, c.kind), "%v", err)
			require.ErrorContains(t, err, c.says)
			_, err = service.ReconcileResult(t.Context(), run)
			require.True(t, operator.IsKind(err, c.kind), "%v", err)
		})
	}
}
