package bigcommercetest

import (
	"sync"
	"time"

	"github.com/jonboulle/clockwork"
)

// timers lets Clock embed clockwork's interface without exporting the field.
type timers = clockwork.Clock

// Clock is the store's time. It implements clockwork.Clock, so that the client
// under test can share it. Its methods are safe for concurrent use.
//
// Unless it is frozen it follows real time, ahead of it by what [Clock.Advance]
// added; timers and tickers made from a clock that is not frozen run in real
// time and do not notice Advance.
type Clock struct {
	timers

	frozen *clockwork.FakeClock // nil unless frozen
	moved  func()               // told after each Advance

	mu     sync.Mutex
	offset time.Duration
}

func newClock(o settings, moved func()) *Clock {
	if !o.frozen {
		return &Clock{timers: clockwork.NewRealClock(), moved: moved}
	}
	at := o.frozenAt
	if at.IsZero() {
		at = time.Now()
	}
	frozen := clockwork.NewFakeClockAt(at.UTC().Truncate(time.Second))
	return &Clock{timers: frozen, frozen: frozen, moved: moved}
}

// Advance moves the clock forward by d and wakes what has become due. A negative
// d does nothing. Deliveries that fall due start at the new time, so that of
// several retries of one webhook only the first is made: use [Store.Elapse] to
// live through them all.
func (c *Clock) Advance(d time.Duration) {
	if d <= 0 {
		return
	}
	if c.frozen != nil {
		c.frozen.Advance(d)
	} else {
		c.mu.Lock()
		c.offset += d
		c.mu.Unlock()
	}
	c.moved()
}

// Frozen reports whether only Advance moves the clock.
func (c *Clock) Frozen() bool { return c.frozen != nil }

// Now returns the store's time, in UTC.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.timers.Now().Add(c.offset).UTC()
}

// Since returns how long ago t was on this clock.
func (c *Clock) Since(t time.Time) time.Duration { return c.Now().Sub(t) }

// Until returns how far away t is on this clock.
func (c *Clock) Until(t time.Time) time.Duration { return t.Sub(c.Now()) }
