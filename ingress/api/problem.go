package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/orderbridge/orderbridge/ingress/operator"
)

// problem is an answer that says what went wrong, in the form of RFC 9457.
type problem struct {
	Type   string                `json:"type"`
	Title  string                `json:"title"`
	Status int                   `json:"status"`
	Detail string                `json:"detail"`
	Errors []operator.FieldError `json:"errors,omitempty"`
}

// Error implements error.
func (p *problem) Error() string { return p.Title + ": " + p.Detail }

const (
	problemPrefix = "urn:orderbridge:problem:"
	problemType   = "application/problem+json"
)

// newProblem returns a problem. Its kind is the end of its type.
func newProblem(kind string, status int, detail string, fields ...operator.FieldError) *problem {
	return &problem{Type: problemPrefix + kind, Title: http.StatusText(status), Status: status, Detail: detail, Errors: fields}
}

func badRequest(detail string, fields ...operator.FieldError) *problem {
	return newProblem("bad-request", http.StatusBadRequest, detail, fields...)
}

func notFound() *problem {
	return newProblem("not-found", http.StatusNotFound, "there is no such address in this API: GET /api/v1/openapi.yaml lists those that are")
}

// answers says how failures of operators' work are answered.
var answers = map[operator.Kind]struct {
	kind   string
	status int
}{
	operator.KindUnknownChannel:  {"unknown-channel", http.StatusNotFound},
	operator.KindConflict:        {"conflict", http.StatusConflict},
	operator.KindInvalid:         {"invalid-settings", http.StatusUnprocessableEntity},
	operator.KindStoreProbe:      {"store-refused", http.StatusUnprocessableEntity},
	operator.KindDownstreamProbe: {"downstream-refused", http.StatusUnprocessableEntity},
	operator.KindConnectionTaken: {"connection-taken", http.StatusConflict},
	operator.KindRemoving:        {"being-removed", http.StatusConflict},
	operator.KindNotRemoved:      {"not-removed", http.StatusConflict},
	operator.KindFailed:          {"failed", http.StatusBadGateway},
	operator.KindUnavailable:     {"unavailable", http.StatusServiceUnavailable},
	operator.KindInternal:        {"internal", http.StatusInternalServerError},
}

// problemOf returns the answer to an error. What an error says that was not made
// to be shown is left to the log.
func problemOf(err error) *problem {
	if p, ok := errors.AsType[*problem](err); ok {
		return p
	}
	if e, ok := errors.AsType[*operator.Error](err); ok {
		if answer, known := answers[e.Kind]; known {
			return newProblem(answer.kind, answer.status, e.Message, e.Fields...)
		}
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return newProblem("unavailable", http.StatusServiceUnavailable,
			"there was no answer in time; what was asked for may still happen")
	}
	return newProblem("internal", http.StatusInternalServerError, "something unexpected went wrong: the log of the ingress says what")
}
