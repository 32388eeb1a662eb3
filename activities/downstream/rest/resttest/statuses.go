package resttest

import (
	"slices"

	"github.com/orderbridge/orderbridge/activities/downstream"
)

// Statuses returns the vocabulary that a System has by default: the words of a
// multichannel order manager.
func Statuses() []downstream.Status {
	return []downstream.Status{
		{Name: "Unprocessed", Phase: downstream.PhaseUnprocessed, Description: "Downloaded from the sales channel a moment ago; no plan made for it yet."},
		{Name: "Awaiting Payment", Phase: downstream.PhaseOpen, Description: "Held back until the sales channel reports the money."},
		{Name: "Awaiting Shipment", Phase: downstream.PhaseOpen, Description: "Paid, with stock set aside; the warehouse may start."},
		{Name: "Awaiting Dropship", Phase: downstream.PhaseOpen, Description: "A vendor is to ship it to the customer directly."},
		{Name: "Pending Fulfillment", Phase: downstream.PhaseOpen, Description: "Handed to an outside warehouse that has not shipped yet."},
		{Name: "On Hold", Phase: downstream.PhaseOpen, Description: "Stopped by a person until they let it go."},
		{Name: "Unresolved", Phase: downstream.PhaseOpen, Description: "Something is missing, such as a product, an address or stock."},
		{Name: "Shipped", Phase: downstream.PhaseFulfilled, Description: "Left the building; nothing more to do."},
		{Name: "Cancelled", Phase: downstream.PhaseCancelled, Description: "Will not be shipped; its stock is free again."},
		{Name: "Processed Outside", Phase: downstream.PhaseClosed, Description: "Dealt with elsewhere, so this system leaves it alone."},
	}
}

// SetStatuses replaces the vocabulary of a running System. Orders keep the
// names that they have, known or not.
func (s *System) SetStatuses(statuses ...downstream.Status) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.statuses = slices.Clone(statuses)
}

// phase is what a status name means; unknown names mean nothing. s.mu is held.
func (s *System) phase(name string) downstream.Phase {
	for _, status := range s.statuses {
		if status.Name == name {
			return status.Phase
		}
	}
	return ""
}

// named is the first status of a phase, which is where a change leads. s.mu is
// held.
func (s *System) named(phase downstream.Phase) string {
	for _, status := range s.statuses {
		if status.Phase == phase {
			return status.Name
		}
	}
	return string(phase)
}
