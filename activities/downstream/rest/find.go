package rest

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/orderbridge/orderbridge/activities/downstream"
)

// maxPages bounds how many pages of one answer are read. The filter matches one
// order as a rule, so a second page already means that something is odd.
const maxPages = 10

// Find implements downstream.Adapter. It compares every order of the answer
// itself: systems exist that ignore a filter they do not know, or match
// substrings.
func (a *Adapter) Find(ctx context.Context, number string) (downstream.Order, error) {
	number = strings.TrimSpace(number)
	c := call{name: "find order", order: number, method: http.MethodGet, route: routeOrders}
	if number == "" {
		return downstream.Order{}, a.fail(c, downstream.Invalid, "the order number is empty", adviseReport)
	}

	var found *wireOrder
	query := url.Values{"number": {number}}
	for range maxPages {
		c.path = routeOrders + "?" + query.Encode()
		var list orderList
		if err := a.read(ctx, c, &list); err != nil {
			return downstream.Order{}, err
		}
		for _, o := range list.Orders {
			if strings.TrimSpace(o.Number) != number {
				continue
			}
			o.Number = number
			if err := o.check(); err != nil {
				return downstream.Order{}, a.malformed(c, err.Error())
			}
			if found != nil && found.ID != o.ID {
				return downstream.Order{}, a.fail(c, downstream.Ambiguous, "more than one order has this number",
					"give the orders different numbers in the downstream system, or remove one")
			}
			found = &o
		}
		if list.NextCursor == "" {
			return a.only(ctx, c, found)
		}
		query.Set("cursor", list.NextCursor)
	}
	return downstream.Order{}, a.malformed(c, fmt.Sprintf(
		"the search for one number has more than %d pages, so the system seems to ignore the number", maxPages))
}

// only is the end of a search: the one order that was found, or none.
func (a *Adapter) only(ctx context.Context, c call, found *wireOrder) (downstream.Order, error) {
	if found == nil {
		return downstream.Order{}, a.fail(c, downstream.NotFound, "no order has this number",
			"check that the order was passed on to the downstream system")
	}
	return a.resolve(ctx, c, *found)
}

// reread reads the order that a change is about.
func (a *Adapter) reread(ctx context.Context, name string, target downstream.Target) (downstream.Order, error) {
	c := call{
		name:   name + ": read the order again",
		order:  target.Number,
		method: http.MethodGet,
		route:  routeOrders + "/{id}",
		path:   routeOrders + "/" + url.PathEscape(target.OrderID),
	}
	var o wireOrder
	if err := a.read(ctx, c, &o); err != nil {
		return downstream.Order{}, err
	}
	o.Number = strings.TrimSpace(o.Number)
	if err := o.check(); err != nil {
		return downstream.Order{}, a.malformed(c, err.Error())
	}
	if o.ID != target.OrderID || (target.Number != "" && o.Number != strings.TrimSpace(target.Number)) {
		return downstream.Order{}, a.malformed(c, "the answer is another order than the one that was asked for")
	}
	return a.resolve(ctx, c, o)
}
