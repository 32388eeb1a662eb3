package bigcommerce

import (
	"context"
	"net/http"
	"time"
)

// Store describes the store behind a client, without its owner's name, address
// or contact data.
type Store struct {
	// Hash is the store's name in API addresses.
	Hash string `json:"hash"`
	// StoreID is the store's numeric id, as in Event.StoreID. It may be
	// empty.
	StoreID string `json:"store_id,omitempty"`
	// Name is what the merchant calls the store.
	Name string `json:"name,omitempty"`
	// Domain is the storefront's host name.
	Domain string `json:"domain,omitempty"`
	// SecureURL is the storefront's https address.
	SecureURL string `json:"secure_url,omitempty"`
	// ControlPanelURL is the address of the merchant's control panel.
	ControlPanelURL string `json:"control_panel_url,omitempty"`
	// Status is for example "live", "maintenance" or "pre-launch".
	Status string `json:"status,omitempty"`
	// PlanName and PlanLevel name the plan, on which the quota depends.
	PlanName  string `json:"plan_name,omitempty"`
	PlanLevel string `json:"plan_level,omitempty"`
	// Timezone is an IANA name, for example "America/Chicago".
	Timezone string `json:"timezone,omitempty"`
	// Currency is the default currency's ISO 4217 code.
	Currency string `json:"currency,omitempty"`
	// InfrastructureRegion is where the store is hosted, for example
	// "us-central1".
	InfrastructureRegion string `json:"infrastructure_region,omitempty"`
	// DefaultChannelID is the BigCommerce channel of the store's own
	// storefront, by default 1.
	DefaultChannelID int64 `json:"default_channel_id"`
}

// Time reads the store's clock, with a precision of a second, in UTC. It is the
// cheapest call that needs a valid token.
func (c *Client) Time(ctx context.Context) (time.Time, error) {
	var wire struct {
		Time date `json:"time"`
	}
	call := request{
		endpoint: endpointGetTime, name: "get time",
		method: http.MethodGet, path: "v2/time", answer: &wire,
	}
	if _, err := c.send(ctx, call); err != nil {
		return time.Time{}, err
	}
	if wire.Time.IsZero() {
		return time.Time{}, c.malformed(call, "the answer has no time")
	}
	return wire.Time.Time, nil
}

// Store reads what the store says of itself. BigCommerce documents that this
// needs the information scope. It fails with Malformed when the answer is about
// another store.
func (c *Client) Store(ctx context.Context) (Store, error) {
	var wire wireStore
	call := request{
		endpoint: endpointGetStore, name: "get store",
		method: http.MethodGet, path: "v2/store", answer: &wire,
	}
	if _, err := c.send(ctx, call); err != nil {
		return Store{}, err
	}
	if string(wire.ID) != c.config.StoreHash {
		return Store{}, c.malformed(call, "the answer is not about store %s", c.config.StoreHash)
	}
	return wire.store(), nil
}

// wireStore is the part of a store that is decoded.
type wireStore struct {
	ID                   text     `json:"id"`
	StoreID              text     `json:"store_id"`
	Name                 text     `json:"name"`
	Domain               text     `json:"domain"`
	SecureURL            text     `json:"secure_url"`
	ControlPanelURL      text     `json:"control_panel_base_url"`
	Status               text     `json:"status"`
	PlanName             text     `json:"plan_name"`
	PlanLevel            text     `json:"plan_level"`
	Timezone             timezone `json:"timezone"`
	Currency             text     `json:"currency"`
	InfrastructureRegion text     `json:"infrastructure_region"`
	DefaultChannelID     integer  `json:"default_channel_id"`
}

func (w wireStore) store() Store {
	return Store{
		Hash:                 string(w.ID),
		StoreID:              string(w.StoreID),
		Name:                 string(w.Name),
		Domain:               string(w.Domain),
		SecureURL:            string(w.SecureURL),
		ControlPanelURL:      string(w.ControlPanelURL),
		Status:               string(w.Status),
		PlanName:             string(w.PlanName),
		PlanLevel:            string(w.PlanLevel),
		Timezone:             string(w.Timezone),
		Currency:             string(w.Currency),
		InfrastructureRegion: string(w.InfrastructureRegion),
		DefaultChannelID:     w.DefaultChannelID.or(1),
	}
}

// timezone is an object with a name, or the bare name.
type timezone string

// UnmarshalJSON implements json.Unmarshaler.
func (z *timezone) UnmarshalJSON(raw []byte) error {
	if members := object(raw); members != nil {
		raw = members["name"]
	}
	*z = timezone(scalar(raw))
	return nil
}
