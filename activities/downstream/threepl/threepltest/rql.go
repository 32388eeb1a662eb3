package threepltest

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// condition says whether an order is among those that a filter leaves.
type condition func(Order) bool

// parseFilter reads the part of RQL that is needed here: comparisons with ==,
// joined by a semicolon. Documented: both, that values are decoded once more,
// that names and texts are compared without regard to case, that an asterisk at
// either end of a text is a wildcard, and that a name which is not supported is
// an error.
func parseFilter(filter string) ([]condition, error) {
	var all []condition
	for predicate := range strings.SplitSeq(filter, ";") {
		name, value, ok := strings.Cut(predicate, "==")
		if !ok || strings.ContainsAny(value, "=!(),") {
			return nil, fmt.Errorf("predicate not supported: %s", predicate)
		}
		c, err := compare(strings.ToLower(name), value)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

// compare makes one condition. Guessed: that the customer and the facility can
// be named with and without "readonly" before them; two clients write it with.
func compare(name, value string) (condition, error) {
	switch strings.TrimPrefix(name, "readonly.") {
	case "referencenum":
		return text(value, func(o Order) string { return o.Number })
	case "customeridentifier.id":
		return number(value, func(o Order) int64 { return o.CustomerID })
	case "facilityidentifier.id":
		return number(value, func(o Order) int64 { return o.FacilityID })
	default:
		return nil, fmt.Errorf("Properties not supported: %s", name) //nolint:staticcheck // The vendor's own wording.
	}
}

func number(value string, of func(Order) int64) (condition, error) {
	wanted, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("not a number: %s", value)
	}
	return func(o Order) bool { return of(o) == wanted }, nil
}

func text(value string, of func(Order) string) (condition, error) {
	inner, before := strings.CutPrefix(value, "*")
	inner, after := strings.CutSuffix(inner, "*")
	wanted, err := url.PathUnescape(inner)
	if err != nil || strings.Contains(inner, "*") {
		return nil, fmt.Errorf("value not well-formed: %s", value)
	}
	wanted = strings.ToLower(wanted)
	return func(o Order) bool {
		got := strings.ToLower(of(o))
		switch {
		case before && after:
			return strings.Contains(got, wanted)
		case before:
			return strings.HasSuffix(got, wanted)
		case after:
			return strings.HasPrefix(got, wanted)
		default:
			return got == wanted
		}
	}, nil
}
