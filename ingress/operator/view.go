package operator

import (
	"time"

	"github.com/orderbridge/orderbridge/activities/channels"
)

// View is a channel as operators see it: all but its credentials. Its JSON has
// the names of channels.Channel.
type View struct {
	// ID is the channel's id.
	ID string `json:"id"`
	// Active is false for a channel that does nothing for the time being.
	Active bool `json:"active"`
	// Revision counts the changes.
	Revision int `json:"revision"`
	// CreatedAt is when the channel was first saved.
	CreatedAt time.Time `json:"created_at,omitzero"`
	// Store is the BigCommerce side.
	Store StoreView `json:"store"`
	// Downstream is the other side.
	Downstream DownstreamView `json:"downstream"`
	// CallbackURL is where BigCommerce delivers webhooks of this channel.
	CallbackURL string `json:"callback_url"`
	// Settings are what the merchant chose, complete with defaults.
	Settings channels.Settings `json:"settings"`
	// SecretVersion numbers the callback secret that hooks must carry, and
	// SecretFloor the oldest one that is still taken.
	SecretVersion int `json:"secret_version"`
	SecretFloor   int `json:"secret_floor,omitempty"`
	// Former are the connections that the channel has left lately.
	Former []FormerView `json:"former,omitempty"`
	// Status is how the channel is doing; nil if that cannot be read.
	Status *channels.Status `json:"status,omitempty"`
	// Error says why the channel, or its status, cannot be read.
	Error string `json:"error,omitempty"`
}

// StoreView is a connection to a store, without its credentials.
type StoreView struct {
	// Hash is the store hash.
	Hash string `json:"hash"`
	// BaseURL is the address of the API; empty for BigCommerce's own.
	BaseURL string `json:"base_url,omitempty"`
	// ClientID is the client id of the API account, if it is known.
	ClientID string `json:"client_id,omitempty"`
	// HasClientSecret is true if the client secret is known, so that
	// signatures of callbacks can be checked.
	HasClientSecret bool `json:"has_client_secret"`
}

// DownstreamView is a connection to a downstream system, without its token.
type DownstreamView struct {
	// Adapter is the name of the adapter.
	Adapter string `json:"adapter"`
	// BaseURL is the address of the system; empty for the adapter's own.
	BaseURL string `json:"base_url"`
	// Options are what the adapter knows beside that.
	Options channels.Options `json:"options,omitempty"`
}

// FormerView is a connection to a store that the channel has left.
type FormerView struct {
	// Store is the connection.
	Store StoreView `json:"store"`
	// LeftAt is when the channel left it.
	LeftAt time.Time `json:"left_at"`
	// Cleared is true once no hook of ours is left there.
	Cleared bool `json:"cleared"`
}

// ViewOf returns what operators see of a channel. Its status is not part of a
// channel and stays nil.
func ViewOf(c channels.Channel) View {
	view := View{
		ID: c.ID, Active: c.Active, Revision: c.Revision, CreatedAt: c.CreatedAt, Store: storeView(c.Store),
		Downstream:  DownstreamView{Adapter: c.Downstream.Adapter, BaseURL: c.Downstream.BaseURL, Options: c.Downstream.Options},
		CallbackURL: c.CallbackURL, Settings: c.Settings.WithDefaults(), SecretVersion: c.SecretVersion, SecretFloor: c.SecretFloor,
	}
	for _, former := range c.Former {
		view.Former = append(view.Former, FormerView{Store: storeView(former.Store), LeftAt: former.LeftAt, Cleared: former.Cleared})
	}
	return view
}

func storeView(s channels.Store) StoreView {
	return StoreView{Hash: s.Hash, BaseURL: s.BaseURL, ClientID: s.ClientID, HasClientSecret: len(s.ClientSecret) > 0}
}

// Health returns the state of the channel's subscriptions in a word.
func (v View) Health() channels.HealthState {
	if v.Status == nil || v.Status.Health.State == "" {
		return channels.HealthUnknown
	}
	return v.Status.Health.State
}
