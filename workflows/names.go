// Package workflows holds the deterministic half of Orderbridge: the rules,
// one workflow per webhook, and one entity workflow per sales channel.
package workflows

import (
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/channels"
)

// Task queues. Calls that failed at the first, local attempt are repeated on a
// queue per side, so that fairness between channels and rates apply there and
// an outage of one side holds up nothing else.
const (
	// TaskQueue runs the order workflows and the first attempt of every step.
	TaskQueue = "orderbridge"
	// TaskQueueChannels runs the sales channels. Order workflows ask them for
	// settings while they hold a slot of their own queue: on one queue, a
	// burst of webhooks would take every slot and leave none to answer.
	TaskQueueChannels = channels.TaskQueue
	// TaskQueueBigCommerce runs the repeated calls to BigCommerce.
	TaskQueueBigCommerce = "orderbridge-bigcommerce"
	// TaskQueueDownstream runs the repeated calls to downstream systems.
	TaskQueueDownstream = "orderbridge-downstream"
)

// Names under which the workflows are registered.
const (
	// OrderWebhookType handles one webhook.
	OrderWebhookType = "OrderWebhook"
	// SalesChannelType keeps one sales channel.
	SalesChannelType = channels.WorkflowType
	// AuditType audits the subscriptions of a channel once.
	AuditType = channels.AuditWorkflowType
	// ReconcileType searches the store of a channel for lost webhooks once.
	ReconcileType = channels.ReconcileWorkflowType
	// CheckType checks the integration of a channel once.
	CheckType = channels.CheckWorkflowType
	// ConnectionType holds the connection of a channel.
	ConnectionType = channels.ConnectionWorkflowType
)

// Search attributes. SQL visibility has room for ten keywords in all.
var (
	// AttributeChannel is the id of the sales channel.
	AttributeChannel = channels.SearchAttribute
	// AttributeScope is the BigCommerce scope of the webhook.
	AttributeScope = temporal.NewSearchAttributeKeyKeyword("OrderbridgeScope")
	// AttributeOrder is the BigCommerce order id.
	AttributeOrder = activities.AttributeOrder
	// AttributeOutcome is the Outcome, once there is one.
	AttributeOutcome = activities.AttributeOutcome
	// AttributeReason is the Reason of the outcome.
	AttributeReason = activities.AttributeReason
	// AttributeStatus is the order's status downstream at the end.
	AttributeStatus = temporal.NewSearchAttributeKeyKeyword("OrderbridgeStatus")
	// AttributeModified is the time of the order's last change, by the store's
	// clock, that the run has looked at. Reconciliation knows by it which
	// changes have been seen to.
	AttributeModified = activities.AttributeModified
	// AttributeHealth is the channels.HealthState of a sales channel, or
	// HealthInactive. Only workflows of sales channels have it.
	AttributeHealth = temporal.NewSearchAttributeKeyKeyword("OrderbridgeHealth")
)

// SearchAttributes returns what a namespace must know, by name.
func SearchAttributes() map[string]enums.IndexedValueType {
	out := map[string]enums.IndexedValueType{}
	for _, key := range []temporal.SearchAttributeKeyKeyword{
		AttributeChannel, AttributeScope, AttributeOrder, AttributeOutcome, AttributeReason, AttributeStatus, AttributeHealth,
	} {
		out[key.GetName()] = enums.INDEXED_VALUE_TYPE_KEYWORD
	}
	out[AttributeModified.GetName()] = enums.INDEXED_VALUE_TYPE_DATETIME
	return out
}
