package api

import (
	"encoding/json"

	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/ingress/operator"
)

// channelBody is a channel as a caller writes it.
type channelBody struct {
	ID          string            `json:"id"`
	Active      bool              `json:"active"`
	Store       storeBody         `json:"store"`
	Downstream  downstreamBody    `json:"downstream"`
	CallbackURL string            `json:"callback_url"`
	Settings    channels.Settings `json:"settings"`

	// The rest is what a channel answers beside that. It is taken and ignored,
	// so that an answer can be changed and sent back.
	Revision      json.RawMessage `json:"revision"`
	CreatedAt     json.RawMessage `json:"created_at"`
	SecretVersion json.RawMessage `json:"secret_version"`
	SecretFloor   json.RawMessage `json:"secret_floor"`
	Former        json.RawMessage `json:"former"`
	Status        json.RawMessage `json:"status"`
	Error         json.RawMessage `json:"error"`
}

type storeBody struct {
	Hash         string  `json:"hash"`
	BaseURL      string  `json:"base_url"`
	ClientID     string  `json:"client_id"`
	AccessToken  *string `json:"access_token"`
	ClientSecret *string `json:"client_secret"`

	HasClientSecret json.RawMessage `json:"has_client_secret"`
}

type downstreamBody struct {
	Adapter string           `json:"adapter"`
	BaseURL string           `json:"base_url"`
	Options channels.Options `json:"options"`
	Token   *string          `json:"token"`
}

// bodyOf returns a channel as a caller could have written it, without its
// credentials.
func bodyOf(c channels.Channel) channelBody {
	return channelBody{
		ID: c.ID, Active: c.Active, CallbackURL: c.CallbackURL, Settings: c.Settings.WithDefaults(),
		Store:      storeBody{Hash: c.Store.Hash, BaseURL: c.Store.BaseURL, ClientID: c.Store.ClientID},
		Downstream: downstreamBody{Adapter: c.Downstream.Adapter, BaseURL: c.Downstream.BaseURL, Options: c.Downstream.Options},
	}
}

// channel returns the channel that was written.
func (b channelBody) channel() channels.Channel {
	return channels.Channel{
		ID: b.ID, Active: b.Active, CallbackURL: b.CallbackURL, Settings: b.Settings,
		Store:      channels.Store{Hash: b.Store.Hash, BaseURL: b.Store.BaseURL, ClientID: b.Store.ClientID},
		Downstream: channels.Downstream{Adapter: b.Downstream.Adapter, BaseURL: b.Downstream.BaseURL, Options: b.Downstream.Options},
	}
}

func (b channelBody) secrets() operator.Secrets {
	return operator.Secrets{
		AccessToken: b.Store.AccessToken, ClientSecret: b.Store.ClientSecret, DownstreamToken: b.Downstream.Token,
	}
}

// credentialsBody are credentials that take the place of others. What is absent
// stays as it is.
type credentialsBody struct {
	AccessToken     *string `json:"access_token"`
	ClientID        *string `json:"client_id"`
	ClientSecret    *string `json:"client_secret"`
	DownstreamToken *string `json:"downstream_token"`
}

func (b credentialsBody) empty() bool { return b == credentialsBody{} }
