package activities

import (
	"context"
	"fmt"
	"time"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/downstream"
)

// maxClockSkew is how much the store's clock and ours may differ before a check
// says so. Times of the two are compared where it is decided whether a webhook
// covered a change.
const maxClockSkew = time.Minute

// CheckActive looks whether the channel exists and is active.
func (a *Activities) CheckActive(ctx context.Context, request CheckRequest) (CheckStep, error) {
	// A person who has just changed something wants to know what is now.
	a.directory.Forget(request.Channel)
	channel, err := a.directory.Channel(ctx, request.Channel)
	switch {
	case err != nil:
		return judge(ctx, CheckStepChannel, err)
	case !channel.Active:
		return step(CheckStepChannel, CheckWarning, "The channel is not active: its hooks are removed, and webhooks that come have no effect.",
			fmt.Sprintf("Activate it if it is to work: `orderbridge channels activate %s`.", channel.ID)), nil
	default:
		return fine(CheckStepChannel, fmt.Sprintf("The channel is active, revision %d, store %s.", channel.Revision, channel.Store.Hash)), nil
	}
}

// CheckToken looks whether the store accepts the access token, and how far its
// clock is from ours.
func (a *Activities) CheckToken(ctx context.Context, request CheckRequest) (CheckStep, error) {
	var at, asked time.Time
	err := a.with(ctx, request.Channel, func(channel channels.Channel) error {
		store, err := a.connections.Store(ctx, channel)
		if err != nil {
			return err
		}
		asked = time.Now()
		at, err = store.Time(ctx)
		return err
	})
	if bigcommerce.IsKind(err, bigcommerce.Forbidden) {
		return step(CheckStepToken, CheckFailed, "BigCommerce accepts the access token, but does not tell the store's time: "+
			"the API account lacks the scope "+scopeInformation+".", newAccount(scopeInformation)), nil
	}
	if err != nil {
		return judge(ctx, CheckStepToken, err)
	}
	// The store's time is that of some moment of the call.
	answered := time.Now()
	skew := max(asked.Sub(at.Add(time.Second)), at.Sub(answered), 0).Round(time.Second)
	if skew > maxClockSkew {
		return step(CheckStepToken, CheckWarning,
			fmt.Sprintf("BigCommerce accepts the access token. Its clock and that of this machine are %s apart.", skew),
			"Let the machines of the workers keep their time by NTP."), nil
	}
	return fine(CheckStepToken, "BigCommerce accepts the access token."), nil
}

// CheckScopes looks whether the API account may read what is needed, by reading
// it: an order and its shipments.
func (a *Activities) CheckScopes(ctx context.Context, request CheckRequest) (CheckStep, error) {
	var orders []bigcommerce.Order
	err := a.with(ctx, request.Channel, func(channel channels.Channel) error {
		store, err := a.connections.Store(ctx, channel)
		if err != nil {
			return err
		}
		orders, err = store.Orders(ctx, bigcommerce.OrdersQuery{Limit: 1, Sort: bigcommerce.SortNewestFirst})
		if err != nil || len(orders) == 0 {
			return err
		}
		_, err = store.Shipments(ctx, orders[0].ID)
		if bigcommerce.IsKind(err, bigcommerce.NotFound) {
			return nil // the order was deleted a moment ago
		}
		return err
	})
	if bigcommerce.IsKind(err, bigcommerce.Forbidden) {
		return step(CheckStepScopes, CheckFailed, "The API account may not read orders and their shipments: it lacks the scope "+scopeOrders+".",
			newAccount(scopeOrders)), nil
	}
	if err != nil {
		return judge(ctx, CheckStepScopes, err)
	}
	if len(orders) == 0 {
		return fine(CheckStepScopes, "The API account may read orders. There is none yet, so its shipments could not be tried."), nil
	}
	return fine(CheckStepScopes, "The API account may read orders and their shipments."), nil
}

// newAccount says what to do about a missing scope: BigCommerce documents that
// those of a store's API account cannot be changed.
func newAccount(scope string) string {
	return "The scopes of an API account cannot be changed: create one that also has " + scope +
		", and give the channel its token: `orderbridge channels rotate-access-token`."
}

// CheckDownstream looks whether the downstream system answers and accepts the
// credentials.
func (a *Activities) CheckDownstream(ctx context.Context, request CheckRequest) (CheckStep, error) {
	var statuses []downstream.Status
	err := a.with(ctx, request.Channel, func(channel channels.Channel) error {
		adapter, err := a.connections.Downstream(ctx, channel)
		if err != nil {
			return err
		}
		if err := adapter.Probe(ctx); err != nil {
			return err
		}
		statuses, err = adapter.Statuses(ctx)
		return err
	})
	if err != nil {
		return judge(ctx, CheckStepDownstream, err)
	}
	return fine(CheckStepDownstream, fmt.Sprintf("The downstream system accepts the credentials and knows %d statuses.", len(statuses))), nil
}
