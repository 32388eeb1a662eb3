package venduretest

import (
	"context"
	"fmt"
	"time"
)

// Order is an order as the superadmin sees it.
type Order struct {
	// Code is Vendure's own order number.
	Code string `json:"code"`
	// Fulfillments are all that there are, the cancelled ones too.
	Fulfillments []Fulfillment `json:"fulfillments"`
	// ID is Vendure's own identifier.
	ID string `json:"id"`
	// Lines are its lines. Those of a cancelled order have the quantity 0.
	Lines []OrderLine `json:"lines"`
	// State is one of the State constants.
	State string `json:"state"`
	// UpdatedAt is when Vendure last wrote the order itself. On SQLite it is
	// of whole seconds, and a new fulfillment does not change it.
	UpdatedAt time.Time `json:"updatedAt"`
}

// OrderLine is one line of an Order.
type OrderLine struct {
	ID       string `json:"id"`
	Quantity int    `json:"quantity"`
}

// Fulfillment is one fulfillment of an Order.
type Fulfillment struct {
	ID    string `json:"id"`
	Lines []struct {
		OrderLineID string `json:"orderLineId"`
		Quantity    int    `json:"quantity"`
	} `json:"lines"`
	Method       string `json:"method"`
	State        string `json:"state"`
	TrackingCode string `json:"trackingCode"`
}

// left is what of each line no fulfillment has yet.
func (o Order) left() []map[string]any {
	var left []map[string]any
	for _, line := range o.Lines {
		quantity := line.Quantity
		for _, f := range o.Fulfillments {
			if f.State == "Cancelled" {
				continue
			}
			for _, l := range f.Lines {
				if l.OrderLineID == line.ID {
					quantity -= l.Quantity
				}
			}
		}
		if quantity > 0 {
			left = append(left, map[string]any{"orderLineId": line.ID, "quantity": quantity})
		}
	}
	return left
}

const orderFields = `id code state updatedAt lines { id quantity }
	fulfillments { id state method trackingCode lines { orderLineId quantity } }`

// Order returns the one order of this number. It fails when there is none, or
// more than one.
func (s *Server) Order(ctx context.Context, number string) (Order, error) {
	var found struct {
		Orders struct {
			Items []Order `json:"items"`
		} `json:"orders"`
	}
	err := s.search(ctx, number, orderFields, &found)
	if err == nil && len(found.Orders.Items) != 1 {
		err = fmt.Errorf("there are %d", len(found.Orders.Items))
	}
	if err != nil {
		return Order{}, fmt.Errorf("vendure: order %s: %w", number, err)
	}
	return found.Orders.Items[0], nil
}

func (s *Server) search(ctx context.Context, number, selection string, found any) error {
	return s.admin.do(ctx, `query ($number: String!) {
		orders(options: {filter: {`+FieldName+`: {eq: $number}}, sort: {id: ASC}}) { items { `+selection+` } }
	}`, map[string]any{"number": number}, found)
}

func (s *Server) order(ctx context.Context, id string) (Order, error) {
	var found struct {
		Order *Order `json:"order"`
	}
	err := s.admin.do(ctx, `query ($id: ID!) { order(id: $id) { `+orderFields+` } }`, map[string]any{"id": id}, &found)
	if err == nil && found.Order == nil {
		err = fmt.Errorf("there is no order with the id %s", id)
	}
	if err != nil {
		return Order{}, err
	}
	return *found.Order, nil
}

// SetState changes the one order of this number as a user of Vendure would:
// takes the money, ships, cancels. An order that is in the state already is
// changed to another and back, so that its history grows.
//
// It fails where Vendure knows no way, and changes nothing then: for example
// from Modifying to Cancelled, and in Draft, Delivered and Cancelled there is
// none away and back. Vendure itself lets a user cancel an order that was
// shipped or delivered, and so does SetState.
func (s *Server) SetState(ctx context.Context, number, state string) error {
	order, err := s.Order(ctx, number)
	if err != nil {
		return err
	}
	if err := s.move(ctx, order.ID, state); err != nil {
		return fmt.Errorf("vendure: order %s: from %s to %s: %w", number, order.State, state, err)
	}
	return nil
}

func (s *Server) move(ctx context.Context, id, state string) error {
	order, err := s.order(ctx, id)
	if err != nil {
		return err
	}
	if order.State == state {
		return s.touch(ctx, order)
	}
	switch state {
	case StateCancelled:
		return s.cancel(ctx, id)
	case StatePartiallyShipped, StatePartiallyDelivered:
		return s.ship(ctx, order, state, len(order.Lines) > 1)
	case StateShipped, StateDelivered:
		return s.ship(ctx, order, state, false)
	case StatePaymentSettled:
		return s.settle(ctx, order)
	default:
		return s.transition(ctx, id, state)
	}
}

// touch changes an order and changes it back.
func (s *Server) touch(ctx context.Context, order Order) error {
	over := StateModifying
	switch order.State {
	case StateArrangingPayment:
		over = StateAddingItems
	case StateAddingItems:
		over = StateArrangingPayment
	case StateModifying, StateArrangingAdditionalPayment:
		over = StatePaymentSettled
	default:
	}
	if err := s.transition(ctx, order.ID, over); err != nil {
		return err
	}
	return s.transition(ctx, order.ID, order.State)
}

func (s *Server) transition(ctx context.Context, id, state string) error {
	return s.admin.do(ctx, `mutation ($id: ID!, $state: String!) {
		transitionOrderToState(id: $id, state: $state) { `+problem+` ... on OrderStateTransitionError { transitionError } }
	}`, map[string]any{"id": id, "state": state}, nil)
}

func (s *Server) cancel(ctx context.Context, id string) error {
	return s.admin.do(ctx, `mutation ($id: ID!) {
		cancelOrder(input: {orderId: $id, reason: "by hand", cancelShipping: true}) { `+problem+` }
	}`, map[string]any{"id": id}, nil)
}

// settle takes the money, or ends the modification of an order that is paid.
func (s *Server) settle(ctx context.Context, order Order) error {
	switch order.State {
	case StateArrangingPayment:
		return s.admin.do(ctx, fields("mutation", "$id: ID!", []string{pay}), map[string]any{"id": order.ID}, nil)
	case StatePaymentAuthorized:
		var found struct {
			Order struct {
				Payments []struct {
					ID string `json:"id"`
				} `json:"payments"`
			} `json:"order"`
		}
		err := s.admin.do(ctx, `query ($id: ID!) { order(id: $id) { payments { id } } }`, map[string]any{"id": order.ID}, &found)
		if err != nil {
			return err
		}
		for _, payment := range found.Order.Payments {
			err := s.admin.do(ctx, `mutation ($id: ID!) { settlePayment(id: $id) { `+problem+` } }`,
				map[string]any{"id": payment.ID}, nil)
			if err != nil {
				return err
			}
		}
		return nil
	default:
		return s.transition(ctx, order.ID, StatePaymentSettled)
	}
}
