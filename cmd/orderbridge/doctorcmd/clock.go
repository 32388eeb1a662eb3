package doctorcmd

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
)

const (
	// maxSkew is how far two clocks may be apart: as in a check of a channel.
	maxSkew = time.Minute
	// clockQueue is a task queue of doctors alone. Nothing ever runs on it.
	clockQueue = "orderbridge-doctor"
	// clockPoll is how often it is asked whether a poll was seen.
	clockPoll = 50 * time.Millisecond
	// clockPatience bounds the waiting for that: on a large cluster the poll may
	// be seen by a part that is not asked.
	clockPatience = 3 * time.Second
)

// compareClocks compares Temporal's clock with ours. Temporal tells its time to
// nobody, but it notes when a worker has last asked for work: so work is asked for
// on a task queue that has none.
func (e *examination) compareClocks(ctx context.Context) Finding {
	ctx, cancel := context.WithTimeout(ctx, min(e.timeout, clockPatience))
	defer cancel()
	identity := "orderbridge doctor " + rand.Text()
	queue := &taskqueue.TaskQueue{Name: clockQueue, Kind: enums.TASK_QUEUE_KIND_NORMAL}
	asked := time.Now()
	var polling sync.WaitGroup
	defer polling.Wait()
	defer cancel()
	polling.Go(func() {
		// It has no result: it is broken off once it was seen.
		_, _ = e.temporal.WorkflowService().PollActivityTaskQueue(ctx, &workflowservice.PollActivityTaskQueueRequest{
			Namespace: e.namespace, TaskQueue: queue, Identity: identity,
		})
	})
	ticker := time.NewTicker(clockPoll)
	defer ticker.Stop()
	for {
		described, err := e.temporal.WorkflowService().DescribeTaskQueue(ctx, &workflowservice.DescribeTaskQueueRequest{
			Namespace: e.namespace, TaskQueue: queue, TaskQueueType: enums.TASK_QUEUE_TYPE_ACTIVITY,
		})
		if err == nil {
			for _, poller := range described.GetPollers() {
				if poller.GetIdentity() == identity {
					return e.judgeClock(poller.GetLastAccessTime().AsTime(), asked, time.Now())
				}
			}
		}
		select {
		case <-ctx.Done():
			return skipped("Temporal did not tell its time.")
		case <-ticker.C:
		}
	}
}

// judgeClock says what Temporal's time at some moment between two of ours means.
func (e *examination) judgeClock(at, asked, answered time.Time) Finding {
	apart := time.Duration(0)
	switch {
	case at.Before(asked):
		apart = at.Sub(asked)
	case at.After(answered):
		apart = at.Sub(answered)
	}
	e.ahead = apart
	if apart.Abs() > maxSkew {
		return warning(fmt.Sprintf("The clocks of Temporal and of this machine are %s apart.", apart.Abs().Round(time.Second)),
			"Let the machines of Temporal and this one keep their time by NTP.")
	}
	return ok("The clocks of Temporal and of this machine agree, to %s.", max(answered.Sub(asked), apart.Abs()).Round(time.Millisecond))
}
