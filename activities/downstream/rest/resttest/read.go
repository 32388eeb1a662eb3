package resttest

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/orderbridge/orderbridge/activities/downstream/rest"
)

// maxPage is how many orders a page holds at most.
const maxPage = 100

func (s *System) listStatuses(r *http.Request) answer {
	if bad, ok := onlyQuery(r); !ok {
		return bad
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return success(map[string]any{"statuses": s.statuses})
}

func (s *System) findOrders(r *http.Request) answer {
	if bad, ok := onlyQuery(r, "number", "cursor"); !ok {
		return bad
	}
	query := r.URL.Query()
	number := query.Get("number")
	if number == "" || len([]rune(number)) > 100 {
		return badRequest("number is empty or longer than 100 characters")
	}
	start := 0
	if query.Has("cursor") {
		var err error
		if start, err = strconv.Atoi(query.Get("cursor")); err != nil || start < 1 {
			return badRequest("cursor is not one that a page before gave")
		}
	}
	matches := s.faults.matcher(number)
	stale := s.faults.switches.StaleRead()

	s.mu.Lock()
	defer s.mu.Unlock()
	found := []view{}
	for _, o := range s.orders {
		if matches(o.Number) {
			found = append(found, o.seen(stale))
		}
	}
	start = min(start, len(found))
	end := min(start+s.pageSize, len(found))
	page := map[string]any{"orders": found[start:end]}
	if end < len(found) {
		page["next_cursor"] = strconv.Itoa(end)
	}
	return success(page)
}

func (s *System) getOrder(r *http.Request) answer {
	if bad, ok := onlyQuery(r); !ok {
		return bad
	}
	stale := s.faults.switches.StaleRead()
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.byID(r.PathValue("id"))
	if o == nil {
		return noSuchOrder()
	}
	return shown(o.seen(stale))
}

// seen is what a read shows: the order, or what it was before its last change.
func (o *order) seen(stale bool) view {
	if stale {
		return o.before
	}
	return o.view()
}

func noSuchOrder() answer {
	return refusal(http.StatusNotFound, rest.ProblemNotFound, "no order has this id")
}

// onlyQuery refuses query parameters that the call does not have, and those
// that come twice.
func onlyQuery(r *http.Request, names ...string) (answer, bool) {
	for name, values := range r.URL.Query() {
		known := false
		for _, n := range names {
			known = known || n == name
		}
		if !known || len(values) != 1 {
			return badRequest("the query may hold each of [%s] once and nothing else", strings.Join(names, " ")), false
		}
	}
	return answer{}, true
}
