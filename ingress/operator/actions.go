package operator

import (
	"context"
	"fmt"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/orderbridge/orderbridge/activities/channels"
)

// Remove removes the hooks and the schedules of a channel, and then the channel
// with its edit history. It fails with KindNotRemoved when the hooks cannot be
// removed, unless it is forced: then the result says what stayed behind.
func (s *Service) Remove(ctx context.Context, by, id string, force bool) (channels.RemoveResult, error) {
	var result channels.RemoveResult
	err := s.update(ctx, id, channels.UpdateRemove, channels.RemoveRequest{By: by, Force: force}, &result)
	return result, err
}

// RotateSecret gives a channel a new version of its callback secret and its
// hooks the header to match. Older versions are taken until every hook carries
// the new one and BigCommerce has ended its repetitions, which takes 48 hours.
func (s *Service) RotateSecret(ctx context.Context, by, id string) (channels.SaveResult, error) {
	var result channels.SaveResult
	err := s.update(ctx, id, channels.UpdateRotateSecret, channels.RotateRequest{By: by}, &result)
	return result, err
}

func (s *Service) update(ctx context.Context, id, name string, request, result any) error {
	// An update of no workflow is refused with the same words as that of one
	// that was never saved.
	if _, err := s.Channel(ctx, id); err != nil {
		return err
	}
	handle, err := s.temporal.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: channels.WorkflowID(id), UpdateName: name, Args: []any{request},
		WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err == nil {
		err = handle.Get(ctx, result)
	}
	if err != nil {
		return explain(id, fmt.Errorf("%s: %w", name, err))
	}
	return nil
}

// Audit audits the subscriptions of a channel now, mends what is wrong, and
// returns what was found. If somebody else has asked for the same, both get the
// same report.
func (s *Service) Audit(ctx context.Context, id string) (channels.AuditReport, error) {
	if _, err := s.Channel(ctx, id); err != nil {
		return channels.AuditReport{}, err
	}
	run, err := s.temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:                       channels.AuditID(id) + "/request",
		TaskQueue:                channels.TaskQueue,
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		WorkflowIDReusePolicy:    enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		TypedSearchAttributes:    temporal.NewSearchAttributes(channels.SearchAttribute.ValueSet(id)),
		StaticSummary:            "audit of " + id + ", asked for by an operator",
		Priority:                 temporal.Priority{FairnessKey: id},
	}, channels.AuditWorkflowType, channels.AuditRequest{Channel: id, Cause: channels.AuditRequested})
	if err != nil {
		return channels.AuditReport{}, explain(id, fmt.Errorf("start an audit: %w", err))
	}
	var report channels.AuditReport
	if err := run.Get(ctx, &report); err != nil {
		return channels.AuditReport{}, explain(id, fmt.Errorf("audit: %w", err))
	}
	return report, nil
}
