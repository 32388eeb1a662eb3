package exampletest

import (
	"crypto/subtle"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/orderbridge/orderbridge/activities/downstream/downstreamtest/standin"
)

const (
	// pageSize is small, so that the answer to a search can have pages.
	pageSize = 2
	// maxBody bounds what is read of a request, in bytes.
	maxBody = 1 << 20
)

func (s *System) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /v2/orders", s.handle(false, s.find))
	mux.Handle("GET /v2/orders/{id}", s.handle(false, s.get))
	mux.Handle("POST /v2/orders/{id}/cancel", s.handle(true, s.cancel))
	mux.Handle("POST /v2/orders/{id}/ship", s.handle(true, s.ship))
	return mux
}

func answer(status int, body any) standin.Answer {
	return standin.JSON(status, "application/json", body)
}

func failure(status int) standin.Answer {
	return answer(status, map[string]string{"message": "order for " + Private + ": " + http.StatusText(status)})
}

func (s *System) find(r *http.Request) standin.Answer {
	query := r.URL.Query()
	number, warehouse := query.Get("reference"), query.Get("warehouse")
	matches := func(o view) bool { return o.Reference == number && strconv.FormatInt(o.Warehouse, 10) == warehouse }
	switch {
	case s.Faults.IgnoreFilters.Get():
		matches = func(view) bool { return true }
	case s.Faults.MatchSubstrings.Get():
		matches = func(o view) bool { return strings.Contains(strings.ToLower(o.Reference), strings.ToLower(number)) }
	}
	page, err := strconv.Atoi(query.Get("page"))
	if err != nil || page < 1 {
		return failure(http.StatusBadRequest)
	}
	stale := s.Faults.StaleRead()
	s.mu.Lock()
	defer s.mu.Unlock()
	found := []view{}
	for _, o := range s.orders {
		if matches(o.is) {
			found = append(found, o.shown(stale))
		}
	}
	end := min(page*pageSize, len(found))
	return answer(http.StatusOK, map[string]any{"orders": found[min((page-1)*pageSize, end):end], "more": end < len(found)})
}

func (s *System) get(r *http.Request) standin.Answer {
	stale := s.Faults.StaleRead()
	s.mu.Lock()
	defer s.mu.Unlock()
	if o := s.byID(r); o != nil {
		return answer(http.StatusOK, o.shown(stale))
	}
	return failure(http.StatusNotFound)
}

func (o *order) shown(stale bool) view {
	if stale {
		return o.was
	}
	return o.is
}

// byID returns the order that a request names, or nil. The caller holds s.mu.
func (s *System) byID(r *http.Request) *order {
	i := slices.IndexFunc(s.orders, func(o *order) bool { return o.is.ID == r.PathValue("id") })
	if i < 0 {
		return nil
	}
	return s.orders[i]
}

func (s *System) cancel(r *http.Request) standin.Answer {
	var body struct {
		Note string `json:"note"`
	}
	if !read(r, &body) || len([]rune(body.Note)) > 200 || strings.ContainsAny(body.Note, "\r\n") {
		return failure(http.StatusBadRequest)
	}
	return s.change(r, Effect{State: "Cancelled"})
}

func (s *System) ship(r *http.Request) standin.Answer {
	var body struct {
		Parcels []struct {
			Tracking  string `json:"tracking"`
			Carrier   string `json:"carrier"`
			ShippedAt string `json:"shipped_at"`
		} `json:"parcels"`
	}
	if !read(r, &body) {
		return failure(http.StatusBadRequest)
	}
	effect := Effect{State: "Shipped"}
	for _, parcel := range body.Parcels {
		if parcel.Tracking == "" {
			return failure(http.StatusBadRequest)
		}
		effect.TrackingNumbers = append(effect.TrackingNumbers, parcel.Tracking)
	}
	return s.change(r, effect)
}

// read reads a body that has no member which Binrow does not know.
func read(r *http.Request, into any) bool {
	body := json.NewDecoder(io.LimitReader(r.Body, maxBody))
	body.DisallowUnknownFields()
	return body.Decode(into) == nil
}

// change does not mind that an order has been cancelled or shipped.
func (s *System) change(r *http.Request, effect Effect) standin.Answer {
	s.Faults.BeforeChange(r.PathValue("id"))
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.byID(r)
	switch {
	case o == nil:
		return failure(http.StatusNotFound)
	case o.is.State == "Received" || o.is.State == "Removed":
		return failure(http.StatusConflict)
	}
	o.move(effect.State)
	o.effects = append(o.effects, effect)
	return answer(http.StatusOK, o.is)
}

func (s *System) authenticated(r *http.Request) bool {
	return !s.Faults.Revoked.Get() && subtle.ConstantTimeCompare([]byte(r.Header.Get("X-Api-Key")), []byte(s.Key)) == 1
}
