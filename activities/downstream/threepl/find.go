package threepl

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
	// pageSize is how many orders are asked for at a time. The vendor allows
	// 1000; the filter leaves one as a rule.
	pageSize = 100
	// maxPages bounds how many pages of one answer are read.
	maxPages = 10
)

// Find implements downstream.Adapter. It takes a search and a read: the search
// answers no versions.
func (a *Adapter) Find(ctx context.Context, number string) (downstream.Order, error) {
	number = strings.TrimSpace(number)
	c := call{name: "find order", order: number}
	if number == "" {
		return downstream.Order{}, a.fail(c, downstream.Invalid, "the order number is empty", adviseReport)
	}
	var found int64
	seen := 0
	for page := 1; ; page++ {
		total, orders, err := a.search(ctx, c, "referenceNum=="+escape(number)+";"+a.scope(), pageSize, page)
		if err != nil {
			return downstream.Order{}, err
		}
		for i := range orders {
			id, err := a.match(c, &orders[i], number)
			switch {
			case err != nil:
				return downstream.Order{}, err
			case id == 0 || id == found:
			case found != 0:
				return downstream.Order{}, a.fail(c, downstream.Ambiguous, "more than one order has this reference number",
					"give the orders different reference numbers in 3PL Warehouse Manager")
			default:
				found = id
			}
		}
		if seen += len(orders); seen >= total {
			break
		}
		if len(orders) == 0 || page == maxPages {
			return downstream.Order{}, a.malformed(c, fmt.Sprintf(
				"the search for one number answers %d orders, of which %d could be read; the system seems to ignore the filter",
				total, seen))
		}
	}
	if found == 0 {
		return downstream.Order{}, a.fail(c, downstream.NotFound, "no order of the customer has this reference number",
			"check that the order was passed on to the warehouse, and the channel's customer and facility ids")
	}
	return a.get(ctx, c.name, strconv.FormatInt(found, 10), number)
}

// Probe asks for one order of the customer, whichever it is, and makes sure
// that it is the customer's. A customer id that does not exist is answered by no
// order, as one without orders is: that cannot be told.
func (a *Adapter) Probe(ctx context.Context) error {
	c := call{name: "probe"}
	_, orders, err := a.search(ctx, c, a.scope(), 1, 1)
	if err != nil {
		return err
	}
	for i := range orders {
		if !a.inScope(&orders[i]) {
			return a.malformed(c, "the search for one customer's orders answers another's")
		}
	}
	return nil
}

// scope is the part of a filter that keeps other customers' orders out.
func (a *Adapter) scope() string {
	scope := "readonly.customeridentifier.id==" + strconv.FormatInt(a.config.CustomerID, 10)
	if a.config.FacilityID != 0 {
		scope += ";readonly.facilityidentifier.id==" + strconv.FormatInt(a.config.FacilityID, 10)
	}
	return scope
}

// inScope is the same as scope, for an order.
func (a *Adapter) inScope(o *wireOrder) bool {
	return o.ReadOnly.CustomerIdentifier.ID == a.config.CustomerID &&
		(a.config.FacilityID == 0 || o.ReadOnly.FacilityIdentifier.ID == a.config.FacilityID)
}

// match returns the id of an order that is the one that is looked for, or 0.
func (a *Adapter) match(c call, o *wireOrder, number string) (int64, error) {
	switch {
	case strings.TrimSpace(o.ReferenceNum) != number:
		return 0, nil
	case o.ReadOnly.OrderID <= 0:
		return 0, a.malformed(c, "an order has no id")
	case o.ReadOnly.CustomerIdentifier.ID <= 0:
		return 0, a.malformed(c, "an order has no customer")
	case !a.inScope(o):
		return 0, nil
	default:
		return o.ReadOnly.OrderID, nil
	}
}

// search reads one page of orders, and how many there are in all.
func (a *Adapter) search(ctx context.Context, c call, filter string, size, page int) (int, []wireOrder, error) {
	c.method, c.role = http.MethodGet, "OrderView"
	c.path = ordersPath + "?" + url.Values{
		"pgnum": {strconv.Itoa(page)}, "pgsiz": {strconv.Itoa(size)}, "rql": {filter},
	}.Encode()
	var list orderPage
	if _, err := a.read(ctx, c, &list); err != nil {
		return 0, nil, err
	}
	if list.TotalResults == nil || *list.TotalResults < len(list.Embedded.Orders) {
		return 0, nil, a.malformed(c, "the answer does not say how many orders there are, or too few")
	}
	return *list.TotalResults, list.Embedded.Orders, nil
}

// get reads one order, with its version.
func (a *Adapter) get(ctx context.Context, name, id, number string) (downstream.Order, error) {
	c := call{
		name: name + ": read the order", order: number, method: http.MethodGet, role: "OrderView",
		path: ordersPath + "/" + id, one: true,
	}
	var o wireOrder
	ans, err := a.read(ctx, c, &o)
	if err != nil {
		return downstream.Order{}, err
	}
	status, known := o.status()
	got := strings.TrimSpace(o.ReferenceNum)
	switch {
	case strconv.FormatInt(o.ReadOnly.OrderID, 10) != id, got == "", number != "" && got != number, !a.inScope(&o):
		return downstream.Order{}, a.malformed(c, "the answer is another order than the one that was asked for, or another customer's")
	case !known:
		return downstream.Order{}, a.malformed(c, "the order has a status that is not documented")
	case !entityTag.MatchString(ans.etag):
		return downstream.Order{}, a.malformed(c, "the answer has no usable ETag")
	}
	return downstream.Order{ID: id, Number: got, Status: status, Version: ans.etag}, nil
}

// reserved are the characters that mean something in a filter.
const reserved = "%!()*=,;"

// escape writes a text so that a filter compares it as it is. The API decodes
// values a second time after the query has been decoded.
func escape(text string) string {
	var b strings.Builder
	for _, r := range text {
		if strings.ContainsRune(reserved, r) {
			fmt.Fprintf(&b, "%%%02X", r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}
