package venduretest

import "slices"

// The states of Vendure's default order process.
const (
	StateCreated                    = "Created"
	StateDraft                      = "Draft"
	StateAddingItems                = "AddingItems"
	StateArrangingPayment           = "ArrangingPayment"
	StatePaymentAuthorized          = "PaymentAuthorized"
	StatePaymentSettled             = "PaymentSettled"
	StatePartiallyShipped           = "PartiallyShipped"
	StateShipped                    = "Shipped"
	StatePartiallyDelivered         = "PartiallyDelivered"
	StateDelivered                  = "Delivered"
	StateModifying                  = "Modifying"
	StateArrangingAdditionalPayment = "ArrangingAdditionalPayment"
	StateCancelled                  = "Cancelled"
)

// States lists the states that AddOrder can bring an order into, on the ways
// that a user of Vendure has.
//
// One is missing: Created. Vendure leaves it within the call that makes an
// order, so that nobody ever reads it.
func States() []string {
	return []string{
		StateDraft, StateAddingItems, StateArrangingPayment, StatePaymentAuthorized, StatePaymentSettled,
		StatePartiallyShipped, StateShipped, StatePartiallyDelivered, StateDelivered, StateModifying,
		StateArrangingAdditionalPayment, StateCancelled,
	}
}

// origin is the state from which AddOrder goes on to a state with SetState.
func origin(state string) string {
	switch {
	case slices.Contains([]string{StateDraft, StateArrangingPayment, StatePaymentAuthorized}, state):
		return state
	case state == StateAddingItems:
		return StateArrangingPayment
	default:
		return StatePaymentSettled
	}
}
