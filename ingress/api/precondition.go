package api

import (
	"errors"
	"net/http"
	"regexp"
	"strconv"

	"github.com/orderbridge/orderbridge/ingress/operator"
)

// etag returns the entity tag of a channel at a revision.
func etag(revision int) string { return `"` + strconv.Itoa(revision) + `"` }

var strongRevision = regexp.MustCompile(`^"([1-9]\d{0,8})"$`)

// expected returns the revision that a change is made on, by If-Match; nil if
// the caller does not say.
func expected(r request) (*int, error) {
	value := r.http.Header.Get("If-Match")
	if value == "" {
		return nil, nil //nolint:nilnil // there is none, which is no mistake
	}
	match := strongRevision.FindStringSubmatch(value)
	if match == nil || len(r.http.Header.Values("If-Match")) > 1 {
		return nil, badRequest("If-Match must be the ETag of the channel as it was read, for example \"7\" with its quotation marks")
	}
	revision, err := strconv.Atoi(match[1])
	return &revision, err
}

// unconditional refuses a condition on a call that is not made on a revision:
// to take no notice of it would be to break a promise.
func unconditional(r request) error {
	if len(r.http.Header.Values("If-Match")) == 0 {
		return nil
	}
	return badRequest("this call is not made on a revision of the channel: leave If-Match out")
}

// unmet turns the refusal of a change that was made on another revision into
// the answer to a condition that does not hold.
func unmet(err error, revision *int) error {
	e, ok := errors.AsType[*operator.Error](err)
	if revision == nil || !ok || e.Kind != operator.KindConflict {
		return err
	}
	return newProblem("precondition-failed", http.StatusPreconditionFailed, e.Message)
}
