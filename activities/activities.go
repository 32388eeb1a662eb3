// Package activities holds all that workflows do to the world: read an order
// in BigCommerce, find it downstream, cancel or fulfill it there, and keep the
// store's hooks as the settings want them.
//
// Every activity may run more than once and then has one effect. What an
// activity returns is recorded in a workflow history, so it returns only what
// the rules need: no personal data, no secret.
package activities

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/callback"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/downstream"
)

// Directory finds sales channels.
type Directory interface {
	// Channel returns the channel, or an error that wraps
	// channels.ErrUnknown when there is none with this id.
	Channel(ctx context.Context, id string) (channels.Channel, error)
	// Forget drops what is remembered of a channel, so that the next look is
	// at its present state.
	Forget(id string)
}

// Activities are the activities of one process. The zero value serves only to
// name them from workflows; New makes one that works.
type Activities struct {
	directory   Directory
	connections *Connections
	secrets     *callback.Secrets
	temporal    client.Client
	namespace   string
	starter     OrderStarter
	metrics     *Metrics
	knocker     http.RoundTripper
}

// Dependencies are what the activities work with.
type Dependencies struct {
	// Directory finds sales channels. Required.
	Directory Directory
	// Connections has the clients of both sides. Required.
	Connections *Connections
	// Secrets derives the secrets that hooks carry. Required.
	Secrets *callback.Secrets
	// Temporal is needed by the activities that work on schedules, on other
	// workflows and on visibility.
	Temporal client.Client
	// Namespace is the namespace of Temporal.
	Namespace string
	// Starter is needed by the activity that starts order workflows.
	Starter OrderStarter
	// Metrics counts what the activities do. Nil counts nothing.
	Metrics *Metrics
	// Knocker carries the request with which the callback address of a channel
	// is tried. Nil means one that NewKnocker returns.
	Knocker http.RoundTripper
}

// New returns the activities.
func New(deps Dependencies) *Activities {
	return &Activities{
		directory: deps.Directory, connections: deps.Connections, secrets: deps.Secrets,
		temporal: deps.Temporal, namespace: deps.Namespace, starter: deps.Starter, metrics: deps.Metrics,
		knocker: deps.Knocker,
	}
}

// OrderStarter starts the order workflow for a change that no webhook told of.
type OrderStarter interface {
	// StartOrder returns once the workflow is kept by Temporal. It reports
	// false, which is no error, when one for this change is running, or has
	// completed and found.Again is not set. One that ended in any other way
	// (failed, timed out, cancelled, terminated) is followed by another.
	StartOrder(ctx context.Context, found FoundOrder) (started bool, err error)
}

// FoundOrder is a change of an order that was found in the store, and not told
// of by a webhook.
type FoundOrder struct {
	// Channel is the id of the sales channel.
	Channel string `json:"channel"`
	// StoreHash is the store.
	StoreHash string `json:"store_hash"`
	// OrderID is the BigCommerce order id.
	OrderID int64 `json:"order_id"`
	// StatusID is the status that it was found in.
	StatusID bigcommerce.StatusID `json:"status_id"`
	// ModifiedAt is when it was last changed, by the store's clock.
	ModifiedAt time.Time `json:"modified_at"`
	// Again is true if a run that was started for this change has completed
	// without having looked at the order of this store: another one follows it.
	Again bool `json:"again,omitempty"`
}

// Key names the change among those of the order, in whichever store of the
// channel it was made: "<Unix seconds of ModifiedAt>-<StoreHash>".
func (f FoundOrder) Key() string {
	return strconv.FormatInt(f.ModifiedAt.Unix(), 10) + "-" + f.StoreHash
}

// WorkflowID returns the id of the order workflow of the change. It is the same
// for every time that the change is found.
func (f FoundOrder) WorkflowID() string {
	return "webhook/" + f.Channel + "/reconciled/" + strconv.FormatInt(f.OrderID, 10) + "/" + f.Key()
}

// ChannelView is what the order workflow needs to know of a sales channel.
type ChannelView struct {
	// Known is false when there is no such channel.
	Known bool `json:"known"`
	// Active is false for a deactivated channel.
	Active bool `json:"active"`
	// Revision tells which settings ruled.
	Revision int `json:"revision"`
	// StoreHash is the store that callbacks must come from.
	StoreHash string `json:"store_hash"`
	// SecretFloor is the oldest version of the callback secret that counts.
	SecretFloor int `json:"secret_floor,omitempty"`
	// CanVerify is true if the signature of a callback can be checked.
	CanVerify bool `json:"can_verify,omitempty"`
	// Settings are the channel's settings, complete with defaults.
	Settings channels.Settings `json:"settings"`
}

// ReadChannel reads the settings of a channel. A channel that does not exist
// is not an error.
func (a *Activities) ReadChannel(ctx context.Context, channel string) (ChannelView, error) {
	c, err := a.directory.Channel(ctx, channel)
	if errors.Is(err, channels.ErrUnknown) {
		return ChannelView{}, nil
	}
	if err != nil {
		return ChannelView{}, fail(fmt.Errorf("channel %s: read settings: %w", channel, err))
	}
	return ChannelView{
		Known:       true,
		Active:      c.Active,
		Revision:    c.Revision,
		StoreHash:   c.Store.Hash,
		SecretFloor: c.SecretFloor,
		CanVerify:   len(c.Store.ClientSecret) > 0,
		Settings:    c.Settings.WithDefaults(),
	}, nil
}

// OrderRef names an order of a channel.
type OrderRef struct {
	// Channel is the id of the sales channel.
	Channel string `json:"channel"`
	// OrderID is the BigCommerce order id.
	OrderID int64 `json:"order_id"`
}

// StoreOrder is what the rules need to know of an order in BigCommerce.
type StoreOrder struct {
	// StatusID is the order's status.
	StatusID bigcommerce.StatusID `json:"status_id"`
	// StoreChannel is the BigCommerce channel that the order belongs to.
	StoreChannel int64 `json:"store_channel"`
	// ModifiedAt is when the order was last changed, by the store's clock.
	ModifiedAt time.Time `json:"modified_at"`
	// ReadAt is when it was read, by the same clock.
	ReadAt time.Time `json:"read_at"`
}

// ReadStoreOrder reads an order in BigCommerce.
func (a *Activities) ReadStoreOrder(ctx context.Context, ref OrderRef) (StoreOrder, error) {
	var order bigcommerce.Order
	err := a.with(ctx, ref.Channel, func(channel channels.Channel) error {
		store, err := a.connections.Store(ctx, channel)
		if err != nil {
			return err
		}
		order, err = store.Order(ctx, ref.OrderID)
		return err
	})
	if err != nil {
		return StoreOrder{}, fail(err)
	}
	return StoreOrder{
		StatusID:     order.StatusID,
		StoreChannel: order.ChannelID,
		ModifiedAt:   order.DateModified,
		ReadAt:       order.ReadAt,
	}, nil
}

// with calls f with a channel. Should f be refused for its credentials, it asks
// once whether the channel has others by now: what the directory remembers may
// be some seconds old, and a refusal is otherwise retried only much later.
func (a *Activities) with(ctx context.Context, id string, f func(channels.Channel) error) error {
	channel, err := a.directory.Channel(ctx, id)
	if err != nil {
		return fmt.Errorf("channel %s: read settings: %w", id, err)
	}
	err = f(channel)
	if !refused(err) {
		return err
	}
	a.directory.Forget(id)
	fresh, freshErr := a.directory.Channel(ctx, id)
	if freshErr != nil || endsOf(fresh).equal(endsOf(channel)) {
		return err
	}
	return f(fresh)
}

// refused reports whether an error is about credentials.
func refused(err error) bool {
	return bigcommerce.IsKind(err, bigcommerce.Unauthorized) || bigcommerce.IsKind(err, bigcommerce.Forbidden) ||
		downstream.IsKind(err, downstream.Unauthorized) || downstream.IsKind(err, downstream.Forbidden)
}

// workflowID returns the id of the workflow on whose behalf ctx runs.
func workflowID(ctx context.Context) string {
	return activity.GetInfo(ctx).WorkflowExecution.ID
}
