package shipstation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/orderbridge/orderbridge/activities/downstream"
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
	number = strings.TrimSpace(number)
	c := call{name: "find order", order: number, method: http.MethodGet, route: routeOrders}
	if number == "" {
		return downstream.Order{}, a.fail(c, downstream.Invalid, "the order number is empty", adviseReport)
	}
	r, err := a.reserve(c, 1, true)
	if err != nil {
		return downstream.Order{}, err
	}
	defer r.release()

	var found *downstream.Order
	for page := 1; page <= maxPages; page++ {
		c.path = routeOrders + "?" + a.query(number, page).Encode()
		body, err := a.read(ctx, r, c)
		if err != nil {
			return downstream.Order{}, err
		}
		var list wirePage
		if err := decode(body, &list); err != nil {
			return downstream.Order{}, a.malformed(c, "the answer is "+err.Error())
		}
		if list.Orders == nil {
			return downstream.Order{}, a.malformed(c, "the answer has no list of orders")
		}
		for _, raw := range *list.Orders {
			o, err := a.match(raw, number)
			switch {
			case err != nil:
				return downstream.Order{}, a.malformed(c, err.Error())
			case o == nil:
			case found != nil && found.ID != o.ID:
				return downstream.Order{}, a.fail(c, downstream.Ambiguous, "more than one order has this number",
					"set the channel's store id if they are in several stores; otherwise give them different numbers in ShipStation")
			default:
				found = o
			}
		}
		if page >= list.Pages {
			return a.only(c, found)
		}
	}
	return downstream.Order{}, a.malformed(c, fmt.Sprintf(
		"the search for one number has more than %d pages of %d orders, so nobody can say whether the number is there once",
		maxPages, pageSize))
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
	if err := decode(raw, &other); err != nil {
		return nil, errors.New("an order is " + err.Error())
	}
	if strings.TrimSpace(other.OrderNumber) != number {
		return nil, nil //nolint:nilnil // Neither an order nor an error: that is what another order is.
	}
	var o wireOrder
	if err := decode(raw, &o); err != nil {
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

// only is the end of a search: the one order that was found, or none.
func (a *Adapter) only(c call, found *downstream.Order) (downstream.Order, error) {
	if found == nil {
		return downstream.Order{}, a.fail(c, downstream.NotFound, "no order has this number",
			"check that ShipStation has imported the order, and the channel's store id")
	}
	return *found, nil
}

// snapshot is an order as it was read on its own.
type snapshot struct {
	downstream.Order

	document document
	wire     wireOrder
}

// reread reads the order that a change is about.
func (a *Adapter) reread(ctx context.Context, r *room, ch change) (snapshot, error) {
	id := strconv.FormatInt(ch.orderID, 10)
	c := call{
		name: ch.name + ": read the order", order: ch.target.Number,
		method: http.MethodGet, route: routeOrder, path: routeOrders + "/" + id,
	}
	body, err := a.read(ctx, r, c)
	if err != nil {
		return snapshot{}, err
	}
	var read snapshot
	if err := errors.Join(decode(body, &read.document), decode(body, &read.wire)); err != nil {
		return snapshot{}, a.malformed(c, "the answer is "+err.Error())
	}
	if read.Order, err = read.wire.order(); err != nil {
		return snapshot{}, a.malformed(c, err.Error())
	}
	if read.ID != id || (ch.target.Number != "" && read.Number != strings.TrimSpace(ch.target.Number)) || !a.inStore(&read.wire) {
		return snapshot{}, a.malformed(c, "the answer is another order than the one that was asked for")
	}
	return read, nil
}
