package ordermanager

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/orderbridge/orderbridge/activities/downstream"
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
	number = strings.TrimSpace(number)
	c := a.search("find order", number)
	if number == "" {
		return downstream.Order{}, a.fail(c, downstream.Invalid, "the order number is empty", adviseReport)
	}
	var found *wireOrder
	for page := range maxPages {
		orders, err := a.page(ctx, c, number, page+1, pageSize)
		if err != nil {
			return downstream.Order{}, err
		}
		for _, o := range orders {
			if strings.TrimSpace(o.OrderNumber) != number {
				continue
			}
			switch channel := o.channel(); {
			case channel == 0:
				return downstream.Order{}, a.malformed(c, "an order does not say which sales channel it is from")
			case channel != a.config.SalesChannelID:
				continue
			case found != nil && found.OrderID != o.OrderID:
				return downstream.Order{}, a.fail(c, downstream.Ambiguous, "more than one order has this number",
					"cancel or renumber the order that should not be there, in Order Manager")
			}
			found = &o
		}
		if len(orders) < pageSize {
			return a.only(c, found)
		}
	}
	return downstream.Order{}, a.malformed(c, fmt.Sprintf(
		"the search for one number has more than %d pages, so the API seems to ignore the number", maxPages))
}

// only is the end of a search: the one order that was found, or none.
func (a *Adapter) only(c call, found *wireOrder) (downstream.Order, error) {
	if found == nil {
		return downstream.Order{}, a.fail(c, downstream.NotFound, "no order of the sales channel has this number",
			"check that Order Manager has imported the order, and that the channel's sales channel id is right")
	}
	return a.resolve(c, found)
}

// search is the call that lists orders.
func (*Adapter) search(name, number string) call {
	return call{name: name, order: number, method: http.MethodGet, route: routeOrders}
}

// page reads one page of a search; pages are numbered from 1.
func (a *Adapter) page(ctx context.Context, c call, number string, page, limit int) ([]wireOrder, error) {
	c.path = routeOrders + "?" + url.Values{
		"limit":          {strconv.Itoa(limit)},
		"orderNumber":    {number},
		"page":           {strconv.Itoa(page)},
		"salesChannelId": {strconv.FormatInt(a.config.SalesChannelID, 10)},
	}.Encode()
	var orders *[]wireOrder
	if err := a.read(ctx, c, &orders); err != nil {
		return nil, err
	}
	if orders == nil {
		return nil, a.malformed(c, "the answer is null where a list of orders should be")
	}
	return *orders, nil
}

// reread reads the order that a change is about.
func (a *Adapter) reread(ctx context.Context, name string, target downstream.Target) (downstream.Order, error) {
	c := call{
		name: name, order: target.Number, method: http.MethodGet, route: routeOrder, path: routeOrders + "/" + target.OrderID,
	}
	var o wireOrder
	if err := a.read(ctx, c, &o); err != nil {
		return downstream.Order{}, err
	}
	if strconv.FormatInt(o.OrderID, 10) != target.OrderID || strings.TrimSpace(o.OrderNumber) != strings.TrimSpace(target.Number) ||
		o.channel() != a.config.SalesChannelID {
		return downstream.Order{}, a.malformed(c, "the answer is another order than the one that was asked for")
	}
	return a.resolve(c, &o)
}

// resolve makes an order of an answer one that the rules understand.
func (a *Adapter) resolve(c call, o *wireOrder) (downstream.Order, error) {
	if o.OrderID <= 0 {
		return downstream.Order{}, a.malformed(c, "the order has no id")
	}
	status, ok := statusOf(o.status())
	if !ok {
		return downstream.Order{}, a.fail(c, downstream.Malformed,
			"the order's status"+quotable(o.status())+" is not one that this adapter knows",
			"look at the order in Order Manager; if its status is a new one there, Orderbridge must be taught what it means")
	}
	return downstream.Order{
		ID: strconv.FormatInt(o.OrderID, 10), Number: strings.TrimSpace(o.OrderNumber), Status: status, Version: o.version(),
	}, nil
}
