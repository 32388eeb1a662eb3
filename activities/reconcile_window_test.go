package activities_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
	"github.com/orderbridge/orderbridge/activities/channels"
)

// begin finds out what a search of the main channel has to cover.
func (s *searched) begin(request activities.ReconcileRequest) activities.ReconcileWindow {
	s.t.Helper()
	request.Channel = mainChannel
	var window activities.ReconcileWindow
	s.run(s.activities.BeginReconcile, request, &window)
	return window
}

// createdAt dates the main channel.
func (s *searched) createdAt(at time.Time) {
	channel := s.channel(mainChannel)
	channel.CreatedAt = at
	s.directory.put(channel)
}

func TestBeginReconcile(t *testing.T) {
	t.Parallel()
	at := time.Now().UTC().Truncate(time.Second)
	created := at.Add(-48 * time.Hour)
	for name, c := range map[string]struct {
		request   activities.ReconcileRequest
		watermark time.Time
		from      time.Time
	}{
		"first time: from the channel's creation": {activities.ReconcileRequest{}, time.Time{}, created},
		"from the watermark, less an overlap": {
			activities.ReconcileRequest{}, at.Add(-10 * time.Minute), at.Add(-10*time.Minute - activities.ReconcileOverlap),
		},
		"a dry run too": {
			activities.ReconcileRequest{DryRun: true}, at.Add(-10 * time.Minute), at.Add(-10*time.Minute - activities.ReconcileOverlap),
		},
		"from when the request says": {
			activities.ReconcileRequest{Since: at.Add(-time.Hour + time.Millisecond)}, at.Add(-time.Minute), at.Add(-time.Hour),
		},
		"not before there were orders": {
			activities.ReconcileRequest{Since: time.Unix(1, 0)}, time.Time{}, time.Date(2009, 1, 1, 0, 0, 0, 0, time.UTC),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := searchable(t, bigcommercetest.WithFrozenClockAt(at))
			s.temporal.status.ReconciledThrough = c.watermark
			s.createdAt(created)
			window := s.begin(c.request)
			require.Empty(t, window.Skip)
			require.LessOrEqual(t, window.Lead, time.Duration(0))
			if c.from.Equal(created) {
				// Our own clock and the store's differ by whatever it is.
				c.from = created.Add(min(0, window.Lead)).Truncate(time.Second)
			}
			require.Equal(t, c.from, window.From)
			require.Equal(t, at.Add(-activities.ReconcileGrace), window.Until, "younger changes are left to their webhooks")
		})
	}
	t.Run("quota used up", func(t *testing.T) {
		t.Parallel()
		s := searchable(t)
		s.store.Faults().FailNext(1, http.MethodGet, "/v2/time", bigcommercetest.RateLimited(7*time.Second))
		failure := s.fails(s.activities.BeginReconcile, activities.ReconcileRequest{Channel: mainChannel})
		require.Equal(t, string(activities.ReasonStoreRateLimited), failure.Type())
		require.False(t, failure.NonRetryable())
		require.Positive(t, failure.NextRetryDelay())
	})
}

func TestBeginReconcileSkips(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		given func(s *searched)
		says  string
	}{
		"deactivated": {func(s *searched) {
			channel := s.channel(mainChannel)
			channel.Active = false
			s.directory.put(channel)
		}, "channel main is deactivated"},
		"nothing selected": {func(s *searched) {
			channel := s.channel(mainChannel)
			channel.Settings = channels.Settings{}
			s.directory.put(channel)
		}, "channel main has no valid cancellation or fulfillment statuses"},
		"removed":           {func(s *searched) { s.temporal.closed = true }, "there is no channel main any more"},
		"never saved":       {func(s *searched) { s.temporal.gone = true }, "there is no channel main any more"},
		"removed just now":  {func(s *searched) { clear(s.directory.known) }, "there is no channel main any more"},
		"added just now":    {func(s *searched) { s.createdAt(time.Now()) }, "there is nothing to search yet"},
		"the store is late": {func(s *searched) { s.temporal.status.ReconciledThrough = time.Now() }, "there is nothing to search yet"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := searchable(t, bigcommercetest.WithFrozenClockAt(time.Now().Add(-2*activities.ReconcileOverlap)))
			c.given(s)
			require.Contains(t, s.begin(activities.ReconcileRequest{}).Skip, c.says)
		})
	}
}

// TestBeginReconcileDistrustsClocks shows that no clock of a store, and no
// watermark that one has left in the future, makes a search leave out anything
// that is changed from now on.
func TestBeginReconcileDistrustsClocks(t *testing.T) {
	t.Parallel()
	for name, ahead := range map[string]time.Duration{
		"a minute ahead": time.Minute, "ten minutes ahead": 10 * time.Minute, "a day ahead": 24 * time.Hour, "a century ahead": 876_000 * time.Hour,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := time.Now()
			wrong := searchable(t, bigcommercetest.WithFrozenClockAt(before.Add(ahead)))
			wrong.temporal.status.ReconciledThrough = before.Add(-10 * time.Minute)
			until := wrong.begin(activities.ReconcileRequest{}).Until
			require.WithinRange(t, until, before.Add(min(ahead, activities.ReconcileAhead)-activities.ReconcileGrace).Truncate(time.Second),
				time.Now().Add(activities.ReconcileAhead))
			require.Zero(t, wrong.begin(activities.ReconcileRequest{}).Lead)

			right := searchable(t)
			right.temporal.status.ReconciledThrough = until
			require.True(t, right.begin(activities.ReconcileRequest{}).From.Before(before), "the next search goes on from before the jump")
		})
	}
	for name, c := range map[string]struct{ age, reach time.Duration }{
		"of an old channel": {48 * time.Hour, activities.ReconcileDistrust + activities.ReconcileOverlap},
		"of a new channel":  {time.Hour, time.Hour},
	} {
		t.Run("a watermark far ahead, "+name, func(t *testing.T) {
			t.Parallel()
			before := time.Now()
			s := searchable(t)
			s.createdAt(before.Add(-c.age))
			s.temporal.status.ReconciledThrough = before.Add(24 * time.Hour)
			window := s.begin(activities.ReconcileRequest{})
			require.Empty(t, window.Skip)
			// The store told the second in which it answered, so its clock seems
			// to be behind by as much as Lead says.
			require.WithinRange(t, window.From, before.Add(-c.reach+window.Lead).Truncate(time.Second), time.Now().Add(-c.reach))
		})
	}
}
