package shipstation

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
)

const (
	// pageSize is the most that ShipStation allows.
	pageSize = 500
	// maxPages bounds how many pages of one search are read. The filter
	// matches beginnings, so that 12 finds 120 and 1203 too: up to a thousand
	// orders more in a shop whose numbers have five digits.
	maxPages = 4
)

// Find implements downstream.Adapter. It compares every order of the answer
// itself: ShipStation documents that its filter matches the beginning of a
// number.
func (a *Adapter) Find(ctx context.Context, number string) (downstream.Order, error) {
	r, err := a.reserve(ctx, overhttp.Call{Name: "find order", Order: strings.TrimSpace(number)}, 1, true)
	if err != nil {
		return downstream.Order{}, err
	}
	defer r.release()
	return overhttp.Find(ctx, a.client, overhttp.Search[downstream.Order]{
		Number:   number,
		MaxPages: maxPages,
		Page: func(ctx context.Context, c overhttp.Call, number string, page int) ([]downstream.Order, bool, error) {
			return a.page(ctx, r, c, number, page)
		},
		Match:     func(o downstream.Order, _ string) (string, error) { return o.ID, nil },
		Ambiguous: "set the channel's store id if they are in several stores; otherwise give them different numbers in ShipStation",
		Missing:   "check that ShipStation has imported the order, and the channel's store id",
	})
}

// page reads one page of a search and returns the orders that match.
func (a *Adapter) page(
	ctx context.Context, r *room, c overhttp.Call, number string, page int,
) (matches []downstream.Order, more bool, err error) {
	c.Method, c.Route, c.Path = http.MethodGet, routeOrders, routeOrders+"?"+a.query(number, page).Encode()
	var list wirePage
	if err := a.read(ctx, r, c, &list); err != nil {
		return nil, false, err
	}
	if list.Orders == nil {
		return nil, false, a.client.Malformed(c, "the answer has no list of orders")
	}
	for _, raw := range *list.Orders {
		o, err := a.match(raw, number)
		switch {
		case err != nil:
			return nil, false, a.client.Malformed(c, err.Error())
		case o != nil:
			matches = append(matches, *o)
		}
	}
	return matches, page < list.Pages, nil
}

// query asks for the orders in the order in which they were made: a new one
// then moves none to another page.
func (a *Adapter) query(number string, page int) url.Values {
	query := url.Values{
		"orderNumber": {number},
		"page":        {strconv.Itoa(page)},
		"pageSize":    {strconv.Itoa(pageSize)},
		"sortBy":      {"CreateDate"},
		"sortDir":     {"ASC"},
	}
	if a.config.StoreID != 0 {
		query.Set("storeId", strconv.FormatInt(a.config.StoreID, 10))
	}
	return query
}

// match returns the order if it has the number and is in the channel's store,
// and nil if it is another.
func (a *Adapter) match(raw json.RawMessage, number string) (*downstream.Order, error) {
	var other wireNumber
	if err := overhttp.DecodeJSON(raw, &other); err != nil {
		return nil, errors.New("an order is " + err.Error())
	}
	if strings.TrimSpace(other.OrderNumber) != number {
		return nil, nil //nolint:nilnil // Neither an order nor an error: that is what another order is.
	}
	var o wireOrder
	if err := overhttp.DecodeJSON(raw, &o); err != nil {
		return nil, errors.New("the order is " + err.Error())
	}
	if !a.inStore(&o) {
		return nil, nil //nolint:nilnil // As above.
	}
	order, err := o.order()
	if err != nil {
		return nil, err
	}
	return &order, nil
}

// inStore reports whether an order is in the channel's store. The filter of a
// search is not relied on for it.
func (a *Adapter) inStore(o *wireOrder) bool {
	return a.config.StoreID == 0 || o.AdvancedOptions.StoreID == a.config.StoreID
}

// snapshot is an order as it was read on its own.
type snapshot struct {
	downstream.Order

	document document
	wire     wireOrder
}

// reread reads the order that a change is about.
func (a *Adapter) reread(ctx context.Context, r *room, name string, target downstream.Target) (snapshot, error) {
	c := overhttp.Call{
		Name: name, Order: target.Number, Method: http.MethodGet, Route: routeOrder, Path: routeOrders + "/" + target.OrderID,
	}
	var raw json.RawMessage
	if err := a.read(ctx, r, c, &raw); err != nil {
		return snapshot{}, err
	}
	var read snapshot
	err := errors.Join(overhttp.DecodeJSON(raw, &read.document), overhttp.DecodeJSON(raw, &read.wire))
	if err != nil {
		return snapshot{}, a.client.Malformed(c, "the answer is "+err.Error())
	}
	if read.Order, err = read.wire.order(); err != nil {
		return snapshot{}, a.client.Malformed(c, err.Error())
	}
	number := strings.TrimSpace(target.Number)
	if read.ID != target.OrderID || (number != "" && read.Number != number) || !a.inStore(&read.wire) {
		return snapshot{}, a.client.Malformed(c, "the answer is another order than the one that was asked for")
	}
	return read, nil
}
