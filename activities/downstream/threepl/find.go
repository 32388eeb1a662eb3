package threepl

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
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
	seen := 0
	found, err := overhttp.Find(ctx, a.client, overhttp.Search[wireOrder]{
		Number:   number,
		MaxPages: maxPages,
		Page: func(ctx context.Context, c overhttp.Call, number string, page int) ([]wireOrder, bool, error) {
			total, orders, err := a.search(ctx, c, "referenceNum=="+escape(number)+";"+a.scope(), pageSize, page)
			if err != nil {
				return nil, false, err
			}
			seen += len(orders)
			if seen < total && (len(orders) == 0 || page == maxPages) {
				return nil, false, a.client.Malformed(c, fmt.Sprintf(
					"the search for one number answers %d orders, of which %d could be read; the system seems to ignore the filter",
					total, seen))
			}
			return orders, seen < total, nil
		},
		Match:     a.match,
		Ambiguous: "give the orders different reference numbers in 3PL Warehouse Manager",
		Missing:   "check that the order was passed on to the warehouse, and the channel's customer and facility ids",
	})
	if err != nil {
		return downstream.Order{}, err
	}
	return a.get(ctx, "find order: read the order", strconv.FormatInt(found.ReadOnly.OrderID, 10), strings.TrimSpace(number))
}

// Probe asks for one order of the customer, whichever it is, and makes sure
// that it is the customer's. A customer id that does not exist is answered by no
// order, as one without orders is: that cannot be told.
func (a *Adapter) Probe(ctx context.Context) error {
	c := overhttp.Call{Name: "probe"}
	_, orders, err := a.search(ctx, c, a.scope(), 1, 1)
	if err != nil {
		return err
	}
	for i := range orders {
		if !a.inScope(&orders[i]) {
			return a.client.Malformed(c, "the search for one customer's orders answers another's")
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

// match returns the id of an order that is the one that is looked for.
func (a *Adapter) match(o wireOrder, number string) (string, error) {
	switch {
	case strings.TrimSpace(o.ReferenceNum) != number:
		return "", nil
	case o.ReadOnly.OrderID <= 0:
		return "", errors.New("an order has no id")
	case o.ReadOnly.CustomerIdentifier.ID <= 0:
		return "", errors.New("an order has no customer")
	case !a.inScope(&o):
		return "", nil
	default:
		return strconv.FormatInt(o.ReadOnly.OrderID, 10), nil
	}
}

// search reads one page of orders, and how many there are in all.
func (a *Adapter) search(ctx context.Context, c overhttp.Call, filter string, size, page int) (int, []wireOrder, error) {
	c.Method, c.Route = http.MethodGet, routeOrders
	c.Path = routeOrders + "?" + url.Values{
		"pgnum": {strconv.Itoa(page)}, "pgsiz": {strconv.Itoa(size)}, "rql": {filter},
	}.Encode()
	var list orderPage
	if _, err := a.tokens.Read(ctx, c, &list); err != nil {
		return 0, nil, err
	}
	if list.TotalResults == nil || *list.TotalResults < len(list.Embedded.Orders) {
		return 0, nil, a.client.Malformed(c, "the answer does not say how many orders there are, or too few")
	}
	return *list.TotalResults, list.Embedded.Orders, nil
}

// get reads one order, with its version.
func (a *Adapter) get(ctx context.Context, name, id, number string) (downstream.Order, error) {
	c := overhttp.Call{Name: name, Order: number, Method: http.MethodGet, Route: routeOrder, Path: routeOrders + "/" + id}
	var o wireOrder
	ans, err := a.tokens.Read(ctx, c, &o)
	if err != nil {
		return downstream.Order{}, err
	}
	etag := ans.Header.Get("ETag")
	status, known := o.status()
	got := strings.TrimSpace(o.ReferenceNum)
	switch {
	case strconv.FormatInt(o.ReadOnly.OrderID, 10) != id, got == "", number != "" && got != number, !a.inScope(&o):
		return downstream.Order{}, a.client.Malformed(c, "the answer is another order than the one that was asked for, or another customer's")
	case !known:
		return downstream.Order{}, a.client.Malformed(c, "the order has a status that is not documented")
	case !entityTag.MatchString(etag):
		return downstream.Order{}, a.client.Malformed(c, "the answer has no usable ETag")
	}
	return downstream.Order{ID: id, Number: got, Status: status, Version: etag}, nil
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
