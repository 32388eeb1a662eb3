package ordermanager

import (
	"context"
	"slices"
	"sync"
	"time"
)

// maxWait bounds what a caller that is refused is asked to wait.
const maxWait = 15 * time.Minute

// queue lets requests out one by one, each at its sender's distance from the
// one before. A call takes the turns for all of its requests before the first,
// so that a change that has been begun gets to its end however many others come
// meanwhile. The zero queue is empty and ready for use.
type queue struct {
	mu sync.Mutex
	// free is when the next request may be sent.
	free time.Time
	// owed is how long the turns take that were given and not yet used.
	owed time.Duration
	// asked is until when those that were refused would fill the queue, if each
	// came back when it was told to.
	asked time.Time
	// calls numbers the calls. waiting are those whose request waits for its
	// turn: the call that came first goes first.
	calls   uint64
	waiting []*turns
}

// turns are what one call has taken of a queue. They are for one goroutine.
type turns struct {
	queue    *queue
	call     uint64
	distance time.Duration
	left     int
	first    chan struct{} // receives when the call may have become the first
}

// take takes n turns. When the last of them would come too late for the
// context's deadline it takes none, and says when to ask again. Callers that are
// refused are told different times, at the pace of the queue: if they came back
// all at once, most would be refused again.
func (q *queue) take(ctx context.Context, n int, distance time.Duration) (taken *turns, again time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	need := time.Duration(n) * distance
	start := q.free
	if start.Before(now) {
		start = now
	}
	start = start.Add(q.owed)
	if deadline, ok := ctx.Deadline(); ok {
		// Part of the time is for the answers.
		patience := deadline.Sub(now)
		patience -= patience / 10
		if start.Add(need-distance).Sub(now) > patience {
			if q.asked.Before(start) {
				q.asked = start
			}
			again = min(q.asked.Sub(now), maxWait)
			q.asked = q.asked.Add(need)
			return nil, max(again, distance)
		}
	}
	q.owed += need
	q.calls++
	return &turns{queue: q, call: q.calls, distance: distance, left: n, first: make(chan struct{}, 1)}, 0
}

// giveBack returns the turns that were not used.
func (t *turns) giveBack() {
	t.queue.mu.Lock()
	defer t.queue.mu.Unlock()
	t.queue.owed -= time.Duration(t.left) * t.distance
	t.left = 0
}

// wait waits for one of the turns, of which there must be one left. The turn is
// used up, unless the context ends before it comes.
func (t *turns) wait(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	q := t.queue
	q.join(t)
	defer q.leave(t)
	for {
		delay, first := q.next(t)
		if first && delay == 0 {
			return nil
		}
		var due <-chan time.Time // of those that are not the first, never
		if first {
			due = time.After(delay)
		}
		select {
		case <-due:
		case <-t.first:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// next reports whether t is the first, and how long it has to wait. If that is no
// time at all, the turn is used.
func (q *queue) next(t *turns) (delay time.Duration, first bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.waiting[0] != t {
		return 0, false
	}
	now := time.Now()
	if delay := q.free.Sub(now); delay > 0 {
		return delay, true
	}
	q.free = now.Add(t.distance)
	q.owed -= t.distance
	t.left--
	return 0, true
}

// join puts t among those that wait, behind all calls that came before it.
func (q *queue) join(t *turns) {
	q.mu.Lock()
	defer q.mu.Unlock()
	i, _ := slices.BinarySearchFunc(q.waiting, t.call, func(w *turns, call uint64) int {
		return int(int64(w.call - call)) //nolint:gosec // Their distance is small, whatever the numbers.
	})
	q.waiting = slices.Insert(q.waiting, i, t)
}

// leave takes t out again and wakes who is first then.
func (q *queue) leave(t *turns) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = slices.DeleteFunc(q.waiting, func(w *turns) bool { return w == t })
	if len(q.waiting) == 0 {
		return
	}
	select {
	case q.waiting[0].first <- struct{}{}:
	default: // It has been woken already.
	}
}
