package threepl

import (
	"context"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
)

// The names of the statuses; see Statuses.
const (
	StatusUnallocated = "Open: Unallocated"
	StatusAllocated   = "Open: Allocated"
	StatusOnHold      = "Open: On Hold"
	StatusPicking     = "Open: Picking"
	StatusPacking     = "Open: Packing"
	StatusClosed      = "Closed"
	StatusCanceled    = "Canceled"
)

// The API's own statuses, as the vendor documents them.
const (
	apiOpen     = 0
	apiClosed   = 1
	apiCanceled = 2
)

// Statuses returns the statuses of an order, in the order in which a warehouse
// goes through them. The list is part of the adapter: the API has none.
func Statuses() []downstream.Status {
	return []downstream.Status{
		{Name: StatusUnallocated, Phase: downstream.PhaseOpen, Description: "No stock, or too little, is set aside. Can be cancelled; 3PL Warehouse Manager refuses to close it."},
		{Name: StatusAllocated, Phase: downstream.PhaseOpen, Description: "All stock is set aside; nobody has begun to pick."},
		{Name: StatusOnHold, Phase: downstream.PhaseOpen, Description: "Somebody holds it back, and nobody has begun to pick."},
		{Name: StatusPicking, Phase: downstream.PhaseOpen, Description: "Picking has begun."},
		{Name: StatusPacking, Phase: downstream.PhaseOpen, Description: "Packing has begun."},
		{Name: StatusClosed, Phase: downstream.PhaseFulfilled, Description: "Confirmed, which means shipped."},
		{Name: StatusCanceled, Phase: downstream.PhaseCancelled, Description: "Canceled."},
	}
}

// Statuses implements downstream.Adapter. It makes no request.
func (a *Adapter) Statuses(ctx context.Context) ([]downstream.Status, error) {
	if err := ctx.Err(); err != nil {
		return nil, a.client.NoAnswer(ctx, overhttp.Call{Name: "list statuses"}, err)
	}
	return Statuses(), nil
}

// status is what the flags of an order mean, or false for a status that the
// API is not documented to have.
//
// An order that says both that it is closed and that it is open is taken for
// closed: the vendor calls the flag the reliable one of the two, except for
// canceled orders.
func (o *wireOrder) status() (downstream.Status, bool) {
	r := o.ReadOnly
	if r.Status == nil {
		return downstream.Status{}, false
	}
	switch s := *r.Status; {
	case s == apiCanceled:
		return named(StatusCanceled), true
	case s == apiClosed, s == apiOpen && r.IsClosed:
		return named(StatusClosed), true
	case s != apiOpen:
		return downstream.Status{}, false
	case bool(r.PackStarted):
		return named(StatusPacking), true
	case bool(r.PickStarted):
		return named(StatusPicking), true
	case bool(r.OnHoldDate):
		return named(StatusOnHold), true
	case r.FullyAllocated:
		return named(StatusAllocated), true
	default:
		return named(StatusUnallocated), true
	}
}

// named returns the status of this name, which is one of Statuses.
func named(name string) downstream.Status {
	for _, status := range Statuses() {
		if status.Name == name {
			return status
		}
	}
	return downstream.Status{}
}
