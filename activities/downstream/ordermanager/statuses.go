package ordermanager

import (
	"context"
	"regexp"
	"strings"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
)

// status is one value of the API's orderStatus and what it stands for.
type status struct {
	code string
	downstream.Status
}

// statuses is the whole vocabulary. The codes are those that clients of the API
// know. The names are those of Order Manager's and Network Manager's screens as
// far as Extensiv explains them; the rest are their codes, spelled in the same
// way. That a SKU_UNPROCESSED order cannot be changed yet, and that one which
// was PROCESSED_OUTSIDE_OF_SKUBANA never will be, is inferred from these words.
var statuses = []status{
	{"SKU_UNPROCESSED", downstream.Status{
		Name: "SKU Unprocessed", Phase: downstream.PhaseUnprocessed, Description: "Imported; its products are not matched yet.",
	}},
	{"UNRESOLVED", downstream.Status{
		Name: "Unresolved", Phase: downstream.PhaseOpen, Description: "Something is missing, such as a product, stock or a source.",
	}},
	{"AWAITING_PAYMENT", downstream.Status{
		Name: "Awaiting Payment", Phase: downstream.PhaseOpen, Description: "The sales channel says that it is not paid.",
	}},
	{"FBA_INBOUND_SHIPMENT_PLAN", downstream.Status{
		Name: "Pending Shipment Plan", Phase: downstream.PhaseOpen, Description: "Goods on their way into Amazon's warehouses, not planned yet.",
	}},
	{"AWAITING_SHIPMENT", downstream.Status{
		Name: "Awaiting Shipment", Phase: downstream.PhaseOpen, Description: "Ready to be shipped.",
	}},
	{"AWAITING_DROPSHIP", downstream.Status{
		Name: "Awaiting Dropship", Phase: downstream.PhaseOpen, Description: "A vendor is to ship it.",
	}},
	{"AWAITING_MC_FULFILLMENT", downstream.Status{
		Name: "Awaiting MC Fulfillment", Phase: downstream.PhaseOpen, Description: "Amazon's multi-channel fulfillment is to ship it.",
	}},
	{"AWAITING_3PL_EXPORT", downstream.Status{
		Name: "Awaiting 3PL Export", Phase: downstream.PhaseOpen, Description: "To be handed to a warehouse.",
	}},
	{"PENDING_FULFILLMENT", downstream.Status{
		Name: "Pending Fulfillment", Phase: downstream.PhaseOpen, Description: "A warehouse has it and has not shipped it.",
	}},
	{"ON_HOLD", downstream.Status{
		Name: "On Hold", Phase: downstream.PhaseOpen, Description: "Somebody has stopped it for now.",
	}},
	{"SHIPPED", downstream.Status{
		Name: "Shipped", Phase: downstream.PhaseFulfilled, Description: "Shipped.",
	}},
	// One l, as on Order Manager's screens: names are compared exactly.
	{"CANCELLED", downstream.Status{
		Name: "Canceled", Phase: downstream.PhaseCancelled, Description: "Cancelled.",
	}},
	{"PROCESSED_OUTSIDE_OF_SKUBANA", downstream.Status{
		Name: "Processed Outside of Skubana", Phase: downstream.PhaseClosed, Description: "The sales channel or somebody else dealt with it.",
	}},
}

// Statuses implements downstream.Adapter. The vocabulary is fixed, so no
// request is made.
func (a *Adapter) Statuses(ctx context.Context) ([]downstream.Status, error) {
	if err := ctx.Err(); err != nil {
		return nil, a.client.NoAnswer(ctx, overhttp.Call{Name: "list statuses"}, err)
	}
	return vocabulary(), nil
}

// word is a value of an enumeration of the API: nothing else of an answer is
// repeated in errors.
var word = regexp.MustCompile(`^[A-Z][A-Z0-9]*(_[A-Z0-9]+){0,7}$`)

// quotable returns " WORD" when text is a word of the API that is short enough
// to be one, and otherwise nothing.
func quotable(text string) string {
	if upper := strings.ToUpper(text); len(text) <= 40 && word.MatchString(upper) {
		return " " + upper
	}
	return ""
}

// statusOf finds a status by its code. Case does not matter: other clients of
// the API read it so.
func statusOf(code string) (downstream.Status, bool) {
	for _, s := range statuses {
		if strings.EqualFold(s.code, code) {
			return s.Status, true
		}
	}
	return downstream.Status{}, false
}
