package activities

import (
	"fmt"
	"slices"
	"time"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
)

const (
	// fewestOnFullPage is how many orders a page has at least if more follow.
	// 250 are asked for; that much is documented for lists in general, and 50
	// as what a list of orders has by default.
	fewestOnFullPage = 50
	// margin is by how much more is asked for than is needed, as long as it is
	// not known whether the store includes its bounds, which BigCommerce does
	// not document. Dates have a precision of a second.
	margin = time.Second
)

// ReconcileCursor is a place among the changes of a store's orders, in the order
// of their time.
//
// Numbered pages are of no use here: while they are read, orders are changed
// and move to the end, so that others slip to pages that were read already. So
// every page is asked for by what comes after the last change that was seen.
// What was changed by the end of the search can only leave the list meanwhile,
// never enter it, and what leaves it is in the next search.
type ReconcileCursor struct {
	// At is the second that comes next. Every change before it was seen.
	At time.Time `json:"at"`
	// Seen are the orders of that second that were seen already.
	Seen []int64 `json:"seen,omitempty"`
	// ByID is true while the second is read in the order of ids, because it
	// holds more changes than a page: a bulk import can do that.
	ByID bool `json:"by_id,omitempty"`
	// AfterID is, with ByID, the last id that was seen.
	AfterID int64 `json:"after_id,omitempty"`
	// Inclusive is true once an answer has shown that the store includes the
	// bounds of what it is asked for.
	Inclusive bool `json:"inclusive,omitempty"`
}

// query returns what to ask the store for.
func (c ReconcileCursor) query(until time.Time) bigcommerce.OrdersQuery {
	query := bigcommerce.OrdersQuery{
		Limit:           bigcommerce.MaxOrdersLimit,
		MinDateModified: c.begin(),
		MaxDateModified: until,
		Sort:            bigcommerce.SortByDateModified,
	}
	if c.ByID {
		query.MaxDateModified, query.MinID, query.Sort = c.At.Add(c.At.Sub(c.begin())), c.AfterID, bigcommerce.SortByID
	}
	return query
}

// begin returns the bound from which to ask for the second At.
func (c ReconcileCursor) begin() time.Time {
	if c.Inclusive {
		return c.At
	}
	return c.At.Add(-margin)
}

// take goes through the answer to query. It returns the orders that were not
// seen before, and the next cursor; done is true when there is nothing more up
// to and including the second until. It fails when the answer cannot be relied
// on.
func (c ReconcileCursor) take(page []bigcommerce.Order, until time.Time) (fresh []bigcommerce.Order, next ReconcileCursor, done bool, err error) {
	begin := c.begin()
	for i, order := range page {
		c.Inclusive = c.Inclusive || order.DateModified.Equal(begin)
		if order.DateModified.IsZero() {
			return nil, c, false, fmt.Errorf("order %d has no date_modified", order.ID)
		}
		if c.ByID && i > 0 && order.ID <= page[i-1].ID {
			return nil, c, false, fmt.Errorf("order %d comes after order %d in a list by id", order.ID, page[i-1].ID)
		}
	}
	if c.ByID {
		return c.takeByID(page, until)
	}
	return c.takeByDate(page, until, begin)
}

func (c ReconcileCursor) takeByDate(page []bigcommerce.Order, until, begin time.Time) (fresh []bigcommerce.Order, next ReconcileCursor, done bool, err error) {
	var last time.Time
	for _, order := range page {
		switch at := order.DateModified; {
		case at.After(until):
			continue // changed while it was being listed, or not of this search
		case at.Before(last):
			return nil, c, false, fmt.Errorf("order %d of %s comes after one of %s in a list by date_modified",
				order.ID, at.Format(time.RFC3339), last.Format(time.RFC3339))
		default:
			last = at
		}
		if c.isNew(order) {
			fresh = append(fresh, order)
		}
	}
	switch {
	case len(page) < fewestOnFullPage:
		return fresh, c.from(until.Add(time.Second)), true, nil
	case last.IsZero():
		return nil, c, false, fmt.Errorf("a whole page of orders was changed after %s, the end of what was asked for", until.Format(time.RFC3339))
	case last.After(c.At):
		next = c.from(last)
		next.Seen = idsAt(last, fresh)
		return fresh, next, false, nil
	case last.Before(c.At) && c.Inclusive && begin.Before(c.At):
		return fresh, c, false, nil // the margin took all the room: it is not needed any more
	default:
		// More of one second than a page holds, and which of them a page shows
		// is up to the store.
		next = c.from(c.At)
		next.Seen, next.ByID = append(slices.Clone(c.Seen), idsAt(c.At, fresh)...), true
		return fresh, next, false, nil
	}
}

// from returns the cursor at the beginning of a second.
func (c ReconcileCursor) from(at time.Time) ReconcileCursor {
	return ReconcileCursor{At: at, Inclusive: c.Inclusive}
}

func (c ReconcileCursor) takeByID(page []bigcommerce.Order, until time.Time) (fresh []bigcommerce.Order, next ReconcileCursor, done bool, err error) {
	next = c
	for _, order := range page {
		if order.ID > c.AfterID && order.DateModified.Equal(c.At) && c.isNew(order) {
			fresh = append(fresh, order)
		}
		next.AfterID = max(next.AfterID, order.ID)
	}
	if len(page) >= fewestOnFullPage {
		if next.AfterID == c.AfterID {
			return nil, c, false, fmt.Errorf("a whole page of orders after order %d has no other one", c.AfterID)
		}
		return fresh, next, false, nil
	}
	next = c.from(c.At.Add(time.Second))
	return fresh, next, next.At.After(until), nil
}

// isNew reports whether a change has not been seen.
func (c ReconcileCursor) isNew(order bigcommerce.Order) bool {
	if order.DateModified.Equal(c.At) {
		return !slices.Contains(c.Seen, order.ID)
	}
	return order.DateModified.After(c.At)
}

// idsAt returns the ids of the orders that were changed in that second.
func idsAt(at time.Time, orders []bigcommerce.Order) []int64 {
	var ids []int64
	for _, order := range orders {
		if order.DateModified.Equal(at) {
			ids = append(ids, order.ID)
		}
	}
	return ids
}
