package ordermanager

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
)

const (
	// pageSize is the API's default. It takes 10 to 1000.
	pageSize = 100
	minPage  = 10
	// maxPages bounds how many pages of one search are read. The filters match
	// one order as a rule, so a second page already means that they are not
	// heeded.
	maxPages = 10
)

// Find implements downstream.Adapter. The order number and the sales channel of
// every order in the answer are compared here as well: filters can be ignored,
// or match more than what is equal.
func (a *Adapter) Find(ctx context.Context, number string) (downstream.Order, error) {
	call := overhttp.Call{Name: "find order", Order: strings.TrimSpace(number)}
	t, err := a.take(ctx, call, 1)
	if err != nil {
		return downstream.Order{}, err
	}
	defer t.giveBack()
	found, err := overhttp.Find(ctx, a.client, overhttp.Search[wireOrder]{
		Number:   number,
		MaxPages: maxPages,
		Page: func(ctx context.Context, call overhttp.Call, number string, page int) ([]wireOrder, bool, error) {
			orders, err := a.page(ctx, t, call, number, page, pageSize)
			return orders, len(orders) >= pageSize, err
		},
		Match:     a.match,
		Ambiguous: "cancel or renumber the order that should not be there, in Order Manager",
		Missing:   "check that Order Manager has imported the order, and that the channel's sales channel id is right",
	})
	if err != nil {
		return downstream.Order{}, err
	}
	return a.resolve(call, &found)
}

// match returns the id of an order that has the number and is of the channel.
func (a *Adapter) match(o wireOrder, number string) (string, error) {
	switch channel := o.channel(); {
	case strings.TrimSpace(o.OrderNumber) != number:
		return "", nil
	case channel == 0:
		return "", errors.New("an order does not say which sales channel it is from")
	case channel != a.config.SalesChannelID:
		return "", nil
	default:
		return strconv.FormatInt(o.OrderID, 10), nil
	}
}

// page reads one page of a search; pages are numbered from 1.
func (a *Adapter) page(
	ctx context.Context, t *turns, c overhttp.Call, number string, page, limit int,
) ([]wireOrder, error) {
	c.Method, c.Route = http.MethodGet, routeOrders
	c.Path = routeOrders + "?" + url.Values{
		"limit":          {strconv.Itoa(limit)},
		"orderNumber":    {number},
		"page":           {strconv.Itoa(page)},
		"salesChannelId": {strconv.FormatInt(a.config.SalesChannelID, 10)},
	}.Encode()
	var orders *[]wireOrder
	if err := a.read(ctx, t, c, &orders); err != nil {
		return nil, err
	}
	if orders == nil {
		return nil, a.client.Malformed(c, "the answer is null where a list of orders should be")
	}
	return *orders, nil
}

// reread reads the order that a change is about.
func (a *Adapter) reread(ctx context.Context, t *turns, name string, target downstream.Target) (downstream.Order, error) {
	c := overhttp.Call{
		Name: name, Order: target.Number, Method: http.MethodGet, Route: routeOrder, Path: routeOrders + "/" + target.OrderID,
	}
	var o wireOrder
	if err := a.read(ctx, t, c, &o); err != nil {
		return downstream.Order{}, err
	}
	if strconv.FormatInt(o.OrderID, 10) != target.OrderID || strings.TrimSpace(o.OrderNumber) != strings.TrimSpace(target.Number) ||
		o.channel() != a.config.SalesChannelID {
		return downstream.Order{}, a.client.Malformed(c, "the answer is another order than the one that was asked for")
	}
	return a.resolve(c, &o)
}

// resolve makes an order of an answer one that the rules understand.
func (a *Adapter) resolve(c overhttp.Call, o *wireOrder) (downstream.Order, error) {
	if o.OrderID <= 0 {
		return downstream.Order{}, a.client.Malformed(c, "the order has no id")
	}
	status, ok := statusOf(o.status())
	if !ok {
		return downstream.Order{}, a.client.Fail(c, downstream.Malformed,
			"the order's status"+quotable(o.status())+" is not one that this adapter knows",
			"look at the order in Order Manager; if its status is a new one there, Orderbridge must be taught what it means")
	}
	return downstream.Order{
		ID: strconv.FormatInt(o.OrderID, 10), Number: strings.TrimSpace(o.OrderNumber), Status: status, Version: o.version(),
	}, nil
}
