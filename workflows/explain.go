package workflows

import (
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/orderbridge/orderbridge/activities"
)

// Metrics of the ends of order workflows, as they are given to the SDK's metrics
// handler. The handler of the worker bounds the labels.
const (
	// OutcomesMetric counts them, by TagChannel, TagOutcome and TagReason.
	OutcomesMetric = "orderbridge_webhook_outcomes_total"
	// DurationMetric is the time from when a webhook was received, or its change
	// found, to the end of its run, by TagOutcome.
	DurationMetric = "orderbridge_webhook_duration_seconds"
)

// Tags of these metrics.
const (
	// TagChannel is the id of the sales channel; "" if there is no such channel
	// any more.
	TagChannel = "channel"
	// TagOutcome is the Outcome, TagReason the Reason.
	TagOutcome = "outcome"
	TagReason  = "reason"
	// TagWorkflow is the workflow id: it is no label, but leads to the run.
	TagWorkflow = "workflow_id"
)

// ended closes a run that came to an outcome.
func (w *orderWebhook) ended(ctx workflow.Context, d Decision) (Result, error) {
	result := w.result(d.Outcome, d.Reason, w.explain(d))
	return result, w.record(ctx, result)
}

// failed closes a run that met an error that repetition does not mend.
func (w *orderWebhook) failed(ctx workflow.Context, cause error) (Result, error) {
	if temporal.IsCanceledError(cause) {
		return Result{}, cause
	}
	reason, message := failureOf(cause)
	result := w.result(OutcomeFailed, reason, message)
	if err := w.record(ctx, result); err != nil {
		return Result{}, err
	}
	return Result{}, temporal.NewApplicationErrorWithOptions(message, string(reason), temporal.ApplicationErrorOptions{NonRetryable: true})
}

func (w *orderWebhook) result(outcome Outcome, reason Reason, explanation string) Result {
	result := Result{
		Outcome:     outcome,
		Reason:      reason,
		Explanation: explanation,
		Shipments:   w.applied.Shipments,
		Rounds:      w.rounds,
		Revision:    w.channel.Revision,
		Signature:   string(w.signature),
	}
	if !w.store.ReadAt.IsZero() {
		result.StoreStatus = w.store.StatusID.String()
	}
	if status := w.status(); status != nil {
		result.DownstreamStatus = status.Name
	}
	return result
}

// record makes the end visible to operators: as search attributes, as a
// counter and in the log.
func (w *orderWebhook) record(ctx workflow.Context, r Result) error {
	w.count(ctx, r)
	log := workflow.GetLogger(ctx)
	say := log.Info
	switch r.Outcome {
	case OutcomeFailed:
		say = log.Error
	case OutcomeTooLate, OutcomeGaveUp:
		say = log.Warn
	case OutcomeCancelled, OutcomeFulfilled, OutcomeAlreadyDone, OutcomeNoEffect, OutcomeRejected:
	}
	say("webhook ended",
		"channel", w.in.Channel, "scope", w.in.Scope, "order", w.in.OrderID,
		"workflow_id", workflow.GetInfo(ctx).WorkflowExecution.ID,
		"outcome", r.Outcome, "reason", r.Reason, "rounds", r.Rounds)
	workflow.SetCurrentDetails(ctx, r.Explanation)
	updates := []temporal.SearchAttributeUpdate{
		AttributeOutcome.ValueSet(string(r.Outcome)), AttributeReason.ValueSet(string(r.Reason)),
	}
	if r.DownstreamStatus != "" {
		updates = append(updates, AttributeStatus.ValueSet(r.DownstreamStatus))
	}
	if w.sawLastChange() {
		updates = append(updates, AttributeModified.ValueSet(w.store.ModifiedAt))
	}
	return workflow.UpsertTypedSearchAttributes(ctx, updates...)
}

// count counts the end. A run that is replayed counts nothing.
func (w *orderWebhook) count(ctx workflow.Context, r Result) {
	channel := w.in.Channel
	if r.Reason == ReasonUnknownChannel {
		channel = "" // what does not exist gets no name in the metrics
	}
	handler := workflow.GetMetricsHandler(ctx).WithTags(map[string]string{
		TagChannel: channel, TagOutcome: string(r.Outcome), TagReason: string(r.Reason),
		TagWorkflow: workflow.GetInfo(ctx).WorkflowExecution.ID,
	})
	handler.Counter(OutcomesMetric).Inc(1)
	if took := workflow.Now(ctx).Sub(w.in.ReceivedAt); !w.in.ReceivedAt.IsZero() && took >= 0 {
		handler.Timer(DurationMetric).Record(took)
	}
}

// sawLastChange reports whether the order as it was last read includes every
// change of its date_modified. That has a precision of a second: an order that
// is read in the second in which it was changed may be changed again in it, and
// then shows the same date.
func (w *orderWebhook) sawLastChange() bool {
	return !w.store.ReadAt.IsZero() && !w.store.ModifiedAt.IsZero() && w.store.ReadAt.Sub(w.store.ModifiedAt) >= time.Second
}

// explain says in a sentence why the run ended as it did.
func (w *orderWebhook) explain(d Decision) string {
	order := fmt.Sprintf("order %d", w.in.OrderID)
	inStore := fmt.Sprintf("is %s in BigCommerce", w.store.StatusID)
	there := ""
	if status := w.status(); status != nil {
		there = fmt.Sprintf("%q", status.Name)
	}
	switch d.Reason {
	case ReasonApplied:
		if d.Outcome == OutcomeFulfilled {
			return fmt.Sprintf("%s %s, so it was fulfilled downstream with %d shipment(s)", order, inStore, w.applied.Shipments)
		}
		return fmt.Sprintf("%s %s, so it was cancelled downstream", order, inStore)
	case ReasonAlreadyCancelled, ReasonAlreadyFulfilled, ReasonClosed:
		if d.Outcome == OutcomeAlreadyDone {
			return fmt.Sprintf("%s %s and downstream it was %s already", order, inStore, there)
		}
		return fmt.Sprintf("%s %s, but downstream it is %s already and that is final: somebody must look", order, inStore, there)
	case ReasonStatusNotMapped:
		return fmt.Sprintf("%s %s, which in this channel means neither cancel nor fulfill", order, inStore)
	case ReasonStatusNotSelected:
		return fmt.Sprintf("%s %s, but downstream it is %s, which is not among the valid %s statuses (%s)",
			order, inStore, there, w.wish.noun(), strings.Join(w.wish.valid(w.channel.Settings), ", "))
	case ReasonNothingSelected:
		return fmt.Sprintf("%s %s, but this channel has no valid %s statuses", order, inStore, w.wish.noun())
	case ReasonOtherStoreChannel:
		return fmt.Sprintf("%s belongs to BigCommerce channel %d, which this channel leaves out", order, w.store.StoreChannel)
	case ReasonChannelInactive:
		return fmt.Sprintf("channel %s is deactivated", w.in.Channel)
	case ReasonUnknownChannel:
		return fmt.Sprintf("there is no channel %s any more; gave up after %s", w.in.Channel, w.channel.Settings.Waits.GiveUpAfter)
	case ReasonWrongStore:
		return fmt.Sprintf("the callback is from store %s, but channel %s is connected to store %s",
			w.in.StoreHash, w.in.Channel, w.channel.StoreHash)
	case ReasonRetiredSecret, ReasonBadSignature:
		return w.distrust(d.Reason)
	case ReasonNotDownstream, ReasonUnprocessed, ReasonKeepsChanging:
		return fmt.Sprintf("%s %s, but %s; gave up after %s: somebody must look",
			order, inStore, w.obstacle(d.Reason), w.channel.Settings.Waits.GiveUpAfter)
	case ReasonNotJSON, ReasonUnknownScope, ReasonNoOrder:
		return "the callback cannot be used: " + w.in.Rejection.Detail
	case ReasonAmbiguous, ReasonRefused:
		return string(d.Reason) // these fail the run and carry their own text
	default:
		return string(d.Reason)
	}
}

// waitingFor says what a run is waiting for.
func (w *orderWebhook) waitingFor(reason Reason, until time.Time) string {
	at := until.UTC().Format("2006-01-02 15:04:05 MST")
	if reason == ReasonUnknownChannel {
		return fmt.Sprintf("there is no channel %s; looking again at %s", w.in.Channel, at)
	}
	return fmt.Sprintf("order %d is %s in BigCommerce, but %s; looking again at %s",
		w.in.OrderID, w.store.StatusID, w.obstacle(reason), at)
}

func (w *orderWebhook) obstacle(reason Reason) string {
	switch {
	case reason == ReasonNotDownstream:
		return "it is not known downstream"
	case reason == ReasonUnprocessed && w.found.Found == activities.FoundOne:
		return fmt.Sprintf("downstream it is still %q", w.found.Order.Status.Name)
	default:
		return "it kept changing downstream while it was being worked on"
	}
}

// noun returns the word for a wish in the names of the settings.
func (w Wish) noun() string {
	if w == WishFulfill {
		return "fulfillment"
	}
	return "cancellation"
}
