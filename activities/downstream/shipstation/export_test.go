package shipstation

import "time"

// SetClock sets the clock for the windows of the rate limit.
func (a *Adapter) SetClock(now func() time.Time) { a.now = now }
