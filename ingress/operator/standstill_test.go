package operator_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"

	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/ingress/operator"
)

// TestHealthOfAChannelThatStandsStill is with the default intervals: audits every
// 15 minutes, searches every 10.
func TestHealthOfAChannelThatStandsStill(t *testing.T) {
	t.Parallel()
	const (
		audits   = "the hooks were not audited"
		searches = "the store was not searched"
	)
	for name, tc := range map[string]struct {
		edit func(c *channels.Channel)
		// Ages; 0 is never.
		created, audited, searched, changed time.Duration
		state                               channels.HealthState
		removing                            bool
		historyAway                         bool
		want                                channels.HealthState
		says                                []string
	}{
		"all goes on": {
			created: 99 * time.Hour, audited: 45 * time.Minute, searched: 34 * time.Minute, changed: 99 * time.Hour,
			state: channels.HealthHealthy, want: channels.HealthHealthy,
		},
		"no audits": {
			created: 99 * time.Hour, audited: 47 * time.Minute, searched: time.Minute, changed: 99 * time.Hour,
			state: channels.HealthHealthy, want: channels.HealthDegraded, says: []string{audits},
		},
		"no searches": {
			created: 99 * time.Hour, audited: time.Minute, searched: 36 * time.Minute, changed: 99 * time.Hour,
			state: channels.HealthHealthy, want: channels.HealthDegraded, says: []string{searches},
		},
		"neither since it was added": {
			created: time.Hour, changed: time.Hour, state: channels.HealthUnknown, want: channels.HealthDegraded, says: []string{audits, searches},
		},
		"just added": {
			created: time.Minute, changed: time.Minute, state: channels.HealthUnknown, want: channels.HealthUnknown,
		},
		"neither, and no history": {
			created: 99 * time.Hour, audited: time.Hour, searched: time.Hour, changed: time.Minute, historyAway: true,
			state: channels.HealthHealthy, want: channels.HealthDegraded, says: []string{audits, searches},
		},
		"just activated again": {
			created: 99 * time.Hour, audited: time.Minute, searched: 50 * time.Hour, changed: time.Minute,
			state: channels.HealthHealthy, want: channels.HealthHealthy,
		},
		"what is worse stays": {
			created: 99 * time.Hour, audited: 2 * time.Hour, searched: time.Minute, changed: 99 * time.Hour,
			state: channels.HealthUnhealthy, want: channels.HealthUnhealthy, says: []string{audits},
		},
		"longer intervals": {
			edit: func(c *channels.Channel) {
				c.Settings.AuditEvery, c.Settings.ReconcileEvery = channels.Duration(time.Hour), channels.Duration(time.Hour)
			},
			created: 99 * time.Hour, audited: 2 * time.Hour, searched: 2 * time.Hour, changed: 99 * time.Hour,
			state: channels.HealthHealthy, want: channels.HealthHealthy,
		},
		"inactive": {
			edit:    func(c *channels.Channel) { c.Active = false },
			created: 99 * time.Hour, audited: 50 * time.Hour, searched: 50 * time.Hour, changed: 99 * time.Hour,
			state: channels.HealthHealthy, want: channels.HealthHealthy,
		},
		"no status selected": {
			edit:    func(c *channels.Channel) { c.Settings.ValidCancellationStatuses = nil },
			created: 99 * time.Hour, audited: 50 * time.Hour, searched: 50 * time.Hour, changed: 99 * time.Hour,
			state: channels.HealthHealthy, want: channels.HealthHealthy,
		},
		"being removed": {
			created: 99 * time.Hour, audited: 50 * time.Hour, searched: 50 * time.Hour, changed: 99 * time.Hour, removing: true,
			state: channels.HealthHealthy, want: channels.HealthHealthy,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			ago := func(age time.Duration) time.Time {
				if age == 0 {
					return time.Time{}
				}
				return time.Now().Add(-age)
			}
			channel := b.temporal.channels["main"]
			channel.CreatedAt = ago(tc.created)
			if tc.edit != nil {
				tc.edit(&channel)
			}
			b.temporal.channels["main"] = channel
			b.temporal.status["main"] = channels.Status{
				Health:   channels.Health{State: tc.state, CheckedAt: ago(tc.audited), Problems: []channels.Finding{}},
				Removing: tc.removing, ReconciledThrough: ago(tc.searched),
			}
			b.temporal.changedAt = ago(tc.changed)
			if tc.historyAway {
				b.temporal.queryErr["main history"] = serviceerror.NewUnavailable("away")
			}
			view, err := b.Get(t.Context(), "main")
			require.NoError(t, err)
			require.Equal(t, tc.want, view.Health())
			require.Len(t, view.Status.Health.Problems, len(tc.says))
			for i, problem := range view.Status.Health.Problems {
				require.Equal(t, operator.FindingStandstill, problem.Kind)
				require.Contains(t, problem.Detail, tc.says[i])
				require.Contains(t, problem.Detail, "may be paused or deleted, or no worker runs")
				require.Contains(t, problem.Advice, "see that a worker runs")
			}
		})
	}
}
