package activities_test

import (
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
)

func TestReconcilePageSelects(t *testing.T) {
	t.Parallel()
	s := searchable(t)
	cancelled := s.changed(101, bigcommerce.StatusCancelled, 10*time.Minute)
	s.changed(102, bigcommerce.StatusShipped, 9*time.Minute)
	s.changed(103, bigcommerce.StatusCompleted, 8*time.Minute)
	s.changed(104, bigcommerce.StatusAwaitingFulfillment, 7*time.Minute)
	s.changed(105, bigcommerce.StatusRefunded, 6*time.Minute)
	s.store.AddOrder(bigcommercetest.Order{ID: 106, StatusID: bigcommerce.StatusCancelled, ChannelID: 7, DateModified: cancelled})
	s.changed(107, bigcommerce.StatusCancelled, 2*time.Hour)      // before the window
	s.changed(108, bigcommerce.StatusCancelled, 10*time.Second)   // left to its webhook
	s.changed(109, bigcommerce.StatusCancelled, 30*time.Second)   // the last second of the window
	s.changed(110, bigcommerce.StatusCancelled, 3600*time.Second) // the first
	channel := s.channel(mainChannel)
	channel.Settings.StoreChannels = []int64{1}
	s.directory.put(channel)

	result := s.page(activities.ReconcileCursor{At: s.window.From}, nil)
	require.True(t, result.Done)
	require.Equal(t, activities.ReconcileCounts{Listed: 8, Mapped: 5, Missed: 5, Started: 5}, result.Counts)
	require.Equal(t, []int64{101, 102, 103, 109, 110}, s.starter.ids())
	require.Equal(t, s.starter.started, result.Found)
	require.Contains(t, result.Found, activities.FoundOrder{
		Channel: mainChannel, StoreHash: s.store.Hash, OrderID: 101,
		StatusID: bigcommerce.StatusCancelled, ModifiedAt: cancelled,
	})
	require.InDelta(t, 5, s.count("orderbridge_reconciled_changes_total", "started"), 0)
	require.InDelta(t, 5, s.count("orderbridge_webhooks_missed_total", ""), 0)

	again := s.page(activities.ReconcileCursor{At: s.window.From}, nil)
	require.Equal(t, activities.ReconcileCounts{Listed: 8, Mapped: 5, Missed: 5, AlreadyStarted: 5}, again.Counts)
	require.Empty(t, again.Found)
	require.InDelta(t, 5, s.count("orderbridge_reconciled_changes_total", "already_started"), 0)
	require.InDelta(t, 5, s.count("orderbridge_webhooks_missed_total", ""), 0, "what was started before is not lost twice")
}

func TestReconcilePageDryRun(t *testing.T) {
	t.Parallel()
	s := searchable(t)
	s.changed(101, bigcommerce.StatusCancelled, 10*time.Minute)
	result := s.page(activities.ReconcileCursor{At: s.window.From}, func(r *activities.ReconcilePageRequest) { r.DryRun = true })
	require.Equal(t, activities.ReconcileCounts{Listed: 1, Mapped: 1, Missed: 1}, result.Counts)
	require.Len(t, result.Found, 1)
	require.Empty(t, s.starter.started)
	for _, kind := range []string{"covered", "started", "already_started"} {
		require.Zero(t, s.count("orderbridge_reconciled_changes_total", kind))
	}
	require.Zero(t, s.count("orderbridge_webhooks_missed_total", ""))
}

func TestReconcilePageRequested(t *testing.T) {
	t.Parallel()
	s := searchable(t)
	s.changed(101, bigcommerce.StatusCancelled, 10*time.Minute)
	s.page(activities.ReconcileCursor{At: s.window.From}, func(r *activities.ReconcilePageRequest) { r.Scheduled = false })
	require.InDelta(t, 1, s.count("orderbridge_reconciled_changes_total", "started"), 0)
	require.Zero(t, s.count("orderbridge_webhooks_missed_total", ""), "a search of the past says nothing of today's webhooks")
}

// TestReconcileMovingOrders changes orders while the pages are read, so that
// numbered pages would skip and repeat some.
func TestReconcileMovingOrders(t *testing.T) {
	t.Parallel()
	s := searchable(t)
	const n = 900
	for id := range int64(n) {
		s.changed(id+1000, bigcommerce.StatusCancelled, time.Hour-time.Duration(id)*3*time.Second)
	}
	moved := int64(1000)
	s.store.Clock().Advance(time.Minute)
	counts := s.search(func() {
		for range 100 { // some of what was read, and, in the end, of what was not
			require.NoError(t, s.store.SetStatus(moved, bigcommerce.StatusShipped))
			moved += 2
		}
	})
	var stayed []int64
	for id := int64(1000); id < 1000+n; id++ {
		order, _ := s.store.Order(id)
		if order.StatusID == bigcommerce.StatusCancelled {
			stayed = append(stayed, id)
		}
	}
	require.Greater(t, moved, int64(1000), "nothing moved")
	require.Subset(t, s.starter.ids(), stayed)
	ids := s.starter.ids()
	require.Equal(t, len(ids), counts.Started, "each was found once")
	require.Len(t, slices.Compact(slices.Clone(ids)), len(ids))

	// What has moved is in the next search.
	s.window = activities.ReconcileWindow{From: s.window.Until, Until: s.store.Clock().Now()}
	s.search(nil)
	require.Len(t, slices.Compact(s.starter.ids()), n, "an order was lost")
}

func TestReconcileBulkImport(t *testing.T) {
	t.Parallel()
	s := searchable(t)
	const n = 1000
	for id := range int64(n) {
		s.changed(id+1000, bigcommerce.StatusShipped, 20*time.Minute)
	}
	s.changed(500, bigcommerce.StatusShipped, 20*time.Minute+time.Second)
	s.changed(9000, bigcommerce.StatusShipped, 20*time.Minute-time.Second)
	counts := s.search(nil)
	require.Equal(t, activities.ReconcileCounts{Listed: n + 2, Mapped: n + 2, Missed: n + 2, Started: n + 2}, counts)
	require.LessOrEqual(t, len(s.store.Calls()), 10, "the store's quota is not ours alone")
	require.LessOrEqual(t, len(s.temporal.asked), 25, "one question for 50 orders of a page")
}

// TestReconcilePageResumes breaks a page off in the middle: the next attempt
// starts the rest, and reports all of it.
func TestReconcilePageResumes(t *testing.T) {
	t.Parallel()
	s := searchable(t)
	for id := range int64(10) {
		s.changed(id+101, bigcommerce.StatusCancelled, time.Duration(60-id)*time.Second+time.Minute)
	}
	var kept []activities.FoundOrder
	s.env.SetOnActivityHeartbeatListener(func(_ *activity.Info, details converter.EncodedValues) {
		var now []activities.FoundOrder
		if err := details.Get(&now); err == nil {
			kept = now
		}
	})
	s.starter.room = 4
	request := activities.ReconcilePageRequest{
		Channel: mainChannel, Window: s.window, Cursor: activities.ReconcileCursor{At: s.window.From}, Scheduled: true,
	}
	failure := s.fails(s.activities.ReconcilePage, request)
	require.Equal(t, string(activities.ReasonInternal), failure.Type())
	require.False(t, failure.NonRetryable())
	require.NotEmpty(t, kept)

	s.starter.room = -1
	s.env.SetHeartbeatDetails(s.starter.started)
	result := s.page(request.Cursor, nil)
	require.Equal(t, activities.ReconcileCounts{Listed: 10, Mapped: 10, Missed: 10, Started: 10}, result.Counts)
	require.Len(t, result.Found, 10)
	require.Len(t, s.starter.started, 10)
	require.InDelta(t, 10, s.count("orderbridge_webhooks_missed_total", ""), 0)
}

func TestReconcilePageStops(t *testing.T) {
	t.Parallel()
	s := searchable(t)
	s.changed(101, bigcommerce.StatusCancelled, 10*time.Minute)
	cursor := activities.ReconcileCursor{At: s.window.From}
	channel := s.channel(mainChannel)
	channel.Active = false
	s.directory.put(channel)
	result := s.page(cursor, nil)
	require.Equal(t, "channel main is deactivated", result.Stop)
	clear(s.directory.known)
	result = s.page(cursor, nil)
	require.Equal(t, "there is no channel main any more", result.Stop)
	require.Equal(t, cursor, result.Next)
	require.Empty(t, s.starter.started)
}

func TestReconcilePageFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil  func(s *searched)
		reason activities.Reason
		says   string
	}{
		"the store is away": {
			func(s *searched) {
				s.store.Faults().FailNext(-1, http.MethodGet, "/v2/orders", bigcommercetest.Failure(503))
			},
			activities.ReasonStoreUnavailable, "channel main: bigcommerce: list orders",
		},
		"the quota is used up": {
			func(s *searched) {
				s.store.Faults().FailNext(-1, http.MethodGet, "/v2/orders", bigcommercetest.RateLimited(5*time.Second))
			},
			activities.ReasonStoreRateLimited, "channel main",
		},
		"the list is refused": {
			func(s *searched) {
				s.store.Faults().FailNext(-1, http.MethodGet, "/v2/orders", bigcommercetest.Failure(400))
			},
			activities.ReasonStoreRefused, "channel main",
		},
		"the list is not sorted": {
			func(s *searched) {
				s.store.Faults().FailNext(-1, http.MethodGet, "/v2/orders", bigcommercetest.Answer{Status: 200, Body: `[
					{"id":1,"status_id":5,"date_modified":"Fri, 27 Nov 2026 12:00:05 +0000"},
					{"id":2,"status_id":5,"date_modified":"Fri, 27 Nov 2026 12:00:04 +0000"}]`})
				s.window.Until = time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)
			},
			activities.ReasonStoreMalformed, "in a list by date_modified",
		},
		"visibility is away": {
			func(s *searched) { s.temporal.listErr = errors.New("no visibility") },
			activities.ReasonInternal, "channel main: ask Temporal which changes of orders were looked at: no visibility",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := searchable(t)
			s.changed(101, bigcommerce.StatusCancelled, 10*time.Minute)
			c.spoil(s)
			failure := s.fails(s.activities.ReconcilePage, activities.ReconcilePageRequest{
				Channel: mainChannel, Window: s.window, Cursor: activities.ReconcileCursor{At: s.window.From},
			})
			require.Equal(t, string(c.reason), failure.Type())
			require.False(t, failure.NonRetryable(), "the next attempt may work")
			require.Contains(t, failure.Message(), c.says)
			require.Empty(t, s.starter.started)
		})
	}
}

func TestReconcileProgressPart(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		progress activities.ReconcileProgress
		part     float64
	}{
		"before it begins": {activities.ReconcileProgress{}, 0},
		"halfway":          {activities.ReconcileProgress{From: dayBegins, Until: dayEnds, At: dayBegins.Add(30 * time.Minute)}, .5},
		"one second":       {activities.ReconcileProgress{From: dayBegins, Until: dayBegins, At: dayBegins}, 0},
		"past the end":     {activities.ReconcileProgress{From: dayBegins, Until: dayEnds, At: dayEnds.Add(time.Second)}, 1},
		"done":             {activities.ReconcileProgress{Done: true}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.InDelta(t, c.part, c.progress.Part(), 1e-9)
		})
	}
}
