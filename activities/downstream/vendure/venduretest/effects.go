package venduretest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
)

// Action is what was done to an order.
type Action string

const (
	// Cancelled is a cancellation.
	Cancelled Action = "cancelled"
	// Fulfilled is a fulfillment, of all or of what was left.
	Fulfilled Action = "fulfilled"
)

// Effect is one change of an order that the adapter's administrator made.
type Effect struct {
	// Action is what was done.
	Action Action
	// Fulfillments is how many fulfillments the order has that are not
	// cancelled: by whomever, pending ones too. It tells a fulfillment that
	// was made twice.
	Fulfillments int
	// State is the state into which the order came by it.
	State string
	// TrackingCodes are those of the fulfillments that the adapter shipped, in
	// their order, without empty ones. Nil for a cancellation.
	TrackingCodes []string
}

// entry is one entry of an order's history.
type entry struct {
	Administrator *struct {
		ID string `json:"id"`
	} `json:"administrator"`
	Type string          `json:"type"`
	Data json.RawMessage `json:"data"`
}

// change is the Data of the entries of transitions. Vendure writes the
// fulfillment's id as a number.
type change struct {
	Fulfillment json.Number `json:"fulfillmentId"`
	To          string      `json:"to"`
}

// Effects returns what was done to the orders of this number by the
// administrator that adapters use, oldest first within an order. It is read
// from the history that Vendure keeps, so that it counts what took place, and
// neither requests nor what the back door did.
func (s *Server) Effects(ctx context.Context, number string) ([]Effect, error) {
	type order struct {
		Order

		History struct {
			Items []entry `json:"items"`
			Total int     `json:"totalItems"`
		} `json:"history"`
	}
	var found struct {
		Orders struct {
			Items []order `json:"items"`
		} `json:"orders"`
	}
	err := s.search(ctx, number, orderFields+
		` history(options: {take: 100, sort: {id: ASC}}) { totalItems items { type data administrator { id } } }`, &found)
	if err != nil {
		return nil, fmt.Errorf("vendure: effects on order %s: %w", number, err)
	}
	var effects []Effect
	for _, o := range found.Orders.Items {
		if len(o.History.Items) != o.History.Total {
			return nil, fmt.Errorf("vendure: effects on order %s: its history has %d entries, of which %d were read",
				number, o.History.Total, len(o.History.Items))
		}
		made, err := s.effectsOf(o.Order, o.History.Items)
		if err != nil {
			return nil, fmt.Errorf("vendure: effects on order %s: %w", number, err)
		}
		effects = append(effects, made...)
	}
	return effects, nil
}

func (s *Server) effectsOf(order Order, history []entry) ([]Effect, error) {
	var (
		effects []Effect
		shipped []string // ids of fulfillments
		changes []change
	)
	for _, e := range history {
		if e.Administrator == nil || e.Administrator.ID != s.adapter {
			continue
		}
		var c change
		if err := json.Unmarshal(e.Data, &c); err != nil {
			return nil, err
		}
		switch e.Type {
		case "ORDER_STATE_TRANSITION":
			changes = append(changes, c)
		case "ORDER_FULFILLMENT_TRANSITION":
			if c.To == "Shipped" {
				shipped = append(shipped, c.Fulfillment.String())
			}
		}
	}
	var codes []string
	count := 0
	for _, f := range order.Fulfillments {
		if f.State != "Cancelled" {
			count++
		}
		if f.TrackingCode != "" && slices.Contains(shipped, f.ID) {
			codes = append(codes, f.TrackingCode)
		}
	}
	for _, c := range changes {
		switch c.To {
		case StateCancelled:
			effects = append(effects, Effect{Action: Cancelled, Fulfillments: count, State: c.To})
		case StatePartiallyShipped, StateShipped, StatePartiallyDelivered, StateDelivered:
			effects = append(effects, Effect{Action: Fulfilled, Fulfillments: count, State: c.To, TrackingCodes: codes})
		}
	}
	return effects, nil
}
