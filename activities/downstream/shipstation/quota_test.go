package shipstation

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var start = time.Date(2026, time.March, 4, 5, 6, 7, 0, time.UTC)

func at(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }

func says(limit, remaining, reset int) http.Header {
	return http.Header{
		"X-Rate-Limit-Limit":     {strconv.Itoa(limit)},
		"X-Rate-Limit-Remaining": {strconv.Itoa(remaining)},
		"X-Rate-Limit-Reset":     {strconv.Itoa(reset)},
	}
}

// room is how many requests can be reserved one by one.
func (q *quota) room(now time.Time) int {
	n := 0
	for ; n < 1000; n++ {
		if _, ok := q.reserve(now, 1, false); !ok {
			break
		}
	}
	q.release(n)
	return n
}

// ask reserves one request and has it answered.
func (q *quota) ask(t *testing.T, now time.Time, status int, header http.Header) time.Duration {
	t.Helper()
	_, ok := q.reserve(now, 1, false)
	require.True(t, ok)
	return q.answered(now, status, header)
}

func TestQuotaFollowsTheHeaders(t *testing.T) {
	t.Parallel()

	t.Run("before any answer", func(t *testing.T) {
		t.Parallel()

		var q quota
		require.Equal(t, 40, q.room(at(0)))
	})

	t.Run("used elsewhere too", func(t *testing.T) {
		t.Parallel()

		var q quota
		q.ask(t, at(0), 200, says(40, 12, 30))
		require.Equal(t, 12, q.room(at(0)))
		q.ask(t, at(1), 200, says(40, 5, 29))
		require.Equal(t, 5, q.room(at(29)))
		require.Equal(t, 40, q.room(at(30)), "the next window")
	})

	t.Run("another limit", func(t *testing.T) {
		t.Parallel()

		var q quota
		q.ask(t, at(0), 200, says(100, 99, 60))
		require.Equal(t, 99, q.room(at(0)))
		require.Equal(t, 100, q.room(at(60)))
	})

	t.Run("a limit that is below a change", func(t *testing.T) {
		t.Parallel()

		var q quota
		q.ask(t, at(0), 200, says(2, 1, 60))
		_, ok := q.reserve(at(60), requestsOfChange, false)
		require.True(t, ok)
	})

	t.Run("answers out of order", func(t *testing.T) {
		t.Parallel()

		var q quota
		_, ok := q.reserve(at(0), 3, false)
		require.True(t, ok)
		q.answered(at(0), 200, says(40, 37, 60))
		q.answered(at(0), 200, says(40, 39, 60))
		q.answered(at(0), 200, says(40, 38, 60))
		require.Equal(t, 37, q.room(at(0)))
	})

	t.Run("an answer of the window before", func(t *testing.T) {
		t.Parallel()

		var q quota
		_, ok := q.reserve(at(0), 1, false)
		require.True(t, ok)
		q.ask(t, at(61), 200, says(40, 39, 58))
		q.answered(at(62), 200, says(40, 0, 1))
		require.Equal(t, 39, q.room(at(62)))
	})

	t.Run("a window that began unnoticed", func(t *testing.T) {
		t.Parallel()

		var q quota
		q.ask(t, at(0), 200, says(40, 3, 20))
		q.ask(t, at(10), 200, says(40, 39, 59))
		require.Equal(t, 39, q.room(at(10)))
	})

	t.Run("without headers", func(t *testing.T) {
		t.Parallel()

		var q quota
		q.ask(t, at(0), 200, nil)
		q.ask(t, at(0), 200, http.Header{"X-Rate-Limit-Remaining": {"many"}})
		require.Equal(t, 38, q.room(at(0)))
		require.Equal(t, 40, q.room(at(60)))
	})

	t.Run("without an answer", func(t *testing.T) {
		t.Parallel()

		var q quota
		_, ok := q.reserve(at(0), 1, false)
		require.True(t, ok)
		q.unanswered()
		require.Equal(t, 39, q.room(at(0)))
	})
}

func TestQuotaTooMany(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct {
		header http.Header
		wait   time.Duration
	}{
		"reset":       {says(40, 0, 17), 17 * time.Second},
		"retry after": {http.Header{"Retry-After": {"9"}}, 9 * time.Second},
		"neither":     {nil, time.Minute},
		"no sense":    {http.Header{"X-Rate-Limit-Reset": {"-4"}}, time.Minute},
		"zero":        {says(40, 0, 0), time.Second},
		"an age":      {says(40, 0, 60000), 15 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			var q quota
			require.Equal(t, c.wait, q.ask(t, at(0), http.StatusTooManyRequests, c.header))
			wait, ok := q.reserve(at(0), 1, false)
			require.False(t, ok)
			require.Equal(t, c.wait, wait)
			_, ok = q.reserve(at(0).Add(c.wait), 1, false)
			require.True(t, ok)
		})
	}
}

// TestQuotaSpreads is about callers that come back: if all of them came at the
// same time, those that come last would be refused for ever.
func TestQuotaSpreads(t *testing.T) {
	t.Parallel()

	var q quota
	q.ask(t, at(0), 200, says(40, 1, 60))
	waits := make([]time.Duration, 0, 4)
	for range 4 {
		wait, ok := q.reserve(at(0), 3, false)
		require.False(t, ok, "one request is no room for a change")
		waits = append(waits, wait)
	}
	pace := 3 * 1500 * time.Millisecond
	require.Equal(t, []time.Duration{time.Minute, time.Minute + pace, time.Minute + 2*pace, time.Minute + 3*pace}, waits)
	_, ok := q.reserve(at(0), 1, false)
	require.True(t, ok, "but for a search")
}

// TestQuotaSpares is about a crowd of searches: each comes before a change, and
// without room for changes nothing would ever get done.
func TestQuotaSpares(t *testing.T) {
	t.Parallel()

	var q quota
	for range 20 {
		_, ok := q.reserve(at(0), 1, true)
		require.True(t, ok)
	}
	_, ok := q.reserve(at(0), 1, true)
	require.False(t, ok)
	for range 6 {
		_, ok = q.reserve(at(0), requestsOfChange, false)
		require.True(t, ok)
	}
}
