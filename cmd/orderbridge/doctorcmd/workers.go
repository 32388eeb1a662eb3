package doctorcmd

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/orderbridge/orderbridge/workflows"
)

// queue is a task queue that workers have to poll.
type queue struct {
	name string
	// does says what stands still without a worker.
	does  string
	types []enums.TaskQueueType
}

func queues() []queue {
	both := []enums.TaskQueueType{enums.TASK_QUEUE_TYPE_WORKFLOW, enums.TASK_QUEUE_TYPE_ACTIVITY}
	calls := []enums.TaskQueueType{enums.TASK_QUEUE_TYPE_ACTIVITY}
	return []queue{
		{workflows.TaskQueue, "webhooks are taken, and wait", both},
		{workflows.TaskQueueChannels, "channels can be neither read nor changed, and nothing is audited or searched", both},
		{workflows.TaskQueueBigCommerce, "calls to BigCommerce that failed are not repeated", calls},
		{workflows.TaskQueueDownstream, "calls to order systems that failed are not repeated", calls},
	}
}

// silent is how long ago a worker that still runs may have asked for work last.
// One question waits for a minute, and Temporal remembers who asked for five.
const silent = 90 * time.Second

// findWorkers says who polls a task queue.
func (e *examination) findWorkers(ctx context.Context, q queue) Finding {
	const start = "Start one: \"orderbridge serve\" or \"orderbridge worker\", with this Temporal namespace."
	workers := map[string]string{} // the builds by identity
	for _, kind := range q.types {
		described, err := e.temporal.WorkflowService().DescribeTaskQueue(ctx, &workflowservice.DescribeTaskQueueRequest{
			Namespace: e.namespace, TaskQueue: &taskqueue.TaskQueue{Name: q.name, Kind: enums.TASK_QUEUE_KIND_NORMAL}, TaskQueueType: kind,
		})
		if err != nil {
			return e.unanswered(err)
		}
		alive := slices.DeleteFunc(described.GetPollers(), func(p *taskqueue.PollerInfo) bool {
			return time.Since(p.GetLastAccessTime().AsTime().Add(-e.ahead)) > silent
		})
		if len(alive) == 0 {
			return failed(fmt.Sprintf("No worker polls it for %s tasks: %s.", strings.ToLower(kind.String()), q.does), start)
		}
		if f := served(described.GetVersioningInfo(), alive); f != nil {
			return *f
		}
		for _, poller := range alive {
			workers[poller.GetIdentity()] = build(poller)
		}
	}
	names := make([]string, 0, len(workers))
	for _, identity := range slices.Sorted(maps.Keys(workers)) {
		names = append(names, strings.TrimSpace(identity+" "+workers[identity]))
	}
	what := "1 worker polls it"
	if len(names) > 1 {
		what = fmt.Sprintf("%d workers poll it", len(names))
	}
	return ok("%s: %s.", what, abridged(names))
}

// build names the build of a poller in brackets, if it is one of a worker
// deployment.
func build(p *taskqueue.PollerInfo) string {
	if id := p.GetDeploymentOptions().GetBuildId(); id != "" {
		return "(build " + id + ")"
	}
	return ""
}

// served returns a finding if tasks wait although workers poll: with worker
// versioning, each goes to workers of the version that is current alone.
func served(info *taskqueue.TaskQueueVersioningInfo, alive []*taskqueue.PollerInfo) *Finding {
	current := info.GetCurrentDeploymentVersion()
	for _, poller := range alive {
		options := poller.GetDeploymentOptions()
		versioned := options.GetWorkerVersioningMode() == enums.WORKER_VERSIONING_MODE_VERSIONED
		if versioned != (current.GetBuildId() != "") {
			continue
		}
		if !versioned || options.GetBuildId() == current.GetBuildId() && options.GetDeploymentName() == current.GetDeploymentName() {
			return nil
		}
	}
	is := "no version of a worker deployment is current"
	if current.GetBuildId() != "" {
		is = fmt.Sprintf("the current version is %s of %s", current.GetBuildId(), current.GetDeploymentName())
	}
	f := failed(fmt.Sprintf("Workers poll it, but none that new work goes to: %s.", is),
		"Make the version that runs the current one (\"orderbridge rollout\"), or start workers of the one that is.")
	return &f
}

// told bounds how many names one sentence has.
const told = 5

// abridged lists names, as many as a person reads.
func abridged(names []string) string {
	if more := len(names) - told; more > 0 {
		return strings.Join(names[:told], ", ") + fmt.Sprintf(" and %d more", more)
	}
	return strings.Join(names, ", ")
}
