package workflows

import (
	"slices"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/downstream"
)

// Wish is what the state of an order in BigCommerce asks for downstream.
type Wish string

const (
	// WishNothing: the order's status means neither of the other two.
	WishNothing Wish = "nothing"
	// WishCancel: the order is to be cancelled downstream.
	WishCancel Wish = "cancel"
	// WishFulfill: the order is to be fulfilled downstream.
	WishFulfill Wish = "fulfill"
)

// WishOf returns what a BigCommerce status asks for in a channel. Should a
// status be mapped to both, which settings do not allow, it asks for nothing:
// neither effect can be taken back.
func WishOf(status bigcommerce.StatusID, s channels.Settings) Wish {
	cancel, fulfill := slices.Contains(s.CancelOn, status), slices.Contains(s.FulfillOn, status)
	switch {
	case cancel && !fulfill:
		return WishCancel
	case fulfill && !cancel:
		return WishFulfill
	default:
		return WishNothing
	}
}

// valid returns the downstream statuses in which a wish may be carried out.
func (w Wish) valid(s channels.Settings) []string {
	switch w {
	case WishCancel:
		return s.ValidCancellationStatuses
	case WishFulfill:
		return s.ValidFulfillmentStatuses
	case WishNothing:
		return nil
	default:
		return nil
	}
}

// Action is what to do next.
type Action string

const (
	// ActionStop: the webhook is at its end, with a named outcome.
	ActionStop Action = "stop"
	// ActionWait: look again later.
	ActionWait Action = "wait"
	// ActionApply: carry out the wish.
	ActionApply Action = "apply"
)

// Decision is what the rules say.
type Decision struct {
	// Action is what to do next.
	Action Action
	// Outcome is set for ActionStop.
	Outcome Outcome
	// Reason says why.
	Reason Reason
}

func stop(outcome Outcome, reason Reason) Decision {
	return Decision{Action: ActionStop, Outcome: outcome, Reason: reason}
}

// RuleOnStore decides what can be decided from the order in BigCommerce alone.
// ActionApply means: look at the order downstream.
func RuleOnStore(status bigcommerce.StatusID, storeChannel int64, s channels.Settings) (Wish, Decision) {
	if len(s.StoreChannels) > 0 && !slices.Contains(s.StoreChannels, storeChannel) {
		return WishNothing, stop(OutcomeNoEffect, ReasonOtherStoreChannel)
	}
	wish := WishOf(status, s)
	if wish == WishNothing {
		return wish, stop(OutcomeNoEffect, ReasonStatusNotMapped)
	}
	if len(wish.valid(s)) == 0 {
		return wish, stop(OutcomeNoEffect, ReasonNothingSelected)
	}
	return wish, Decision{Action: ActionApply}
}

// RuleOnDownstream decides whether a wish may be carried out on an order in
// this downstream status; nil means that the order is not there. What a phase
// forbids, no selection of statuses allows.
func RuleOnDownstream(wish Wish, status *downstream.Status, s channels.Settings) Decision {
	if status == nil {
		return Decision{Action: ActionWait, Reason: ReasonNotDownstream}
	}
	switch status.Phase {
	case downstream.PhaseUnprocessed:
		return Decision{Action: ActionWait, Reason: ReasonUnprocessed}
	case downstream.PhaseCancelled:
		if wish == WishCancel {
			return stop(OutcomeAlreadyDone, ReasonAlreadyCancelled)
		}
		return stop(OutcomeTooLate, ReasonAlreadyCancelled)
	case downstream.PhaseFulfilled:
		if wish == WishFulfill {
			return stop(OutcomeAlreadyDone, ReasonAlreadyFulfilled)
		}
		return stop(OutcomeTooLate, ReasonAlreadyFulfilled)
	case downstream.PhaseClosed:
		return stop(OutcomeTooLate, ReasonClosed)
	case downstream.PhaseOpen:
		if slices.Contains(wish.valid(s), status.Name) {
			return Decision{Action: ActionApply, Reason: ReasonApplied}
		}
		return stop(OutcomeNoEffect, ReasonStatusNotSelected)
	default:
		// A phase that this version does not know: act on nothing.
		return stop(OutcomeNoEffect, ReasonStatusNotSelected)
	}
}
