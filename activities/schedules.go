package activities

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/orderbridge/orderbridge/activities/channels"
)

const (
	// catchupWindow is how long after its time a run of a Schedule is still
	// started. Temporal's default is a year: after an outage every audit that
	// was missed would be made up for, one after the other.
	catchupWindow = 10 * time.Minute
	// jitterPart is the part of an interval by which a run may be late, so
	// that many channels do not ask all at once.
	jitterPart = 10
	// LowPriority is below that of live webhooks (3, Temporal's default).
	LowPriority = 4
)

// schedule is one of the two Schedules of a channel.
type schedule struct {
	id, workflow, summary string
	every                 time.Duration
	input                 any
}

func schedulesOf(channel channels.Channel) []schedule {
	settings := channel.Settings.WithDefaults()
	return []schedule{
		{
			id: channels.AuditID(channel.ID), workflow: channels.AuditWorkflowType, every: settings.AuditEvery.Std(),
			summary: "audit the subscriptions of " + channel.ID,
			input:   channels.AuditRequest{Channel: channel.ID, Cause: channels.AuditScheduled},
		},
		{
			id: channels.ReconcileID(channel.ID), workflow: channels.ReconcileWorkflowType, every: settings.ReconcileEvery.Std(),
			summary: "search the store of " + channel.ID + " for lost webhooks",
			input:   ReconcileRequest{Channel: channel.ID},
		},
	}
}

// syncSchedules makes the Schedules of a channel match its settings: there while
// webhooks can have an effect, and gone otherwise. Whether one is paused is the
// operator's business and stays as it is.
func (a *Activities) syncSchedules(ctx context.Context, channel channels.Channel, remove bool) error {
	if a.temporal == nil {
		return nil
	}
	wanted := !remove && channel.Active && channel.Settings.WantsAny()
	for _, s := range schedulesOf(channel) {
		apply := a.putSchedule
		if !wanted {
			apply = a.deleteSchedule
		}
		if err := apply(ctx, channel, s); err != nil {
			return fmt.Errorf("channel %s: schedule %s: %w", channel.ID, s.id, err)
		}
	}
	return nil
}

func (a *Activities) putSchedule(ctx context.Context, channel channels.Channel, s schedule) error {
	spec := client.ScheduleSpec{
		Intervals: []client.ScheduleIntervalSpec{{Every: s.every, Offset: offset(channel.ID, s.every)}},
		Jitter:    s.every / jitterPart,
	}
	handle := a.temporal.ScheduleClient().GetHandle(ctx, s.id)
	err := handle.Update(ctx, client.ScheduleUpdateOptions{
		DoUpdate: func(input client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
			now := input.Description.Schedule
			if sameSpec(now.Spec, spec) {
				return nil, temporal.ErrSkipScheduleUpdate
			}
			now.Spec = &spec
			return &client.ScheduleUpdate{Schedule: &now}, nil
		},
	})
	if _, ok := errors.AsType[*serviceerror.NotFound](err); !ok {
		return err
	}
	_, err = a.temporal.ScheduleClient().Create(ctx, client.ScheduleOptions{
		ID:   s.id,
		Spec: spec,
		Action: &client.ScheduleWorkflowAction{
			ID: s.id, Workflow: s.workflow, Args: []any{s.input}, TaskQueue: channels.TaskQueue,
			TypedSearchAttributes: temporal.NewSearchAttributes(channels.SearchAttribute.ValueSet(channel.ID)),
			StaticSummary:         s.summary,
			Priority:              temporal.Priority{PriorityKey: LowPriority, FairnessKey: channel.ID},
		},
		Overlap:       enums.SCHEDULE_OVERLAP_POLICY_SKIP,
		CatchupWindow: catchupWindow,
		Note:          "made by Orderbridge; pause it here, change the interval in the settings of the channel",
	})
	if errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return nil // made by somebody else a moment ago; the next audit looks again
	}
	return err
}

func (a *Activities) deleteSchedule(ctx context.Context, _ channels.Channel, s schedule) error {
	err := a.temporal.ScheduleClient().GetHandle(ctx, s.id).Delete(ctx)
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
		return nil
	}
	return err
}

// sameSpec compares what this package sets.
func sameSpec(a *client.ScheduleSpec, b client.ScheduleSpec) bool {
	return a != nil && len(a.Intervals) == 1 && a.Intervals[0] == b.Intervals[0] && a.Jitter == b.Jitter
}

// offset spreads the runs of the channels over the interval. Temporal keeps it
// to the second.
func offset(channel string, every time.Duration) time.Duration {
	h := fnv.New32a()
	_, _ = h.Write([]byte(channel))
	return time.Duration(h.Sum32()) * time.Second % every.Truncate(time.Second)
}
