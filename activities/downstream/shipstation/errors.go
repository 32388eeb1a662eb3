package shipstation

import (
	"context"
	"errors"
	"net/http"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
)

// What a person, or the caller, can do about more than one failure.
const (
	adviseLook   = "look at the order in ShipStation"
	adviseQuota  = "wait; if it happens often, ask ShipStation for more requests a minute or give other programs an API key of their own"
	adviseRepeat = "repeat the request"
	adviseReport = "this is a fault in Orderbridge; report it"
	adviseReread = "read the order and rule again"
)

func (a *Adapter) fail(c call, kind downstream.Kind, detail, advice string) *downstream.Error {
	return &downstream.Error{Kind: kind, Channel: a.channel, Call: c.name, Order: c.order, Detail: detail, Advice: advice}
}

func (a *Adapter) failStatus(c call, ans answer, kind downstream.Kind, detail, advice string) *downstream.Error {
	e := a.fail(c, kind, detail, advice)
	e.StatusCode, e.RetryAfter = ans.status, ans.wait
	return e
}

func (a *Adapter) malformed(c call, detail string) *downstream.Error {
	return a.fail(c, downstream.Malformed, detail,
		"check that the base URL is ShipStation's; if it is, the API has changed: report it")
}

// answerError maps an answer that is no success. ShipStation's own words stay
// unsaid: they can quote an order.
func (a *Adapter) answerError(c call, ans answer) *downstream.Error {
	kind, detail, advice := meaning(ans)
	if ans.status == http.StatusNotFound && c.route != routeOrder {
		kind, detail, advice = downstream.Misconfigured, "there is no "+c.route+" at the base URL", "correct the channel's base URL"
		if c.route == routeStore {
			detail, advice = "ShipStation has no store of this id", "correct the channel's store id"
		}
	}
	return a.failStatus(c, ans, kind, detail, advice)
}

// meaning maps an HTTP status. ShipStation documents 401, 404, 429 and 500; the
// others have the meaning that HTTP gives them.
func meaning(ans answer) (kind downstream.Kind, detail, advice string) {
	switch s := ans.status; {
	case s >= 300 && s < 400:
		return downstream.Misconfigured, "the answer is a redirect, which is not followed", "set the base URL to the final address"
	case s == http.StatusUnauthorized:
		return downstream.Unauthorized, "the API key and secret are not accepted",
			"give the channel a pair that Settings > Account > API Settings shows"
	case s == http.StatusPaymentRequired, s == http.StatusForbidden:
		return downstream.Forbidden, "the account may not use this part of the API",
			"check the ShipStation plan and that the API is switched on in it"
	case s == http.StatusNotFound, s == http.StatusGone:
		return downstream.NotFound, "the order is gone", "find the order by its number again"
	case s == http.StatusMethodNotAllowed, s == http.StatusNotImplemented:
		return downstream.Misconfigured, "the address does not implement ShipStation's API V1", "correct the channel's base URL"
	case s == http.StatusRequestTimeout, s == http.StatusGatewayTimeout:
		return downstream.Timeout, "ShipStation, or a proxy before it, ran out of time", adviseRepeat
	case s == http.StatusConflict, s == http.StatusLocked:
		return downstream.InUse, "somebody else holds the order", "try again shortly"
	case s == http.StatusTooManyRequests:
		return downstream.RateLimited, "too many requests with this API key", adviseQuota
	case s >= http.StatusInternalServerError:
		return downstream.Unavailable, "ShipStation failed", "try again; if it lasts, look at ShipStation's status page"
	case s >= http.StatusBadRequest:
		return downstream.Invalid, "ShipStation finds the request wrong",
			"check the channel's carriers and look at the order in ShipStation; if both are right, report it"
	default:
		return downstream.Malformed, "the answer's status is not one of the API's", adviseReport
	}
}

// noAnswer maps the failure of a request that was not answered.
func (a *Adapter) noAnswer(ctx context.Context, c call, err error) *downstream.Error {
	return overhttp.NoAnswer(ctx, a.fail(c, downstream.Unavailable, "", ""), err, overhttp.Advice{
		Connection:  "check that this machine reaches ShipStation",
		Certificate: "check the base URL, and the authorities that this machine trusts",
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
		e.Kind, e.Detail, e.Advice = downstream.Malformed, "the answer breaks off", adviseRepeat
	}
	return e
}
