package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/workflows"
)

// starter starts order workflows for changes that reconciliation found.
type starter struct {
	client client.Client
}

// StartOrder implements activities.OrderStarter.
func (s *starter) StartOrder(ctx context.Context, found activities.FoundOrder) (bool, error) {
	webhook := workflows.FoundWebhook(found, time.Now())
	_, err := s.client.ExecuteWorkflow(ctx, webhook.StartOptions(), workflows.OrderWebhookType, webhook)
	if _, already := errors.AsType[*serviceerror.WorkflowExecutionAlreadyStarted](err); already {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("channel %s: order %d: start workflow %s: %w", found.Channel, found.OrderID, webhook.ID(), err)
	}
	return true, nil
}
