package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
)

func TestReconcilePageCovered(t *testing.T) {
	t.Parallel()
	ago := 10 * time.Minute
	for name, c := range map[string]struct {
		run     func(changed time.Time) []run
		covered bool
	}{
		"no run": {func(time.Time) []run { return nil }, false},
		"a run that has read the change": {func(at time.Time) []run {
			return []run{{order: 101, started: at.Add(-time.Hour), modified: at, outcome: "cancelled", reason: "applied"}}
		}, true},
		"a run that has read a later change": {func(at time.Time) []run {
			return []run{{order: 101, started: at.Add(-time.Hour), modified: at.Add(time.Second), outcome: "no_effect", reason: "status_not_selected"}}
		}, true},
		"a run that has read an earlier change": {func(at time.Time) []run {
			return []run{{order: 101, started: at.Add(-time.Hour), modified: at.Add(-time.Second), outcome: "cancelled", reason: "applied"}}
		}, false},
		"an open run that began after the change": {func(at time.Time) []run {
			return []run{{order: 101, started: at.Add(4 * time.Second)}}
		}, true},
		"an open run that began in the second of the change": {func(at time.Time) []run {
			return []run{{order: 101, started: at.Add(900 * time.Millisecond)}}
		}, false},
		"an open run that began before": {func(at time.Time) []run {
			return []run{{order: 101, started: at.Add(-time.Second)}}
		}, false},
		"a failed run that began after the change": {func(at time.Time) []run {
			return []run{{order: 101, started: at.Add(4 * time.Second), outcome: "failed", reason: "ambiguous"}}
		}, true},
		"a rejected callback": {func(at time.Time) []run {
			return []run{{order: 101, started: at.Add(4 * time.Second), outcome: "rejected", reason: "wrong_store"}}
		}, false},
		"a run while the channel was deactivated": {func(at time.Time) []run {
			return []run{{order: 101, started: at.Add(4 * time.Second), modified: at, outcome: "no_effect", reason: "channel_inactive"}}
		}, false},
		"a run while the channel did not exist": {func(at time.Time) []run {
			return []run{{order: 101, started: at.Add(4 * time.Second), outcome: "gave_up", reason: "unknown_channel"}}
		}, false},
		"one of many": {func(at time.Time) []run {
			return []run{
				{order: 101, started: at.Add(-3 * time.Hour)},
				{order: 101, started: at.Add(-2 * time.Hour)},
				{order: 101, started: at.Add(-time.Hour)},
				{order: 101, started: at.Add(-time.Minute), modified: at},
			}
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := searchable(t)
			s.temporal.runs = c.run(s.changed(101, bigcommerce.StatusCancelled, ago))
			result := s.page(activities.ReconcileCursor{At: s.window.From}, nil)
			require.Equal(t, 1, result.Counts.Mapped)
			if c.covered {
				require.Equal(t, 1, result.Counts.Covered)
				require.Empty(t, s.starter.started)
				require.InDelta(t, 1, s.count("orderbridge_reconciled_changes_total", "covered"), 0)
				return
			}
			require.Equal(t, 1, result.Counts.Missed)
			require.Len(t, s.starter.started, 1)
		})
	}
}

// TestReconcilePageClocks shows that a run and a change are compared by one
// clock, although the store's is another than ours.
func TestReconcilePageClocks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ahead   time.Duration // of the store
		began   time.Duration // by our clock, after the change by the store's
		covered bool
	}{
		"the store is ahead, and it was after": {20 * time.Second, 2 * time.Second, true},
		"the store is ahead, which counts not": {20 * time.Second, -15 * time.Second, false},
		"the store is behind":                  {-2 * time.Hour, 2*time.Hour + 5*time.Second, true},
		"the store is behind, it was before":   {-2 * time.Hour, 2 * time.Hour, false},
		"the store is far ahead":               {2 * time.Hour, -2*time.Hour + 5*time.Second, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := searchable(t, bigcommercetest.WithFrozenClockAt(time.Now().Add(c.ahead)))
			s.window.Lead = -24 * time.Hour
			changed := s.changed(101, bigcommerce.StatusCancelled, 10*time.Minute)
			s.temporal.runs = []run{{order: 101, started: changed.Add(c.began)}}
			result := s.page(activities.ReconcileCursor{At: s.window.From}, nil)
			require.Equal(t, c.covered, result.Counts.Covered == 1)
		})
	}
}

// TestReconcilePageCoveredByEnd shows what the end of a run means that was
// started well after a change: for the Schedule's search, for a requested one,
// and, if the run was started for the very change, for the id of the next.
func TestReconcilePageCoveredByEnd(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		run                  run
		scheduled, requested bool // whether it covers
		again                bool // whether its id must be used again
	}{
		"open":            {run{status: enums.WORKFLOW_EXECUTION_STATUS_RUNNING}, true, true, false},
		"done":            {run{outcome: "cancelled", reason: "applied"}, true, true, false},
		"given up":        {run{outcome: "gave_up", reason: "unprocessed"}, true, true, false},
		"failed":          {run{outcome: "failed", reason: "ambiguous"}, true, false, false},
		"terminated":      {run{status: enums.WORKFLOW_EXECUTION_STATUS_TERMINATED}, false, false, false},
		"timed out":       {run{status: enums.WORKFLOW_EXECUTION_STATUS_TIMED_OUT}, false, false, false},
		"cancelled":       {run{status: enums.WORKFLOW_EXECUTION_STATUS_CANCELED}, false, false, false},
		"rejected":        {run{outcome: "rejected", reason: "wrong_store"}, false, false, true},
		"channel off":     {run{outcome: "no_effect", reason: "channel_inactive"}, false, false, true},
		"channel unknown": {run{outcome: "gave_up", reason: "unknown_channel"}, false, false, true},
	} {
		for kind, own := range map[string]bool{"of a webhook": false, "of the change itself": true} {
			t.Run(name+", "+kind, func(t *testing.T) {
				t.Parallel()
				s := searchable(t)
				modified := s.changed(101, bigcommerce.StatusCancelled, 10*time.Minute)
				found := activities.FoundOrder{
					Channel: mainChannel, StoreHash: s.store.Hash, OrderID: 101,
					StatusID: bigcommerce.StatusCancelled, ModifiedAt: modified,
				}
				ended := c.run
				ended.order, ended.id, ended.started = 101, "webhook/main/store/order/statusUpdated/101/0123456789", modified.Add(4*time.Second)
				if own {
					ended.id = found.WorkflowID()
				}
				s.temporal.runs = []run{ended}
				found.Again = own && c.again
				for scheduled, covers := range map[bool]bool{true: c.scheduled, false: c.requested} {
					result := s.page(activities.ReconcileCursor{At: s.window.From}, func(r *activities.ReconcilePageRequest) {
						r.Scheduled, r.RepeatFailed, r.DryRun = scheduled, !scheduled, true
					})
					if covers {
						require.Equal(t, 1, result.Counts.Covered, "scheduled: %v", scheduled)
						continue
					}
					require.Equal(t, []activities.FoundOrder{found}, result.Found, "scheduled: %v", scheduled)
				}
			})
		}
	}
}

// TestReconcilePageCoveredByOwnRun shows that the run of a change covers it even
// if the clocks say that the run began before.
func TestReconcilePageCoveredByOwnRun(t *testing.T) {
	t.Parallel()
	s := searchable(t)
	modified := s.changed(101, bigcommerce.StatusCancelled, 10*time.Minute)
	found := activities.FoundOrder{Channel: mainChannel, StoreHash: s.store.Hash, OrderID: 101, ModifiedAt: modified}
	early := run{order: 101, id: found.WorkflowID(), started: modified.Add(-time.Minute)}
	s.temporal.runs = []run{early}
	require.Equal(t, 1, s.page(activities.ReconcileCursor{At: s.window.From}, nil).Counts.Covered)

	found.StoreHash = "other9"
	s.temporal.runs[0].id = found.WorkflowID()
	require.Equal(t, 1, s.page(activities.ReconcileCursor{At: s.window.From}, nil).Counts.Started, "that is the order of another store")
}

// TestReconcilePageCoveredInThisStore shows that runs from before the channel
// was connected to its present store say nothing of its orders.
func TestReconcilePageCoveredInThisStore(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		since   time.Duration // after the start of the run
		known   bool
		covered bool
	}{
		"connected after the run":  {time.Second, true, false},
		"connected before the run": {-time.Second, true, true},
		"not known":                {0, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := searchable(t)
			modified := s.changed(101, bigcommerce.StatusCancelled, 10*time.Minute)
			began := modified.Add(time.Minute)
			s.temporal.runs = []run{{order: 101, started: began, modified: modified, outcome: "no_effect", reason: "status_not_mapped"}}
			if c.known {
				channel := s.channel(mainChannel)
				channel.StoreSince = began.Add(c.since)
				s.directory.put(channel)
			}
			result := s.page(activities.ReconcileCursor{At: s.window.From}, nil)
			require.Equal(t, c.covered, result.Counts.Covered == 1)
			require.Equal(t, c.covered, len(s.starter.started) == 0)
		})
	}
}
