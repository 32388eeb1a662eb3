package reconcilecmd_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/reconcilecmd"
	"github.com/orderbridge/orderbridge/ingress/operator"
)

var (
	noon  = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	found = activities.FoundOrder{
		Channel: "main", StoreHash: "abc123", OrderID: 218, StatusID: bigcommerce.StatusCancelled, ModifiedAt: noon.Add(-time.Hour),
	}
)

// search is a search that ends when it was looked at often enough.
type search struct {
	mu       sync.Mutex
	request  activities.ReconcileRequest
	startErr error
	progress []activities.ReconcileProgress
	shown    chan struct{} // closed when all progress was shown
	report   activities.ReconcileReport
	err      error
}

func newSearch() *search { return &search{shown: make(chan struct{})} }

func (s *search) StartReconcile(_ context.Context, request activities.ReconcileRequest) (operator.ReconcileRun, error) {
	s.request = request
	return operator.ReconcileRun{WorkflowID: "reconcile/main/request/7", RunID: "r"}, s.startErr
}

func (s *search) ReconcileProgress(context.Context, operator.ReconcileRun) (activities.ReconcileProgress, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.progress) == 0 {
		return activities.ReconcileProgress{}, errors.New("no worker")
	}
	next := s.progress[0]
	if s.progress = s.progress[1:]; len(s.progress) == 0 {
		close(s.shown)
	}
	return next, nil
}

func (s *search) ReconcileResult(ctx context.Context, _ operator.ReconcileRun) (activities.ReconcileReport, error) {
	select {
	case <-s.shown:
		return s.report, s.err
	case <-ctx.Done():
		return activities.ReconcileReport{}, ctx.Err()
	}
}

// at is the progress after part of two hours.
func at(part float64, listed int) activities.ReconcileProgress {
	return activities.ReconcileProgress{
		From: noon.Add(-2 * time.Hour), Until: noon, At: noon.Add(-2*time.Hour + time.Duration(part*float64(2*time.Hour))),
		ReconcileCounts: activities.ReconcileCounts{Listed: listed, Missed: listed / 100},
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	complete := activities.ReconcileReport{
		Channel: "main", From: noon.Add(-2 * time.Hour), Through: noon, Found: []activities.FoundOrder{found},
		ReconcileCounts: activities.ReconcileCounts{Listed: 1240, Mapped: 310, Covered: 308, Missed: 2, Started: 1, AlreadyStarted: 1},
	}
	dry := complete
	dry.DryRun, dry.Started, dry.AlreadyStarted, dry.Truncated = true, 0, 0, true
	table := "ORDER  STATUS     CHANGED AT\n218    Cancelled  2026-11-27T11:00:00Z\n"
	searched := "channel main: searched from 2026-11-27T10:00:00Z to 2026-11-27T12:00:00Z: 1240 changes, 310 of them in a mapped status, 2 without a webhook: "
	for name, c := range map[string]struct {
		report activities.ReconcileReport
		prints string
	}{
		"found":     {complete, table + searched + "1 started now, 1 by an earlier search\n"},
		"a dry run": {dry, table + "(the first 1)\n" + searched + "none started, because this is a dry run\n"},
		"nothing lost": {
			activities.ReconcileReport{
				Channel: "main", From: noon.Add(-2 * time.Hour), Through: noon,
				ReconcileCounts: activities.ReconcileCounts{Listed: 7, Mapped: 5, Covered: 5},
			},
			"channel main: searched from 2026-11-27T10:00:00Z to 2026-11-27T12:00:00Z: " +
				"7 changes, 5 of them in a mapped status, all seen to already: nothing is lost\n",
		},
		"nothing that matters": {
			activities.ReconcileReport{
				Channel: "main", From: noon.Add(-2 * time.Hour), Through: noon, DryRun: true,
				ReconcileCounts: activities.ReconcileCounts{Listed: 7},
			},
			"channel main: searched from 2026-11-27T10:00:00Z to 2026-11-27T12:00:00Z: " +
				"7 changes, none of them in a mapped status: nothing is lost\n",
		},
		"nothing to search": {
			activities.ReconcileReport{Channel: "main", Skipped: "channel main is deactivated"},
			"channel main: nothing was searched: channel main is deactivated\n",
		},
		"ended early": {
			activities.ReconcileReport{Channel: "main", From: noon, Skipped: "channel main is deactivated"},
			"channel main: ended early, because channel main is deactivated; until then: " +
				"0 changes, 0 of them in a mapped status, 0 without a webhook: 0 started now, 0 by an earlier search\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSearch()
			s.report = c.report
			s.progress = []activities.ReconcileProgress{{}, at(0, 0), at(.05, 100), at(.52, 700), at(.55, 800), at(1, 1240), {Done: true}}
			var out, errOut bytes.Buffer
			require.NoError(t, reconcilecmd.Run(t.Context(), s, activities.ReconcileRequest{Channel: "main"}, &out, &errOut, false))
			require.Equal(t, c.prints, out.String())
			require.Equal(t, "searching from 2026-11-27T10:00:00Z to 2026-11-27T12:00:00Z\n"+
				"50 %, at 2026-11-27T11:02:24Z: 700 changes, 7 without a webhook\n"+
				"100 %, at 2026-11-27T12:00:00Z: 1240 changes, 12 without a webhook\n", errOut.String())
		})
	}
	t.Run("as JSON", func(t *testing.T) {
		t.Parallel()
		s := newSearch()
		s.report, s.progress = complete, []activities.ReconcileProgress{at(.5, 1)}
		var out, errOut bytes.Buffer
		require.NoError(t, reconcilecmd.Run(t.Context(), s, activities.ReconcileRequest{Channel: "main"}, &out, &errOut, true))
		var report activities.ReconcileReport
		require.NoError(t, json.Unmarshal(out.Bytes(), &report))
		require.Equal(t, complete, report)
	})
}

func TestRunFails(t *testing.T) {
	t.Parallel()
	t.Run("unknown channel", func(t *testing.T) {
		t.Parallel()
		s := newSearch()
		s.startErr = channels.ErrUnknown
		err := reconcilecmd.Run(t.Context(), s, activities.ReconcileRequest{}, &bytes.Buffer{}, &bytes.Buffer{}, false)
		require.ErrorIs(t, err, channels.ErrUnknown)
		require.ErrorContains(t, err, "orderbridge channels list")
	})
	t.Run("the search fails", func(t *testing.T) {
		t.Parallel()
		s := newSearch()
		s.progress, s.err = []activities.ReconcileProgress{at(.5, 1)}, errors.New("channel main: the store is away")
		var out bytes.Buffer
		err := reconcilecmd.Run(t.Context(), s, activities.ReconcileRequest{}, &out, &bytes.Buffer{}, false)
		require.EqualError(t, err, "channel main: the store is away")
		require.Empty(t, out.String())
	})
	t.Run("Ctrl-C leaves it going", func(t *testing.T) {
		t.Parallel()
		ctx, interrupt := context.WithCancel(t.Context())
		s := newSearch() // never ends by itself
		interrupt()
		err := reconcilecmd.Run(ctx, s, activities.ReconcileRequest{}, &bytes.Buffer{}, &bytes.Buffer{}, false)
		require.ErrorContains(t, err, "the search goes on as the workflow reconcile/main/request/7")
	})
}

func TestBar(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	reconcilecmd.ShowOnBar(&out, at(.5, 700), at(1, 1240), activities.ReconcileProgress{Done: true})
	require.Contains(t, out.String(), "700 changes, 7 without a webhook")
	require.Contains(t, out.String(), "50%")
}

func TestParseSince(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Time{
		"":                          {},
		"36h":                       noon.Add(-36 * time.Hour),
		"90m":                       noon.Add(-90 * time.Minute),
		"7d":                        noon.Add(-7 * 24 * time.Hour),
		"2026-11-20":                time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC),
		"2026-11-20T08:00:00Z":      time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC),
		"2026-11-20T08:00:00+02:00": time.Date(2026, 11, 20, 6, 0, 0, 0, time.UTC),
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			got, err := reconcilecmd.ParseSince(text, noon)
			require.NoError(t, err)
			require.Equal(t, want, got)
		})
	}
	for text, says := range map[string]string{
		"yesterday":  `--since "yesterday": must be how long ago`,
		"0d":         "must be how long ago",
		"-5h":        "must be how long ago",
		"99999d":     "must be how long ago",
		"20.11.2026": "must be how long ago",
		"2026-12-01": "is yet to come",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			_, err := reconcilecmd.ParseSince(text, noon)
			require.ErrorContains(t, err, says)
		})
	}
}
