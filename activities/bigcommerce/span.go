package bigcommerce

import (
	"strings"

	"github.com/orderbridge/orderbridge/activities/spans"
)

// span names a call for traces.
func (r request) span(channel string) spans.Call {
	return spans.Call{Name: r.endpoint, Route: routeOf(r.path), Channel: channel}
}

// routeOf puts placeholders in the place of the store's hash and of ids, which
// are the segments of digits alone.
func routeOf(path string) string {
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i, segment := range segments {
		if segment != "" && strings.Trim(segment, "0123456789") == "" {
			segments[i] = "{id}"
		}
	}
	return "/stores/{hash}/" + strings.Join(segments, "/")
}
