package resttest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"

	"github.com/orderbridge/orderbridge/activities/downstream/rest"
)

// answer is an HTTP answer before it is sent, so that it can be recorded under
// an idempotency key, replaced by a fault or lost.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// success answers 200 with JSON.
func success(body any) answer {
	return answer{
		status: http.StatusOK,
		header: http.Header{"Content-Type": {"application/json"}, "Cache-Control": {"no-store"}},
		body:   encode(body),
	}
}

// shown answers 200 with an order and its entity tag.
func shown(v view) answer {
	a := success(v)
	a.header.Set("ETag", `"`+v.Version+`"`)
	return a
}

// refusal answers with a problem.
func refusal(status int, problemType, format string, args ...any) answer {
	a := answer{
		status: status,
		header: http.Header{"Content-Type": {"application/problem+json"}, "Cache-Control": {"no-store"}},
		body: encode(map[string]any{
			"type":   problemType,
			"title":  http.StatusText(status),
			"status": status,
			"detail": fmt.Sprintf(format, args...),
		}),
	}
	switch status {
	case http.StatusUnauthorized:
		a.header.Set("WWW-Authenticate", `Bearer realm="demo order system"`)
	case http.StatusTooManyRequests:
		a.header.Set("Retry-After", "1")
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

// encode writes JSON. Everything that is answered here can be encoded; if that
// ever changes, the answer is not JSON and every test of it fails.
func encode(v any) []byte {
	body, err := json.Marshal(v)
	if err != nil {
		return []byte(err.Error())
	}
	return body
}

// send writes the answer. A client that has gone away is nobody's error.
func (a answer) send(w http.ResponseWriter) {
	maps.Copy(w.Header(), a.header)
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
}
