package vendure

import (
	"context"
	"strings"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
)

const (
	// pageSize is small, for Vendure makes several queries for each order.
	pageSize = 50
	// maxPages bounds how many pages of one search are read. The filter leaves
	// one order as a rule.
	maxPages = 20
)

// Find implements downstream.Adapter. It compares every order of the answer
// itself: databases differ in whether they mind case.
func (a *Adapter) Find(ctx context.Context, number string) (downstream.Order, error) {
	found, err := overhttp.Find(ctx, a.client, overhttp.Search[wireOrder]{
		Number:   number,
		MaxPages: maxPages,
		Page:     a.page,
		Match: func(o wireOrder, number string) (string, error) {
			if o.number() != number {
				return "", nil
			}
			return o.ID, o.check()
		},
		Ambiguous: "clear the number of the order that should not have it, in Vendure",
		Missing:   "check that the order has reached Vendure, and that its field " + a.config.Field + " has the number",
	})
	if err != nil {
		return downstream.Order{}, err
	}
	return a.resolve(overhttp.Call{Name: "find order", Order: strings.TrimSpace(number)}, found)
}

// page reads one page of a search.
func (a *Adapter) page(ctx context.Context, c overhttp.Call, number string, page int) ([]wireOrder, bool, error) {
	skip := (page - 1) * pageSize
	c = operation(c.Name, c.Order, a.queries.find(), variables{"number": number, "take": pageSize, "skip": skip})
	var list struct {
		Orders *struct {
			Items      []wireOrder `json:"items"`
			TotalItems int         `json:"totalItems"`
		} `json:"orders"`
	}
	if err := a.ask(ctx, c, &list); err != nil {
		return nil, false, err
	}
	if list.Orders == nil || list.Orders.Items == nil {
		return nil, false, a.client.Malformed(c, "the answer has no list of orders")
	}
	orders := list.Orders
	more := skip+len(orders.Items) < orders.TotalItems
	if more && len(orders.Items) < pageSize {
		return nil, false, a.client.Malformed(c, "a page of the search is not full although more is to come")
	}
	return orders.Items, more, nil
}

// reread reads the order that a change is about.
func (a *Adapter) reread(ctx context.Context, name string, target downstream.Target) (wireOrder, downstream.Order, error) {
	c := operation(name, target.Number, a.queries.read(), variables{"id": target.OrderID})
	var found struct {
		Order *wireOrder `json:"order"`
	}
	if err := a.ask(ctx, c, &found); err != nil {
		return wireOrder{}, downstream.Order{}, err
	}
	o := found.Order
	switch {
	case o == nil:
		return wireOrder{}, downstream.Order{}, a.gone(c, "the order is gone")
	case o.ID != target.OrderID:
		return wireOrder{}, downstream.Order{}, a.client.Malformed(c, "the answer is another order than the one that was asked for")
	case o.number() != target.Number:
		return wireOrder{}, downstream.Order{}, a.gone(c, "somebody gave the order another number")
	}
	if err := o.check(); err != nil {
		return wireOrder{}, downstream.Order{}, a.client.Malformed(c, err.Error())
	}
	order, err := a.resolve(c, *o)
	return *o, order, err
}

// resolve makes an order of an answer one that the rules understand.
func (a *Adapter) resolve(c overhttp.Call, o wireOrder) (downstream.Order, error) {
	status, ok := statusOf(o.State)
	if !ok {
		return downstream.Order{}, a.client.Fail(c, downstream.Malformed,
			"the order is in a state that is not of Vendure's default order process",
			"look at the order in Vendure; Orderbridge must be taught what states of your own mean")
	}
	return downstream.Order{ID: o.ID, Number: o.number(), Status: status, Version: o.version()}, nil
}
