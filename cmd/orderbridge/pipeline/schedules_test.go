package pipeline_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/downstream/rest/resttest"
	"github.com/orderbridge/orderbridge/workflows"
)

// schedules are the ids of a channel's two Schedules.
func schedules(id string) []string { return []string{channels.AuditID(id), channels.ReconcileID(id)} }

func (p *pipeline) schedule(id string) *client.ScheduleDescription {
	p.t.Helper()
	description, err := p.client.ScheduleClient().GetHandle(p.ctx, id).Describe(p.ctx)
	require.NoError(p.t, err)
	return description
}

// runNow makes a Schedule start its workflow now, and returns the id of the run.
func (p *pipeline) runNow(id string) string {
	p.t.Helper()
	handle := p.client.ScheduleClient().GetHandle(p.ctx, id)
	before := len(p.schedule(id).Info.RecentActions)
	require.NoError(p.t, handle.Trigger(p.ctx, client.ScheduleTriggerOptions{Overlap: enums.SCHEDULE_OVERLAP_POLICY_ALLOW_ALL}))
	var run string
	require.Eventually(p.t, func() bool {
		recent := p.schedule(id).Info.RecentActions
		if len(recent) > before {
			run = recent[len(recent)-1].StartWorkflowResult.WorkflowID
		}
		return run != ""
	}, patience, 10*time.Millisecond, "schedule %s started nothing", id)
	return run
}

// auditNow audits the subscriptions as the Schedule does.
func (p *pipeline) auditNow() channels.AuditReport {
	p.t.Helper()
	var report channels.AuditReport
	require.NoError(p.t, p.client.GetWorkflow(p.ctx, p.runNow(channels.AuditID(channelID)), "").Get(p.ctx, &report))
	return report
}

func TestSchedulesFollowTheSettings(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	every := func(id string) time.Duration { return p.schedule(id).Schedule.Spec.Intervals[0].Every }
	require.Equal(t, 15*time.Minute, every(channels.AuditID(channelID)))
	require.Equal(t, 10*time.Minute, every(channels.ReconcileID(channelID)))
	for _, id := range schedules(channelID) {
		now := p.schedule(id).Schedule
		require.Equal(t, enums.SCHEDULE_OVERLAP_POLICY_SKIP, now.Policy.Overlap)
		require.Equal(t, 10*time.Minute, now.Policy.CatchupWindow)
		require.Positive(t, now.Spec.Jitter)
		require.NoError(t, p.client.ScheduleClient().GetHandle(p.ctx, id).Pause(p.ctx, client.SchedulePauseOptions{Note: "a quiet night"}))
	}

	changed := p.channel()
	changed.Settings.AuditEvery, changed.Settings.ReconcileEvery = channels.Duration(time.Hour), channels.Duration(time.Minute)
	p.save(changed)
	require.Equal(t, time.Hour, every(channels.AuditID(channelID)))
	require.Equal(t, time.Minute, every(channels.ReconcileID(channelID)))
	for _, id := range schedules(channelID) {
		require.True(t, p.schedule(id).Schedule.State.Paused, "what an operator paused stays so")
	}

	changed.Active = false
	p.save(changed)
	for _, id := range schedules(channelID) {
		_, err := p.client.ScheduleClient().GetHandle(p.ctx, id).Describe(p.ctx)
		var gone *serviceerror.NotFound
		require.ErrorAs(t, err, &gone)
	}
}

// TestAuditOnSchedule shows the way from a Schedule to a mended hook and to the
// channel's health.
func TestAuditOnSchedule(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	first := p.auditNow()
	require.Empty(t, first.Found)
	require.NoError(t, p.store.DeactivateHook(first.Hooks[0].ID))
	run := p.runNow(channels.AuditID(channelID))
	var report channels.AuditReport
	require.NoError(t, p.client.GetWorkflow(p.ctx, run, "").Get(p.ctx, &report))
	require.Len(t, report.Found, 1)
	require.Equal(t, channels.FindingDeactivated, report.Found[0].Kind)
	require.NotEmpty(t, report.Done)
	require.Empty(t, report.Left)
	require.Equal(t, channels.AuditScheduled, report.Cause)
	require.Contains(t, p.metrics(), `orderbridge_audit_findings_total{kind="deactivated",result="mended"} 1`)
	require.Equal(t, channels.HealthHealthy, p.status().Health.State)
	p.recordHistory("audit", run)
	for _, hook := range p.store.Hooks() {
		require.True(t, hook.IsActive)
	}

	p.store.RevokeAccount(p.account.ClientID)
	report = p.auditNow()
	require.Equal(t, channels.FindingRevoked, report.Left[0].Kind)
	require.Equal(t, channels.HealthUnhealthy, p.status().Health.State)
}

func (p *pipeline) status() channels.Status {
	p.t.Helper()
	value, err := p.client.QueryWorkflow(p.ctx, channels.WorkflowID(channelID), "", channels.QueryStatus)
	require.NoError(p.t, err)
	var status channels.Status
	require.NoError(p.t, value.Get(&status))
	return status
}

// TestConnectionIsTaken shows that no two channels act on one store and one
// downstream account, and that a channel that goes makes room.
func TestConnectionIsTaken(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	rival := p.channel()
	rival.ID = "rival"
	rival.CallbackURL = "http://" + p.ingress + "/webhooks/bigcommerce/rival"
	rival.Downstream.BaseURL += "/" // another spelling
	save := func() error {
		_, err := channels.Save(p.ctx, p.client, workflows.TaskQueueChannels, channels.SaveRequest{By: "test", Channel: rival})
		return err
	}
	require.ErrorContains(t, save(), "channel main connects store "+p.store.Hash+" to this downstream account already")

	other := resttest.New(t)
	elsewhere := rival
	elsewhere.Downstream.BaseURL = other.URL
	elsewhere.Downstream.Token = p.seal(other.Token)
	_, err := channels.Save(p.ctx, p.client, workflows.TaskQueueChannels, channels.SaveRequest{By: "test", Channel: elsewhere})
	require.NoError(t, err, "one store can have several channels")
	require.ErrorContains(t, save(), "channel main connects", "and none of them can move to another's place")

	p.remove()
	require.NoError(t, save(), "there is room again")
}

// TestConnectionIsClaimedAgain ends the workflow that holds a connection by hand:
// the next audit claims it again.
func TestConnectionIsClaimedAgain(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	value, err := p.client.QueryWorkflow(p.ctx, channels.WorkflowID(channelID), "", channels.QueryChannel)
	require.NoError(t, err)
	var channel channels.Channel
	require.NoError(t, value.Get(&channel))
	require.NoError(t, p.client.TerminateWorkflow(p.ctx, channel.Connection, "", "by mistake"))
	require.Empty(t, p.auditNow().Left)
	described, err := p.client.DescribeWorkflowExecution(p.ctx, channel.Connection, "")
	require.NoError(t, err)
	require.Equal(t, enums.WORKFLOW_EXECUTION_STATUS_RUNNING, described.GetWorkflowExecutionInfo().GetStatus())
}

// remove removes the main channel.
func (p *pipeline) remove() {
	p.t.Helper()
	handle, err := p.client.UpdateWorkflow(p.ctx, client.UpdateWorkflowOptions{
		WorkflowID: channels.WorkflowID(channelID), UpdateName: channels.UpdateRemove,
		Args: []any{channels.RemoveRequest{By: "test"}}, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	require.NoError(p.t, err)
	var result channels.RemoveResult
	require.NoError(p.t, handle.Get(p.ctx, &result))
	require.Empty(p.t, result.Left)
	require.NoError(p.t, p.client.GetWorkflow(p.ctx, channels.WorkflowID(channelID), "").Get(p.ctx, nil))
}

func TestRemoveLeavesNothing(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	require.NotEmpty(t, p.store.Hooks())
	p.remove()
	require.Empty(t, p.store.Hooks())
	for _, id := range schedules(channelID) {
		_, err := p.client.ScheduleClient().GetHandle(p.ctx, id).Describe(p.ctx)
		var gone *serviceerror.NotFound
		require.ErrorAs(t, err, &gone)
	}
	p.recordHistory("channel_removed", channels.WorkflowID(channelID))
	p.save(p.channel())
	require.NotEmpty(t, p.store.Hooks(), "it can be added again")
}
