package shipstation

import (
	"context"
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
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

// room is how many requests are left for those that have no reservation.
func (q *quota) room(now time.Time) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.turn(now)
	return q.left - q.pending
}

// take reserves room that must be there at once.
func (q *quota) take(t *testing.T, now time.Time, n int, sparing bool) {
	t.Helper()
	wait, again := q.admit(now, n, sparing)
	require.Nil(t, again, "others are waited for")
	require.Zero(t, wait)
}

// refuse wants a reservation to be refused, and returns the time to wait.
func (q *quota) refuse(t *testing.T, now time.Time, n int, sparing bool) time.Duration {
	t.Helper()
	wait, again := q.admit(now, n, sparing)
	require.Nil(t, again, "others are waited for")
	require.Positive(t, wait)
	return wait
}

// begin reserves one request and sends it.
func (q *quota) begin(t *testing.T, now time.Time) {
	t.Helper()
	q.take(t, now, 1, false)
	require.Zero(t, q.spend(now))
}

// ask begins one request and has it answered.
func (q *quota) ask(t *testing.T, now time.Time, status int, header http.Header) time.Duration {
	t.Helper()
	q.begin(t, now)
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
		q.take(t, at(60), requestsOfChange, false)
	})

	t.Run("answers out of order", func(t *testing.T) {
		t.Parallel()

		var q quota
		q.take(t, at(0), 3, false)
		for range 3 {
			require.Zero(t, q.spend(at(0)))
		}
		q.answered(at(0), 200, says(40, 37, 60))
		q.answered(at(0), 200, says(40, 39, 60))
		q.answered(at(0), 200, says(40, 38, 60))
		require.Equal(t, 37, q.room(at(0)))
	})

	t.Run("an answer of the window before", func(t *testing.T) {
		t.Parallel()

		var q quota
		q.ask(t, at(0), 200, says(40, 39, 2))
		q.begin(t, at(1))
		q.take(t, at(1), 1, false)
		require.Zero(t, q.spend(at(3)), "a reservation outlasts its window")
		q.answered(at(3), 200, says(40, 39, 58))
		q.answered(at(4), 200, says(40, 0, 1))
		require.Equal(t, 39, q.room(at(4)))
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
		q.begin(t, at(0))
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
			require.Equal(t, c.wait, q.refuse(t, at(0), 1, false))
			q.take(t, at(0).Add(c.wait), 1, false)
		})
	}
}

// TestQuotaSpreads is about callers that come back: if all of them came at the
// same time, those that come last would be refused for ever.
func TestQuotaSpreads(t *testing.T) {
	t.Parallel()

	var q quota
	q.ask(t, at(0), 200, says(40, 1, 60))
	var changes, searches [3]time.Duration
	for i := range changes {
		changes[i] = q.refuse(t, at(0), requestsOfChange, false)
		searches[i] = q.refuse(t, at(0), 1, true)
	}
	// A change is three requests, at 40 a minute. A search is one, and has half
	// of each minute.
	pace := 3 * 1500 * time.Millisecond
	require.Equal(t, [3]time.Duration{time.Minute, time.Minute + pace, time.Minute + 2*pace}, changes)
	pace = 2 * 1500 * time.Millisecond
	require.Equal(t, [3]time.Duration{time.Minute, time.Minute + pace, time.Minute + 2*pace}, searches)
	q.take(t, at(0), 1, false) // one is still left
}

// TestQuotaSpares is about a crowd of searches: each comes before a change, and
// without room for changes nothing would ever get done.
func TestQuotaSpares(t *testing.T) {
	t.Parallel()

	t.Run("its own change", func(t *testing.T) {
		t.Parallel()

		var q quota
		q.ask(t, at(0), 200, says(40, 4, 60))
		q.take(t, at(0), 1, true)
		q.release(1)
		q.ask(t, at(0), 200, says(40, 3, 60))
		q.refuse(t, at(0), 1, true)
		q.take(t, at(0), requestsOfChange, false)
	})

	t.Run("half of a window while changes wait", func(t *testing.T) {
		t.Parallel()

		var q quota
		q.ask(t, at(0), 200, says(40, 2, 60))
		q.refuse(t, at(0), requestsOfChange, false)
		q.ask(t, at(60), 200, says(40, 21, 60))
		q.take(t, at(60), 1, true)
		q.release(1)
		q.ask(t, at(60), 200, says(40, 20, 60))
		q.refuse(t, at(60), 1, true)
		q.take(t, at(60), requestsOfChange, false)
		q.release(requestsOfChange)
		q.take(t, at(65), 1, true) // none is known to wait by now
	})
}

// TestQuotaClaims is about other processes, which use the same window.
func TestQuotaClaims(t *testing.T) {
	t.Parallel()

	holds := func(t *testing.T, q *quota, now time.Time, n int) {
		t.Helper()
		_, again := q.admit(now, n, false)
		require.NotNil(t, again, "nobody is waited for")
	}

	t.Run("one call until a window is known", func(t *testing.T) {
		t.Parallel()

		var q quota
		q.take(t, at(0), requestsOfChange, false)
		holds(t, &q, at(0), 1)
		require.Zero(t, q.spend(at(0)))
		q.answered(at(0), 200, says(40, 39, 1))
		q.take(t, at(0), 1, false)
		q.release(3)
		q.take(t, at(1), 1, false)
		holds(t, &q, at(1), 1)
	})

	t.Run("then an eighth of what is left", func(t *testing.T) {
		t.Parallel()

		var q quota
		q.ask(t, at(0), 200, says(40, 32, 60))
		q.take(t, at(0), 3, false)
		holds(t, &q, at(0), 3)
		q.take(t, at(0), 1, false)
		holds(t, &q, at(0), 1)
	})

	t.Run("one call when nobody has said for a while what is left", func(t *testing.T) {
		t.Parallel()

		var q quota
		q.ask(t, at(0), 200, says(40, 39, 60))
		q.take(t, at(2), 3, false)
		holds(t, &q, at(2), 1)
	})

	t.Run("what others have used since is not asked for", func(t *testing.T) {
		t.Parallel()

		var q quota
		q.take(t, at(0), 3, false)
		require.Zero(t, q.spend(at(0)))
		q.answered(at(0), 200, says(40, 1, 60))
		require.Zero(t, q.spend(at(1)), "one is left")
		q.answered(at(1), 200, says(40, 0, 59))
		require.Equal(t, 59*time.Second, q.spend(at(1)))
		require.Zero(t, q.spend(at(60)), "in the next window")
	})

	t.Run("who waits is woken", func(t *testing.T) {
		t.Parallel()

		for name, wake := range map[string]func(q *quota){
			"by an answer":    func(q *quota) { q.answered(at(0), 200, says(40, 39, 60)) },
			"by none":         func(q *quota) { q.unanswered() },
			"by what is left": func(q *quota) { q.release(1) },
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()

				synctest.Test(t, func(t *testing.T) {
					var q quota
					q.begin(t, at(0))
					woken := make(chan error, 1)
					go func() {
						_, err := q.reserve(t.Context(), func() time.Time { return at(0) }, 1, false)
						woken <- err
					}()
					synctest.Wait()
					require.Empty(t, woken)
					wake(&q)
					require.NoError(t, <-woken)
				})
			})
		}
	})

	t.Run("who waits can give up", func(t *testing.T) {
		t.Parallel()

		var q quota
		q.take(t, at(0), 1, false)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := q.reserve(ctx, func() time.Time { return at(0) }, 1, false)
		require.ErrorIs(t, err, context.Canceled)
	})
}
