package venduretest

import (
	"context"
	"errors"
	"fmt"
)

// byHand is the method of fulfillments that the back door makes.
const byHand = "by hand"

// AddFulfillment adds a fulfillment of everything that is left to fulfill of
// the one order of this number and leaves it Pending, with this tracking code,
// which may be empty. It is what a crash between Vendure's two steps leaves
// behind. The order's state stays as it is.
func (s *Server) AddFulfillment(ctx context.Context, number, tracking string) error {
	order, err := s.Order(ctx, number)
	if err != nil {
		return err
	}
	if err := s.fulfill(ctx, order.left(), tracking); err != nil {
		return fmt.Errorf("vendure: add a fulfillment to order %s: %w", number, err)
	}
	return nil
}

// AddPartialFulfillment is AddFulfillment of a single piece of the first line
// of which something is left.
func (s *Server) AddPartialFulfillment(ctx context.Context, number, tracking string) error {
	order, err := s.Order(ctx, number)
	if err != nil {
		return err
	}
	lines := order.left()
	if len(lines) > 0 {
		lines = lines[:1]
		lines[0]["quantity"] = 1
	}
	if err := s.fulfill(ctx, lines, tracking); err != nil {
		return fmt.Errorf("vendure: add a fulfillment to order %s: %w", number, err)
	}
	return nil
}

// fulfill makes a Pending fulfillment.
func (s *Server) fulfill(ctx context.Context, lines []map[string]any, tracking string) error {
	if len(lines) == 0 {
		return errors.New("nothing of it is left to fulfill")
	}
	return s.admin.do(ctx, `mutation ($lines: [OrderLineInput!]!, $method: String!, $tracking: String!) {
		addFulfillmentToOrder(input: {lines: $lines, handler: {code: "manual-fulfillment", arguments: [
			{name: "method", value: $method}, {name: "trackingCode", value: $tracking}
		]}}) { `+problem+` }
	}`, map[string]any{"lines": lines, "method": byHand, "tracking": tracking}, nil)
}

// ship ships what is left of an order, or only the first line of it, and
// delivers all that was shipped where the state says so.
func (s *Server) ship(ctx context.Context, order Order, state string, part bool) error {
	switch order.State {
	case StatePaymentAuthorized, StateModifying, StateArrangingAdditionalPayment:
		// From these Vendure ships the goods and leaves the order as it is.
		if err := s.settle(ctx, order); err != nil {
			return err
		}
	default:
	}
	if lines := order.left(); len(lines) > 0 {
		if part {
			lines = lines[:1]
		}
		if err := s.fulfill(ctx, lines, ""); err != nil {
			return err
		}
		var err error
		if order, err = s.order(ctx, order.ID); err != nil {
			return err
		}
	}
	steps := []string{"Shipped"}
	if state == StateDelivered || state == StatePartiallyDelivered {
		steps = append(steps, "Delivered")
	}
	for _, f := range order.Fulfillments {
		for _, step := range steps {
			if f.State == step || f.State == "Delivered" || f.State == "Cancelled" {
				continue
			}
			err := s.admin.do(ctx, `mutation ($id: ID!, $state: String!) {
				transitionFulfillmentToState(id: $id, state: $state) { `+problem+` }
			}`, map[string]any{"id": f.ID, "state": step}, nil)
			if err != nil {
				return err
			}
		}
	}
	return nil
}
