package rest

import (
	"net/http"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
)

// maxAnswer bounds what is read of one answer, in bytes. A full page of orders
// is below 100 KiB.
const maxAnswer = 1 << 20

const adviseOurs = "this is a fault in Orderbridge or in the system's reading of the contract; report it"

// advice is what people can do about failures of a system that answers the
// contract.
var advice = overhttp.Advice{
	Certificate: "renew the certificate, or trust its authority on this machine",
	Credentials: "give the channel a valid token",
	Invalid:     adviseOurs,
	Malformed:   "compare the system's answers with the downstream contract, and check that the base URL is its address",
	Permission:  "let the token read, cancel and fulfill orders",
	Repeat:      "repeat with the same idempotency key",
}

// explain says what answers mean beyond what HTTP says.
func explain(_ overhttp.Call, ans overhttp.Answer) (overhttp.Meaning, bool) {
	if ans.OK() {
		return overhttp.Meaning{}, false
	}
	m := overhttp.Meaning{Code: problemOf(ans)}
	switch {
	case ans.Status == http.StatusConflict && m.Code == ProblemInUse:
		m.Kind, m.Detail, m.Advice = downstream.InUse, "somebody else holds the order", "try again shortly"
	case ans.Status == http.StatusConflict:
		m.Kind, m.Detail, m.Advice = downstream.Refused, "the order's status does not allow it", "look at the order in the downstream system"
	}
	return m, true
}

// problemOf returns the problem type of an answer, if it is one of the
// contract's.
func problemOf(ans overhttp.Answer) string {
	var p problem
	if ans.MediaType != "application/problem+json" || ans.JSON(&p) != nil || !knownProblem(p.Type) {
		return ""
	}
	return p.Type
}
