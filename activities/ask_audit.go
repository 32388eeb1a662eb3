package activities

import (
	"context"
	"fmt"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/orderbridge/orderbridge/activities/channels"
)

// AskAudit asks a sales channel to audit its subscriptions and waits for the
// report. The channel does it itself, so that an audit and a change of the
// settings never work on the same hooks at once. Repeating it joins the audit
// that it has begun.
func (a *Activities) AskAudit(ctx context.Context, request channels.AuditRequest) (channels.AuditReport, error) {
	info := activity.GetInfo(ctx)
	handle, err := a.temporal.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		UpdateID:     info.WorkflowExecution.RunID + "/" + info.ActivityID,
		WorkflowID:   channels.WorkflowID(request.Channel),
		UpdateName:   channels.UpdateAudit,
		Args:         []any{request},
		WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	var report channels.AuditReport
	if err == nil {
		err = handle.Get(ctx, &report)
	}
	switch {
	case err == nil:
		return report, nil
	case notFound(err):
		return channels.AuditReport{}, temporal.NewNonRetryableApplicationError(
			fmt.Sprintf("channel %s: %v", request.Channel, channels.ErrUnknown), string(ReasonUnknownChannel), nil)
	default:
		return channels.AuditReport{}, fmt.Errorf("channel %s: audit: %w", request.Channel, err)
	}
}
