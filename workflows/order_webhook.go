package workflows

import (
	"fmt"
	"strconv"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/downstream"
)

const (
	// maxConflicts bounds how often in a row an order is ruled on again at
	// once because it changed meanwhile; after that the run waits.
	maxConflicts = 5
	// maxSettles bounds how often in a row a run waits for an order that is
	// being changed in BigCommerce to come to rest.
	maxSettles = 5
	// channelRetryFor bounds the reading of a channel's settings, before it
	// is known what the settings say.
	channelRetryFor = channels.DefaultRetryFor
)

// OrderWebhook handles one webhook. It never trusts what the callback says
// about the order: it reads the order in BigCommerce, finds it downstream,
// applies the channel's rules to both, and starts over whenever either of them
// changed or was not ready. It ends with a named outcome; a failure that
// repetition does not mend fails the workflow with the reason as error type.
func OrderWebhook(ctx workflow.Context, in Webhook) (Result, error) {
	w := &orderWebhook{in: in, ref: activities.OrderRef{Channel: in.Channel, OrderID: in.OrderID}}
	decision, err := w.run(ctx)
	if err != nil {
		return w.failed(ctx, err)
	}
	return w.ended(ctx, decision)
}

// orderWebhook is the state of one run.
type orderWebhook struct {
	in  Webhook
	ref activities.OrderRef

	channel activities.ChannelView
	store   activities.StoreOrder
	wish    Wish
	found   activities.FindResult
	rounds  int
	refused string
	applied activities.ApplyResult
	// marked is the last change of the order that visibility knows to be seen.
	marked time.Time
	// authenticated is true once the callback was taken for one of BigCommerce.
	authenticated bool
	// signature is what a check of the callback's signature showed, if any.
	signature activities.SignatureResult
}

func (w *orderWebhook) run(ctx workflow.Context) (Decision, error) {
	if w.in.Rejection != nil {
		return stop(OutcomeRejected, w.in.Rejection.Reason), nil
	}
	waits := waiter{}
	for conflicts := 0; ; {
		w.rounds++
		decision, err := w.look(ctx)
		if err != nil {
			return Decision{}, err
		}
		if decision.Action == ActionApply {
			decision, err = w.apply(ctx)
			if err != nil {
				return Decision{}, err
			}
			if decision.Action == ActionApply {
				// The order changed between the reading and the writing.
				if conflicts++; conflicts < maxConflicts {
					continue
				}
				decision = Decision{Action: ActionWait, Reason: ReasonKeepsChanging}
			}
		}
		if decision.Action == ActionStop {
			return decision, nil
		}
		conflicts = 0
		if err := w.markSeen(ctx); err != nil {
			return Decision{}, err
		}
		again, err := waits.wait(ctx, w.channel.Settings.Waits, func(until time.Time) string {
			return w.waitingFor(decision.Reason, until)
		})
		if err != nil {
			return Decision{}, err
		}
		if !again {
			return stop(OutcomeGaveUp, decision.Reason), nil
		}
	}
}

// versionMarkSeen is the change that made a run say which change it has seen
// before it waits.
const versionMarkSeen = "mark-seen"

// markSeen tells reconciliation which change of the order this run has seen, so
// that a run that waits is not taken for a webhook that never came.
func (w *orderWebhook) markSeen(ctx workflow.Context) error {
	if !w.sawLastChange() || w.store.ModifiedAt.Equal(w.marked) {
		return nil
	}
	if workflow.GetVersion(ctx, versionMarkSeen, workflow.DefaultVersion, 1) == workflow.DefaultVersion {
		return nil
	}
	w.marked = w.store.ModifiedAt
	return workflow.UpsertTypedSearchAttributes(ctx, AttributeModified.ValueSet(w.marked))
}

// look reads all there is to know and rules on it.
func (w *orderWebhook) look(ctx workflow.Context) (Decision, error) {
	w.found = activities.FindResult{}
	decision, err := w.lookAtStore(ctx)
	if err != nil || decision.Action != ActionApply {
		return decision, err
	}
	found, late, err := call[activities.FindResult](ctx, w.step(TaskQueueDownstream, "find the order downstream"),
		acts.FindDownstreamOrder, w.ref)
	if err != nil {
		return Decision{}, err
	}
	if late {
		// Hours may have passed: what BigCommerce says now counts, and the
		// version takes care of the order that was just found.
		if decision, err = w.lookAtStore(ctx); err != nil || decision.Action != ActionApply {
			return decision, err
		}
	}
	w.found = found
	switch w.found.Found {
	case activities.FoundOne:
		return RuleOnDownstream(w.wish, &w.found.Order.Status, w.channel.Settings), nil
	case activities.FoundNone:
		return RuleOnDownstream(w.wish, nil, w.channel.Settings), nil
	case activities.FoundSeveral:
		return Decision{}, temporal.NewNonRetryableApplicationError(
			fmt.Sprintf("channel %s: order %d: more than one downstream order has this number, so none was touched; "+
				"correct the numbers there, then send the webhook again", w.in.Channel, w.in.OrderID), string(ReasonAmbiguous), nil)
	default:
		return Decision{}, fmt.Errorf("unhandled search result %q", w.found.Found)
	}
}

// lookAtStore reads the settings and the order in BigCommerce until the order
// has come to rest.
func (w *orderWebhook) lookAtStore(ctx workflow.Context) (Decision, error) {
	for settles := 0; ; settles++ {
		var err error
		w.channel, _, err = call[activities.ChannelView](ctx,
			step{queue: TaskQueue, channel: w.in.Channel, summary: "read the settings", retryFor: channelRetryFor.Std()},
			acts.ReadChannel, w.in.Channel)
		if err != nil {
			return Decision{}, err
		}
		switch {
		case !w.channel.Known:
			// It may come back: a channel can be ended by mistake, and its
			// webhooks must not be lost by that.
			w.channel.Settings = channels.Settings{}.WithDefaults()
			return Decision{Action: ActionWait, Reason: ReasonUnknownChannel}, nil
		case w.in.StoreHash != "" && w.in.StoreHash != w.channel.StoreHash:
			return stop(OutcomeRejected, ReasonWrongStore), nil
		case !w.channel.Active:
			return stop(OutcomeNoEffect, ReasonChannelInactive), nil
		}
		if decision, err := w.authentic(ctx); err != nil || decision.Action != ActionApply {
			return decision, err
		}
		w.store, _, err = call[activities.StoreOrder](ctx, w.step(TaskQueueBigCommerce, "read the order in BigCommerce"),
			acts.ReadStoreOrder, w.ref)
		if err != nil {
			return Decision{}, err
		}
		var decision Decision
		w.wish, decision = RuleOnStore(w.store.StatusID, w.store.StoreChannel, w.channel.Settings)
		rest := w.channel.Settings.Waits.Settle.Std() - w.store.ReadAt.Sub(w.store.ModifiedAt)
		if decision.Action != ActionApply || rest <= 0 || settles >= maxSettles {
			return decision, nil
		}
		// By both of the store's own times; bounded, should they disagree.
		rest = min(rest, w.channel.Settings.Waits.Settle.Std())
		if err := pause(ctx, rest, "let the order come to rest"); err != nil {
			return Decision{}, err
		}
	}
}

// apply carries the wish out on the version that was ruled on. It answers
// ActionApply when the order changed meanwhile, so that the rules must be
// applied again.
func (w *orderWebhook) apply(ctx workflow.Context) (Decision, error) {
	request := activities.ApplyRequest{
		OrderRef: w.ref, DownstreamID: w.found.Order.ID, Version: w.found.Order.Version,
		StoreStatus: w.store.StatusID, Revision: w.channel.Revision,
	}
	activity, outcome, summary := acts.CancelDownstreamOrder, OutcomeCancelled, "cancel the order downstream"
	if w.wish == WishFulfill {
		activity, outcome, summary = acts.FulfillDownstreamOrder, OutcomeFulfilled, "fulfill the order downstream"
	}
	result, _, err := call[activities.ApplyResult](ctx, w.step(TaskQueueDownstream, summary), activity, request)
	if err != nil {
		return Decision{}, err
	}
	switch result.Applied {
	case activities.AppliedDone:
		w.applied = result
		w.found.Order = result.Order
		return stop(outcome, ReasonApplied), nil
	case activities.AppliedAlready:
		w.found.Order = result.Order
		return RuleOnDownstream(w.wish, &w.found.Order.Status, w.channel.Settings), nil
	case activities.AppliedConflict:
		return Decision{Action: ActionApply}, nil
	case activities.AppliedRefused:
		if w.refused == request.Version+result.Detail {
			return Decision{}, temporal.NewNonRetryableApplicationError(result.Detail, string(ReasonRefused), nil)
		}
		// Look once more: it may have been refused because the order has
		// reached its end meanwhile, and that has an outcome of its own.
		w.refused = request.Version + result.Detail
		return Decision{Action: ActionApply}, nil
	default:
		return Decision{}, fmt.Errorf("unhandled result %q", result.Applied)
	}
}

func (w *orderWebhook) step(queue, summary string) step {
	return step{
		queue:    queue,
		channel:  w.in.Channel,
		summary:  summary + " (" + strconv.FormatInt(w.in.OrderID, 10) + ")",
		retryFor: w.channel.Settings.Waits.RetryFor.Std(),
	}
}

// status returns the order's status downstream, or nil if it is not there.
func (w *orderWebhook) status() *downstream.Status {
	if w.found.Found != activities.FoundOne {
		return nil
	}
	return &w.found.Order.Status
}
