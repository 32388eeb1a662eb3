package bigcommerce

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/orderbridge/orderbridge/activities/spans"
)

const (
	// maxAnswerBytes bounds an answer after decompression. The largest page
	// of orders is well below a megabyte.
	maxAnswerBytes = 8 << 20
	// maxRefusalBytes bounds how much of an error body is read.
	maxRefusalBytes = 64 << 10
)

// Client calls the API of one BigCommerce store. It is safe for concurrent use.
//
// Every method sends each request once: repeating is the caller's business. It
// fails with an *Error. A request that the store's quota does not allow is not
// sent and fails at once with RateLimited.
type Client struct {
	config Config
	base   *url.URL
	http   *http.Client
}

// NewClient returns a client of one store. It does not connect. It fails when
// the configuration cannot work, and then wraps a ConfigError for every mistake.
func NewClient(config Config) (*Client, error) {
	config = config.withDefaults()
	base, err := config.validate()
	if err != nil {
		return nil, err
	}
	return &Client{
		config: config,
		base:   base,
		http: &http.Client{
			Transport:     config.Transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// CloseIdleConnections ends the connections of the client's transport that are
// not in use. A client that is no longer needed needs no other end.
func (c *Client) CloseIdleConnections() { c.http.CloseIdleConnections() }

// Quota returns what the client knows of its store's request quota.
func (c *Client) Quota() *Quota { return c.config.Quota }

// String implements fmt.Stringer without the access token.
func (c *Client) String() string { return c.config.String() }

// GoString implements fmt.GoStringer without the access token.
func (c *Client) GoString() string { return c.config.String() }

// LogValue implements slog.LogValuer without the access token.
func (c *Client) LogValue() slog.Value { return c.config.LogValue() }

// request is one call to the API.
type request struct {
	endpoint string     // one of Endpoints
	name     string     // Error.Call
	method   string     // an HTTP method
	path     string     // below /stores/{hash}: fixed words and ids, nothing to escape
	query    url.Values // may be nil
	body     any        // sent as JSON; nil for none
	secrets  []string   // what no error may quote, beside the token
	answer   any        // the JSON answer is decoded into it; nil to ignore it
	mayEmpty bool       // 204 is an answer and leaves answer as it is
}

// send sends a request and reads its answer. readAt is the store's own time of
// the answer.
func (c *Client) send(ctx context.Context, call request) (at time.Time, err error) {
	start := c.config.Clock.Now()
	status, rates := 0, rates{}
	defer func() {
		c.config.Observe(Call{
			Endpoint: call.endpoint, StatusCode: status, Kind: kindOf(err),
			Duration: c.config.Clock.Since(start), QuotaLeft: rates.quotaLeft(),
		})
	}()

	ctx, cancel := context.WithTimeout(ctx, c.config.Timeout)
	defer cancel()
	req, err := c.newRequest(spans.WithCall(ctx, call.span(c.config.Channel)), call)
	if err != nil {
		return time.Time{}, c.failure(call, Invalid, err)
	}
	if wait, ok := c.config.Quota.admit(start); !ok {
		failure := c.failure(call, RateLimited, nil)
		failure.Title, failure.RetryAfter = "not sent", wait
		return time.Time{}, failure
	}
	resp, err := c.http.Do(req)
	if err != nil {
		c.config.Quota.settle(c.config.Clock.Now(), 0, rates)
		return time.Time{}, c.unanswered(ctx, call, err)
	}
	defer func() { _ = resp.Body.Close() }() // All that matters was read.
	status, rates = resp.StatusCode, parseRates(resp.Header)
	c.config.Quota.settle(c.config.Clock.Now(), status, rates)

	at = readAt(resp.Header, c.config.Clock.Now())
	return at, c.readAnswer(ctx, call, resp)
}

func (c *Client) newRequest(ctx context.Context, call request) (*http.Request, error) {
	target := c.base.JoinPath("stores", c.config.StoreHash, call.path)
	target.RawQuery = call.query.Encode()

	var body io.Reader = http.NoBody
	if call.body != nil {
		raw, err := json.Marshal(call.body)
		if err != nil {
			return nil, errors.New("the request body cannot be written as JSON")
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, call.method, target.String(), body)
	if err != nil {
		return nil, errors.New("the request's address is not valid")
	}
	req.Header.Set("X-Auth-Token", c.config.AccessToken)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.config.UserAgent)
	if call.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}

// readAnswer reads the body of an answer into call.answer, or fails.
func (c *Client) readAnswer(ctx context.Context, call request, resp *http.Response) error {
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		// A body that cannot be read only costs the error its title.
		body, _ := io.ReadAll(io.LimitReader(resp.Body, maxRefusalBytes))
		return c.refusal(call, resp.StatusCode, resp.Header, body)
	}
	if call.answer == nil || (resp.StatusCode == http.StatusNoContent && call.mayEmpty) {
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswerBytes+1))
	switch {
	case err != nil && ctx.Err() != nil:
		return c.answerFailure(call, resp, Timeout, "the answer stopped halfway", ctx.Err())
	case err != nil:
		return c.answerFailure(call, resp, Malformed, "the answer stopped halfway", safeCause(err))
	case len(body) > maxAnswerBytes:
		return c.answerFailure(call, resp, Malformed, fmt.Sprintf("the answer is larger than %d MiB", maxAnswerBytes>>20), nil)
	case len(bytes.TrimSpace(body)) == 0:
		return c.answerFailure(call, resp, Malformed, "the answer is empty", nil)
	}
	if err := json.Unmarshal(body, call.answer); err != nil {
		cause := decodeCause(err)
		return c.answerFailure(call, resp, Malformed, cause.Error(), cause)
	}
	return nil
}

// unanswered turns the failure of a request without an answer into an error.
func (c *Client) unanswered(ctx context.Context, call request, err error) *Error {
	kind, title := Unavailable, "the connection failed"
	cause := safeCause(err)
	var timeout interface{ Timeout() bool }
	switch {
	case ctx.Err() != nil:
		kind, title, cause = Timeout, "no answer in time", ctx.Err()
	case errors.As(err, &timeout) && timeout.Timeout():
		kind, title = Timeout, "no connection in time"
	}
	failure := c.failure(call, kind, cause)
	failure.Title = oneLine(fmt.Sprintf("%s: %v", title, cause))
	if lookup, ok := errors.AsType[*net.DNSError](err); ok && ctx.Err() == nil {
		// A resolver names servers of the own network, which help nobody here.
		failure.Title = oneLine(fmt.Sprintf("the host name %s was not resolved", lookup.Name))
		failure.Advice = "check the base URL and the machine's name server"
	}
	return failure
}

func (c *Client) answerFailure(call request, resp *http.Response, kind Kind, title string, cause error) *Error {
	failure := c.failure(call, kind, cause)
	failure.StatusCode, failure.Title = resp.StatusCode, title
	return failure
}

// malformed says that an answer was JSON, but not what it should be.
func (c *Client) malformed(call request, format string, args ...any) *Error {
	failure := c.failure(call, Malformed, nil)
	failure.Title = fmt.Sprintf(format, args...)
	return failure
}

// invalid says that a request was not sent because it cannot be right.
func (c *Client) invalid(call, title string) *Error {
	failure := c.failure(request{name: call}, Invalid, nil)
	failure.Title = title
	return failure
}

func (c *Client) failure(call request, kind Kind, cause error) *Error {
	return &Error{Channel: c.config.Channel, Call: call.name, Kind: kind, Advice: advice(kind), Err: cause}
}

// id writes a positive id as a path segment.
func id(n int64) string { return strconv.FormatInt(n, 10) }
