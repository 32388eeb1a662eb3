package rest

// The problem types of the contract: the "type" of an error answer, which is
// application/problem+json as RFC 9457 describes it.
const (
	// ProblemAlreadyCancelled (409): the order is cancelled.
	ProblemAlreadyCancelled = "urn:orderbridge:problem:already-cancelled"
	// ProblemAlreadyFulfilled (409): the order is shipped.
	ProblemAlreadyFulfilled = "urn:orderbridge:problem:already-fulfilled"
	// ProblemBadRequest (400): the request is not in the contract's form.
	ProblemBadRequest = "urn:orderbridge:problem:bad-request"
	// ProblemBodyTooLarge (413): the request's body is too large.
	ProblemBodyTooLarge = "urn:orderbridge:problem:body-too-large"
	// ProblemForbidden (403): the token lacks a permission.
	ProblemForbidden = "urn:orderbridge:problem:forbidden"
	// ProblemKeyMissing (400): a change came without an Idempotency-Key.
	ProblemKeyMissing = "urn:orderbridge:problem:idempotency-key-missing"
	// ProblemKeyReused (422): the key was used for another request.
	ProblemKeyReused = "urn:orderbridge:problem:idempotency-key-reused"
	// ProblemInUse (409): somebody else holds the order at the moment.
	ProblemInUse = "urn:orderbridge:problem:in-use"
	// ProblemNotAllowed (409): the order's status does not allow the change.
	ProblemNotAllowed = "urn:orderbridge:problem:not-allowed-in-status"
	// ProblemNotFound (404): there is no such order.
	ProblemNotFound = "urn:orderbridge:problem:not-found"
	// ProblemServerError (5xx): the system failed.
	ProblemServerError = "urn:orderbridge:problem:server-error"
	// ProblemTooManyRequests (429): see Retry-After.
	ProblemTooManyRequests = "urn:orderbridge:problem:too-many-requests"
	// ProblemUnauthorized (401): the token is missing or not valid.
	ProblemUnauthorized = "urn:orderbridge:problem:unauthorized"
	// ProblemMediaType (415): the request's body is not application/json.
	ProblemMediaType = "urn:orderbridge:problem:unsupported-media-type"
	// ProblemVersionMissing (428): a change came without If-Match.
	ProblemVersionMissing = "urn:orderbridge:problem:version-missing"
	// ProblemVersionStale (412): the order has another version by now.
	ProblemVersionStale = "urn:orderbridge:problem:version-stale"
)

// knownProblem reports whether the contract has this problem type. Only such
// types are repeated in errors: any other text of an answer could hold
// anything.
func knownProblem(problemType string) bool {
	switch problemType {
	case ProblemAlreadyCancelled, ProblemAlreadyFulfilled, ProblemBadRequest, ProblemBodyTooLarge,
		ProblemForbidden, ProblemKeyMissing, ProblemKeyReused, ProblemInUse, ProblemNotAllowed,
		ProblemNotFound, ProblemServerError, ProblemTooManyRequests, ProblemUnauthorized,
		ProblemMediaType, ProblemVersionMissing, ProblemVersionStale:
		return true
	default:
		return false
	}
}
