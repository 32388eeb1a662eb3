// Package channels describes sales channels: one BigCommerce store connected
// to one downstream system, with the settings that decide what a webhook may
// do. A channel's only home is its entity workflow; everybody else reads it
// through a Directory.
package channels

import (
	"fmt"
	"regexp"
	"time"

	"github.com/orderbridge/orderbridge/activities/seal"
)

// Channel is everything that is known of a sales channel. Its credentials are
// sealed: it may be recorded in a workflow history.
type Channel struct {
	// ID is our own id, never the store hash: see ValidID.
	ID string `json:"id"`
	// Active is false for a channel that does nothing for the time being.
	Active bool `json:"active"`
	// Revision counts the changes. The first saved revision is 1.
	Revision int `json:"revision"`
	// CreatedAt is when the channel was first saved.
	CreatedAt time.Time `json:"created_at"`
	// Store is the BigCommerce side.
	Store Store `json:"store"`
	// Downstream is the other side.
	Downstream Downstream `json:"downstream"`
	// Settings are what the merchant chose.
	Settings Settings `json:"settings"`
	// CallbackURL is where BigCommerce delivers webhooks of this channel. It
	// ends in CallbackPath of the channel's id, so no two channels can share it.
	CallbackURL string `json:"callback_url"`
	// SecretVersion numbers the callback secret that hooks must carry.
	SecretVersion int `json:"secret_version"`
	// SecretFloor is the oldest version of the callback secret that is still
	// taken. It follows SecretVersion once every hook carries that and
	// BigCommerce has ended its repetitions of older callbacks.
	SecretFloor int `json:"secret_floor,omitempty"`
	// StoreSince is when the channel was connected to its present store. What
	// was done for an order before says nothing about the orders of this one.
	StoreSince time.Time `json:"store_since,omitzero"`
	// Connection is the id of the workflow that keeps other channels from
	// connecting the same store to the same downstream account.
	Connection string `json:"connection,omitempty"`
	// Former are the connections to stores, or to the same one with other
	// credentials, that the channel has left lately: their hooks have to be
	// removed, and callbacks that they signed may still come.
	Former []FormerStore `json:"former,omitempty"`
}

// FormerStore is a connection to a store that a channel has left.
type FormerStore struct {
	// Store is the connection.
	Store Store `json:"store"`
	// LeftAt is when the channel left it.
	LeftAt time.Time `json:"left_at"`
	// Cleared is true once no hook of ours is left there, or none can be
	// reached any more.
	Cleared bool `json:"cleared,omitempty"`
}

// Store is the connection to a BigCommerce store.
type Store struct {
	// Hash is the store hash, as in the path of every API call.
	Hash string `json:"hash"`
	// BaseURL is the address of the API. Default: BigCommerce's own.
	BaseURL string `json:"base_url,omitempty"`
	// AccessToken is the token of the API account.
	AccessToken seal.Sealed `json:"access_token"`
	// ClientID is the client id of that account. It is optional and not
	// secret: BigCommerce shows it in every hook.
	ClientID string `json:"client_id,omitempty"`
	// ClientSecret is the client secret of that account. It is optional;
	// with it the signatures of callbacks can be checked.
	ClientSecret seal.Sealed `json:"client_secret,omitempty"`
}

// Downstream is the connection to the system that ships.
type Downstream struct {
	// Adapter is the name of the adapter, for example "rest".
	Adapter string `json:"adapter"`
	// BaseURL is the address of the system. Default: the adapter's own, if it
	// has one.
	BaseURL string `json:"base_url"`
	// Token authenticates us there.
	Token seal.Sealed `json:"token"`
	// Options are what the adapter is to know beside that.
	Options Options `json:"options,omitempty"`
}

var idPattern = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$`)

// ValidID reports whether id can name a channel: 1 to 40 lower-case letters,
// digits and inner hyphens. Ids appear in URLs, workflow ids and metric
// labels, and fit a Temporal fairness key (64 bytes).
func ValidID(id string) bool { return idPattern.MatchString(id) }

// Change is one entry of a channel's edit history.
type Change struct {
	// At is when the change took effect.
	At time.Time `json:"at"`
	// By names who made it.
	By string `json:"by"`
	// Revision is the revision that the change made.
	Revision int `json:"revision"`
	// Fields says what changed. Secrets are named, never shown.
	Fields []FieldChange `json:"fields"`
}

// FieldChange is the change of one field.
type FieldChange struct {
	// Field is the name of the field, for example "settings.cancel_on".
	Field string `json:"field"`
	// Was and Is are the values before and after, as text.
	Was string `json:"was"`
	Is  string `json:"is"`
}

// SaveRequest asks a channel to take on new contents.
type SaveRequest struct {
	// By names who asks, for the edit history.
	By string `json:"by"`
	// Channel is the wished state. Revision, CreatedAt, SecretVersion,
	// SecretFloor, StoreSince, Connection and Former are the channel's own and are ignored here.
	Channel Channel `json:"channel"`
	// Expected, if set, is the revision that the change is made on: 0 for a
	// channel that must not exist yet. With another one the save is refused.
	Expected *int `json:"expected,omitempty"`
	// Resealed is true if nothing differs but the sealing of the credentials,
	// which are the same as before. Nothing is tried then: the store may be away,
	// and keys must be changed all the same.
	Resealed bool `json:"resealed,omitempty"`
}

// SaveResult says what came of a SaveRequest.
type SaveResult struct {
	// Revision is the channel's revision now.
	Revision int `json:"revision"`
	// Changed lists what changed; empty when the channel was like that
	// already.
	Changed []FieldChange `json:"changed"`
	// Subscribed lists the scopes for which a hook of ours exists now.
	Subscribed []string `json:"subscribed"`
	// Pending is true if the hooks do not match the settings yet: the channel
	// goes on by itself until they do.
	Pending bool `json:"pending,omitempty"`
	// Problems are what keeps the hooks from matching, or what somebody should
	// see to all the same.
	Problems []Finding `json:"problems,omitempty"`
}

// Validate checks all that can be checked without asking anybody and returns
// every mistake at once, each naming its field.
func (c Channel) Validate() error {
	var p problems
	p.id(c.ID)
	p.storeHash(c.Store.Hash)
	p.url("store.base_url", c.Store.BaseURL, true)
	if len(c.Store.AccessToken) == 0 {
		p.addf("store.access_token", "is missing")
	}
	if c.Downstream.Adapter == "" {
		p.addf("downstream.adapter", "is missing")
	}
	p.url("downstream.base_url", c.Downstream.BaseURL, true)
	if len(c.Downstream.Options) > MaxOptions {
		p.addf("downstream.options", "are more than %d", MaxOptions)
	}
	if len(c.Downstream.Token) == 0 {
		p.addf("downstream.token", "is missing")
	}
	p.callbackURL(c.CallbackURL, c.ID)
	if c.Store.ClientID != "" && !clientIDPattern.MatchString(c.Store.ClientID) {
		p.addf("store.client_id", "must be the letters and digits that BigCommerce shows as the client id of the API account")
	}
	if c.Settings.Signature == SignatureRequire && len(c.Store.ClientSecret) == 0 {
		p.addf("settings.signature", "%q needs store.client_secret: without it no signature can be checked", SignatureRequire)
	}
	c.Settings.validate(&p)
	if err := p.err(); err != nil {
		return fmt.Errorf("channel %s: %w", c.ID, err)
	}
	return nil
}
