package shipstation

import (
	"context"
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
	// freshness is how long an answer's word on what is left is relied on. What
	// others use up in that time is what can be asked for in vain.
	freshness = 2 * time.Second
	// share is the part of what is left that a process claims at a time: an
	// eighth. So a few processes do not get in each other's way until a window
	// is nearly used up, when each has one call under way. Alone it is enough
	// to use a window up, unless an answer takes longer than a second.
	share = 8
)

// quota is the account of the requests that an API key has left. The zero quota
// is ready for use.
//
// Other processes use the key too, and all that is known of them is what each
// answer says is left. So a process asks for little at a time: one call when it
// knows nothing, as in a new window, and otherwise a share of what was left a
// moment ago.
type quota struct {
	mu    sync.Mutex
	limit int
	// left is the fewest requests that ShipStation said are left in this
	// window.
	left int
	// pending are requests with a reservation and without an answer, sent
	// those of them that are under way.
	pending, sent int
	// searches and changes are until when those that found no room would use
	// up what there will be, if each came back when it was told to.
	searches, changes time.Time
	// ends is when the window ends. Before ShipStation has said so, known is
	// false and it is a guess.
	ends  time.Time
	known bool
	// heard is when ShipStation last said what is left of this window.
	heard time.Time
	// moved is closed when those that wait should look again.
	moved chan struct{}
}

// reserve keeps room for n requests. If sparing, it leaves as many as the change
// takes that comes next, and half of a window while other changes are known to
// wait. It waits while others of this process have claimed their
// share, which is as long as their requests take. Without room in this window it
// says how long to wait for the next: different times to different callers, at
// the pace at which there will be room, so that they do not come back all at
// once. It fails when the context ends.
func (q *quota) reserve(ctx context.Context, clock func() time.Time, n int, sparing bool) (wait time.Duration, err error) {
	for {
		wait, moved := q.admit(clock(), n, sparing)
		if moved == nil {
			return wait, nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

// admit is one try to reserve. What it returns last is closed when there is
// reason for another.
func (q *quota) admit(now time.Time, n int, sparing bool) (wait time.Duration, again <-chan struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.turn(now)
	// A limit below what is asked for is not a reason to wait for ever.
	need := min(n, q.limit)
	switch {
	case sparing && now.Before(q.changes):
		need += q.limit / 2
	case sparing:
		need += min(requestsOfChange, q.limit-need)
	}
	switch {
	case q.left-q.pending < need:
		return q.later(now, n, sparing), nil
	case q.pending > 0 && q.pending+n > q.claim(now):
		if q.moved == nil {
			q.moved = make(chan struct{})
		}
		return 0, q.moved
	default:
		q.pending += n
		return 0, nil
	}
}

// turn begins a new window when it is time. q.mu is held.
func (q *quota) turn(now time.Time) {
	if q.limit == 0 {
		q.limit = defaultLimit
	}
	if !now.Before(q.ends) {
		q.left, q.ends, q.known, q.heard = q.limit, now.Add(windowLength), false, time.Time{}
	}
}

// claim is how many requests may be pending. q.mu is held.
func (q *quota) claim(now time.Time) int {
	if q.heard.IsZero() || now.Sub(q.heard) >= freshness {
		return 1
	}
	return q.left / share
}

// later says when to come back. Searches get half of a window at most, which is
// a pace of their own. q.mu is held.
func (q *quota) later(now time.Time, n int, sparing bool) time.Duration {
	until, pace := &q.changes, windowLength/time.Duration(q.limit)
	if sparing {
		until, pace = &q.searches, 2*pace
	}
	if until.Before(q.ends) {
		*until = q.ends
	}
	wait := until.Sub(now)
	*until = until.Add(time.Duration(n) * pace)
	return min(wait, maxWait)
}

// release gives back room for n requests that were not made.
func (q *quota) release(n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.pending -= n
	q.wake()
}

// spend sends one of the requests with a reservation. It says how long to wait
// if others have used up what was reserved: then it would be refused.
func (q *quota) spend(now time.Time) (wait time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.turn(now)
	if q.left <= q.sent {
		return q.later(now, 1, false)
	}
	q.sent++
	return 0
}

// unanswered accounts for a request whose fate is not known.
func (q *quota) unanswered() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.settle()
	q.left = max(q.left-1, 0)
}

// settle takes a request off those that are under way. q.mu is held.
func (q *quota) settle() {
	q.pending--
	q.sent--
	q.wake()
}

// wake lets those that wait look again. q.mu is held.
func (q *quota) wake() {
	if q.moved != nil {
		close(q.moved)
		q.moved = nil
	}
}

// answered accounts for a request with the headers of its answer. When the
// answer is that there were too many, it returns how long to wait.
func (q *quota) answered(now time.Time, status int, header http.Header) (wait time.Duration) {
	said := readLimits(header)
	q.mu.Lock()
	defer q.mu.Unlock()
	q.settle()
	if said.limit > 0 {
		q.limit = said.limit
	}
	if status == http.StatusTooManyRequests {
		wait = windowLength
		if said.hasReset {
			// 0 is less than a second.
			wait = max(said.reset, time.Second)
		}
		q.left, q.ends, q.known, q.heard = 0, now.Add(wait), true, now
		return wait
	}
	ends := now.Add(said.reset)
	switch {
	case !said.complete:
		q.left, q.heard = max(q.left-1, 0), now
	case !q.known, ends.Sub(q.ends) > windowLength/2:
		// The first answer of a window.
		q.left, q.ends, q.known, q.heard = said.remaining, ends, true, now
	case q.ends.Sub(ends) > windowLength/2:
		// A late answer of the window before.
	default:
		q.left, q.heard = min(q.left, said.remaining), now
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
