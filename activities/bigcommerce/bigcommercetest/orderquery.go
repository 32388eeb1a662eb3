package bigcommercetest

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// dateForms are the ways in which filters may give a date: RFC 2822 and ISO 8601
// with an offset are documented.
var dateForms = []string{
	time.RFC1123Z, "Mon, 2 Jan 2006 15:04:05 -0700", "2 Jan 2006 15:04:05 -0700",
	time.RFC3339, "2006-01-02T15:04:05-0700",
}

// Fields that filters, sorting and wobbling types share.
const (
	fieldChannelID  = "channel_id"
	fieldCustomerID = "customer_id"
	fieldStatusID   = "status_id"
)

var orderSorts = map[string]func(a, b *order) int{
	"id":            func(a, b *order) int { return cmp.Compare(a.ID, b.ID) },
	fieldCustomerID: func(a, b *order) int { return cmp.Compare(a.CustomerID, b.CustomerID) },
	"date_created":  func(a, b *order) int { return a.DateCreated.Compare(b.DateCreated) },
	"date_modified": func(a, b *order) int { return a.DateModified.Compare(b.DateModified) },
	fieldStatusID:   func(a, b *order) int { return cmp.Compare(a.StatusID, b.StatusID) },
	fieldChannelID:  func(a, b *order) int { return cmp.Compare(a.ChannelID, b.ChannelID) },
	"external_id":   func(a, b *order) int { return cmp.Compare(a.ExternalID, b.ExternalID) },
}

// orderFilters say, for each parameter, which orders a value leaves. Bounds are
// inclusive: chosen. status_id takes one number and no list.
var orderFilters = map[string]func(value string) (func(*order) bool, error){
	"min_id":            numberFilter(func(o *order, n int64) bool { return o.ID >= n }),
	"max_id":            numberFilter(func(o *order, n int64) bool { return o.ID <= n }),
	fieldCustomerID:     numberFilter(func(o *order, n int64) bool { return o.CustomerID == n }),
	fieldStatusID:       numberFilter(func(o *order, n int64) bool { return int64(o.StatusID) == n }),
	fieldChannelID:      numberFilter(func(o *order, n int64) bool { return o.ChannelID == n }),
	"min_total":         totalFilter(func(total, n money) bool { return total >= n }),
	"max_total":         totalFilter(func(total, n money) bool { return total <= n }),
	"email":             textFilter(func(o *order) string { return o.Billing.Email }),
	"cart_id":           textFilter(func(o *order) string { return o.CartID }),
	"payment_method":    textFilter(func(o *order) string { return o.PaymentMethod }),
	"external_order_id": textFilter(func(o *order) string { return o.ExternalOrderID }),
	"min_date_created":  dateFilter(func(o *order, t time.Time) bool { return !o.DateCreated.Before(t) }),
	"max_date_created":  dateFilter(func(o *order, t time.Time) bool { return !o.DateCreated.After(t) }),
	"min_date_modified": dateFilter(func(o *order, t time.Time) bool { return !o.DateModified.Before(t) }),
	"max_date_modified": dateFilter(func(o *order, t time.Time) bool { return !o.DateModified.After(t) }),
}

func numberFilter(keep func(*order, int64) bool) func(string) (func(*order) bool, error) {
	return func(value string) (func(*order) bool, error) {
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%q is not one number", value)
		}
		return func(o *order) bool { return keep(o, n) }, nil
	}
}

func totalFilter(keep func(total, n money) bool) func(string) (func(*order) bool, error) {
	return func(value string) (func(*order) bool, error) {
		n, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return nil, fmt.Errorf("%q is not an amount", value)
		}
		bound := money(n * 10_000)
		return func(o *order) bool {
			total := o.subtotal() + o.shippingCost()
			return keep(total+o.subtotal().tax()+o.shippingCost().tax(), bound)
		}, nil
	}
}

func textFilter(of func(*order) string) func(string) (func(*order) bool, error) {
	return func(value string) (func(*order) bool, error) {
		return func(o *order) bool { return of(o) == value }, nil
	}
}

func dateFilter(keep func(*order, time.Time) bool) func(string) (func(*order) bool, error) {
	return func(value string) (func(*order) bool, error) {
		for _, form := range dateForms {
			if t, err := time.Parse(form, value); err == nil {
				return func(o *order) bool { return keep(o, t) }, nil
			}
		}
		return nil, fmt.Errorf("%q is not a date of RFC 2822 or ISO 8601", value)
	}
}

// ordersOfQuery returns the orders that the filters leave, sorted. Archived
// orders are left out unless is_deleted is true; that filter was documented once
// and may still work on the platform.
func (s *Store) ordersOfQuery(r *request) ([]*order, *answer) {
	q := r.URL.Query()
	keep, err := readFilters(q)
	if err != nil {
		a := v2Error(http.StatusBadRequest, err.Error())
		return nil, &a
	}
	compare, err := readSort(q.Get("sort"))
	if err != nil {
		a := v2Error(http.StatusBadRequest, err.Error())
		return nil, &a
	}
	list := slices.SortedFunc(maps.Values(s.orders), compare)
	return slices.DeleteFunc(list, func(o *order) bool {
		return slices.ContainsFunc(keep, func(f func(*order) bool) bool { return !f(o) })
	}), nil
}

func readFilters(q url.Values) ([]func(*order) bool, error) {
	deleted, err := boolParam(q, "is_deleted")
	if err != nil {
		return nil, fmt.Errorf("the parameter 'is_deleted' is invalid: %w", err)
	}
	wantDeleted := deleted != nil && *deleted
	keep := []func(*order) bool{func(o *order) bool { return o.IsDeleted == wantDeleted }}
	for name, read := range orderFilters {
		if !q.Has(name) {
			continue
		}
		f, err := read(q.Get(name))
		if err != nil {
			return nil, fmt.Errorf("the parameter '%s' is invalid: %w", name, err)
		}
		keep = append(keep, f)
	}
	return keep, nil
}

// readSort reads "field:asc" or "field:desc"; by default orders come by id.
func readSort(text string) (func(a, b *order) int, error) {
	if text == "" {
		return orderSorts["id"], nil
	}
	field, direction, _ := strings.Cut(text, ":")
	compare := orderSorts[field]
	if compare == nil || !slices.Contains([]string{"", "asc", "desc"}, direction) {
		return nil, fmt.Errorf("the parameter 'sort' must not be %q", text)
	}
	return func(a, b *order) int {
		if direction == "desc" {
			a, b = b, a
		}
		return cmp.Or(compare(a, b), cmp.Compare(a.ID, b.ID))
	}, nil
}
