package ordermanagertest

import (
	"net/http"
	"slices"
	"strconv"
)

// findOrders answers a bare list. Inferred: clients read it as one.
//
// Guessed: parameters that the API does not know are ignored, as comparable
// systems do.
func (s *System) findOrders(r *http.Request) answer {
	query := r.URL.Query()
	// Documented: limit is 10 to 1000 and 100 by default, page counts from 1.
	// Guessed: anything else is a 400.
	limit, ok := number(query.Get("limit"), 100)
	if !ok || limit < 10 || limit > 1000 {
		return failure(http.StatusBadRequest, "limit must be between 10 and 1000")
	}
	page, ok := number(query.Get("page"), 1)
	if !ok || page < 1 {
		return failure(http.StatusBadRequest, "page must be at least 1")
	}
	// Documented: salesChannelId is one number, and 0 stands for any.
	channel, ok := number(query.Get("salesChannelId"), 0)
	if !ok {
		return failure(http.StatusBadRequest, "salesChannelId must be a number")
	}
	// Documented: orderNumber is a list.
	matches := s.faults.matcher(query["orderNumber"], channel)
	stale := s.faults.switches.StaleRead()

	s.mu.Lock()
	defer s.mu.Unlock()
	found := []any{}
	for _, o := range s.orders {
		if matches(o.Order) {
			found = append(found, s.shown(o, stale))
		}
	}
	// Inferred: a page behind the last one is an empty list. Clients stop there.
	start := min((page-1)*limit, int64(len(found)))
	return success(found[start:min(start+limit, int64(len(found)))])
}

// getOrder answers one order. Documented: by its id. Guessed: 404 for one that
// does not exist, and 400 for what is no number.
func (s *System) getOrder(r *http.Request) answer {
	id, ok := number(r.PathValue("id"), 0)
	if !ok || id < 1 {
		return failure(http.StatusBadRequest, "orderId must be a number")
	}
	stale := s.faults.switches.StaleRead()
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.byID(id)
	if o == nil {
		return failure(http.StatusNotFound, "Order not found")
	}
	return success(s.shown(o, stale))
}

// shown is what a read shows: the order, or what it was before its last change.
func (s *System) shown(o *order, stale bool) any {
	if stale {
		return o.before.view()
	}
	return o.view()
}

// number reads a parameter that may be absent.
func number(text string, otherwise int64) (int64, bool) {
	if text == "" {
		return otherwise, true
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil
}

// equalTo is the matcher of a System without faults. Inferred: filters compare
// for equality, and both must match.
func equalTo(numbers []string, channel int64) func(Order) bool {
	return func(o Order) bool {
		return (len(numbers) == 0 || slices.Contains(numbers, o.Number)) && (channel == 0 || channel == o.SalesChannelID)
	}
}
