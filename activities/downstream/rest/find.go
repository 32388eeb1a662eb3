package rest

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
)

// maxPages bounds how many pages of one answer are read. The filter matches one
// order as a rule, so a second page already means that something is odd.
const maxPages = 10

// Find implements downstream.Adapter. It compares every order of the answer
// itself: systems exist that ignore a filter they do not know, or match
// substrings.
func (a *Adapter) Find(ctx context.Context, number string) (downstream.Order, error) {
	number = strings.TrimSpace(number)
	query := url.Values{"number": {number}}
	found, err := overhttp.Find(ctx, a.client, overhttp.Search[wireOrder]{
		Number:   number,
		MaxPages: maxPages,
		Page: func(ctx context.Context, c overhttp.Call, _ string, _ int) ([]wireOrder, bool, error) {
			c.Method, c.Route, c.Path = http.MethodGet, routeOrders, routeOrders+"?"+query.Encode()
			var list orderList
			_, err := a.client.Read(ctx, c, &list)
			query.Set("cursor", list.NextCursor)
			return list.Orders, list.NextCursor != "", err
		},
		Match: func(o wireOrder, number string) (string, error) {
			if strings.TrimSpace(o.Number) != number {
				return "", nil
			}
			return o.ID, o.check()
		},
		Ambiguous: "give the orders different numbers in the downstream system, or remove one",
		Missing:   "check that the order was passed on to the downstream system",
	})
	if err != nil {
		return downstream.Order{}, err
	}
	found.Number = number
	return a.resolve(ctx, overhttp.Call{Name: "find order", Order: number}, found)
}

// reread reads the order that a change is about.
func (a *Adapter) reread(ctx context.Context, name string, target downstream.Target) (downstream.Order, error) {
	c := overhttp.Call{
		Name: name, Order: target.Number, Method: http.MethodGet,
		Route: routeOrders + "/{id}", Path: routeOrders + "/" + url.PathEscape(target.OrderID),
	}
	var o wireOrder
	if _, err := a.client.Read(ctx, c, &o); err != nil {
		return downstream.Order{}, err
	}
	o.Number = strings.TrimSpace(o.Number)
	if err := o.check(); err != nil {
		return downstream.Order{}, a.client.Malformed(c, err.Error())
	}
	if o.ID != target.OrderID || (target.Number != "" && o.Number != strings.TrimSpace(target.Number)) {
		return downstream.Order{}, a.client.Malformed(c, "the answer is another order than the one that was asked for")
	}
	return a.resolve(ctx, c, o)
}
