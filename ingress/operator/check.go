package operator

import (
	"context"
	"errors"
	"fmt"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/channels"
)

// CheckRun is a check of an integration that was started.
type CheckRun struct {
	// WorkflowID and RunID name its run.
	WorkflowID string `json:"workflow_id"`
	RunID      string `json:"run_id"`
	// Joined is true for a check that was under way already, as somebody else,
	// or the same person, had asked for it.
	Joined bool `json:"joined,omitempty"`
}

// StartCheck starts a check of the whole integration of a channel, unless one
// is under way: then that one is returned as Joined, whether it delivers or not. With
// deliver it causes a real delivery, for which a hook and a metafield of an
// order are made in the store for at most some minutes. It fails with
// KindUnknownChannel and with KindUnavailable.
func (s *Service) StartCheck(ctx context.Context, by, id string, deliver bool) (CheckRun, error) {
	if _, err := s.Channel(ctx, id); err != nil {
		return CheckRun{}, err
	}
	run, err := s.temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:                    channels.CheckID(id),
		TaskQueue:             channels.TaskQueue,
		WorkflowIDReusePolicy: enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		// The one that is under way is taken, but not in silence.
		WorkflowIDConflictPolicy:                 enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		TypedSearchAttributes:                    temporal.NewSearchAttributes(channels.SearchAttribute.ValueSet(id)),
		StaticSummary:                            fmt.Sprintf("check the integration of %s, asked for by %s", id, by),
		Priority:                                 temporal.Priority{FairnessKey: id},
	}, channels.CheckWorkflowType, activities.CheckRequest{Channel: id, Deliver: deliver, By: by})
	if running, ok := errors.AsType[*serviceerror.WorkflowExecutionAlreadyStarted](err); ok {
		return CheckRun{WorkflowID: channels.CheckID(id), RunID: running.RunId, Joined: true}, nil
	}
	if err != nil {
		return CheckRun{}, explain(id, fmt.Errorf("start a check: %w", err))
	}
	return CheckRun{WorkflowID: run.GetID(), RunID: run.GetRunID()}, nil
}

// CheckProgress returns what is known of a check so far, and whether it is done.
// It fails with KindUnknownChannel when there is no such run any more, with
// KindFailed when it was ended before its time, and with KindUnavailable.
func (s *Service) CheckProgress(ctx context.Context, run CheckRun) (report activities.CheckReport, done bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	described, err := s.temporal.DescribeWorkflow(ctx, run.WorkflowID, run.RunID)
	if err != nil {
		return activities.CheckReport{}, false, explain("", fmt.Errorf("describe %s: %w", run.WorkflowID, err))
	}
	switch described.Status {
	case enums.WORKFLOW_EXECUTION_STATUS_RUNNING, enums.WORKFLOW_EXECUTION_STATUS_PAUSED:
		value, err := s.temporal.QueryWorkflow(ctx, run.WorkflowID, run.RunID, channels.QuerySteps)
		if err == nil {
			err = value.Get(&report)
		}
		if err != nil {
			return activities.CheckReport{}, false, explain("", fmt.Errorf("query %s: %w", run.WorkflowID, err))
		}
		return report, false, nil
	case enums.WORKFLOW_EXECUTION_STATUS_COMPLETED:
		if err := s.temporal.GetWorkflow(ctx, run.WorkflowID, run.RunID).Get(ctx, &report); err != nil {
			return activities.CheckReport{}, false, explain("", fmt.Errorf("result of %s: %w", run.WorkflowID, err))
		}
		return report, true, nil
	default:
		return activities.CheckReport{}, true, &Error{
			Kind: KindFailed, Message: fmt.Sprintf("the check %s was ended before it was done (%s): start another", run.WorkflowID, described.Status),
		}
	}
}
