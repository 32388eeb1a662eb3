package channels

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	sdktemporal "go.temporal.io/sdk/temporal"
)

// State is the input of the entity workflow of a channel, and what it carries
// over when it continues as new. A new channel starts with its id alone.
type State struct {
	// Channel is the channel. Its Revision is 0 until it is first saved.
	Channel Channel `json:"channel"`
	// History are the changes, oldest first, at most the last 200.
	History []Change `json:"history"`
	// Subscribed are the scopes for which hooks exist.
	Subscribed []string `json:"subscribed"`
	// Stale is set while the subscriptions may not match the settings.
	Stale bool `json:"stale"`
	// Status is how the channel is doing.
	Status Status `json:"status"`
	// RetryAt is when the subscriptions are looked at again because something
	// could not be finished; the zero time if nothing is left to be.
	RetryAt time.Time `json:"retry_at,omitzero"`
	// Failures counts the failed attempts in a row.
	Failures int `json:"failures,omitempty"`
	// LeaveFailures counts the attempts in a row to remove hooks that were left
	// behind.
	LeaveFailures int `json:"leave_failures,omitempty"`
}

// UpdateStarter is the part of a Temporal client that Save needs.
type UpdateStarter interface {
	NewWithStartWorkflowOperation(options client.StartWorkflowOptions, workflow any, args ...any) client.WithStartWorkflowOperation
	UpdateWithStartWorkflow(ctx context.Context, options client.UpdateWithStartWorkflowOptions) (client.WorkflowUpdateHandle, error)
}

// Save makes a channel be as the request says: it creates the channel if there
// is none with this id, and otherwise changes it. It answers when the change
// is kept, and fails without changing anything when the settings are wrong or
// the credentials do not work. The entity workflow runs on taskQueue; a worker
// must be running there.
func Save(ctx context.Context, temporal UpdateStarter, taskQueue string, request SaveRequest) (SaveResult, error) {
	id := request.Channel.ID
	var p problems
	if p.id(id); len(p) > 0 {
		return SaveResult{}, p.err()
	}
	start := temporal.NewWithStartWorkflowOperation(client.StartWorkflowOptions{
		ID:                       WorkflowID(id),
		TaskQueue:                taskQueue,
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		StaticSummary:            "sales channel " + id,
		TypedSearchAttributes:    sdktemporal.NewSearchAttributes(SearchAttribute.ValueSet(id)),
	}, WorkflowType, State{Channel: Channel{ID: id}})
	handle, err := temporal.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: start,
		UpdateOptions: client.UpdateWorkflowOptions{
			UpdateName:   UpdateSave,
			Args:         []any{request},
			WaitForStage: client.WorkflowUpdateStageCompleted,
		},
	})
	if err != nil {
		return SaveResult{}, fmt.Errorf("channel %s: save: %w", id, err)
	}
	var result SaveResult
	if err := handle.Get(ctx, &result); err != nil {
		return SaveResult{}, fmt.Errorf("channel %s: not saved: %w", id, err)
	}
	return result, nil
}
