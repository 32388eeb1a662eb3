package activities

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/channels"
)

// OrderWorkflowType is the type of the order workflows, as visibility has it.
const OrderWorkflowType = "OrderWebhook"

// The search attributes of order workflows that tell which changes they have
// looked at.
var (
	// AttributeOrder is the BigCommerce order id.
	AttributeOrder = temporal.NewSearchAttributeKeyKeyword("OrderbridgeOrder")
	// AttributeModified is the time of the last change that the run has seen.
	AttributeModified = temporal.NewSearchAttributeKeyTime("OrderbridgeModified")
	// AttributeOutcome and AttributeReason say how a run ended.
	AttributeOutcome = temporal.NewSearchAttributeKeyKeyword("OrderbridgeOutcome")
	AttributeReason  = temporal.NewSearchAttributeKeyKeyword("OrderbridgeReason")
)

// Ends of order workflows that have done nothing about the order: the callback
// was not taken for good, or the channel did not want any at the time.
const (
	OutcomeWithoutLook        = "rejected"
	ReasonInactiveWithoutLook = "channel_inactive"
	ReasonUnknownWithoutLook  = "unknown_channel"
)

const (
	// coverageChunk is how many orders one question to visibility is about.
	coverageChunk = 50
	// coveragePage is how many runs one answer has at most: Temporal's limit.
	coveragePage = 1000
	// coverageLookBack is how long before a change a run may have been started
	// that has looked at it: as long as one waits by default. A longer-running
	// one is not asked for, and at worst one more is started.
	coverageLookBack = 24 * time.Hour
	// secondOver is how much later than the date of a change, which is cut to
	// the second, something must be to be after the change for certain.
	secondOver = time.Second
)

// coverage tells which changes of a channel's orders have been looked at.
type coverage struct {
	channel channels.Channel
	// lead is below zero by how much the store's clock is behind ours.
	lead time.Duration
	// repeatFailed is true if a failed run is none.
	repeatFailed bool
}

// uncovered returns the changes that no order workflow has looked at, or is
// about to.
//
// A change is covered by a run of the same order in the same store
//   - that was started for this very change;
//   - that has read the order as it was after that change, or after a later
//     one: it says so in AttributeModified;
//   - or that was started after the change, whether it has read it yet or not;
//
// unless the run was broken off, or has never looked at the order. One that
// failed is for a person to see to, and would fail again at every search: it
// covers the change unless a person asked for the search.
//
// In doubt a change is not covered: one run too many finds its work done, one
// too few loses an order.
func (a *Activities) uncovered(ctx context.Context, c coverage, orders []bigcommerce.Order) ([]FoundOrder, error) {
	var out []FoundOrder
	for chunk := range slices.Chunk(orders, coverageChunk) {
		runs, err := a.orderRuns(ctx, c, chunk)
		if err != nil {
			return nil, fmt.Errorf("channel %s: ask Temporal which changes of orders were looked at: %w", c.channel.ID, err)
		}
		for _, order := range chunk {
			found := FoundOrder{
				Channel: c.channel.ID, StoreHash: c.channel.Store.Hash,
				OrderID: order.ID, StatusID: order.StatusID, ModifiedAt: order.DateModified,
			}
			if slices.ContainsFunc(runs[order.ID], func(run orderRun) bool { return c.covers(run, found) }) {
				continue
			}
			found.Again = slices.ContainsFunc(runs[order.ID], func(run orderRun) bool {
				return run.id == found.WorkflowID() && run.status == enums.WORKFLOW_EXECUTION_STATUS_COMPLETED
			})
			out = append(out, found)
		}
		activity.RecordHeartbeat(ctx, begunBefore(ctx))
	}
	return out, nil
}

// orderRun is what visibility knows of a run of the order workflow.
type orderRun struct {
	id       string // of the workflow
	status   enums.WorkflowExecutionStatus
	started  time.Time // by our clock
	modified time.Time // by the store's; zero if the run has not said
	outcome  string
	reason   string
}

// brokenOff reports whether the run was ended from outside, so that nobody knows
// how far it came.
func (r orderRun) brokenOff() bool {
	return r.status == enums.WORKFLOW_EXECUTION_STATUS_TERMINATED ||
		r.status == enums.WORKFLOW_EXECUTION_STATUS_TIMED_OUT ||
		r.status == enums.WORKFLOW_EXECUTION_STATUS_CANCELED
}

// withoutLook reports whether the run ended without having looked at the order.
func (r orderRun) withoutLook() bool {
	return r.outcome == OutcomeWithoutLook || r.reason == ReasonInactiveWithoutLook || r.reason == ReasonUnknownWithoutLook
}

func (c coverage) covers(run orderRun, found FoundOrder) bool {
	switch {
	case run.brokenOff(), run.withoutLook():
		return false
	case c.repeatFailed && run.status == enums.WORKFLOW_EXECUTION_STATUS_FAILED:
		return false
	case run.started.Before(c.channel.StoreSince):
		return false // it was about an order of another store
	case run.id == found.WorkflowID():
		return true
	case !run.modified.IsZero() && !run.modified.Before(found.ModifiedAt):
		return true
	default:
		return !run.started.Add(c.lead).Before(found.ModifiedAt.Add(secondOver))
	}
}

// orderRuns asks visibility for the runs of some orders.
func (a *Activities) orderRuns(ctx context.Context, c coverage, orders []bigcommerce.Order) (map[int64][]orderRun, error) {
	request := &workflowservice.ListWorkflowExecutionsRequest{
		Namespace: a.namespace,
		PageSize:  coveragePage,
		Query:     coverageQuery(c.channel.ID, orders, c.lead),
	}
	runs := map[int64][]orderRun{}
	for {
		response, err := a.temporal.ListWorkflow(ctx, request)
		if err != nil {
			return nil, err
		}
		for _, execution := range response.GetExecutions() {
			if id, run, ok := readRun(execution); ok {
				runs[id] = append(runs[id], run)
			}
		}
		if request.NextPageToken = response.GetNextPageToken(); len(request.GetNextPageToken()) == 0 {
			return runs, nil
		}
	}
}

func coverageQuery(channel string, orders []bigcommerce.Order, lead time.Duration) string {
	oldest := orders[0].DateModified
	ids := make([]string, len(orders))
	for i, order := range orders {
		ids[i] = strconv.Quote(strconv.FormatInt(order.ID, 10))
		if order.DateModified.Before(oldest) {
			oldest = order.DateModified
		}
	}
	return fmt.Sprintf("WorkflowType=%q AND %s=%q AND %s IN (%s) AND StartTime>=%q",
		OrderWorkflowType, channels.SearchAttribute.GetName(), channel, AttributeOrder.GetName(), strings.Join(ids, ","),
		oldest.Add(-lead-coverageLookBack).UTC().Format(time.RFC3339))
}

// readRun reads what visibility answered; ok is false if that is about no order.
func readRun(execution *workflowpb.WorkflowExecutionInfo) (id int64, run orderRun, ok bool) {
	fields := execution.GetSearchAttributes().GetIndexedFields()
	id, err := strconv.ParseInt(attribute[string](fields, AttributeOrder.GetName()), 10, 64)
	if err != nil {
		return 0, orderRun{}, false
	}
	return id, orderRun{
		id:       execution.GetExecution().GetWorkflowId(),
		status:   execution.GetStatus(),
		started:  execution.GetStartTime().AsTime(),
		modified: attribute[time.Time](fields, AttributeModified.GetName()),
		outcome:  attribute[string](fields, AttributeOutcome.GetName()),
		reason:   attribute[string](fields, AttributeReason.GetName()),
	}, true
}

// attribute reads a search attribute; one that is absent or makes no sense
// reads as the zero value, which covers nothing.
func attribute[T any](fields map[string]*commonpb.Payload, name string) T {
	var value, none T
	payload, ok := fields[name]
	if !ok || converter.GetDefaultDataConverter().FromPayload(payload, &value) != nil {
		return none
	}
	return value
}
