package workflows

import "go.temporal.io/sdk/workflow"

// Registry takes workflows: a worker, or a replayer.
type Registry interface {
	RegisterWorkflowWithOptions(definition any, options workflow.RegisterOptions)
}

// With worker versioning, each type has its way with a new build. What ends by
// itself stays with the build that began it: it cannot meet code that does not
// know its history, and a build that gets no new work is done in a foreseeable
// time. What lives as long as a channel would keep every build it was ever begun
// by, so it moves on at its next workflow task, and its code must replay the
// histories of older builds: changes are kept behind workflow.GetVersion. Without
// worker versioning every run moves on, and none of this counts.
const (
	ends = workflow.VersioningBehaviorPinned
	// lives is for workflows that outlive builds.
	lives = workflow.VersioningBehaviorAutoUpgrade
)

// RegisterOrders registers what runs on TaskQueue.
func RegisterOrders(r Registry) {
	register(r, OrderWebhook, OrderWebhookType, ends) // after its waits, a day later unless the channel waits longer
}

// RegisterChannels registers what runs on TaskQueueChannels.
func RegisterChannels(r Registry) {
	register(r, SalesChannel, SalesChannelType, lives)
	register(r, Connection, ConnectionType, lives)
	register(r, Audit, AuditType, ends)
	register(r, Reconcile, ReconcileType, ends)
	register(r, CheckIntegration, CheckType, ends)
}

func register(r Registry, definition any, name string, upgrade workflow.VersioningBehavior) {
	r.RegisterWorkflowWithOptions(definition, workflow.RegisterOptions{Name: name, VersioningBehavior: upgrade})
}
