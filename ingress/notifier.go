package ingress

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/orderbridge/orderbridge/activities/channels"
)

// Notifier passes on callbacks that are not about orders, durably.
type Notifier interface {
	// Exception has the subscriptions of a channel audited, because
	// BigCommerce reported with this code that it could not deliver a
	// callback. It returns once that is kept by Temporal. While such an audit
	// for the same code runs, or for another code that BigCommerce does not
	// document, no second one is started, which is no error.
	Exception(ctx context.Context, channel string, code int) error
	// Delivered tells the check of a channel's integration that its callback
	// arrived. It reports false, which is no error, when no check is running.
	Delivered(ctx context.Context, channel string, at time.Time) (waiting bool, err error)
}

// TemporalNotifier notifies workflows on Temporal.
type TemporalNotifier struct {
	// Client is the connection to Temporal. Required.
	Client client.Client
}

// Exception implements Notifier.
func (n *TemporalNotifier) Exception(ctx context.Context, channel string, code int) error {
	// The codes that an id can hold are few, whatever a callback says: each
	// audit that runs at the same time as others costs the store's quota.
	id := channels.AuditID(channel) + "/exception/" + exceptionLabel(code)
	_, err := n.Client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:                       id,
		TaskQueue:                channels.TaskQueue,
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		WorkflowIDReusePolicy:    enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		TypedSearchAttributes:    temporal.NewSearchAttributes(channels.SearchAttribute.ValueSet(channel)),
		StaticSummary:            "audit the subscriptions of " + channel + " after delivery exception " + strconv.Itoa(code),
		Priority:                 temporal.Priority{FairnessKey: channel},
	}, channels.AuditWorkflowType, channels.AuditRequest{Channel: channel, Cause: channels.AuditException, Code: code})
	if err != nil {
		return fmt.Errorf("start workflow %s: %w", id, err)
	}
	return nil
}

// Delivered implements Notifier.
func (n *TemporalNotifier) Delivered(ctx context.Context, channel string, at time.Time) (bool, error) {
	id := channels.CheckID(channel)
	err := n.Client.SignalWorkflow(ctx, id, "", channels.SignalDelivered, channels.Delivered{At: at})
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("signal workflow %s: %w", id, err)
	}
	return true, nil
}
