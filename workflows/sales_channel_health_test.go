package workflows_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/workflows"
)

// TestHealthIsSearchable plays looks at the subscriptions of one channel and
// looks at what visibility is told of it.
func TestHealthIsSearchable(t *testing.T) {
	t.Parallel()
	harmful := channels.Finding{Kind: channels.FindingRevoked, Detail: "the token is not accepted", Left: true}
	harmless := channels.Finding{Kind: channels.FindingRefused, Detail: "a name is not liked", Left: true, Harmless: true}
	w := newChannelWorld(t)
	looks := []channels.AuditReport{
		right(), right(), {Left: []channels.Finding{harmful}}, {Left: []channels.Finding{harmless}}, right(), right(),
	}
	w.sync = func(activities.SyncRequest) (channels.AuditReport, error) {
		if len(looks) == 0 {
			return channels.AuditReport{}, errors.New("no more")
		}
		report := looks[0]
		looks = looks[1:]
		return report, nil
	}
	// Each change is told once, and no other; healthy it becomes twice.
	for health, times := range map[string]int{"healthy": 2, "unhealthy": 1, "degraded": 1, workflows.HealthInactive: 1} {
		w.env.OnUpsertTypedSearchAttributes(temporal.NewSearchAttributes(workflows.AttributeHealth.ValueSet(health))).Return(nil).Times(times)
	}
	active := validChannel()
	for i := range 5 {
		// Saving what there is already makes it look again.
		w.saveAt(time.Duration(i)*time.Minute, string(rune('a'+i)), channels.SaveRequest{By: "test", Channel: active})
	}
	inactive := active
	inactive.Active = false
	w.saveAt(10*time.Minute, "z", channels.SaveRequest{By: "test", Channel: inactive})
	w.env.RegisterDelayedCallback(w.env.CancelWorkflow, time.Hour)
	w.env.ExecuteWorkflow(workflows.SalesChannel, channels.State{Channel: channels.Channel{ID: "main"}})
	require.Empty(t, w.errs)
	require.Empty(t, looks)
	w.env.AssertExpectations(t)
}

// TestHealthOfARunFromBefore shows that a run that replays an older history keeps
// to the old way there.
func TestHealthOfARunFromBefore(t *testing.T) {
	t.Parallel()
	w := newChannelWorld(t)
	w.env.OnGetVersion("show-health", workflow.DefaultVersion, workflow.Version(1)).Return(workflow.DefaultVersion)
	w.env.OnGetVersion(mock.Anything, workflow.DefaultVersion, workflow.Version(1)).Return(workflow.Version(1))
	shown := false
	w.env.OnUpsertTypedSearchAttributes(mock.MatchedBy(func(temporal.SearchAttributes) bool {
		shown = true
		return true
	})).Maybe().Return(nil)
	w.saveAt(0, "a", channels.SaveRequest{By: "test", Channel: validChannel()})
	w.env.RegisterDelayedCallback(w.env.CancelWorkflow, time.Hour)
	w.env.ExecuteWorkflow(workflows.SalesChannel, channels.State{Channel: channels.Channel{ID: "main"}})
	require.Empty(t, w.errs)
	require.Len(t, w.synced, 1)
	require.False(t, shown)
}
