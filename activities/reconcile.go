package activities

import (
	"time"
)

// MaxFoundListed bounds ReconcileReport.Found, which is kept in histories.
const MaxFoundListed = 2000

// ReconcileRequest asks for the store of a channel to be searched for changes
// of orders that no webhook told of. It is the input of the Reconcile workflow.
type ReconcileRequest struct {
	// Channel is the id of the sales channel.
	Channel string `json:"channel"`
	// Since is from when to search, by the store's clock. The zero time means
	// from where the last search ended, which is the channel's watermark. Only
	// such a search moves the watermark; only another one starts order
	// workflows again that have failed.
	Since time.Time `json:"since,omitzero"`
	// DryRun starts nothing and moves no watermark: what would be started is
	// only listed.
	DryRun bool `json:"dry_run,omitempty"`
	// Resumed is set by the workflow itself when it continues as new.
	Resumed *ReconcileState `json:"resumed,omitempty"`
}

// MovesWatermark reports whether the search, once it is complete, is the place
// from which the next one begins.
func (r ReconcileRequest) MovesWatermark() bool { return r.Since.IsZero() && !r.DryRun }

// RepeatsFailed reports whether the search also starts the order workflows of
// changes of which a run has failed. A scheduled one does not: they fail again
// until somebody has mended the cause, who then asks for a search of that time.
func (r ReconcileRequest) RepeatsFailed() bool { return !r.Since.IsZero() }

// ReconcileCounts count changes of orders. An order that was changed twice
// while it was searched for may count twice.
type ReconcileCounts struct {
	// Listed are the changes that the store listed.
	Listed int `json:"listed"`
	// Mapped are those of Listed that left the order in a status that means
	// cancel or fulfill, in a BigCommerce channel that the settings select.
	Mapped int `json:"mapped"`
	// Covered are those of Mapped that an order workflow has looked at.
	Covered int `json:"covered"`
	// Missed are the rest of Mapped: no webhook told of them.
	Missed int `json:"missed"`
	// Started are those of Missed for which this search started the order
	// workflow.
	Started int `json:"started"`
	// AlreadyStarted are those of Missed for which another search had started
	// it, which visibility did not show yet.
	AlreadyStarted int `json:"already_started"`
}

// Add returns the sum of both.
func (c ReconcileCounts) Add(other ReconcileCounts) ReconcileCounts {
	return ReconcileCounts{
		Listed:         c.Listed + other.Listed,
		Mapped:         c.Mapped + other.Mapped,
		Covered:        c.Covered + other.Covered,
		Missed:         c.Missed + other.Missed,
		Started:        c.Started + other.Started,
		AlreadyStarted: c.AlreadyStarted + other.AlreadyStarted,
	}
}

// ReconcileState is how far a search has come.
type ReconcileState struct {
	// Window is what is searched.
	Window ReconcileWindow `json:"window"`
	// Cursor is where the next page begins.
	Cursor ReconcileCursor `json:"cursor"`
	// Counts are those of all pages so far.
	Counts ReconcileCounts `json:"counts"`
	// Found are the first MaxFoundListed changes that were started, or in a
	// dry run would have been.
	Found []FoundOrder `json:"found,omitempty"`
	// Truncated is true if there were more.
	Truncated bool `json:"truncated,omitempty"`
	// Pages counts the pages.
	Pages int `json:"pages"`
}

// ReconcileReport is the result of a search.
type ReconcileReport struct {
	// Channel is the id of the sales channel.
	Channel string `json:"channel"`
	// From and Through are the first and the last second that were searched,
	// by the store's clock; zero when nothing was.
	From    time.Time `json:"from,omitzero"`
	Through time.Time `json:"through,omitzero"`
	ReconcileCounts
	// Pages counts the pages that were read.
	Pages int `json:"pages"`
	// Found are the changes that were started, or in a dry run would have
	// been, by the time of the change; at most MaxFoundListed.
	Found []FoundOrder `json:"found"`
	// Truncated is true if there were more than that.
	Truncated bool `json:"truncated,omitempty"`
	// DryRun is true if nothing was started.
	DryRun bool `json:"dry_run,omitempty"`
	// Skipped says in a sentence why nothing, or not everything, was
	// searched; empty for a complete search.
	Skipped string `json:"skipped,omitempty"`
}

// ReconcileProgress is how far a search is, for those who watch it.
type ReconcileProgress struct {
	// From and Until bound the search, by the store's clock; zero until that
	// is known.
	From  time.Time `json:"from,omitzero"`
	Until time.Time `json:"until,omitzero"`
	// At is the second that is searched next.
	At time.Time `json:"at,omitzero"`
	ReconcileCounts
	// Pages counts the pages that were read.
	Pages int `json:"pages"`
	// Done is true at the end.
	Done bool `json:"done"`
}

// Part returns how much of the time has been searched, from 0 to 1.
func (p ReconcileProgress) Part() float64 {
	whole := p.Until.Sub(p.From)
	switch {
	case p.Done:
		return 1
	case p.At.IsZero() || whole <= 0:
		return 0
	default:
		return min(1, max(0, float64(p.At.Sub(p.From))/float64(whole)))
	}
}
