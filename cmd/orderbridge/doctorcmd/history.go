package doctorcmd

import (
	"context"
	"errors"
	"fmt"

	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/orderbridge/orderbridge/activities/channels"
)

// lastSaved reads the settings of a channel without a worker, from the history of
// its workflow: those that it began with, or that were saved last since. They are
// what is needed to try both sides; how the channel is doing is not among them. It
// fails with channels.ErrUnknown if there is no such channel.
func lastSaved(ctx context.Context, temporal client.Client, id string) (channels.Channel, error) {
	described, err := temporal.DescribeWorkflow(ctx, channels.WorkflowID(id), "")
	if _, missing := errors.AsType[*serviceerror.NotFound](err); missing ||
		err == nil && described.Status != enums.WORKFLOW_EXECUTION_STATUS_RUNNING && described.Status != enums.WORKFLOW_EXECUTION_STATUS_PAUSED {
		return channels.Channel{}, fmt.Errorf("channel %s: %w", id, channels.ErrUnknown)
	}
	if err != nil {
		return channels.Channel{}, err
	}
	saves := saves{asked: map[string]channels.Channel{}}
	events := temporal.GetWorkflowHistory(ctx, channels.WorkflowID(id), described.WorkflowExecution.RunID, false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		if err != nil {
			return channels.Channel{}, err
		}
		if err := saves.see(event); err != nil {
			return channels.Channel{}, fmt.Errorf("event %d: %w", event.GetEventId(), err)
		}
	}
	if saves.channel.Revision == 0 {
		return channels.Channel{}, fmt.Errorf("channel %s: %w", id, channels.ErrUnknown)
	}
	return saves.channel, nil
}

// saves follows a channel through its history.
type saves struct {
	channel channels.Channel
	asked   map[string]channels.Channel // by the id of the update
}

func (s *saves) see(event *history.HistoryEvent) error {
	if started := event.GetWorkflowExecutionStartedEventAttributes(); started != nil {
		var state channels.State
		if err := decode(started.GetInput(), &state); err != nil {
			return err
		}
		s.channel = state.Channel
	}
	accepted := event.GetWorkflowExecutionUpdateAcceptedEventAttributes().GetAcceptedRequest()
	if accepted.GetInput().GetName() == channels.UpdateSave {
		var request channels.SaveRequest
		if err := decode(accepted.GetInput().GetArgs(), &request); err != nil {
			return err
		}
		s.asked[accepted.GetMeta().GetUpdateId()] = request.Channel
	}
	completed := event.GetWorkflowExecutionUpdateCompletedEventAttributes()
	if saved, ok := s.asked[completed.GetMeta().GetUpdateId()]; ok && completed.GetOutcome().GetSuccess() != nil {
		var result channels.SaveResult
		if err := decode(completed.GetOutcome().GetSuccess(), &result); err != nil {
			return err
		}
		saved.Revision, saved.CreatedAt = result.Revision, s.channel.CreatedAt
		s.channel = saved
	}
	return nil
}

// decode decodes the first of some payloads.
func decode(payloads *common.Payloads, into any) error {
	if len(payloads.GetPayloads()) == 0 {
		return errors.New("it has no contents")
	}
	return converter.GetDefaultDataConverter().FromPayload(payloads.GetPayloads()[0], into)
}
