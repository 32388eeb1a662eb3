package resttest

import (
	"fmt"
	"net/http"

	"github.com/orderbridge/orderbridge/activities/downstream/downstreamtest/standin"
	"github.com/orderbridge/orderbridge/activities/downstream/rest"
)

// answer is kept under an idempotency key, too.
type answer = standin.Answer

// success answers 200 with JSON.
func success(body any) answer {
	return standin.JSON(http.StatusOK, "application/json", body).With("Cache-Control", "no-store")
}

// shown answers 200 with an order and its entity tag.
func shown(v view) answer {
	return success(v).With("ETag", `"`+v.Version+`"`)
}

// refusal answers with a problem.
func refusal(status int, problemType, format string, args ...any) answer {
	a := standin.JSON(status, "application/problem+json", map[string]any{
		"type":   problemType,
		"title":  http.StatusText(status),
		"status": status,
		"detail": fmt.Sprintf(format, args...),
	}).With("Cache-Control", "no-store")
	switch status {
	case http.StatusUnauthorized:
		a.Header.Set("WWW-Authenticate", `Bearer realm="demo order system"`)
	case http.StatusTooManyRequests:
		a.Header.Set("Retry-After", "1")
	}
	return a
}

func badRequest(format string, args ...any) answer {
	return refusal(http.StatusBadRequest, rest.ProblemBadRequest, format, args...)
}

// problemFor is the problem type that goes with a status when nobody asks for
// another.
func problemFor(status int) string {
	switch status {
	case http.StatusBadRequest:
		return rest.ProblemBadRequest
	case http.StatusUnauthorized:
		return rest.ProblemUnauthorized
	case http.StatusForbidden:
		return rest.ProblemForbidden
	case http.StatusNotFound:
		return rest.ProblemNotFound
	case http.StatusConflict:
		return rest.ProblemInUse
	case http.StatusPreconditionFailed:
		return rest.ProblemVersionStale
	case http.StatusRequestEntityTooLarge:
		return rest.ProblemBodyTooLarge
	case http.StatusUnsupportedMediaType:
		return rest.ProblemMediaType
	case http.StatusUnprocessableEntity:
		return rest.ProblemKeyReused
	case http.StatusPreconditionRequired:
		return rest.ProblemVersionMissing
	case http.StatusTooManyRequests:
		return rest.ProblemTooManyRequests
	default:
		return rest.ProblemServerError
	}
}
