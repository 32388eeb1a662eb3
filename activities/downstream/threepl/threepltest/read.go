package threepltest

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

const (
	// ordersRel names the orders in an answer. Documented, capital C included.
	ordersRel = "http://api.3plCentral.com/rels/orders/order"
	// Documented: at most 1000 orders a page, 100 by default.
	maxPage, defaultPage = 1000, 100
)

// listOrders answers a search. Documented: its parameters, and that others are
// ignored without a word, so that a misspelt rql answers everybody's orders.
func (s *System) listOrders(r *http.Request) answer {
	query := r.URL.Query()
	size, ok := positive(query, "pgsiz", defaultPage)
	if !ok || size > maxPage {
		return badQuery("pgsiz", "NotParsable", "") // Documented as an error. Guessed: its code.
	}
	page, ok := positive(query, "pgnum", 1)
	if !ok {
		return badQuery("pgnum", "NotParsable", "")
	}
	var conditions []condition
	if query.Has("rql") {
		var err error
		if conditions, err = parseFilter(query.Get("rql")); err != nil {
			return badQuery("rql", "NotParsable", err.Error())
		}
	}
	matches := s.faults.matcher(query.Get("rql"), conditions)
	stale := s.faults.switches.StaleRead()

	s.mu.Lock()
	defer s.mu.Unlock()
	found := []map[string]any{}
	for _, o := range s.orders {
		if matches(o.Order) {
			shown := o.seen(stale)
			found = append(found, shown.view())
		}
	}
	start := min((page-1)*size, len(found))
	return success(map[string]any{
		"totalResults": len(found),
		// Inferred: the member is there, and empty, when there is no order.
		"_embedded": map[string]any{ordersRel: found[start:min(start+size, len(found))]},
		"_links":    map[string]any{"self": map[string]string{"href": "/orders"}},
	})
}

func positive(query url.Values, name string, otherwise int) (int, bool) {
	if !query.Has(name) {
		return otherwise, true
	}
	n, err := strconv.Atoi(query.Get(name))
	return n, err == nil && n > 0 && n < 1<<20
}

// getOrder answers one order. Documented: 200 with an ETag, or 404.
func (s *System) getOrder(r *http.Request) answer {
	stale := s.faults.switches.StaleRead()
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.byID(r.PathValue("id"))
	if o == nil {
		return empty(http.StatusNotFound)
	}
	shown := o.seen(stale)
	return success(shown.view()).With("ETag", shown.Version)
}

// seen is what a read shows: the order, or what it was before its last change.
func (o *order) seen(stale bool) Order {
	if stale {
		return o.before
	}
	return o.Order
}

// view is an order on the wire. Documented: the members. Inferred: that a point
// of time that is not reached is null. The address stands for everything that
// a client has no business to keep.
func (o *Order) view() map[string]any {
	since := func(is bool) any {
		if is {
			return "2026-03-04T09:30:00" // Documented: no offset.
		}
		return nil
	}
	id, _ := strconv.ParseInt(o.ID, 10, 64)
	return map[string]any{
		"referenceNum": o.Number,
		"readOnly": map[string]any{
			"orderId":            id,
			"customerIdentifier": map[string]any{"externalId": "", "name": "Acme", "id": o.CustomerID},
			"facilityIdentifier": map[string]any{"name": "East", "id": o.FacilityID},
			"fullyAllocated":     o.FullyAllocated,
			"isClosed":           o.Status == statusClosed,
			"onHoldDate":         since(o.OnHold),
			"packStarted":        since(o.PackStarted),
			"pickStarted":        since(o.PickStarted),
			"status":             o.Status,
		},
		"shipTo": map[string]string{"name": "Jane Doe", "emailAddress": "jane.doe@example.com"},
	}
}

// numberIn is the reference number that a filter asks for.
func numberIn(filter string) string {
	_, rest, _ := strings.Cut(strings.ToLower(filter), "referencenum==")
	value, _, _ := strings.Cut(rest, ";")
	return value
}
