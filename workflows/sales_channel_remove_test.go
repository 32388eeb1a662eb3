package workflows_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/workflows"
)

func TestSalesChannelRemove(t *testing.T) {
	t.Parallel()
	stuck := channels.Finding{Kind: channels.FindingRevoked, Detail: "the token is not taken", Left: true}
	for name, c := range map[string]struct {
		left    []channels.Finding
		force   bool
		removed bool
	}{
		"everything goes":      {removed: true},
		"something stays":      {left: []channels.Finding{stuck}},
		"something stays back": {left: []channels.Finding{stuck}, force: true, removed: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newChannelWorld(t)
			var removes []bool
			w.sync = func(request activities.SyncRequest) (channels.AuditReport, error) {
				removes = append(removes, request.Remove)
				report := channels.AuditReport{}
				if request.Remove {
					report.Left = c.left
				}
				return report, nil
			}
			w.saveAt(time.Second, "1", save(validChannel()))
			got := updateAt[channels.RemoveResult](w, time.Minute, channels.UpdateRemove, channels.RemoveRequest{By: "bob", Force: c.force})
			w.env.RegisterDelayedCallback(w.env.CancelWorkflow, time.Hour)
			w.env.ExecuteWorkflow(workflows.SalesChannel, newState())
			require.True(t, got.ended)
			if !c.removed {
				require.ErrorContains(t, got.err, "the token is not taken; mend that, or force it")
				require.Equal(t, []bool{false, true, false}, removes, "what was removed comes back")
				require.Empty(t, w.released)
				require.Error(t, w.env.GetWorkflowError(), "it goes on until it is cancelled")
				return
			}
			require.NoError(t, got.err)
			require.Equal(t, []bool{false, true}, removes)
			require.Len(t, got.value.Left, len(c.left))
			require.Equal(t, []activities.Claim{{Channel: "main", Connection: "connection/abc123"}}, w.released)
			require.NoError(t, w.env.GetWorkflowError())
		})
	}
}

// TestSalesChannelRemoveSaysWhatAFormerStoreKeeps shows that a channel does not
// go silently while hooks of it may be left where it was before.
func TestSalesChannelRemoveSaysWhatAFormerStoreKeeps(t *testing.T) {
	t.Parallel()
	w := newChannelWorld(t)
	reach := false
	w.leave = func(c channels.Channel) (activities.LeaveResult, error) {
		if !reach || c.Active {
			return activities.LeaveResult{}, errors.New("out of reach")
		}
		return activities.LeaveResult{Cleared: indices(c.Former)}, nil
	}
	w.saveAt(time.Second, "1", save(validChannel()))
	moved := validChannel()
	moved.Store.Hash = "abc124"
	w.saveAt(time.Minute, "2", save(moved))
	refused := updateAt[channels.RemoveResult](w, 3*time.Minute, channels.UpdateRemove, channels.RemoveRequest{By: "bob"})
	w.env.RegisterDelayedCallback(func() { reach = true }, 4*time.Minute)
	removed := updateAt[channels.RemoveResult](w, 5*time.Minute, channels.UpdateRemove, channels.RemoveRequest{By: "bob"})
	w.env.ExecuteWorkflow(workflows.SalesChannel, newState())
	require.ErrorContains(t, refused.err, "hooks may be left in a store or an API account that the channel had before")
	require.NoError(t, removed.err)
	require.NoError(t, w.env.GetWorkflowError())
}

// TestSalesChannelForcedRemoval shows that force overtakes a removal that waits
// for a store which is away.
func TestSalesChannelForcedRemoval(t *testing.T) {
	t.Parallel()
	w := newChannelWorld(t)
	w.sync = func(request activities.SyncRequest) (channels.AuditReport, error) {
		if request.Remove {
			return channels.AuditReport{}, errors.New("out of reach")
		}
		return right(), nil
	}
	w.saveAt(time.Second, "1", save(validChannel()))
	patient := updateAt[channels.RemoveResult](w, time.Minute, channels.UpdateRemove, channels.RemoveRequest{By: "bob"})
	forced := updateAt[channels.RemoveResult](w, time.Minute+5*time.Second, channels.UpdateRemove, channels.RemoveRequest{By: "bob", Force: true})
	began := w.env.Now()
	w.env.ExecuteWorkflow(workflows.SalesChannel, newState())
	require.NoError(t, w.env.GetWorkflowError())
	for _, one := range []*answer[channels.RemoveResult]{patient, forced} {
		require.NoError(t, one.err)
		require.Equal(t, channels.FindingUnavailable, one.value.Left[0].Kind)
	}
	require.Less(t, w.env.Now().Sub(began), 90*time.Second, "by the workflow's clock, which a test moves")
}
