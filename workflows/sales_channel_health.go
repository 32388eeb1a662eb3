package workflows

import "go.temporal.io/sdk/workflow"

// HealthInactive stands in AttributeHealth in place of a channels.HealthState
// for a channel that was deactivated.
const HealthInactive = "inactive"

// versionHealth is the change that made a channel show its health as a search
// attribute. A run from before it does so once it has continued as new.
const versionHealth = "show-health"

// show makes the channel's health searchable, so that all channels can be
// counted by it.
func (c *salesChannel) show(ctx workflow.Context) error {
	health := string(c.Status.Health.State)
	if !c.Channel.Active {
		health = HealthInactive
	}
	if shown, _ := workflow.GetTypedSearchAttributes(ctx).GetKeyword(AttributeHealth); shown == health {
		return nil
	}
	if workflow.GetVersion(ctx, versionHealth, workflow.DefaultVersion, 1) == workflow.DefaultVersion {
		return nil
	}
	return workflow.UpsertTypedSearchAttributes(ctx, AttributeHealth.ValueSet(health))
}
