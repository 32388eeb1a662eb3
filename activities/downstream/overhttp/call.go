package overhttp

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Call is one HTTP request.
type Call struct {
	// Name is what it is called in errors, for example "cancel order".
	// Required.
	Name string
	// Order is the channel order number that it is about, for errors. Default
	// none.
	Order string
	// Method is the HTTP method. Required.
	Method string
	// Route is the path with placeholders, for example "/orders/{id}", for
	// metrics. One with a placeholder is that of one order, so that a 404
	// means that the order is gone; any other 404 means that the base URL is
	// wrong. Required.
	Route string
	// Path is what is appended to the base URL, query included. Default Route.
	Path string
	// Header goes before Config.Header. Default none.
	Header http.Header
	// JSON is the request's body, for encoding/json. Its Content-Type is
	// application/json unless Header has one. Default: no body.
	JSON any
}

// Answer is one HTTP answer.
type Answer struct {
	// Status is the HTTP status.
	Status int
	// Header is as it came.
	Header http.Header
	// RetryAfter is how long the answer asks to wait, or 0.
	RetryAfter time.Duration
	// MediaType is that of Content-Type, without parameters; empty when it
	// cannot be parsed.
	MediaType string
	// Body is what was read of it; empty when it was too long.
	Body []byte
	// BodyErr is why the body could not be read to its end, or nil.
	BodyErr error
}

// OK reports whether the status is one of success.
func (a Answer) OK() bool { return a.Status >= 200 && a.Status < 300 }

// JSON reads exactly one JSON value from the body. It describes a mistake by its
// place, never by its text, and continues the sentence "the answer is …".
func (a Answer) JSON(into any) error { return DecodeJSON(a.Body, into) }

// DecodeJSON is Answer.JSON for a part of an answer.
func DecodeJSON(body []byte, into any) error {
	err := json.Unmarshal(body, into)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("not JSON (byte %d of %d)", syntax.Offset, len(body))
	}
	if typing, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("JSON of another shape than expected (at %q)", typing.Field)
	}
	if err != nil {
		return errors.New("not JSON")
	}
	return nil
}

// notOneOf words a list of media types that an answer should have had.
func notOneOf(mediaTypes []string) string {
	if len(mediaTypes) == 1 {
		return "the answer is not " + mediaTypes[0]
	}
	return "the answer is neither " + strings.Join(mediaTypes, " nor ")
}

func (c *Client) acceptable(ans Answer) bool {
	return slices.Contains(c.config.MediaTypes, ans.MediaType)
}

// OneLine makes a text of people fit for a field of one line: runs of white
// space become one space, and what is beyond the first most characters is cut
// off.
func OneLine(text string, most int) string {
	line := []rune(strings.Join(strings.Fields(text), " "))
	return string(line[:min(len(line), most)])
}
