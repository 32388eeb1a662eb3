package activities

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.temporal.io/sdk/activity"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/callback"
	"github.com/orderbridge/orderbridge/activities/channels"
)

// What a check keeps with an order for a moment, so that BigCommerce tells of it.
const (
	trialNamespace = "orderbridge"
	trialKey       = "integration-check-" // and the id of the channel
	trialScope     = bigcommerce.ScopeOrderMetafieldCreated
	// ordersLookedAt is how many of the newest orders are looked through for
	// one that no webhook could act on.
	ordersLookedAt = 20
)

// Trial is a delivery that is about to be caused.
type Trial struct {
	// Channel is the id of the sales channel.
	Channel string `json:"channel"`
	// OrderID is the order that the metafield is kept with.
	OrderID int64 `json:"order_id,omitempty"`
	// HookID is the temporary hook.
	HookID int64 `json:"hook_id,omitempty"`
	// Verdict is set when no delivery can be caused, and says why.
	Verdict *CheckStep `json:"verdict,omitempty"`
}

// PrepareTrial makes the temporary hook of a trial and chooses an order for it.
// What an earlier check has left behind is removed first.
func (a *Activities) PrepareTrial(ctx context.Context, request CheckRequest) (Trial, error) {
	trial := Trial{Channel: request.Channel}
	err := a.with(ctx, request.Channel, func(channel channels.Channel) error {
		store, err := a.connections.Store(ctx, channel)
		if err != nil {
			return err
		}
		order, err := trialOrder(ctx, store, channel.Settings.WithDefaults())
		if err != nil {
			return err
		}
		if order == 0 {
			trial.Verdict = inconclusive("The store has no order yet, and a delivery is caused by a metafield of one.")
			return nil
		}
		if err := clearTrial(ctx, store, channel); err != nil {
			return err
		}
		hook, err := store.CreateHook(ctx, bigcommerce.HookRequest{
			Scope: trialScope, Destination: channels.CheckURL(channel.CallbackURL), IsActive: true,
			Headers: map[string]string{callback.Header: a.secrets.Secret(channel.ID, channel.SecretVersion)},
		})
		if err != nil {
			return err
		}
		trial.OrderID, trial.HookID = order, hook.ID
		activity.GetLogger(ctx).Info("made a temporary hook to check the delivery", "channel", channel.ID, "hook", hook.ID)
		return nil
	})
	if err != nil {
		verdict, err := judgeTrial(ctx, err)
		trial.Verdict = verdict
		return trial, err
	}
	return trial, nil
}

// CauseTrial makes the metafield of which the temporary hook is to tell. An
// earlier one of the same check is removed, so that this can be repeated.
func (a *Activities) CauseTrial(ctx context.Context, trial Trial) (Trial, error) {
	err := a.with(ctx, trial.Channel, func(channel channels.Channel) error {
		store, err := a.connections.Store(ctx, channel)
		if err != nil {
			return err
		}
		if err := clearMetafields(ctx, store, channel.ID); err != nil {
			return err
		}
		_, err = store.CreateOrderMetafield(ctx, trial.OrderID, bigcommerce.MetafieldRequest{
			PermissionSet: bigcommerce.PermissionAppOnly, Namespace: trialNamespace, Key: trialKey + channel.ID,
			Value: "check", Description: "Made for a moment by Orderbridge to see that webhooks arrive. It can be deleted.",
		})
		return err
	})
	if err != nil {
		verdict, err := judgeTrial(ctx, err)
		trial.Verdict = verdict
		return trial, err
	}
	return trial, nil
}

// EndTrial removes whatever a check has made in the store, also what an earlier
// one has left behind.
func (a *Activities) EndTrial(ctx context.Context, request CheckRequest) error {
	return fail(a.with(ctx, request.Channel, func(channel channels.Channel) error {
		store, err := a.connections.Store(ctx, channel)
		if err != nil {
			return err
		}
		return clearTrial(ctx, store, channel)
	}))
}

// trialOrder chooses the newest order that no webhook of the channel could act
// on, because it is not documented whether a metafield counts as a change of its
// order; the newest of all if there is no such order, and 0 if there is none.
func trialOrder(ctx context.Context, store *bigcommerce.Client, settings channels.Settings) (int64, error) {
	orders, err := store.Orders(ctx, bigcommerce.OrdersQuery{Limit: ordersLookedAt, Sort: bigcommerce.SortNewestFirst})
	if err != nil || len(orders) == 0 {
		return 0, err
	}
	for _, order := range orders {
		if !slices.Contains(settings.CancelOn, order.StatusID) && !slices.Contains(settings.FulfillOn, order.StatusID) {
			return order.ID, nil
		}
	}
	return orders[0].ID, nil
}

// clearTrial deletes the hooks and the metafields of checks of the channel. It
// tries both.
func clearTrial(ctx context.Context, store *bigcommerce.Client, channel channels.Channel) error {
	return errors.Join(clearHooks(ctx, store, channel), clearMetafields(ctx, store, channel.ID))
}

func clearHooks(ctx context.Context, store *bigcommerce.Client, channel channels.Channel) error {
	hooks, err := store.Hooks(ctx, bigcommerce.HooksQuery{Destination: channels.CheckURL(channel.CallbackURL)})
	if err != nil {
		return err
	}
	for _, hook := range hooks {
		if hook.Scope != trialScope || hook.Destination != channels.CheckURL(channel.CallbackURL) {
			continue // not asked for, and not made by a check
		}
		if err := store.DeleteHook(ctx, hook.ID); err != nil && !bigcommerce.IsKind(err, bigcommerce.NotFound) {
			return err
		}
		activity.GetLogger(ctx).Info("removed the temporary hook of a check", "channel", channel.ID, "hook", hook.ID)
	}
	return nil
}

func clearMetafields(ctx context.Context, store *bigcommerce.Client, channel string) error {
	fields, err := store.OrderMetafields(ctx, trialNamespace, trialKey+channel)
	if bigcommerce.IsKind(err, bigcommerce.Forbidden) {
		return nil // an account that may not see them has made none
	}
	if err != nil {
		return err
	}
	for _, field := range fields {
		err := store.DeleteOrderMetafield(ctx, field.OrderID, field.ID)
		if err != nil && !bigcommerce.IsKind(err, bigcommerce.NotFound) {
			return err
		}
	}
	return nil
}

// judgeTrial says why a delivery could not be caused. A store that does not let
// us is no reason to fail: what a webhook needs is less than what a trial needs.
func judgeTrial(ctx context.Context, err error) (*CheckStep, error) {
	store, isStore := errors.AsType[*bigcommerce.Error](err)
	if isStore && store.Kind == bigcommerce.Forbidden {
		return inconclusive(fmt.Sprintf("The API account has no permission to %s%s.", store.Call, because(store.StatusCode, store.Title))), nil
	}
	if isStore && (store.Kind == bigcommerce.Invalid || store.Kind == bigcommerce.Conflict) {
		result := step(CheckStepDelivery, CheckWarning, fmt.Sprintf("BigCommerce did not take %q%s%s: no delivery could be caused.",
			store.Call, because(store.StatusCode, store.Title), fieldsOf(store)), "Correct what it names, and check again.")
		return &result, nil
	}
	result, err := judge(ctx, CheckStepDelivery, err)
	if err != nil {
		return nil, err
	}
	return &result, nil
}

// inconclusive is the verdict on a store that does not allow a delivery to be
// caused.
func inconclusive(why string) *CheckStep {
	result := step(CheckStepDelivery, CheckWarning, why+" So no delivery could be caused.",
		"The next real webhook will show whether callbacks arrive: change the status of a test order, and check again.")
	return &result
}

// fieldsOf lists what an answer says of single fields.
func fieldsOf(e *bigcommerce.Error) string {
	var words strings.Builder
	for _, field := range slices.Sorted(maps.Keys(e.Fields)) {
		fmt.Fprintf(&words, ", %s: %s", field, e.Fields[field])
	}
	return words.String()
}
