package reconcilecmd

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

const day = 24 * time.Hour

// parseSince reads from when to search: a moment, the beginning of a day in
// UTC, or how long ago; the zero time for "".
func parseSince(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	since, ok := parseTime(text)
	if !ok {
		ago, ok := parseAgo(text)
		if !ok {
			return time.Time{}, fmt.Errorf("--since %s: must be how long ago (36h, 7d), a day (2026-11-20) or a moment (2026-11-20T08:00:00Z)",
				strconv.Quote(text))
		}
		since = now.Add(-ago)
	}
	if !since.Before(now) {
		return time.Time{}, fmt.Errorf("--since %s: is yet to come", text)
	}
	return since.UTC().Truncate(time.Second), nil
}

func parseTime(text string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

// parseAgo reads a duration such as 36h, or a number of days such as 7d.
func parseAgo(text string) (time.Duration, bool) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		return time.Duration(n) * day, err == nil && n > 0
	}
	ago, err := time.ParseDuration(text)
	return ago, err == nil && ago > 0
}
