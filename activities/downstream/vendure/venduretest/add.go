package venduretest

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
)

// Line is one line of an order.
type Line struct {
	// SKU is one of the constants SKUMug and SKUTeapot.
	SKU string
	// Quantity is at least 1.
	Quantity int
}

// AddOrder adds an order with this channel order number in one of States. A
// number can be given to several orders. Without lines it has two mugs and a
// teapot; in a partial state the first line is the shipped one, so that it
// takes two lines.
//
// Up to the state PaymentSettled it is made as staff makes a draft order and
// takes the money by hand; one that is PaymentAuthorized is bought in the shop,
// as staff cannot authorize a payment.
func (s *Server) AddOrder(ctx context.Context, number, state string, lines ...Line) error {
	if !slices.Contains(States(), state) {
		return fmt.Errorf("vendure: no order can be put in the state %q", state)
	}
	if len(lines) == 0 {
		lines = []Line{{SKUMug, 2}, {SKUTeapot, 1}}
	}
	var (
		id  string
		err error
	)
	if first := origin(state); first == StatePaymentAuthorized {
		id, err = s.buy(ctx, number, lines)
	} else {
		id, err = s.draft(ctx, number, first, lines)
	}
	if err == nil && origin(state) != state {
		err = s.move(ctx, id, state)
	}
	if err != nil {
		return fmt.Errorf("vendure: add order %s as %s: %w", number, state, err)
	}
	return nil
}

// draft makes an order up to PaymentSettled over the Admin API.
func (s *Server) draft(ctx context.Context, number, state string, lines []Line) (id string, err error) {
	var created struct {
		Order struct {
			ID string `json:"id"`
		} `json:"createDraftOrder"`
	}
	if err := s.admin.do(ctx, `mutation { createDraftOrder { id } }`, nil, &created); err != nil {
		return "", err
	}
	parts, err := s.items("addItemToDraftOrder", "orderId: $id, input: {productVariantId: %q, quantity: %d}", lines)
	if err != nil {
		return "", err
	}
	parts = append(parts,
		`customer: setCustomerForDraftOrder(orderId: $id, input: `+customer()+`) { `+problem+` }`,
		`address: setDraftOrderShippingAddress(orderId: $id, input: `+address+`) { id }`,
		`method: setDraftOrderShippingMethod(orderId: $id, shippingMethodId: $method) { `+problem+` }`,
		`number: setOrderCustomFields(input: {id: $id, customFields: {`+FieldName+`: $number}}) { id }`,
	)
	if state != StateDraft {
		parts = append(parts, `transitionOrderToState(id: $id, state: "ArrangingPayment") { `+problem+` }`)
	}
	if state == StatePaymentSettled {
		parts = append(parts, pay)
	}
	return created.Order.ID, s.admin.do(ctx, fields("mutation", "$id: ID!, $method: ID!, $number: String!", parts),
		map[string]any{"id": created.Order.ID, "method": s.method, "number": number}, nil)
}

// buy makes an order over the Shop API, as a new customer whose payment is
// authorized.
func (s *Server) buy(ctx context.Context, number string, lines []Line) (id string, err error) {
	shop := newClient(s.ShopURL)
	defer shop.close()
	parts, err := s.items("addItemToOrder", "productVariantId: %q, quantity: %d", lines)
	if err != nil {
		return "", err
	}
	parts = append(parts,
		`customer: setCustomerForOrder(input: `+customer()+`) { `+problem+` }`,
		`address: setOrderShippingAddress(input: `+address+`) { `+problem+` }`,
		`method: setOrderShippingMethod(shippingMethodId: [$method]) { `+problem+` }`,
		`number: setOrderCustomFields(input: {customFields: {`+FieldName+`: $number}}) { `+problem+` }`,
		`transitionOrderToState(state: "ArrangingPayment") { `+problem+` }`,
		`paid: addPaymentToOrder(input: {method: "pretended", metadata: {}}) { ... on Order { id } `+problem+` }`,
	)
	var bought struct {
		Paid struct {
			ID string `json:"id"`
		} `json:"paid"`
	}
	err = shop.do(ctx, fields("mutation", "$method: ID!, $number: String!", parts),
		map[string]any{"method": s.method, "number": number}, &bought)
	return bought.Paid.ID, err
}

// items makes a field for each line.
func (s *Server) items(mutation, arguments string, lines []Line) ([]string, error) {
	parts := make([]string, 0, len(lines))
	for i, line := range lines {
		id, ok := s.skus[line.SKU]
		if !ok {
			return nil, fmt.Errorf("nothing is sold as %s", line.SKU)
		}
		parts = append(parts, fmt.Sprintf("line%d: %s("+arguments+") { "+problem+" }", i, mutation, id, line.Quantity))
	}
	return parts, nil
}

// Who buys, and where it is sent: nobody, nowhere.
const address = `{fullName: "A Buyer", streetLine1: "1 Test Road", countryCode: "US"}`

func customer() string {
	return fmt.Sprintf(`{firstName: "A", lastName: "Buyer", emailAddress: %q}`, strings.ToLower(rand.Text())+"@example.com")
}

// pay takes the money for the order $id.
const pay = `addManualPaymentToOrder(input: {orderId: $id, method: "manual", metadata: {}}) { ` + problem + ` }`
