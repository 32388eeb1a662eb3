package shipstation

import "time"

// SetClock sets the clock for the windows of the rate limit.
func (a *Adapter) SetClock(now func() time.Time) { a.now = now }

// Part gives the Adapter an account of its own, as if it were in a process of
// its own.
func (a *Adapter) Part() { a.account = &account{} }
