package operator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"golang.org/x/sync/errgroup"

	"github.com/orderbridge/orderbridge/activities/channels"
)

const (
	// readers is how many channels are read at a time for a list.
	readers = 8
	// readTimeout bounds the reading of one channel, so that one that does not
	// answer leaves time for the others.
	readTimeout = 10 * time.Second
)

// List returns all channels, sorted by id. One that cannot be read is in the
// list all the same, and its Error says why. A channel that was added a moment
// ago may not be in it yet.
func (s *Service) List(ctx context.Context) ([]View, error) {
	ids, err := s.ids(ctx)
	if err != nil {
		return nil, err
	}
	views := make([]View, len(ids))
	var group errgroup.Group
	group.SetLimit(readers)
	for i, id := range ids {
		group.Go(func() error {
			ctx, cancel := context.WithTimeout(ctx, readTimeout)
			defer cancel()
			view, err := s.Get(ctx, id)
			if err != nil && !errors.Is(err, channels.ErrUnknown) {
				view = View{ID: id, Error: err.Error()}
			}
			views[i] = view
			return nil
		})
	}
	_ = group.Wait() // none of them fails
	// One that was never saved, or removed meanwhile, is no channel.
	return slices.DeleteFunc(views, func(v View) bool { return v.ID == "" }), nil
}

// ids returns the ids of all channels, in order.
func (s *Service) ids(ctx context.Context) ([]string, error) {
	var ids []string
	request := &workflowservice.ListWorkflowExecutionsRequest{
		Namespace: s.namespace,
		Query:     fmt.Sprintf("WorkflowType=%q AND ExecutionStatus=%q", channels.WorkflowType, "Running"),
	}
	for {
		response, err := s.temporal.ListWorkflow(ctx, request)
		if err != nil {
			return nil, explain("", fmt.Errorf("list the channels: %w", err))
		}
		for _, execution := range response.GetExecutions() {
			if id, ok := strings.CutPrefix(execution.GetExecution().GetWorkflowId(), channels.WorkflowID("")); ok {
				ids = append(ids, id)
			}
		}
		if request.NextPageToken = response.GetNextPageToken(); len(request.GetNextPageToken()) == 0 {
			slices.Sort(ids)
			return slices.Compact(ids), nil
		}
	}
}

// Get returns a channel and how it is doing: what the last audit left, and
// whether audits and searches take place at all (FindingStandstill). It fails with
// KindUnknownChannel when there is none with this id.
func (s *Service) Get(ctx context.Context, id string) (View, error) {
	channel, err := s.Channel(ctx, id)
	if err != nil {
		return View{}, err
	}
	view := ViewOf(channel)
	view.Status = &channels.Status{}
	// Settings without a status are of more use than neither.
	if failure := s.query(ctx, id, channels.QueryStatus, view.Status); failure != nil {
		view.Status, view.Error = nil, "its status cannot be read: "+failure.Error()
	} else {
		s.addStandstill(ctx, channel, view.Status)
	}
	return view, nil
}

// Channel returns a channel as it is now, its credentials sealed.
func (s *Service) Channel(ctx context.Context, id string) (channels.Channel, error) {
	if !channels.ValidID(id) {
		return channels.Channel{}, unknown(id, nil)
	}
	channel, err := channels.NewDirectory(s.temporal, 0).Channel(ctx, id)
	return channel, explainRead(id, err)
}

// History returns the changes to a channel, oldest first: the last 200.
func (s *Service) History(ctx context.Context, id string) ([]channels.Change, error) {
	if _, err := s.Channel(ctx, id); err != nil {
		return nil, err
	}
	changes := []channels.Change{}
	err := s.query(ctx, id, channels.QueryHistory, &changes)
	return changes, err
}

// query asks the workflow of a channel. A workflow that has ended answers for
// days; nobody wants to hear that.
func (s *Service) query(ctx context.Context, id, query string, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	response, err := s.temporal.QueryWorkflowWithOptions(ctx, &client.QueryWorkflowWithOptionsRequest{
		WorkflowID: channels.WorkflowID(id), QueryType: query,
		QueryRejectCondition: enums.QUERY_REJECT_CONDITION_NOT_OPEN,
	})
	switch {
	case err != nil:
		return explainRead(id, fmt.Errorf("query %s: %w", query, err))
	case response.QueryRejected != nil:
		return unknown(id, nil)
	default:
		return explain(id, response.QueryResult.Get(answer))
	}
}
