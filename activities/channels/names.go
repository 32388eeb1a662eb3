package channels

import (
	"strings"

	"go.temporal.io/sdk/temporal"
)

// TaskQueue runs the workflows of channels (the entity, audits,
// reconciliations, checks) and the activities that only ask Temporal.
const TaskQueue = "orderbridge-channels"

// Names by which the entity workflow of a channel is addressed.
const (
	// WorkflowType is the type of the entity workflow. Its input is a State.
	WorkflowType = "SalesChannel"
	// QueryChannel answers with the Channel.
	QueryChannel = "channel"
	// QueryHistory answers with the []Change of the channel, oldest first.
	QueryHistory = "history"
	// QueryStatus answers with the Status.
	QueryStatus = "status"
	// UpdateSave takes a SaveRequest and answers with a SaveResult.
	UpdateSave = "save"
	// UpdateRemove takes a RemoveRequest and answers with a RemoveResult. The
	// workflow ends afterwards.
	UpdateRemove = "remove"
	// UpdateRotateSecret takes a RotateRequest and answers with a SaveResult:
	// the hooks get a new version of the callback secret.
	UpdateRotateSecret = "rotate_secret"
	// UpdateAudit takes an AuditRequest and answers with an AuditReport.
	UpdateAudit = "audit"
	// SignalReconciled takes a Reconciled.
	SignalReconciled = "reconciled"
)

const (
	// SignalDelivered tells the workflow with CheckID that the callback that
	// it had caused has arrived. It takes a Delivered.
	SignalDelivered = "delivered"
	// QuerySteps answers, while an integration is checked, with what is known
	// so far.
	QuerySteps = "steps"
	// QueryProgress answers, while a store is searched, with how far that is.
	QueryProgress = "progress"
)

// Types of the workflows that work for a channel.
const (
	// AuditWorkflowType audits the subscriptions once.
	AuditWorkflowType = "Audit"
	// ReconcileWorkflowType searches the store for lost webhooks once.
	ReconcileWorkflowType = "Reconcile"
	// CheckWorkflowType checks the whole integration once.
	CheckWorkflowType = "CheckIntegration"
	// ConnectionWorkflowType is open as long as a channel holds the
	// connection between a store and a downstream account.
	ConnectionWorkflowType = "Connection"
)

// WorkflowID returns the id of the entity workflow of a channel.
func WorkflowID(channel string) string { return "channel/" + channel }

// AuditID returns the id of the Schedule of a channel's audits, and the
// beginning of the ids of its runs.
func AuditID(channel string) string { return "audit/" + channel }

// ReconcileID returns the id of the Schedule of a channel's reconciliations,
// and the beginning of the ids of its runs.
func ReconcileID(channel string) string { return "reconcile/" + channel }

// CheckID returns the id of the workflow that checks a channel's integration.
func CheckID(channel string) string { return "check/" + channel }

// CallbackPath returns what the callback address of a channel ends in: the
// ingress tells from it which channel a callback is for.
func CallbackPath(channel string) string { return "/webhooks/bigcommerce/" + channel }

// ExceptionsURL returns where BigCommerce reports callbacks that it could not
// deliver. BigCommerce documents that it must differ from the destination of
// every other hook.
func ExceptionsURL(callbackURL string) string {
	return strings.TrimRight(callbackURL, "/") + "/exceptions"
}

// CheckURL returns where the callback of a checked integration arrives.
func CheckURL(callbackURL string) string { return strings.TrimRight(callbackURL, "/") + "/check" }

// SearchAttribute is the search attribute that holds the id of the sales
// channel, on every workflow that works for one.
var SearchAttribute = temporal.NewSearchAttributeKeyKeyword("OrderbridgeChannel")
