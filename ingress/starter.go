package ingress

import (
	"context"
	"errors"
	"fmt"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/orderbridge/orderbridge/workflows"
)

// Starter starts the workflow of a webhook, durably.
type Starter interface {
	// Start returns once the workflow is kept by Temporal. It reports a
	// duplicate, which is no error, when the webhook was started before.
	Start(ctx context.Context, webhook workflows.Webhook) (duplicate bool, err error)
}

// TemporalStarter starts webhooks on Temporal.
type TemporalStarter struct {
	// Client is the connection to Temporal. Required.
	Client client.Client
	// Eager lets a worker of this process begin at once, without a trip
	// through the task queue. It works only if the worker shares Client, and
	// must stay off with worker versioning, which eager starts ignore.
	Eager bool
}

// Start implements Starter. The workflow id is the same for every delivery of
// one event, and an id is never used twice, so a duplicate starts nothing as
// long as the namespace keeps closed runs.
func (s *TemporalStarter) Start(ctx context.Context, webhook workflows.Webhook) (bool, error) {
	options := webhook.StartOptions()
	options.EnableEagerStart = s.Eager
	_, err := s.Client.ExecuteWorkflow(ctx, options, workflows.OrderWebhookType, webhook)
	if _, already := errors.AsType[*serviceerror.WorkflowExecutionAlreadyStarted](err); already {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("start workflow %s: %w", webhook.ID(), err)
	}
	return false, nil
}
