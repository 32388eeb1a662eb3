// Package crowd plays what workers do with many orders at once: all of them are
// looked for at the same time, and each that is found is cancelled. It is for
// adapters that keep to a rate limit, which must neither break it nor stop
// working under it.
//
// Use it within a testing/synctest bubble: it waits as long as an adapter tells
// it to, which can be hours.
package crowd

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"github.com/orderbridge/orderbridge/activities/downstream"
)

// What a worker's attempts are like. The first one of a step is a local
// activity, those after it are regular ones.
const (
	firstAttempt = 4 * time.Second
	laterAttempt = 30 * time.Second
	firstSlots   = 200
	laterSlots   = 100
	firstRetry   = time.Second
	longestRetry = 5 * time.Minute
	// dispatch is how much later than asked an attempt is begun, at most.
	dispatch = time.Second
)

// Result is what became of a crowd.
type Result struct {
	// Took is how long it was until the last order was cancelled.
	Took time.Duration
	// Attempts is how many calls the workers have made.
	Attempts int
	// Left are the orders that were not cancelled in time.
	Left int
}

// Cancel has orders 1000 to 1000+n-1 found and cancelled, each by one of the
// adapters, which stand for one worker each. It gives up what is not done by
// limit.
func Cancel(ctx context.Context, n int, limit time.Duration, workers ...downstream.Adapter) Result {
	c := &crowd{start: time.Now()}
	c.end = c.start.Add(limit)
	slots := make([]*worker, 0, len(workers))
	for _, adapter := range workers {
		slots = append(slots, &worker{
			Adapter: adapter, first: make(chan struct{}, firstSlots), later: make(chan struct{}, laterSlots),
		})
	}
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() { c.cancel(ctx, slots[i%len(slots)], strconv.Itoa(1000+i)) })
	}
	group.Wait()
	return c.result
}

type worker struct {
	downstream.Adapter

	first, later chan struct{}
}

type crowd struct {
	start, end time.Time

	mu     sync.Mutex
	result Result
}

// cancel is the workflow of one order.
func (c *crowd) cancel(ctx context.Context, w *worker, number string) {
	var order downstream.Order
	done := c.step(ctx, w, func(ctx context.Context) (err error) {
		order, err = w.Find(ctx, number)
		return err
	}) && c.step(ctx, w, func(ctx context.Context) error {
		_, err := w.Cancel(ctx, downstream.CancelRequest{Target: downstream.Target{
			OrderID: order.ID, Number: order.Number, Version: order.Version, IdempotencyKey: number,
		}})
		return err
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	if !done {
		c.result.Left++
	}
	c.result.Took = max(c.result.Took, time.Since(c.start))
}

// step makes attempts until one succeeds.
func (c *crowd) step(ctx context.Context, w *worker, call func(context.Context) error) bool {
	limit, slots, backoff := firstAttempt, w.first, firstRetry
	for time.Now().Before(c.end) {
		err := c.attempt(ctx, slots, limit, call)
		if err == nil {
			return true
		}
		limit, slots = laterAttempt, w.later
		wait := backoff
		if e, ok := errors.AsType[*downstream.Error](err); ok && e.RetryAfter > 0 {
			wait = e.RetryAfter
		} else {
			backoff = min(2*backoff, longestRetry)
		}
		time.Sleep(wait + rand.N(dispatch)) //nolint:gosec // No secret depends on it.
	}
	return false
}

func (c *crowd) attempt(ctx context.Context, slots chan struct{}, limit time.Duration, call func(context.Context) error) error {
	slots <- struct{}{}
	defer func() { <-slots }()
	c.mu.Lock()
	c.result.Attempts++
	c.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return call(ctx)
}
