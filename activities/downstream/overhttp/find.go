package overhttp

import (
	"context"
	"fmt"
	"strings"

	"github.com/orderbridge/orderbridge/activities/downstream"
)

// Search looks for the one order that has a number, among orders of type O.
type Search[O any] struct {
	// Name is Call.Name, for errors. Default "find order".
	Name string
	// Number is the number as the caller gave it. Find trims it.
	Number string
	// MaxPages bounds how many pages are read: a filter leaves one order as a
	// rule, so that many pages mean that it is not heeded. Required.
	MaxPages int
	// Page reads one page of the answer, counted from 1, and says whether
	// there are more. number is trimmed. Required.
	Page func(ctx context.Context, call Call, number string, page int) (orders []O, more bool, err error)
	// Match returns the id of an order whose number is equal to the one that
	// is looked for, and "" for any other order; a filter is never believed.
	// Its error says why the order cannot be understood, and quotes nothing of
	// it. Required.
	Match func(order O, number string) (id string, err error)
	// Ambiguous and Missing advise what to do when there is more than one
	// order, or none. Required.
	Ambiguous, Missing string
}

// Find reads every page of a search and returns the one order that matched. It
// fails as downstream.Adapter.Find does, and with Malformed when there are more
// than MaxPages. An order that stands on two pages counts once.
func Find[O any](ctx context.Context, c *Client, s Search[O]) (O, error) {
	var found, none O
	number := strings.TrimSpace(s.Number)
	call := Call{Name: s.Name, Order: number}
	if call.Name == "" {
		call.Name = "find order"
	}
	if number == "" {
		return none, c.Fail(call, downstream.Invalid, "the order number is empty", AdviseReport)
	}
	foundID := ""
	for page := 1; page <= s.MaxPages; page++ {
		orders, more, err := s.Page(ctx, call, number, page)
		if err != nil {
			return none, err
		}
		for _, order := range orders {
			id, err := s.Match(order, number)
			switch {
			case err != nil:
				return none, c.Malformed(call, err.Error())
			case id == "":
			case foundID != "" && foundID != id:
				return none, c.Fail(call, downstream.Ambiguous, "more than one order has this number", s.Ambiguous)
			default:
				found, foundID = order, id
			}
		}
		switch {
		case more:
		case foundID == "":
			return none, c.Fail(call, downstream.NotFound, "no order has this number", s.Missing)
		default:
			return found, nil
		}
	}
	return none, c.Malformed(call, fmt.Sprintf(
		"the search for one number has more than %d pages, so the system seems to ignore the number", s.MaxPages))
}
