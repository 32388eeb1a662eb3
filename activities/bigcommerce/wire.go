package bigcommerce

import (
	"encoding/json"
	"math"
	"net/mail"
	"strconv"
	"strings"
	"time"
)

// The types of this file decode JSON values whose types wobble: BigCommerce
// sends one field as a number here and as a string there, and null, {} or []
// where there is nothing. None of them ever fails; a value that makes no sense
// reads as absent, and whoever needs it says so.

// integer is a JSON integer, or a string that holds one.
type integer struct {
	value int64
	ok    bool
}

// maxExactFloat is the largest number up to which a float64 holds every
// integer.
const maxExactFloat = 1 << 53

// UnmarshalJSON implements json.Unmarshaler.
func (n *integer) UnmarshalJSON(raw []byte) error {
	*n = parseInteger(scalar(raw))
	return nil
}

// or returns the integer, or fallback when there is none.
func (n integer) or(fallback int64) int64 {
	if !n.ok {
		return fallback
	}
	return n.value
}

// count returns the integer as a count: never negative, 0 when there is none.
func (n integer) count() int {
	if !n.ok || n.value < 0 || n.value > math.MaxInt32 {
		return 0
	}
	return int(n.value)
}

func parseInteger(s string) integer {
	s = strings.TrimSpace(s)
	if value, err := strconv.ParseInt(s, 10, 64); err == nil {
		return integer{value: value, ok: true}
	}
	// Such as 218.0 or 2.18e2, which are integers to JSON.
	if f, err := strconv.ParseFloat(s, 64); err == nil && f == math.Trunc(f) && math.Abs(f) <= maxExactFloat {
		return integer{value: int64(f), ok: true}
	}
	return integer{}
}

// text is a JSON string, or the literal of a number or boolean.
type text string

// UnmarshalJSON implements json.Unmarshaler.
func (t *text) UnmarshalJSON(raw []byte) error {
	*t = text(scalar(raw))
	return nil
}

// flag is a JSON boolean, or a number or string that stands for one.
type flag bool

// UnmarshalJSON implements json.Unmarshaler.
func (f *flag) UnmarshalJSON(raw []byte) error {
	value, err := strconv.ParseBool(strings.TrimSpace(scalar(raw)))
	*f = flag(err == nil && value)
	return nil
}

// stringMap is a JSON object of strings; anything else reads as none. An empty
// PHP map arrives as [].
type stringMap map[string]string

// UnmarshalJSON implements json.Unmarshaler.
func (m *stringMap) UnmarshalJSON(raw []byte) error {
	*m = nil
	var values map[string]text
	if err := json.Unmarshal(raw, &values); err != nil || len(values) == 0 {
		return nil //nolint:nilerr // Whatever is not an object of strings reads as none.
	}
	*m = make(stringMap, len(values))
	for key, value := range values {
		(*m)[key] = string(value)
	}
	return nil
}

// date is a moment in UTC: the RFC 2822 dates of the V2 API, ISO 8601, or Unix
// seconds. An empty string reads as the zero time.
type date struct{ time.Time }

// UnmarshalJSON implements json.Unmarshaler.
func (d *date) UnmarshalJSON(raw []byte) error {
	d.Time = parseDate(strings.TrimSpace(scalar(raw)))
	return nil
}

func parseDate(s string) time.Time {
	if s == "" {
		return time.Time{}
	}
	if n := parseInteger(s); n.ok {
		return unixSeconds(n.value)
	}
	if t, err := mail.ParseDate(s); err == nil {
		return inUTC(t)
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05Z0700"} {
		if t, err := time.Parse(layout, s); err == nil {
			return inUTC(t)
		}
	}
	return time.Time{}
}

// maxUnixSeconds is the last second of the year 9999, the last one that
// RFC 3339 can write.
const maxUnixSeconds = 253402300799

// unixSeconds returns the moment in UTC, or the zero time for a number that
// cannot be one.
func unixSeconds(n int64) time.Time {
	if n <= 0 || n > maxUnixSeconds {
		return time.Time{}
	}
	return time.Unix(n, 0).UTC()
}

// inUTC returns t in UTC, or the zero time when RFC 3339 cannot write it there:
// what is decoded here is written to JSON again in workflow histories.
func inUTC(t time.Time) time.Time {
	t = t.UTC()
	if t.Year() < 1 || t.Year() > 9999 {
		return time.Time{}
	}
	return t
}

// scalar returns a JSON string's content or the literal of a number or boolean,
// and nothing for null, an object or an array.
func scalar(raw []byte) string {
	if len(raw) == 0 {
		return ""
	}
	switch raw[0] {
	case '"':
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return ""
		}
		return s
	case '{', '[', 'n':
		return ""
	default:
		return string(raw)
	}
}
