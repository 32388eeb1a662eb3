package workflows

import "go.temporal.io/sdk/workflow"

// Connection is open as long as a sales channel, which its memo names, holds
// the connection between a store and a downstream account. There is one
// workflow of an id at a time: that is the lock. It is terminated when the claim
// is given back, and ends when it is cancelled.
func Connection(ctx workflow.Context) error {
	workflow.SetCurrentDetails(ctx, "Keeps other channels from connecting this store to this downstream account.")
	ctx.Done().Receive(ctx, nil)
	return nil
}
