package worker

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/workflows"
)

// reading is what one round of a survey found.
type reading struct {
	channels map[string]int64 // by health
	waiting  map[string]int64 // by age
	issues   map[string]int64 // by kind
	backlog  map[queue]int64
}

// queue is a task queue, which has tasks of two kinds.
type queue struct{ name, kind string }

const (
	kindWorkflow = "workflow"
	kindActivity = "activity"
)

// queues are the task queues that have tasks.
var queues = []queue{
	{workflows.TaskQueue, kindWorkflow},
	{workflows.TaskQueue, kindActivity},
	{workflows.TaskQueueChannels, kindWorkflow},
	{workflows.TaskQueueChannels, kindActivity},
	{workflows.TaskQueueBigCommerce, kindActivity},
	{workflows.TaskQueueDownstream, kindActivity},
}

const (
	// issuesSince is for how long what ended badly is shown.
	issuesSince = 24 * time.Hour
	// longAge is the age of orders that somebody should look at.
	longAge = "1h"
)

// ages are those by which orders that wait are counted.
var ages = []struct {
	label string
	age   time.Duration
}{{"0s", 0}, {"5m", 5 * time.Minute}, {longAge, time.Hour}, {"24h", 24 * time.Hour}}

// read asks everything, one question after the other: thirteen counts, which are
// cheap, and what waits in each task queue.
func (s *survey) read(ctx context.Context, now time.Time) (reading, error) {
	r := reading{channels: map[string]int64{}, waiting: map[string]int64{}, issues: map[string]int64{}, backlog: map[queue]int64{}}
	for _, step := range []func(context.Context, time.Time, reading) error{s.readChannels, s.readOrders, s.readIssues, s.readQueues} {
		if err := step(ctx, now, r); err != nil {
			return reading{}, err
		}
	}
	return r, nil
}

// readChannels counts the channels by health. Unknown are also those that have
// not said it yet: they began before there was this search attribute.
func (s *survey) readChannels(ctx context.Context, _ time.Time, r reading) error {
	running := fmt.Sprintf("WorkflowType=%q AND ExecutionStatus='Running'", workflows.SalesChannelType)
	all, err := s.count(ctx, running)
	if err != nil {
		return err
	}
	unknown := all.GetCount()
	for _, health := range []string{
		string(channels.HealthHealthy), string(channels.HealthDegraded), string(channels.HealthUnhealthy), workflows.HealthInactive,
	} {
		found, err := s.count(ctx, fmt.Sprintf("%s AND %s=%q", running, workflows.AttributeHealth.GetName(), health))
		if err != nil {
			return err
		}
		r.channels[health] = found.GetCount()
		unknown -= found.GetCount()
	}
	// Between two counts a channel can change.
	r.channels[string(channels.HealthUnknown)] = max(unknown, 0)
	r.issues["unhealthy_channels"] = r.channels[string(channels.HealthUnhealthy)]
	return nil
}

// readOrders counts the order workflows that have not ended.
func (s *survey) readOrders(ctx context.Context, now time.Time, r reading) error {
	for _, each := range ages {
		query := fmt.Sprintf("WorkflowType=%q AND ExecutionStatus='Running'", workflows.OrderWebhookType)
		if each.age > 0 {
			query += " AND StartTime < " + quoted(now.Add(-each.age))
		}
		found, err := s.count(ctx, query)
		if err != nil {
			return err
		}
		r.waiting[each.label] = found.GetCount()
	}
	r.issues["waiting_over_an_hour"] = r.waiting[longAge]
	return nil
}

// readIssues counts the order workflows that ended so that somebody must look.
func (s *survey) readIssues(ctx context.Context, now time.Time, r reading) error {
	ended := func(attribute, value string) (*workflowservice.CountWorkflowExecutionsResponse, error) {
		return s.count(ctx, fmt.Sprintf("WorkflowType=%q AND %s%s AND CloseTime > %s",
			workflows.OrderWebhookType, attribute, value, quoted(now.Add(-issuesSince))))
	}
	outcome, reason := workflows.AttributeOutcome.GetName(), workflows.AttributeReason.GetName()
	rejected, err := ended(outcome, fmt.Sprintf("=%q", workflows.OutcomeRejected))
	if err != nil {
		return err
	}
	ambiguous, err := ended(reason, fmt.Sprintf("=%q", workflows.ReasonAmbiguous))
	if err != nil {
		return err
	}
	tooLate, err := ended(outcome, fmt.Sprintf("=%q", workflows.OutcomeTooLate))
	if err != nil {
		return err
	}
	failed, err := ended(outcome, fmt.Sprintf("=%q", workflows.OutcomeFailed))
	if err != nil {
		return err
	}
	r.issues[string(workflows.OutcomeRejected)] = rejected.GetCount()
	r.issues[string(workflows.ReasonAmbiguous)] = ambiguous.GetCount()
	r.issues[string(workflows.OutcomeTooLate)] = tooLate.GetCount()
	r.issues[string(workflows.OutcomeFailed)] = max(failed.GetCount()-ambiguous.GetCount(), 0) // those have a kind of their own
	return nil
}

// readQueues asks how many tasks wait in each task queue, those of every version
// of the workers together.
func (s *survey) readQueues(ctx context.Context, _ time.Time, r reading) error {
	for _, each := range queues {
		kind := enums.TASK_QUEUE_TYPE_WORKFLOW
		if each.kind == kindActivity {
			kind = enums.TASK_QUEUE_TYPE_ACTIVITY
		}
		response, err := s.temporal.WorkflowService().DescribeTaskQueue(ctx, &workflowservice.DescribeTaskQueueRequest{
			Namespace: s.namespace, TaskQueue: &taskqueue.TaskQueue{Name: each.name, Kind: enums.TASK_QUEUE_KIND_NORMAL},
			TaskQueueType: kind, ReportStats: true,
		})
		if err != nil {
			return fmt.Errorf("describe task queue %s: %w", each.name, err)
		}
		r.backlog[each] = response.GetStats().GetApproximateBacklogCount()
	}
	return nil
}

// quoted is a time as visibility queries want it.
func quoted(t time.Time) string { return "'" + t.UTC().Format(time.RFC3339Nano) + "'" }
