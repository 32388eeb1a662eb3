package threepl

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
	adviseCredentials = "check the channel's client id, client secret, user login and TPL with the warehouse"
	adviseRepeat      = "repeat it; the order is read first, so nothing is done twice"
	adviseReport      = "this is a fault in Orderbridge; report it"
	adviseReread      = "read the order and rule again"
	adviseURL         = "correct the channel's base URL"
)

func (a *Adapter) fail(c call, kind downstream.Kind, detail, advice string) *downstream.Error {
	return &downstream.Error{
		Kind: kind, Channel: a.config.Channel, Call: c.name, Order: c.order, Detail: detail, Advice: advice,
	}
}

func (a *Adapter) failStatus(c call, ans answer, kind downstream.Kind, detail, advice string) *downstream.Error {
	e := a.fail(c, kind, detail, advice)
	e.StatusCode, e.RetryAfter = ans.status, ans.retryAfter
	return e
}

func (a *Adapter) malformed(c call, detail string) *downstream.Error {
	return a.fail(c, downstream.Malformed, detail,
		"check that the base URL is the API's address; if it is, the API has changed, so report it")
}

// answerError maps an answer that is no success.
func (a *Adapter) answerError(c call, ans answer) *downstream.Error {
	kind, detail, advice := meaning(c, ans)
	if validations[ans.exception.code] {
		detail += " (" + ans.exception.code + ")"
	}
	return a.failStatus(c, ans, kind, detail, advice)
}

// meaning maps an HTTP status and an exception's code. It is the only place
// that does, apart from credentials that get no token.
func meaning(c call, ans answer) (kind downstream.Kind, detail, advice string) {
	switch s := ans.status; {
	case s >= 300 && s < 400:
		return downstream.Misconfigured, "the answer is a redirect, which is not followed", "set the base URL to the final address"
	case s == http.StatusUnauthorized:
		return downstream.Unauthorized, "a token that was just issued is not accepted", adviseCredentials
	case s == http.StatusForbidden && ans.exception.code == codeInUse:
		r := ans.exception.refusal()
		return downstream.InUse, r.detail, r.advice
	case s == http.StatusForbidden && ans.exception.operation:
		r := ans.exception.refusal()
		return downstream.Refused, r.detail, r.advice
	case s == http.StatusForbidden:
		return downstream.Forbidden, "the credentials lack the role " + c.role,
			"let the warehouse give the credentials the role " + c.role
	case (s == http.StatusNotFound || s == http.StatusGone) && c.one:
		return downstream.NotFound, "the order is gone", "find the order by its number again"
	case s == http.StatusNotFound, s == http.StatusGone, s == http.StatusMethodNotAllowed:
		return downstream.Misconfigured, "the address is not that of the API", adviseURL
	case s == http.StatusRequestTimeout, s == http.StatusGatewayTimeout:
		return downstream.Timeout, "the system, or a proxy before it, ran out of time", adviseRepeat
	case s == http.StatusPreconditionFailed:
		return downstream.VersionConflict, "the order changed since it was read", adviseReread
	case s == http.StatusPreconditionRequired:
		return downstream.Invalid, "the version did not arrive", adviseReport
	case s == http.StatusTooManyRequests:
		return downstream.RateLimited, "too many requests", "wait as long as the answer says"
	case s >= http.StatusInternalServerError:
		return downstream.Unavailable, "the system failed", "try again; if it lasts, ask the vendor's support"
	case s >= http.StatusBadRequest:
		return downstream.Invalid, "the system finds the request wrong", adviseReport
	default:
		return downstream.Malformed, "the answer's status is none that the API has", adviseReport
	}
}

// noAnswer maps the failure of a request that was not answered.
func (a *Adapter) noAnswer(ctx context.Context, c call, err error) *downstream.Error {
	return overhttp.NoAnswer(ctx, a.fail(c, downstream.Unavailable, "", ""), err, overhttp.Advice{
		Connection:  "check that this machine reaches the base URL",
		Certificate: "check the base URL, and what stands between this machine and it",
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
		e.Kind, e.Detail, e.Advice = downstream.Malformed, "the answer breaks off", "try again; if it lasts, ask the vendor's support"
	}
	return e
}
