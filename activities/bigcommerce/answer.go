package bigcommerce

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Bounds of what an Error takes over from an answer.
const (
	maxMessageLen = 200
	maxFields     = 20
	// minSecretLen keeps a header with the value "1" from garbling every
	// message.
	minSecretLen = 4
)

// kindOfStatus sorts an HTTP status that is no success.
func kindOfStatus(status int, rates rates) Kind {
	switch status {
	case http.StatusUnauthorized:
		return Unauthorized
	case http.StatusForbidden:
		return Forbidden
	case http.StatusNotFound:
		return NotFound
	case http.StatusRequestTimeout:
		return Timeout
	case http.StatusConflict:
		return Conflict
	case http.StatusLocked:
		return Locked
	case http.StatusTooManyRequests:
		if rates.present {
			return RateLimited
		}
		return Overloaded
	}
	switch {
	case status >= http.StatusInternalServerError:
		return Unavailable
	case status >= http.StatusBadRequest:
		return Invalid
	default:
		// Redirects are not followed: one could carry the token elsewhere.
		return Malformed
	}
}

// refusal turns an answer that is no success into an error.
func (c *Client) refusal(call request, status int, header http.Header, body []byte) *Error {
	rates := parseRates(header)
	err := c.failure(call, kindOfStatus(status, rates), nil)
	err.StatusCode = status
	switch {
	case status == http.StatusTooManyRequests:
		err.RetryAfter = rates.wait()
	case rates.retryAfter > 0:
		err.RetryAfter = rates.retryAfter
	}
	if status < http.StatusBadRequest {
		err.Title = "the answer is a redirect, which is not followed"
		return err
	}
	report := readReport(body)
	err.Title = c.scrub(call, report.title)
	for _, field := range report.sortedFields() {
		if err.Fields == nil {
			err.Fields = make(map[string]string)
		}
		err.Fields[c.scrub(call, field)] = c.scrub(call, report.fields[field])
	}
	return err
}

// scrub replaces whatever secret the request held: some messages quote what
// they complain about.
func (c *Client) scrub(call request, message string) string {
	for _, secret := range append([]string{c.config.AccessToken}, call.secrets...) {
		if len(secret) >= minSecretLen {
			message = strings.ReplaceAll(message, secret, "[redacted]")
		}
	}
	return oneLine(message)
}

// report is what an error body says, as far as it is understood.
type report struct {
	title  string
	fields map[string]string
}

// sortedFields returns the names of the first maxFields fields.
func (r report) sortedFields() []string {
	names := make([]string, 0, len(r.fields))
	for name := range r.fields {
		names = append(names, name)
	}
	slices.Sort(names)
	return names[:min(len(names), maxFields)]
}

// readReport reads an error body of any of the forms of the API: an array of
// {status,message} (V2), an object {status,title,type,errors} with or without
// problem+json as its type (V3), either of them below data or batch_errors. Of
// several errors it takes the first. Anything else, such as a gateway's HTML,
// is an empty report.
func readReport(body []byte) report {
	var raw json.RawMessage
	if err := json.Unmarshal(body, &raw); err != nil {
		return report{}
	}
	return reportOf(raw, 0)
}

func reportOf(raw json.RawMessage, depth int) report {
	const maxDepth = 4 // Four containers around an error are none of the API's.
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err == nil && depth < maxDepth {
		for _, entry := range list {
			if found := reportOf(entry, depth+1); !found.empty() {
				return found
			}
		}
		return report{}
	}
	members := object(raw)
	found := report{fields: readFields(members["errors"])}
	for _, key := range []string{"title", "message", "detail", "error"} {
		if found.title = scalar(members[key]); found.title != "" {
			break
		}
	}
	for _, key := range []string{"batch_errors", "data"} {
		if found.empty() && present(members[key]) && depth < maxDepth {
			found = reportOf(members[key], depth+1)
		}
	}
	return found
}

func (r report) empty() bool { return r.title == "" && len(r.fields) == 0 }

// readFields reads the errors member: an object of messages, of which some are
// lists, or a bare list.
func readFields(raw json.RawMessage) map[string]string {
	fields := make(map[string]string)
	for name, message := range object(raw) {
		fields[name] = firstText(message)
	}
	if message := firstText(raw); len(fields) == 0 && message != "" {
		fields["errors"] = message
	}
	return fields
}

// firstText returns a scalar, or the first one of a list of them.
func firstText(raw json.RawMessage) string {
	var list []text
	if err := json.Unmarshal(raw, &list); err == nil && len(list) > 0 {
		return string(list[0])
	}
	return scalar(raw)
}

// oneLine makes a message of the other side fit for a log line: printable,
// without line breaks or doubled spaces, at most maxMessageLen characters.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > maxMessageLen {
		return string(runes[:maxMessageLen-1]) + "…"
	}
	return s
}

// readAt returns the store's own time of an answer, from its Date header, or
// fallback when it has none.
func readAt(header http.Header, fallback time.Time) time.Time {
	if at, err := http.ParseTime(header.Get("Date")); err == nil {
		return inUTC(at)
	}
	return fallback.UTC()
}
