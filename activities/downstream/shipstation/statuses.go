package shipstation

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
)

// The values of orderStatus that ShipStation documents.
const (
	wireAwaitingPayment     = "awaiting_payment"
	wireAwaitingShipment    = "awaiting_shipment"
	wireCancelled           = "cancelled"
	wireOnHold              = "on_hold"
	wirePendingFulfillment  = "pending_fulfillment"
	wireRejectedFulfillment = "rejected_fulfillment"
	wireShipped             = "shipped"
)

type status struct {
	wire string
	downstream.Status
}

// statuses is the whole vocabulary: ShipStation has no call that lists it, and
// merchants cannot add to it. Open are those in which ShipStation documents
// that an order can be updated. The two others that are not final belong to a
// fulfillment provider, who ships the order or gives it back: that is waited
// for.
var statuses = []status{
	{wireAwaitingPayment, downstream.Status{
		Name: "Awaiting Payment", Phase: downstream.PhaseOpen,
		Description: "Not paid for yet; nobody ships it.",
	}},
	{wireAwaitingShipment, downstream.Status{
		Name: "Awaiting Shipment", Phase: downstream.PhaseOpen,
		Description: "Paid and ready for a label.",
	}},
	{wireOnHold, downstream.Status{
		Name: "On Hold", Phase: downstream.PhaseOpen,
		Description: "Held back until a date or until a person lets it go.",
	}},
	{wirePendingFulfillment, downstream.Status{
		Name: "Pending Fulfillment", Phase: downstream.PhaseUnprocessed,
		Description: "With a fulfillment provider, who has not answered yet; ShipStation does not let it be changed.",
	}},
	{wireRejectedFulfillment, downstream.Status{
		Name: "Rejected Fulfillment", Phase: downstream.PhaseUnprocessed,
		Description: "Given back by a fulfillment provider; a person has to decide before it can be changed.",
	}},
	{wireShipped, downstream.Status{
		Name: "Shipped", Phase: downstream.PhaseFulfilled,
		Description: "Shipped with a label, by a provider, or marked so.",
	}},
	{wireCancelled, downstream.Status{
		Name: "Cancelled", Phase: downstream.PhaseCancelled,
		Description: "Will not be shipped.",
	}},
}

func statusOf(wire string) (downstream.Status, bool) {
	i := slices.IndexFunc(statuses, func(s status) bool { return s.wire == wire })
	if i < 0 {
		return downstream.Status{}, false
	}
	return statuses[i].Status, true
}

// Statuses lists ShipStation's statuses under the names that its users see. It
// makes no request and fails only when ctx has ended.
func (a *Adapter) Statuses(ctx context.Context) ([]downstream.Status, error) {
	if ctx.Err() != nil {
		return nil, a.client.NoAnswer(ctx, overhttp.Call{Name: "list statuses"}, ctx.Err())
	}
	return vocabulary(), nil
}

// Probe reads the store, or the account's list of tags when every store is
// looked at.
func (a *Adapter) Probe(ctx context.Context) error {
	c := overhttp.Call{Name: "probe", Method: http.MethodGet, Route: routeTags}
	if a.config.StoreID != 0 {
		c.Route, c.Path = routeStore, routeStores+strconv.FormatInt(a.config.StoreID, 10)
	}
	room, err := a.reserve(ctx, c, 1, false)
	if err != nil {
		return err
	}
	defer room.release()
	// Whatever JSON it is: nothing of it is looked at.
	return a.read(ctx, room, c, &json.RawMessage{})
}
