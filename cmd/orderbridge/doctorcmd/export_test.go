package doctorcmd

import "time"

// JudgeClock says what Temporal's time at some moment between two of ours means,
// and how far Temporal's clock is taken to be ahead.
func JudgeClock(at, asked, answered time.Time) (Finding, time.Duration) {
	e := &examination{}
	return e.judgeClock(at, asked, answered), e.ahead
}
