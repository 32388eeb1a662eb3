package workflows

// Outcome is what became of a webhook. Operators filter on it and dashboards
// count it, so the list is closed.
type Outcome string

const (
	// OutcomeCancelled: this webhook cancelled the order downstream.
	OutcomeCancelled Outcome = "cancelled"
	// OutcomeFulfilled: this webhook fulfilled the order downstream.
	OutcomeFulfilled Outcome = "fulfilled"
	// OutcomeAlreadyDone: the order was in the wished state already.
	OutcomeAlreadyDone Outcome = "already_done"
	// OutcomeNoEffect: by the channel's settings, nothing was to be done.
	OutcomeNoEffect Outcome = "no_effect"
	// OutcomeTooLate: the order had ended otherwise; somebody must look.
	OutcomeTooLate Outcome = "too_late"
	// OutcomeGaveUp: the order did not become ready within the longest wait.
	OutcomeGaveUp Outcome = "gave_up"
	// OutcomeRejected: the callback was authentic but cannot be used.
	OutcomeRejected Outcome = "rejected"
	// OutcomeFailed: an error that repetition does not mend; the workflow
	// fails, and the reason says what to mend.
	OutcomeFailed Outcome = "failed"
)

// Outcomes lists every outcome.
func Outcomes() []Outcome {
	return []Outcome{
		OutcomeCancelled, OutcomeFulfilled, OutcomeAlreadyDone, OutcomeNoEffect,
		OutcomeTooLate, OutcomeGaveUp, OutcomeRejected, OutcomeFailed,
	}
}

// Reason says why an outcome came about. The reasons of OutcomeFailed are the
// activities.Reason values.
type Reason string

const (
	// ReasonApplied goes with OutcomeCancelled and OutcomeFulfilled.
	ReasonApplied Reason = "applied"
	// ReasonAlreadyCancelled: the order is cancelled downstream.
	ReasonAlreadyCancelled Reason = "already_cancelled"
	// ReasonAlreadyFulfilled: the order is fulfilled downstream.
	ReasonAlreadyFulfilled Reason = "already_fulfilled"
	// ReasonClosed: the order ended in another way downstream.
	ReasonClosed Reason = "closed_downstream"

	// ReasonStatusNotMapped: the order's BigCommerce status means neither
	// cancel nor fulfill.
	ReasonStatusNotMapped Reason = "status_not_mapped"
	// ReasonStatusNotSelected: the order's downstream status is none of
	// those that the merchant selected.
	ReasonStatusNotSelected Reason = "status_not_selected"
	// ReasonNothingSelected: the merchant selected no status at all for what
	// the order's BigCommerce status means.
	ReasonNothingSelected Reason = "nothing_selected"
	// ReasonOtherStoreChannel: the order belongs to a BigCommerce channel
	// that the settings leave out.
	ReasonOtherStoreChannel Reason = "other_store_channel"
	// ReasonChannelInactive: the sales channel is deactivated.
	ReasonChannelInactive Reason = "channel_inactive"

	// ReasonNotDownstream: the order is not known downstream.
	ReasonNotDownstream Reason = "not_downstream"
	// ReasonUnprocessed: the order is not processed downstream yet.
	ReasonUnprocessed Reason = "unprocessed"
	// ReasonUnknownChannel: no such sales channel exists any more.
	ReasonUnknownChannel Reason = "unknown_channel"
	// ReasonKeepsChanging: every attempt met a newer version of the order.
	ReasonKeepsChanging Reason = "keeps_changing"

	// ReasonWrongStore: the callback names another store than the channel's.
	ReasonWrongStore Reason = "wrong_store"
	// ReasonRetiredSecret: the callback carries a secret that was rotated out.
	ReasonRetiredSecret Reason = "retired_secret"
	// ReasonBadSignature: the channel requires a valid signature, and the
	// callback has none.
	ReasonBadSignature Reason = "bad_signature"
	// ReasonNotJSON: the body of the callback is not usable JSON.
	ReasonNotJSON Reason = "not_json"
	// ReasonUnknownScope: the callback's scope is not about orders, or is
	// not a scope at all.
	ReasonUnknownScope Reason = "unknown_scope"
	// ReasonNoOrder: the callback does not say which order it is about.
	ReasonNoOrder Reason = "no_order"

	// ReasonAmbiguous: more than one downstream order has this number.
	ReasonAmbiguous Reason = "ambiguous"
	// ReasonRefused: the downstream system will not do it.
	ReasonRefused Reason = "downstream_refused"
)
