package downstream

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Kind says what went wrong, in the terms in which it is handled.
type Kind string

const (
	// NotFound: no order has the number that was asked for.
	NotFound Kind = "not_found"
	// Ambiguous: more than one order has the number that was asked for.
	Ambiguous Kind = "ambiguous"
	// VersionConflict: the order changed since it was read.
	VersionConflict Kind = "version_conflict"
	// Refused: the system understood the request and will never do it.
	Refused Kind = "refused"
	// InUse: somebody else holds the order at the moment.
	InUse Kind = "in_use"
	// Unauthorized: the credentials are not accepted.
	Unauthorized Kind = "unauthorized"
	// Forbidden: the credentials lack a permission.
	Forbidden Kind = "forbidden"
	// RateLimited: too many requests; see Error.RetryAfter.
	RateLimited Kind = "rate_limited"
	// Unavailable: the system could not be reached or failed (5xx).
	Unavailable Kind = "unavailable"
	// Timeout: no answer in time. The request may have been carried out.
	Timeout Kind = "timeout"
	// Malformed: the answer could not be understood.
	Malformed Kind = "malformed"
	// Invalid: the system found the request itself wrong.
	Invalid Kind = "invalid"
	// Misconfigured: the adapter's settings cannot work.
	Misconfigured Kind = "misconfigured"
)

// Kinds lists every kind.
func Kinds() []Kind {
	return []Kind{
		NotFound, Ambiguous, VersionConflict, Refused, InUse, Unauthorized, Forbidden,
		RateLimited, Unavailable, Timeout, Malformed, Invalid, Misconfigured,
	}
}

// Error is how every method of an Adapter fails.
type Error struct {
	// Kind decides how the failure is handled.
	Kind Kind
	// Channel is the id of the sales channel.
	Channel string
	// Call is what was attempted, for example "cancel order".
	Call string
	// Order is the channel order number, if the call was about one.
	Order string
	// Detail says what the system answered, without personal data, secrets
	// or raw bodies.
	Detail string
	// Advice says what a person can do about it.
	Advice string
	// StatusCode is the HTTP status of the answer, or 0 without an answer.
	StatusCode int
	// RetryAfter is how long the system asks to wait, or 0.
	RetryAfter time.Duration
	// Err is the cause, if there is one.
	Err error
}

// Error implements error: what failed, for which channel and order, and what
// to do.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "channel %s: downstream: %s", e.Channel, e.Call)
	if e.Order != "" {
		fmt.Fprintf(&b, ": order %s", e.Order)
	}
	fmt.Fprintf(&b, ": %s", strings.ReplaceAll(string(e.Kind), "_", " "))
	if e.StatusCode != 0 {
		fmt.Fprintf(&b, " (HTTP %d)", e.StatusCode)
	}
	if e.Detail != "" {
		fmt.Fprintf(&b, ": %s", e.Detail)
	}
	if e.Advice != "" {
		fmt.Fprintf(&b, "; %s", e.Advice)
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// IsKind reports whether err is, or wraps, an *Error of this kind.
func IsKind(err error, kind Kind) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == kind
}
