package shipstation

import (
	"net/http"
	"strconv"
	"sync"
	"time"
)

const (
	// defaultLimit is how many requests ShipStation allows in a window until
	// it has said so itself.
	defaultLimit = 40
	// windowLength is the window that ShipStation documents.
	windowLength = time.Minute
	// maxWait bounds what a caller is asked to wait.
	maxWait = 15 * time.Minute
)

// quota is the account of the requests that an API key has left. The zero quota
// is ready for use.
type quota struct {
	mu    sync.Mutex
	limit int
	// left is the fewest requests that ShipStation said are left in this
	// window; other processes use them too.
	left int
	// pending are requests with a reservation and without an answer.
	pending int
	// refused are requests that found no room in this window.
	refused int
	// ends is when the window ends. Before ShipStation has said so, known is
	// false and it is a guess.
	ends  time.Time
	known bool
}

// reserve keeps room for n requests, if sparing only where half of a window is
// left after them. Without room it says how long to wait.
// Callers that are refused are told different times, at the pace at which there
// will be room, so that they do not come back all at once.
func (q *quota) reserve(now time.Time, n int, sparing bool) (wait time.Duration, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.limit == 0 {
		q.limit = defaultLimit
	}
	if !now.Before(q.ends) {
		q.left, q.refused, q.ends, q.known = q.limit, 0, now.Add(windowLength), false
	}
	// A limit below what is asked for is not a reason to wait for ever.
	need := min(n, q.limit)
	if sparing {
		need += q.limit / 2
	}
	if q.left-q.pending >= need {
		q.pending += n
		return 0, true
	}
	pace := windowLength / time.Duration(q.limit)
	wait = min(q.ends.Sub(now)+time.Duration(q.refused)*pace, maxWait)
	q.refused += n
	return wait, false
}

// release gives back room for n requests that were not made.
func (q *quota) release(n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.pending -= n
}

// unanswered accounts for a request whose fate is not known.
func (q *quota) unanswered() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.pending--
	q.left = max(q.left-1, 0)
}

// answered accounts for a request with the headers of its answer. When the
// answer is that there were too many, it returns how long to wait.
func (q *quota) answered(now time.Time, status int, header http.Header) (wait time.Duration) {
	said := readLimits(header)
	q.mu.Lock()
	defer q.mu.Unlock()
	q.pending--
	if said.limit > 0 {
		q.limit = said.limit
	}
	if status == http.StatusTooManyRequests {
		wait = windowLength
		if said.hasReset {
			// 0 is less than a second.
			wait = max(said.reset, time.Second)
		}
		q.left, q.ends, q.known = 0, now.Add(wait), true
		return wait
	}
	ends := now.Add(said.reset)
	switch {
	case !said.complete:
		q.left = max(q.left-1, 0)
	case !q.known, ends.Sub(q.ends) > windowLength/2:
		// The first answer of a window.
		q.left, q.ends, q.known, q.refused = said.remaining, ends, true, 0
	case q.ends.Sub(ends) > windowLength/2:
		// A late answer of the window before.
	default:
		q.left = min(q.left, said.remaining)
	}
	return 0
}

// limits is what the headers of an answer say.
type limits struct {
	limit     int
	remaining int
	reset     time.Duration
	hasReset  bool
	complete  bool // all that accounting needs
}

// readLimits reads X-Rate-Limit-Limit (requests a window),
// X-Rate-Limit-Remaining (requests) and X-Rate-Limit-Reset (seconds until the
// next window), as ShipStation documents them. Retry-After stands in for a
// missing reset. What cannot be read is 0.
func readLimits(header http.Header) limits {
	number := func(name string) (int, bool) {
		n, err := strconv.ParseUint(header.Get(name), 10, 16)
		return int(n), err == nil
	}
	var l limits
	l.limit, _ = number("X-Rate-Limit-Limit")
	remaining, hasRemaining := number("X-Rate-Limit-Remaining")
	reset, hasReset := number("X-Rate-Limit-Reset")
	l.complete = hasRemaining && hasReset
	if !hasReset {
		reset, hasReset = number("Retry-After")
	}
	l.remaining, l.hasReset = remaining, hasReset
	l.reset = min(time.Duration(reset)*time.Second, maxWait)
	return l
}

// room is a caller's share of the quota.
type room struct {
	quota *quota
	units int
}

// release gives back what was not used.
func (r *room) release() {
	r.quota.release(r.units)
	r.units = 0
}
