package threepl

import "time"

// SetClock replaces the clock by which tokens grow old. It must be called
// before the Adapter is used.
func (a *Adapter) SetClock(now func() time.Time) { a.now = now }
