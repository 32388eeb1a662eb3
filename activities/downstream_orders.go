package activities

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"

	"go.temporal.io/sdk/activity"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/downstream"
)

// Found says how a search for an order ended.
type Found string

const (
	// FoundOne: exactly one order has the number.
	FoundOne Found = "one"
	// FoundNone: no order has the number.
	FoundNone Found = "none"
	// FoundSeveral: more than one order has the number, so none is touched.
	FoundSeveral Found = "several"
)

// FindResult is the result of FindDownstreamOrder.
type FindResult struct {
	// Found says how the search ended.
	Found Found `json:"found"`
	// Order is set when Found is FoundOne.
	Order downstream.Order `json:"order,omitzero"`
}

// FindDownstreamOrder looks an order up in the downstream system by its number
// in the sales channel, which is the BigCommerce order id.
func (a *Activities) FindDownstreamOrder(ctx context.Context, ref OrderRef) (FindResult, error) {
	var order downstream.Order
	err := a.with(ctx, ref.Channel, func(channel channels.Channel) error {
		adapter, err := a.connections.Downstream(ctx, channel)
		if err != nil {
			return err
		}
		order, err = adapter.Find(ctx, strconv.FormatInt(ref.OrderID, 10))
		return err
	})
	switch {
	case downstream.IsKind(err, downstream.NotFound):
		return FindResult{Found: FoundNone}, nil
	case downstream.IsKind(err, downstream.Ambiguous):
		return FindResult{Found: FoundSeveral}, nil
	case err != nil:
		return FindResult{}, fail(err)
	}
	return FindResult{Found: FoundOne, Order: order}, nil
}

// ApplyRequest asks for an effect on the order that was ruled on.
type ApplyRequest struct {
	OrderRef
	// DownstreamID and Version are of the order as FindDownstreamOrder
	// returned it.
	DownstreamID string `json:"downstream_id"`
	Version      string `json:"version"`
	// StoreStatus and Revision are the order's status in BigCommerce and the
	// revision of the channel that were ruled on.
	StoreStatus bigcommerce.StatusID `json:"store_status"`
	Revision    int                  `json:"revision"`
}

// Applied says how an attempt to change an order ended.
type Applied string

const (
	// AppliedDone: the order is in the wished state, by this request.
	AppliedDone Applied = "done"
	// AppliedAlready: the order is in the wished state, by somebody else.
	AppliedAlready Applied = "already"
	// AppliedConflict: the order changed since it was read: rule again.
	AppliedConflict Applied = "conflict"
	// AppliedRefused: the system will not do it: rule again, and stop if the
	// rules still say the same.
	AppliedRefused Applied = "refused"
)

// ApplyResult is the result of CancelDownstreamOrder and
// FulfillDownstreamOrder.
type ApplyResult struct {
	// Applied says how it ended.
	Applied Applied `json:"applied"`
	// Order is the order afterwards, when Applied is AppliedDone or
	// AppliedAlready.
	Order downstream.Order `json:"order,omitzero"`
	// Shipments counts the shipments that were passed on.
	Shipments int `json:"shipments,omitempty"`
	// Detail says why the system refused.
	Detail string `json:"detail,omitempty"`
}

// CancelDownstreamOrder cancels an order downstream.
func (a *Activities) CancelDownstreamOrder(ctx context.Context, req ApplyRequest) (ApplyResult, error) {
	return a.change(ctx, req, func(channel channels.Channel) (ApplyResult, error) {
		adapter, err := a.connections.Downstream(ctx, channel)
		if err != nil {
			return ApplyResult{}, err
		}
		change, err := adapter.Cancel(ctx, downstream.CancelRequest{
			Target: target(workflowID(ctx), "cancel", req, nil),
			Reason: "Cancelled in BigCommerce",
		})
		return applied(change, err, 0)
	})
}

// FulfillDownstreamOrder fulfills an order downstream with the shipments that
// BigCommerce has for it. The shipments are read here and not in a step of
// their own, so that tracking numbers stay out of workflow histories.
func (a *Activities) FulfillDownstreamOrder(ctx context.Context, req ApplyRequest) (ApplyResult, error) {
	return a.change(ctx, req, func(channel channels.Channel) (ApplyResult, error) {
		shipments, err := a.shipments(ctx, channel, req.OrderID)
		if err != nil {
			return ApplyResult{}, err
		}
		adapter, err := a.connections.Downstream(ctx, channel)
		if err != nil {
			return ApplyResult{}, err
		}
		change, err := adapter.Fulfill(ctx, downstream.FulfillRequest{
			Target:    target(workflowID(ctx), "fulfill", req, shipments),
			Shipments: shipments,
		})
		return applied(change, err, len(shipments))
	})
}

// change carries out one change, unless what was ruled on is not so any more.
func (a *Activities) change(
	ctx context.Context, req ApplyRequest, carryOut func(channels.Channel) (ApplyResult, error),
) (ApplyResult, error) {
	var result ApplyResult
	err := a.with(ctx, req.Channel, func(channel channels.Channel) error {
		current, err := a.stillRuled(ctx, channel, req)
		switch {
		case err != nil:
			return err
		case !current:
			result = ApplyResult{Applied: AppliedConflict}
			return nil
		}
		result, err = carryOut(channel)
		return err
	})
	return result, fail(err)
}

// shipments reads the parcels of an order in BigCommerce.
func (a *Activities) shipments(ctx context.Context, channel channels.Channel, order int64) ([]downstream.Shipment, error) {
	store, err := a.connections.Store(ctx, channel)
	if err != nil {
		return nil, err
	}
	parcels, err := store.Shipments(ctx, order)
	if err != nil {
		return nil, err
	}
	shipments := make([]downstream.Shipment, 0, len(parcels))
	for _, parcel := range parcels {
		shipments = append(shipments, downstream.Shipment{
			TrackingNumber: parcel.TrackingNumber,
			Carrier:        cmp.Or(parcel.ShippingProvider, parcel.TrackingCarrier),
			ShippedAt:      parcel.DateCreated.UTC(),
		})
	}
	return shipments, nil
}

// stillRuled reports whether what was ruled on is still so. The first, local
// attempt follows the ruling within seconds. Every later one may come after an
// outage of hours, in which the order was reopened in BigCommerce or the
// channel was switched off: then it must be ruled on again.
func (a *Activities) stillRuled(ctx context.Context, channel channels.Channel, req ApplyRequest) (bool, error) {
	if activity.GetInfo(ctx).IsLocalActivity {
		return true, nil
	}
	if channel.Revision != req.Revision {
		return false, nil
	}
	store, err := a.connections.Store(ctx, channel)
	if err != nil {
		return false, err
	}
	order, err := store.Order(ctx, req.OrderID)
	if err != nil {
		return false, err
	}
	return order.StatusID == req.StoreStatus, nil
}

func applied(change downstream.Change, err error, shipments int) (ApplyResult, error) {
	switch {
	case downstream.IsKind(err, downstream.VersionConflict),
		// It was there a moment ago, and there was one.
		downstream.IsKind(err, downstream.NotFound), downstream.IsKind(err, downstream.Ambiguous):
		return ApplyResult{Applied: AppliedConflict}, nil
	case downstream.IsKind(err, downstream.Refused):
		return ApplyResult{Applied: AppliedRefused, Detail: err.Error()}, nil
	case err != nil:
		return ApplyResult{}, err
	}
	if change.AlreadyDone {
		return ApplyResult{Applied: AppliedAlready, Order: change.Order}, nil
	}
	return ApplyResult{Applied: AppliedDone, Order: change.Order, Shipments: shipments}, nil
}

// target derives the idempotency key from all that makes up the request, so
// that a repetition after a lost answer or a crash carries the same key, and a
// request that differs in anything carries another.
func target(workflow, action string, req ApplyRequest, shipments []downstream.Shipment) downstream.Target {
	number := strconv.FormatInt(req.OrderID, 10)
	sum := sha256.New()
	// %q keeps the parts apart, whatever they contain.
	_, _ = fmt.Fprintf(sum, "%q %q %q %q %q", workflow, action, number, req.DownstreamID, req.Version)
	for _, s := range shipments {
		_, _ = fmt.Fprintf(sum, " %q %q %d", s.TrackingNumber, s.Carrier, s.ShippedAt.Unix())
	}
	return downstream.Target{
		OrderID:        req.DownstreamID,
		Number:         number,
		Version:        req.Version,
		IdempotencyKey: base64.RawURLEncoding.EncodeToString(sum.Sum(nil)),
	}
}
