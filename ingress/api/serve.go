package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/ingress/operator"
)

// request is one authenticated call.
type request struct {
	// by names the caller.
	by string
	// id and run are those in the path, "" where there are none.
	id, run string
	http    *http.Request
	body    []byte
}

const callerKey = "orderbridge.caller"

// callerOf returns who calls. authenticate has put it there.
func callerOf(c *gin.Context) holder {
	value, _ := c.Get(callerKey)
	caller, _ := value.(holder)
	return caller
}

// authenticate ends every call that has no valid token.
func (a *API) authenticate(c *gin.Context) {
	header := c.Writer.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	scheme, token, _ := strings.Cut(c.GetHeader("Authorization"), " ")
	if caller, ok := a.tokens.find(token); ok && strings.EqualFold(scheme, "Bearer") {
		c.Set(callerKey, caller)
		return
	}
	a.metrics.Unauthenticated()
	address := addressOf(c.Request)
	if !a.failures.allow(address) {
		header.Set("Retry-After", strconv.Itoa(int(failureEvery.Seconds())))
		fail(c, newProblem("too-many-requests", http.StatusTooManyRequests, "too many calls without a valid token came from this address"))
		return
	}
	a.log.WarnContext(c.Request.Context(), "call of the operator API without a valid token refused", "address", address.Addr().String())
	header.Set("WWW-Authenticate", `Bearer realm="orderbridge"`)
	fail(c, newProblem("unauthorized", http.StatusUnauthorized, "send a valid token: Authorization: Bearer …"))
}

// counted counts every call, whatever became of it.
func (a *API) counted(c *gin.Context) {
	c.Next()
	a.metrics.Answered(c.FullPath(), c.Writer.Status())
}

// recovered turns a panic into a 500 that says nothing.
func (a *API) recovered(c *gin.Context) {
	defer func() {
		if recovered := recover(); recovered != nil {
			a.log.ErrorContext(c.Request.Context(), "a call of the operator API panicked", "route", c.FullPath(),
				"panic", fmt.Sprint(recovered), "stack", string(debug.Stack()))
			fail(c, problemOf(errors.New("panic")))
		}
	}()
	c.Next()
}

// bodyRule says what body a route takes.
type bodyRule struct {
	// types are the media types that it takes; none: it takes no body.
	types []string
	// optional is true if an empty body means that of an empty object.
	optional bool
}

const mediaJSON = "application/json"

var (
	jsonBody     = bodyRule{types: []string{mediaJSON}}
	optionalBody = bodyRule{types: []string{mediaJSON}, optional: true}
	patchBody    = bodyRule{types: []string{"application/merge-patch+json", mediaJSON}}
)

// maxBody bounds a body, in bytes. The settings of a channel have some hundred.
const maxBody = 64 << 10

// readBody reads the body of a call.
func readBody(w http.ResponseWriter, r *http.Request, rule bodyRule) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, newProblem("body-too-large", http.StatusRequestEntityTooLarge, fmt.Sprintf("the body is larger than %d bytes", maxBody))
	}
	if err != nil {
		return nil, badRequest("the body was not sent to its end")
	}
	switch {
	case len(body) > 0 && len(rule.types) == 0:
		return nil, badRequest("this call takes no body")
	case len(body) == 0 && rule.optional:
		return []byte("{}"), nil
	case len(rule.types) == 0:
		return nil, nil
	}
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	encoding := r.Header.Get("Content-Encoding")
	if err != nil || !slices.Contains(rule.types, mediaType) || encoding != "" && encoding != "identity" {
		return nil, newProblem("unsupported-media-type", http.StatusUnsupportedMediaType,
			"the body must be "+strings.Join(rule.types, " or ")+", and not compressed")
	}
	return body, nil
}

// succeed sends an answer.
func succeed(c *gin.Context, answer reply) {
	if answer.revision > 0 {
		c.Header("ETag", etag(answer.revision))
	}
	if answer.location != "" {
		c.Header("Location", Prefix+answer.location)
	}
	if answer.status == 0 {
		answer.status = http.StatusOK
	}
	if answer.yaml != nil {
		c.Data(answer.status, "application/yaml", answer.yaml)
		return
	}
	send(c, answer.status, mediaJSON, answer.body)
}

// fail sends a problem and ends the call.
func fail(c *gin.Context, p *problem) {
	if p.Status == http.StatusServiceUnavailable {
		c.Header("Retry-After", "5")
	}
	send(c, p.Status, problemType, p)
	c.Abort()
}

func send(c *gin.Context, status int, contentType string, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		// Nothing that is sent can fail to be written as JSON.
		status, contentType, text = http.StatusInternalServerError, problemType, nil
	}
	c.Data(status, contentType, append(text, '\n'))
}

func fieldOf(name, message string) operator.FieldError {
	return operator.FieldError{Field: name, Message: message}
}

// loggable bounds what a caller can write into the log.
func loggable(id string) slog.Value {
	if id != "" && !channels.ValidID(id) {
		return slog.StringValue("(invalid)")
	}
	return slog.StringValue(id)
}
