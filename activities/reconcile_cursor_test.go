package activities_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/bigcommerce"
)

// shelf is a list of orders as a store might keep it, with all that nobody
// documents left open: whether bounds are included, how many orders a page
// holds, and in which order those of one second come.
type shelf struct {
	changed   map[int64]time.Time
	exclusive bool
	pageSize  int
	rand      *rand.Rand
	requests  int
}

func (s *shelf) list(q bigcommerce.OrdersQuery) []bigcommerce.Order {
	s.requests++
	from, to, id := q.MinDateModified, q.MaxDateModified, q.MinID
	if s.exclusive {
		from, to = from.Add(time.Second), to.Add(-time.Second)
		if id > 0 {
			id++
		}
	}
	var out []bigcommerce.Order
	for order, at := range s.changed {
		if !at.Before(from) && !at.After(to) && order >= id {
			out = append(out, bigcommerce.Order{ID: order, DateModified: at})
		}
	}
	s.rand.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	slices.SortStableFunc(out, func(a, b bigcommerce.Order) int {
		if q.Sort == bigcommerce.SortByID {
			return cmp.Compare(a.ID, b.ID)
		}
		return a.DateModified.Compare(b.DateModified)
	})
	return out[:min(len(out), s.pageSize, q.Limit)]
}

var (
	dayBegins = time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC)
	dayEnds   = dayBegins.Add(time.Hour)
)

// walk goes through a shelf and returns what was seen. between is called after
// each page.
func (s *shelf) walk(t *testing.T, between func()) map[int64]time.Time {
	t.Helper()
	seen := map[int64]time.Time{}
	cursor := activities.ReconcileCursor{At: dayBegins}
	for range 10_000 {
		page := s.list(cursor.Query(dayEnds))
		fresh, next, done, err := cursor.Take(page, dayEnds)
		require.NoError(t, err)
		for _, order := range fresh {
			_, twice := seen[order.ID]
			require.False(t, twice, "order %d of %s was seen twice", order.ID, order.DateModified)
			seen[order.ID] = order.DateModified
		}
		require.False(t, next.At.Before(cursor.At), "it went back")
		if done {
			return seen
		}
		cursor = next
		between()
	}
	require.FailNow(t, "it does not come to an end")
	return nil
}

// TestCursorSkipsNothing walks over lists of chance that move between pages:
// what is not changed meanwhile is seen exactly once, whatever the store does.
func TestCursorSkipsNothing(t *testing.T) {
	t.Parallel()
	for seed := range uint64(60) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 1))
			s := &shelf{
				changed: map[int64]time.Time{}, rand: r, exclusive: r.IntN(2) == 0,
				pageSize: []int{50, 51, 100, 249, 250}[r.IntN(5)],
			}
			// A few seconds hold many changes, most hold none or one.
			seconds := 1 + r.IntN(400)
			for id := range int64(r.IntN(1500)) {
				at := r.IntN(seconds)
				if r.IntN(3) == 0 {
					at = r.IntN(1 + seconds/100)
				}
				s.changed[id+1] = dayBegins.Add(time.Duration(at) * 3600 / time.Duration(seconds) * time.Second)
			}
			stayed := func() map[int64]time.Time {
				out := map[int64]time.Time{}
				for id, at := range s.changed {
					if at.Before(dayEnds) { // an excluded end is for the next search
						out[id] = at
					}
				}
				return out
			}
			ids := slices.Sorted(func(yield func(int64) bool) {
				for id := range s.changed {
					if !yield(id) {
						return
					}
				}
			})
			seen := s.walk(t, func() {
				for range r.IntN(40) { // changed again, so they move behind the end
					if len(ids) > 0 {
						s.changed[ids[r.IntN(len(ids))]] = dayEnds.Add(time.Duration(1+r.IntN(60)) * time.Second)
					}
				}
			})
			for id, at := range stayed() {
				require.Equal(t, at, seen[id], "order %d of %s was skipped", id, at)
			}
		})
	}
}

func TestCursorRequests(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		orders   int
		apart    time.Duration
		requests int
	}{
		"nothing":                        {0, time.Second, 1},
		"a few":                          {49, time.Second, 1},
		"more than a page by default":    {60, time.Second, 2},
		"a thousand, one a second":       {1000, time.Second, 5},
		"a thousand in one second":       {1000, 0, 8},
		"exactly a page":                 {250, time.Second, 2},
		"exactly a page in one second":   {250, 0, 5},
		"a page and one in one second":   {251, 0, 5},
		"ten a second, twenty pages":     {5000, 100 * time.Millisecond, 22},
		"two hundred and fifty a second": {2500, 4 * time.Millisecond, 33},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &shelf{changed: map[int64]time.Time{}, rand: rand.New(rand.NewPCG(1, 1)), pageSize: 250}
			for i := range c.orders {
				s.changed[int64(i+1)] = dayBegins.Add(time.Duration(i) * c.apart).Truncate(time.Second)
			}
			require.Len(t, s.walk(t, func() {}), c.orders)
			require.LessOrEqual(t, s.requests, c.requests, "the store's quota is not ours alone")
		})
	}
}

// TestCursorDistrusts shows that an answer which would make it skip something is
// an error, and not an end.
func TestCursorDistrusts(t *testing.T) {
	t.Parallel()
	at := func(id int64, second int) bigcommerce.Order {
		return bigcommerce.Order{ID: id, DateModified: dayBegins.Add(time.Duration(second) * time.Second)}
	}
	whole := func(of func(i int) bigcommerce.Order) []bigcommerce.Order {
		page := make([]bigcommerce.Order, bigcommerce.MaxOrdersLimit)
		for i := range page {
			page[i] = of(i)
		}
		return page
	}
	for name, c := range map[string]struct {
		cursor activities.ReconcileCursor
		page   []bigcommerce.Order
		says   string
	}{
		"not sorted": {
			activities.ReconcileCursor{At: dayBegins},
			[]bigcommerce.Order{at(1, 5), at(2, 4)},
			"in a list by date_modified",
		},
		"no date": {
			activities.ReconcileCursor{At: dayBegins},
			[]bigcommerce.Order{{ID: 7}},
			"order 7 has no date_modified",
		},
		"the end is not heeded": {
			activities.ReconcileCursor{At: dayBegins},
			whole(func(i int) bigcommerce.Order { return at(int64(i+1), 4000+i) }), "the end of what was asked for",
		},
		"not sorted by id": {
			activities.ReconcileCursor{At: dayBegins, ByID: true},
			[]bigcommerce.Order{at(2, 0), at(1, 0)},
			"in a list by id",
		},
		"the first id is not heeded": {
			activities.ReconcileCursor{At: dayBegins, ByID: true, AfterID: 250},
			whole(func(i int) bigcommerce.Order { return at(int64(i+1), 0) }), "has no other one",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, done, err := c.cursor.Take(c.page, dayEnds)
			require.ErrorContains(t, err, c.says)
			require.False(t, done)
		})
	}
}
