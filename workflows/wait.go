package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/orderbridge/orderbridge/activities/channels"
)

// waiter measures out the durable waits of one run: each twice as long as the
// one before, none longer than the longest, all together no longer than the
// time after which to give up.
type waiter struct {
	next    time.Duration
	began   time.Time
	waiting bool
}

// wait sleeps once. It returns false, without sleeping, when the time is up.
// What it waits for is shown in the Temporal Web UI meanwhile.
func (w *waiter) wait(ctx workflow.Context, limits channels.Waits, describe func(until time.Time) string) (bool, error) {
	now := workflow.Now(ctx)
	if !w.waiting {
		w.waiting, w.began, w.next = true, now, limits.First.Std()
	}
	left := limits.GiveUpAfter.Std() - now.Sub(w.began)
	if left <= 0 {
		return false, nil
	}
	// The last wait ends with the time that there is: one more look then.
	sleep := min(w.next, limits.Longest.Std(), left)
	w.next = min(w.next*2, limits.Longest.Std())
	text := describe(now.Add(sleep))
	workflow.SetCurrentDetails(ctx, text)
	defer workflow.SetCurrentDetails(ctx, "")
	return true, pause(ctx, sleep, text)
}

// pause is a sleep with a line that the Temporal Web UI shows.
func pause(ctx workflow.Context, d time.Duration, summary string) error {
	return workflow.NewTimerWithOptions(ctx, d, workflow.TimerOptions{Summary: summary}).Get(ctx, nil)
}
