package ordermanager

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
	adviseAddress = "correct the channel's base URL"
	adviseLook    = "look at the order in Order Manager"
	adviseRepeat  = "repeat the request: it reads the order first"
	adviseReport  = "this is a fault in Orderbridge; report it"
	adviseReread  = "read the order and rule again"
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
		"check that the base URL is that of Order Manager's API; if it is, the API has changed and Orderbridge must follow")
}

// answerError maps an answer that is no success.
func (a *Adapter) answerError(c call, ans answer) *downstream.Error {
	kind, detail, advice := meaning(c, ans)
	return a.failStatus(c, ans, kind, detail, advice)
}

// meaning maps an HTTP status. It is the only place that does. The answer's text
// is not looked at: it is not published what it can say.
func meaning(c call, ans answer) (kind downstream.Kind, detail, advice string) {
	switch s := ans.status; {
	case s >= http.StatusMultipleChoices && s < http.StatusBadRequest:
		return downstream.Misconfigured, "the answer is a redirect, which is not followed", "set the base URL to the final address"
	case s == http.StatusUnauthorized:
		return downstream.Unauthorized, "the token is not accepted", "make a new token in Order Manager and give it to the channel"
	case s == http.StatusForbidden && c.method == http.MethodGet:
		return downstream.Forbidden, "the token may not read orders", "let the token's app read orders, cancel them and create shipments"
	case s == http.StatusForbidden && c.route == routeCancel:
		return downstream.Forbidden, "the token may not cancel orders", "let the token's app cancel orders"
	case s == http.StatusForbidden:
		return downstream.Forbidden, "the token may not create shipments", "let the token's app create shipments"
	case s == http.StatusNotFound && c.route == routeOrders, s == http.StatusMethodNotAllowed, s == http.StatusNotImplemented:
		return downstream.Misconfigured, "Order Manager's API is not at the base URL", adviseAddress
	case s == http.StatusNotFound, s == http.StatusGone:
		return downstream.NotFound, "the order is gone", "find the order by its number again"
	case s == http.StatusRequestTimeout, s == http.StatusGatewayTimeout:
		return downstream.Timeout, "the API, or a proxy before it, ran out of time", adviseRepeat
	case s == http.StatusTooManyRequests:
		return downstream.RateLimited, "too many requests",
			"wait; if it lasts, lower the channel's requests per second, or find out what else uses the token"
	case s >= http.StatusInternalServerError:
		return downstream.Unavailable, "Order Manager failed", "try again; if it lasts, ask Extensiv"
	case s >= http.StatusBadRequest:
		return downstream.Invalid, "the API finds the request wrong", "check the channel's sales channel id; if it is right, report this"
	default:
		return downstream.Malformed, "the answer's status is none that the API is known to give", adviseAddress
	}
}

// noAnswer maps the failure of a request that was not answered, or not sent.
func (a *Adapter) noAnswer(ctx context.Context, c call, err error) *downstream.Error {
	return overhttp.NoAnswer(ctx, a.fail(c, downstream.Unavailable, "", ""), err, overhttp.Advice{
		Connection:  "check that this machine reaches Order Manager",
		Certificate: "check the base URL, and which authorities this machine trusts",
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
		e.Kind, e.Detail, e.Advice = downstream.Malformed, "the answer breaks off", "try again; if it lasts, ask Extensiv"
	}
	return e
}
