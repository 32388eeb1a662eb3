package bigcommercetest

import (
	"container/heap"
	"context"
	"fmt"
	"time"
)

// job is one delivery that is to be made: an attempt of a webhook, or a copy.
type job struct {
	event   *Event
	hookID  int64
	attempt int           // 1 is the first
	copyNo  int           // 0 is the original
	lag     time.Duration // of real time, after due
	next    *job          // to be made when this one is over, or nil

	due       time.Time // on the store's clock
	notBefore time.Time // in real time, once due
	sequence  int64     // breaks ties of due
}

// jobQueue is a heap by the time at which jobs fall due.
type jobQueue []*job

// Len is for container/heap.
func (q *jobQueue) Len() int { return len(*q) }

// Swap is for container/heap.
func (q *jobQueue) Swap(i, j int) { (*q)[i], (*q)[j] = (*q)[j], (*q)[i] }

// Less is for container/heap.
func (q *jobQueue) Less(i, j int) bool {
	a, b := (*q)[i], (*q)[j]
	if !a.due.Equal(b.due) {
		return a.due.Before(b.due)
	}
	return a.sequence < b.sequence
}

// Push is for container/heap.
func (q *jobQueue) Push(x any) {
	if j, ok := x.(*job); ok {
		*q = append(*q, j)
	}
}

// Pop is for container/heap.
func (q *jobQueue) Pop() any {
	old := *q
	last := old[len(old)-1]
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	return last
}

func (s *Store) enqueueLocked(j *job, due time.Time) {
	s.sequence++
	j.due, j.sequence = due, s.sequence
	heap.Push(&s.queue, j)
	s.poke()
}

// followLocked queues what waits for j to be over.
func (s *Store) followLocked(j *job, now time.Time) {
	if j.next != nil {
		s.enqueueLocked(j.next, now)
		j.next = nil
	}
}

// schedule makes deliveries when they fall due, until ctx ends. It is the only
// place that starts them.
func (s *Store) schedule(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		s.mu.Lock()
		wait, waits := s.startDueLocked(ctx)
		s.changedLocked()
		s.mu.Unlock()

		timer.Stop()
		if waits {
			timer.Reset(wait)
		}
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		case <-timer.C:
		}
	}
}

// startDueLocked starts what is due and returns how long, in real time, nothing
// else will be; false when only a change can tell.
func (s *Store) startDueLocked(ctx context.Context) (time.Duration, bool) {
	now, wall := s.clock.Now(), time.Now()
	s.readySoonLocked(now, wall)
	for s.inFlight < s.opts.maxInFlight && len(s.queue) > 0 && !s.queue[0].due.After(now) {
		j, _ := heap.Pop(&s.queue).(*job)
		s.startLocked(ctx, j, now, wall)
	}
	if s.inFlight >= s.opts.maxInFlight {
		return 0, false // the end of one of them tells
	}
	wait, waits := time.Duration(0), false
	sooner := func(d time.Duration) {
		if !waits || d < wait {
			wait, waits = max(d, time.Millisecond), true
		}
	}
	for _, j := range s.soon {
		sooner(j.notBefore.Sub(wall))
	}
	if len(s.queue) > 0 && !s.clock.Frozen() {
		sooner(s.queue[0].due.Sub(now))
	}
	return wait, waits
}

// readySoonLocked puts the jobs whose lag is over back into the queue.
func (s *Store) readySoonLocked(now, wall time.Time) {
	still := s.soon[:0]
	for _, j := range s.soon {
		if j.notBefore.After(wall) {
			still = append(still, j)
			continue
		}
		j.lag = 0
		s.enqueueLocked(j, now)
	}
	clear(s.soon[len(still):])
	s.soon = still
}

// startLocked starts the delivery of j, or keeps it back, or lets it go.
func (s *Store) startLocked(ctx context.Context, j *job, now, wall time.Time) {
	if s.faults.hold {
		s.held = append(s.held, j)
		s.followLocked(j, now)
		return
	}
	if j.lag == 0 && j.notBefore.IsZero() && s.faults.spread > 0 {
		j.lag = time.Duration(s.rand.Int64N(int64(s.faults.spread)))
	}
	if j.lag > 0 {
		j.notBefore = wall.Add(j.lag)
		s.soon = append(s.soon, j)
		return
	}
	out := s.prepareLocked(j, now)
	if out == nil {
		s.followLocked(j, now)
		return
	}
	s.inFlight++
	s.running.Go(func() {
		result := s.deliver(ctx, out)
		s.finish(ctx, j, out, result)
	})
}

// changedLocked tells everybody who waits for the deliveries to look again.
func (s *Store) changedLocked() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// idleLocked reports whether no delivery is due or under way.
func (s *Store) idleLocked() bool {
	due := len(s.queue) > 0 && !s.queue[0].due.After(s.clock.Now())
	return s.inFlight == 0 && len(s.soon) == 0 && !due
}

// WaitIdle waits until no delivery is due or under way. Retries of the future
// and deliveries kept back do not count. It fails when ctx ends before.
func (s *Store) WaitIdle(ctx context.Context) error {
	for {
		s.mu.Lock()
		idle, changed := s.idleLocked(), s.changed
		due, flying := len(s.queue)+len(s.soon), s.inFlight
		s.mu.Unlock()
		if idle {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("wait for the store's deliveries, %d queued and %d under way: %w", due, flying, context.Cause(ctx))
		}
	}
}

// Elapse moves the clock forward by d as if the time had been lived through: it
// stops at each delivery that falls due on the way and waits for its end, so
// that a retry that fails is followed by the next at its proper time. It fails
// when ctx ends before.
func (s *Store) Elapse(ctx context.Context, d time.Duration) error {
	end := s.clock.Now().Add(d)
	for {
		if err := s.WaitIdle(ctx); err != nil {
			return err
		}
		now := s.clock.Now()
		s.mu.Lock()
		next := end
		if len(s.queue) > 0 && s.queue[0].due.Before(end) {
			next = s.queue[0].due
		}
		s.mu.Unlock()
		if !next.After(now) {
			if next.Before(end) {
				continue // fell due since WaitIdle looked
			}
			return nil
		}
		s.clock.Advance(next.Sub(now))
	}
}
