package operator

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/channels"
)

// ReconcileRun is a search for lost webhooks that was started.
type ReconcileRun struct {
	// WorkflowID and RunID name its first run. A long search goes through
	// several, all with the same WorkflowID; without a RunID the latest one is
	// meant.
	WorkflowID string `json:"workflow_id"`
	RunID      string `json:"run_id"`
}

// StartReconcile starts a search of a channel's store for webhooks that never
// came, beside those of the channel's Schedule. What both find is started once.
// It fails with KindUnknownChannel, with KindInvalid if Since is yet to come, and
// with KindUnavailable.
func (s *Service) StartReconcile(ctx context.Context, request activities.ReconcileRequest) (ReconcileRun, error) {
	id := request.Channel
	if _, err := s.Channel(ctx, id); err != nil {
		return ReconcileRun{}, err
	}
	now := time.Now()
	if request.Since.After(now) {
		return ReconcileRun{}, &Error{
			Kind: KindInvalid, Message: fmt.Sprintf("channel %s: a search can only begin in the past", id),
			Fields: []FieldError{{Field: "since", Message: request.Since.Format(time.RFC3339) + " is yet to come"}},
		}
	}
	request.Resumed = nil
	run, err := s.temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:                    channels.ReconcileID(id) + "/request/" + strconv.FormatInt(now.UnixMilli(), 10),
		TaskQueue:             channels.TaskQueue,
		WorkflowIDReusePolicy: enums.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		// Two requests within a millisecond must not be taken for one.
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		TypedSearchAttributes:                    temporal.NewSearchAttributes(channels.SearchAttribute.ValueSet(id)),
		StaticSummary:                            summaryOf(request),
		Priority:                                 temporal.Priority{PriorityKey: activities.LowPriority, FairnessKey: id},
	}, channels.ReconcileWorkflowType, request)
	if err != nil {
		return ReconcileRun{}, explain(id, fmt.Errorf("start a search: %w", err))
	}
	return ReconcileRun{WorkflowID: run.GetID(), RunID: run.GetRunID()}, nil
}

// summaryOf says in a line what a search is for.
func summaryOf(request activities.ReconcileRequest) string {
	summary := "search the store of " + request.Channel + " for lost webhooks"
	if !request.Since.IsZero() {
		summary += " since " + request.Since.UTC().Format(time.RFC3339)
	}
	if request.DryRun {
		summary += " (dry run)"
	}
	return summary + ", asked for by an operator"
}

// ReconcileProgress returns how far a search is. It fails with
// KindUnknownChannel when there is no such run any more, with KindFailed when it
// ended before its time, and with KindUnavailable.
func (s *Service) ReconcileProgress(ctx context.Context, run ReconcileRun) (activities.ReconcileProgress, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	described, err := s.temporal.DescribeWorkflow(ctx, run.WorkflowID, "")
	if err != nil {
		return activities.ReconcileProgress{}, explain("", fmt.Errorf("describe %s: %w", run.WorkflowID, err))
	}
	switch described.Status {
	case enums.WORKFLOW_EXECUTION_STATUS_RUNNING, enums.WORKFLOW_EXECUTION_STATUS_PAUSED, enums.WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW:
		var progress activities.ReconcileProgress
		value, err := s.temporal.QueryWorkflow(ctx, run.WorkflowID, "", channels.QueryProgress)
		if err == nil {
			err = value.Get(&progress)
		}
		if err != nil {
			return activities.ReconcileProgress{}, explain("", fmt.Errorf("query %s: %w", run.WorkflowID, err))
		}
		return progress, nil
	default:
		// It has ended. Its result needs no worker that answers for it.
		report, err := s.ReconcileResult(ctx, ReconcileRun{WorkflowID: run.WorkflowID})
		if err != nil {
			return activities.ReconcileProgress{}, err
		}
		return activities.ReconcileProgress{
			From: report.From, Until: report.Through, At: report.Through,
			ReconcileCounts: report.ReconcileCounts, Pages: report.Pages, Done: true,
		}, nil
	}
}

// ReconcileResult waits for the end of a search, as long as ctx allows, and
// returns what was found. It fails with KindUnknownChannel when there is no such
// run any more, with KindFailed when it ended before its time, and with
// KindUnavailable.
func (s *Service) ReconcileResult(ctx context.Context, run ReconcileRun) (activities.ReconcileReport, error) {
	var report activities.ReconcileReport
	err := s.temporal.GetWorkflow(ctx, run.WorkflowID, run.RunID).Get(ctx, &report)
	if err == nil {
		return report, nil
	}
	explained := explain("", fmt.Errorf("result of %s: %w", run.WorkflowID, err))
	if temporal.IsCanceledError(err) || temporal.IsTerminatedError(err) || IsKind(explained, KindInternal) {
		return activities.ReconcileReport{}, &Error{
			Kind: KindFailed, cause: err,
			Message: fmt.Sprintf("the search %s was ended before it was done: the Temporal Web UI says why; start another", run.WorkflowID),
		}
	}
	return activities.ReconcileReport{}, explained
}
