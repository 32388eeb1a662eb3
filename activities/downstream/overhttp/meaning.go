package overhttp

import (
	"cmp"
	"context"
	"net/http"
	"strings"

	"github.com/orderbridge/orderbridge/activities/downstream"
)

// What a person, or the caller, can do about failures that every adapter has.
const (
	AdviseBaseURL = "correct the channel's base URL"
	AdviseReport  = "this is a fault in Orderbridge; report it"
	AdviseReread  = "read the order and rule again"
)

// Meaning is what an answer that is no success means.
type Meaning struct {
	// Kind decides how the failure is handled.
	Kind downstream.Kind
	// Detail says what the system answered. See downstream.Error.
	Detail string
	// Advice says what a person can do about it.
	Advice string
	// Code is a word of the system's documented vocabulary that goes behind
	// Detail, in parentheses. Default none.
	Code string
}

// Fail makes the error of a call for which no answer is to blame.
func (c *Client) Fail(call Call, kind downstream.Kind, detail, advice string) *downstream.Error {
	return &downstream.Error{
		Kind: kind, Channel: c.config.Channel, Call: call.Name, Order: call.Order, Detail: detail, Advice: advice,
	}
}

// FailAnswer makes the error of a call from its answer, with the answer's status
// and Retry-After.
func (c *Client) FailAnswer(call Call, ans Answer, m Meaning) *downstream.Error {
	if m.Code != "" {
		m.Detail += " (" + m.Code + ")"
	}
	e := c.Fail(call, m.Kind, m.Detail, m.Advice)
	e.StatusCode, e.RetryAfter = ans.Status, ans.RetryAfter
	return e
}

// Malformed makes the error of an answer that cannot be understood. detail says
// why, and quotes nothing of it.
func (c *Client) Malformed(call Call, detail string) *downstream.Error {
	return c.Fail(call, downstream.Malformed, detail, c.config.Advice.Malformed)
}

// NoAnswer makes the error of a call that was not answered, or not made, because
// of err.
func (c *Client) NoAnswer(ctx context.Context, call Call, err error) *downstream.Error {
	return NoAnswer(ctx, c.Fail(call, downstream.Unavailable, "", ""), err, c.config.Advice)
}

// answerError is the error that an answer means, or nil if it is a success.
func (c *Client) answerError(call Call, ans Answer) *downstream.Error {
	m, known := c.config.Explain(call, ans)
	switch {
	case ans.OK() && !known:
		return nil
	case !known:
		m = Meaning{}
	}
	kind, detail, advice := c.meaning(call, ans)
	m.Kind, m.Detail, m.Advice = cmp.Or(m.Kind, kind), cmp.Or(m.Detail, detail), cmp.Or(m.Advice, advice)
	return c.FailAnswer(call, ans, m)
}

// meaning is what HTTP says that a status means.
func (c *Client) meaning(call Call, ans Answer) (kind downstream.Kind, detail, advise string) {
	system, advice := c.config.System, c.config.Advice
	switch s := ans.Status; {
	case s >= 300 && s < 400:
		return downstream.Misconfigured, "the answer is a redirect, which is not followed", "set the base URL to the final address"
	case s == http.StatusUnauthorized:
		return downstream.Unauthorized, "not accepted: " + c.config.Keys, advice.Credentials
	case s == http.StatusForbidden:
		return downstream.Forbidden, "a permission is missing to " + c.config.Keys, advice.Permission
	case s == http.StatusGone, s == http.StatusNotFound && strings.Contains(call.Route, "{"):
		return downstream.NotFound, "the order is gone", "find the order by its number again"
	case s == http.StatusNotFound, s == http.StatusMethodNotAllowed, s == http.StatusNotImplemented:
		return downstream.Misconfigured, "there is no " + call.Route + " at the base URL", AdviseBaseURL
	case s == http.StatusRequestTimeout, s == http.StatusGatewayTimeout:
		return downstream.Timeout, system + ", or a proxy before it, ran out of time", advice.Repeat
	case s == http.StatusPreconditionFailed:
		return downstream.VersionConflict, "the order changed since it was read", AdviseReread
	case s == http.StatusTooManyRequests:
		return downstream.RateLimited, "too many requests", advice.Wait
	case s >= http.StatusInternalServerError:
		return downstream.Unavailable, system + " failed", advice.Failure
	case s >= http.StatusBadRequest:
		return downstream.Invalid, system + " finds the request wrong", advice.Invalid
	case ans.OK():
		return downstream.Malformed, "the answer is a success that says otherwise", advice.Malformed
	default:
		return downstream.Malformed, "the answer's status is none that the API is known to give", advice.Malformed
	}
}

// withDefaults fills in what was left out.
func (a Advice) withDefaults(system string) Advice {
	return Advice{
		Certificate: cmp.Or(a.Certificate, "check the base URL, and which authorities this machine trusts"),
		Connection:  cmp.Or(a.Connection, "check that "+system+" runs and that this machine reaches it"),
		Credentials: cmp.Or(a.Credentials, "check the channel's credentials"),
		Failure:     cmp.Or(a.Failure, "try again; if it lasts, look at "+system),
		Invalid:     cmp.Or(a.Invalid, AdviseReport),
		Look:        cmp.Or(a.Look, "look at the order in "+system),
		Malformed:   cmp.Or(a.Malformed, "check that the base URL is that of the API; if it is, the API has changed: report it"),
		Permission:  cmp.Or(a.Permission, "let the credentials read, cancel and fulfill orders"),
		Repeat:      cmp.Or(a.Repeat, "repeat it; the order is read first, so nothing is done twice"),
		Wait:        cmp.Or(a.Wait, "wait as long as the answer says"),
	}
}
