package shipstationtest

import (
	"net/http"
	"slices"
	"strconv"
)

// The list's parameters that the stand-in takes. Documented. Left out: that
// sortBy and sortDir sort. The remaining filters of the documentation are refused
// here, because nothing should use them.
var listParameters = []string{"orderNumber", "page", "pageSize", "sortBy", "sortDir", "storeId"}

// Bounds of a page. Documented: 100 unless asked for, at most 500.
const (
	defaultPage = 100
	maxPage     = 500
)

func (s *System) listTags(*http.Request) answer {
	// Documented: a list of tags.
	return success([]map[string]any{{"tagId": 53974, "name": "Amazon Prime Order", "color": "#2db9b9"}})
}

func (s *System) getStore(r *http.Request) answer {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil || id != StoreID {
		// Inferred: 404, as for orders.
		return refusal(http.StatusNotFound, "Not Found")
	}
	return success(map[string]any{"storeId": id, "storeName": "BigCommerce", "active": true})
}

func (s *System) getOrder(r *http.Request) answer {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		// Guessed.
		return refusal(http.StatusBadRequest, "The request is invalid.")
	}
	stale := s.faults.switches.StaleRead()
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.byID(id)
	if o == nil {
		// Documented: 404 for what does not exist.
		return refusal(http.StatusNotFound, "Not Found")
	}
	return success(o.seen(stale))
}

func (s *System) listOrders(r *http.Request) answer {
	query := r.URL.Query()
	for name, values := range query {
		if !slices.Contains(listParameters, name) || len(values) != 1 {
			// Stricter than ShipStation may be: a misspelt filter must fail a
			// test.
			return refusal(http.StatusBadRequest, "unknown or repeated parameter")
		}
	}
	page, size := 1, defaultPage
	var store int64
	for name, into := range map[string]*int{"page": &page, "pageSize": &size} {
		if !query.Has(name) {
			continue
		}
		n, err := strconv.Atoi(query.Get(name))
		if err != nil || n < 1 {
			// Guessed, as for storeId.
			return refusal(http.StatusBadRequest, "The request is invalid.")
		}
		*into = n
	}
	if query.Has("storeId") {
		n, err := strconv.ParseInt(query.Get("storeId"), 10, 64)
		if err != nil {
			return refusal(http.StatusBadRequest, "The request is invalid.")
		}
		store = n
	}
	// Guessed: a page size beyond the maximum is lowered without a word.
	size = min(size, maxPage)
	matches := s.faults.matcher(query.Get("orderNumber"), store)
	stale := s.faults.switches.StaleRead()

	s.mu.Lock()
	defer s.mu.Unlock()
	found := []Document{}
	// The order in which they were added is that of their creation.
	for _, o := range s.orders {
		if seen := o.seen(stale); matches(seen) {
			found = append(found, seen)
		}
	}
	total := len(found)
	start := min((page-1)*size, total)
	// Documented: orders, total, page and pages. Guessed: no page at all for
	// no orders, and an empty one behind the last.
	return success(map[string]any{
		"orders": found[start:min(start+size, total)], "total": total, "page": page, "pages": (total + size - 1) / size,
	})
}

// seen is what a read shows: the order, or what it was before its last change.
func (o *order) seen(stale bool) Document {
	if stale {
		return o.before
	}
	return o.doc
}
