package bigcommerce

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Kind says what went wrong, in the terms in which it is handled.
type Kind string

const (
	// Unauthorized means that the store does not accept the access token (401).
	Unauthorized Kind = "unauthorized"
	// Forbidden means that the token's API account lacks a scope (403).
	Forbidden Kind = "forbidden"
	// NotFound means that the store has nothing with this id (404).
	NotFound Kind = "not_found"
	// Conflict means that the request contradicts what the store holds (409).
	Conflict Kind = "conflict"
	// Invalid means that the request itself is wrong (400, 413, 422 and
	// other 4xx), or was found wrong before it was sent (no status code).
	Invalid Kind = "invalid"
	// Locked means that somebody else is changing the same thing (423).
	Locked Kind = "locked"
	// RateLimited means that the store's quota is used up: a 429 that carries
	// rate headers, or a request that was not sent because Quota says so (no
	// status code). Error.RetryAfter says when the window ends.
	RateLimited Kind = "rate_limited"
	// Overloaded is a 429 without rate headers. BigCommerce documents it as
	// overload of the platform, which has nothing to do with the quota; the
	// caller backs off on its own terms.
	Overloaded Kind = "overloaded"
	// Unavailable means that the store could not be reached, or failed (5xx).
	// A 503 is also what a store in maintenance or suspension answers, and a 500 can
	// be throttling.
	Unavailable Kind = "unavailable"
	// Timeout means that there was no complete answer before the time-out,
	// the deadline of the context or its cancellation. The request may have been carried out.
	Timeout Kind = "timeout"
	// Malformed means that the answer could not be used: not JSON, cut short, too
	// large, a redirect, or about something other than what was asked for.
	// The request may have been carried out.
	Malformed Kind = "malformed"
)

// Kinds lists every kind.
func Kinds() []Kind {
	return []Kind{
		Unauthorized, Forbidden, NotFound, Conflict, Invalid, Locked,
		RateLimited, Overloaded, Unavailable, Timeout, Malformed,
	}
}

// Error is how every method of a Client fails. It holds no secret, no body and
// no more of the answer than its bounded title and field messages.
type Error struct {
	// Channel is the id of the sales channel.
	Channel string
	// Call is what was attempted, for example "get order 218".
	Call string
	// Kind decides how the failure is handled.
	Kind Kind
	// StatusCode is the HTTP status of the answer, or 0 without an answer.
	StatusCode int
	// Title is what the store answered, in one line of at most 200
	// characters, or what went wrong on the way. It may be empty.
	Title string
	// Fields are the messages about single fields of the request, if the
	// store gave any.
	Fields map[string]string
	// RetryAfter is how long the store asks to wait, at most an hour; 0 when
	// it does not say.
	RetryAfter time.Duration
	// Advice says what a person can do about it.
	Advice string
	// Err is the cause, if there is one, without anything that the other
	// side sent.
	Err error
}

// Error implements error: what failed, for which channel, and what to do.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "channel %s: bigcommerce: %s: %s", e.Channel, e.Call, strings.ReplaceAll(string(e.Kind), "_", " "))
	if e.StatusCode != 0 {
		fmt.Fprintf(&b, " (HTTP %d)", e.StatusCode)
	}
	if e.Title != "" {
		fmt.Fprintf(&b, ": %s", strings.TrimRight(e.Title, ". "))
	}
	for _, field := range slices.Sorted(maps.Keys(e.Fields)) {
		fmt.Fprintf(&b, "; %s: %s", field, strings.TrimRight(e.Fields[field], ". "))
	}
	if e.RetryAfter > 0 {
		fmt.Fprintf(&b, "; retry after %s", e.RetryAfter)
	}
	if e.Advice != "" {
		fmt.Fprintf(&b, "; %s", e.Advice)
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// IsKind reports whether err is, or wraps, an *Error of this kind.
func IsKind(err error, kind Kind) bool { return kindOf(err) == kind && kind != "" }

// kindOf returns the kind of the *Error that err is or wraps, or "".
func kindOf(err error) Kind {
	var e *Error
	if !errors.As(err, &e) {
		return ""
	}
	return e.Kind
}

// advice says what a person can do about a failure of this kind.
func advice(kind Kind) string {
	switch kind {
	case Unauthorized:
		return "check store hash and access token; the API account may have been deleted"
	case Forbidden:
		return "the API account lacks an OAuth scope: create one that has it and give the channel its token"
	case NotFound:
		return "check that it exists in this store and that this API account may see it"
	case Conflict:
		return "read it again before changing it"
	case Invalid:
		return "repeating the same request will not help: correct what is named"
	case Locked:
		return "it is being changed at the moment: try again later"
	case RateLimited:
		return "the store's request quota, which all of its apps share, is used up: wait for the next window"
	case Overloaded:
		return "the platform is overloaded: try again later, less often"
	case Unavailable:
		return "try again later; if it lasts, see whether the store is in maintenance or suspended"
	case Timeout:
		return "the request may have been carried out: read before repeating a change"
	case Malformed:
		return "the answer is not one of BigCommerce's API: if it lasts, check the base URL and any proxy in between"
	default:
		return ""
	}
}
