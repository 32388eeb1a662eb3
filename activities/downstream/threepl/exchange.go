package threepl

import (
	"net/http"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
)

// Paths of the API, below the base URL.
const (
	routeCanceler  = "/orders/{id}/canceler"
	routeConfirmer = "/orders/{id}/confirmer"
	routeOrder     = "/orders/{id}"
	routeOrders    = "/orders"
	routeToken     = "/AuthServer/api/Token" //nolint:gosec // an address, not a credential
)

// mediaTypes are those of the API's answers.
var mediaTypes = []string{"application/hal+json", "application/json"}

const adviseCredentials = "check the channel's client id, client secret, user login and TPL with the warehouse"

// role is the one that the vendor documents for a call.
func role(c overhttp.Call) string {
	switch c.Route {
	case routeCanceler:
		return "OrderWrite"
	case routeConfirmer:
		return "OrderConfirm"
	default:
		return "OrderView"
	}
}

// explain says what answers mean beyond what HTTP says.
func explain(c overhttp.Call, ans overhttp.Answer) (overhttp.Meaning, bool) {
	e := exceptionOf(ans)
	switch s := ans.Status; {
	case c.Route == routeToken:
		// How the vendor puts it is not documented. Each of these says that
		// the credentials get no token.
		return overhttp.Meaning{Kind: downstream.Unauthorized, Detail: "the credentials are not accepted", Advice: adviseCredentials},
			s == http.StatusBadRequest || s == http.StatusUnauthorized || s == http.StatusForbidden
	case s == http.StatusUnauthorized:
		return overhttp.Meaning{Detail: "a token that was just issued is not accepted"}, true
	case s == http.StatusForbidden && e.operation:
		r, kind := e.refusal(), downstream.Refused
		if e.code == codeInUse {
			kind = downstream.InUse
		}
		return overhttp.Meaning{Kind: kind, Detail: r.detail, Advice: r.advice}, true
	case s == http.StatusForbidden:
		return overhttp.Meaning{
			Detail: "the credentials lack the role " + role(c), Advice: "let the warehouse give the credentials the role " + role(c),
		}, true
	case s == http.StatusGone && c.Route == routeOrders:
		return overhttp.Meaning{
			Kind: downstream.Misconfigured, Detail: "the address is not that of the API", Advice: overhttp.AdviseBaseURL,
		}, true
	case s == http.StatusBadRequest && validations[e.code]:
		return overhttp.Meaning{Code: e.code}, true
	default:
		return overhttp.Meaning{}, false
	}
}
