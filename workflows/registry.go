package workflows

import "go.temporal.io/sdk/workflow"

// Registry takes workflows: a worker, or a replayer.
type Registry interface {
	RegisterWorkflowWithOptions(definition any, options workflow.RegisterOptions)
}

// RegisterOrders registers what runs on TaskQueue.
func RegisterOrders(r Registry) {
	r.RegisterWorkflowWithOptions(OrderWebhook, workflow.RegisterOptions{Name: OrderWebhookType})
}

// RegisterChannels registers what runs on TaskQueueChannels.
func RegisterChannels(r Registry) {
	r.RegisterWorkflowWithOptions(SalesChannel, workflow.RegisterOptions{Name: SalesChannelType})
	r.RegisterWorkflowWithOptions(Connection, workflow.RegisterOptions{Name: ConnectionType})
	r.RegisterWorkflowWithOptions(Audit, workflow.RegisterOptions{Name: AuditType})
	r.RegisterWorkflowWithOptions(Reconcile, workflow.RegisterOptions{Name: ReconcileType})
	r.RegisterWorkflowWithOptions(CheckIntegration, workflow.RegisterOptions{Name: CheckType})
}
