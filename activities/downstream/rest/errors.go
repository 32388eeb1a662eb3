package rest

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
)

// maxRetryAfter bounds what a Retry-After can ask for.
const maxRetryAfter = 24 * time.Hour

// What a person, or the caller, can do about more than one failure.
const (
	adviseRepeat = "repeat with the same idempotency key"
	adviseReport = "this is a fault in Orderbridge; report it"
	adviseReread = "read the order and rule again"
)

func (a *Adapter) fail(c call, kind downstream.Kind, detail, advice string) *downstream.Error {
	return &downstream.Error{Kind: kind, Channel: a.channel, Call: c.name, Order: c.order, Detail: detail, Advice: advice}
}

func (a *Adapter) failStatus(c call, ans answer, kind downstream.Kind, detail, advice string) *downstream.Error {
	e := a.fail(c, kind, detail, advice)
	e.StatusCode, e.RetryAfter = ans.status, ans.retryAfter
	return e
}

func (a *Adapter) malformed(c call, detail string) *downstream.Error {
	return a.fail(c, downstream.Malformed, detail,
		"compare the system's answers with the downstream contract, and check that the base URL is its address")
}

// answerError maps an answer that is no success.
func (a *Adapter) answerError(c call, ans answer) *downstream.Error {
	kind, detail, advice := meaning(ans)
	if ans.status == http.StatusNotFound && (c.route == routeStatuses || c.route == routeOrders) {
		kind, detail, advice = downstream.Misconfigured, "there is no "+c.route+" at the base URL", "correct the channel's base URL"
	}
	if ans.problem != "" {
		detail += " (" + ans.problem + ")"
	}
	return a.failStatus(c, ans, kind, detail, advice)
}

// meaning maps an HTTP status and a problem type. It is the only place that
// does.
func meaning(ans answer) (kind downstream.Kind, detail, advice string) {
	const ours = "this is a fault in Orderbridge or in the system's reading of the contract; report it"
	switch s := ans.status; {
	case ans.redirect:
		return downstream.Misconfigured, "the answer is a redirect, which is not followed", "set the base URL to the final address"
	case s == http.StatusUnauthorized:
		return downstream.Unauthorized, "the token is not accepted", "give the channel a valid token"
	case s == http.StatusForbidden:
		return downstream.Forbidden, "the token lacks a permission", "let the token read, cancel and fulfill orders"
	case s == http.StatusNotFound, s == http.StatusGone:
		return downstream.NotFound, "the order is gone", "find the order by its number again"
	case s == http.StatusMethodNotAllowed, s == http.StatusNotImplemented:
		return downstream.Misconfigured, "the address does not implement the contract", "correct the channel's base URL"
	case s == http.StatusRequestTimeout, s == http.StatusGatewayTimeout:
		return downstream.Timeout, "the system, or a proxy before it, ran out of time", adviseRepeat
	case s == http.StatusConflict && ans.problem == ProblemInUse:
		return downstream.InUse, "somebody else holds the order", "try again shortly"
	case s == http.StatusConflict:
		return downstream.Refused, "the order's status does not allow it", "look at the order in the downstream system"
	case s == http.StatusPreconditionFailed:
		return downstream.VersionConflict, "the order changed since it was read", adviseReread
	case s == http.StatusTooManyRequests:
		return downstream.RateLimited, "too many requests", "wait as long as the answer says"
	case s >= http.StatusInternalServerError:
		return downstream.Unavailable, "the system failed", "try again; if it lasts, look at the downstream system"
	case s >= http.StatusBadRequest:
		return downstream.Invalid, "the system finds the request wrong", ours
	default:
		return downstream.Malformed, "the answer's status is not one of the contract's", ours
	}
}

// noAnswer maps the failure of a request that was not answered.
func (a *Adapter) noAnswer(ctx context.Context, c call, err error) *downstream.Error {
	return overhttp.NoAnswer(ctx, a.fail(c, downstream.Unavailable, "", ""), err, overhttp.Advice{
		Connection:  "check that the system runs and that this machine reaches it",
		Certificate: "renew the certificate, or trust its authority on this machine",
		Repeat:      adviseRepeat,
	})
}

// bodyError maps the failure to read a success to its end.
func (a *Adapter) bodyError(ctx context.Context, c call, ans answer) *downstream.Error {
	if errors.Is(ans.bodyErr, errTooLong) {
		return a.malformed(c, errTooLong.Error())
	}
	e := a.noAnswer(ctx, c, ans.bodyErr)
	e.StatusCode = ans.status
	if e.Kind == downstream.Unavailable {
		e.Kind, e.Detail, e.Advice = downstream.Malformed, "the answer breaks off", "try again; if it lasts, look at the downstream system"
	}
	return e
}
