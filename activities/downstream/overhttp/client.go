package overhttp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/spans"
)

// Client talks to one system for one sales channel. Use New to make one; it is
// safe for concurrent use. Its errors are of type *downstream.Error.
type Client struct {
	base   string
	config Config
	http   *http.Client
	owned  *http.Transport
}

// New returns a Client, or a *downstream.Error of kind Misconfigured that names
// every mistake in the configuration, among them those that the adapter has
// found in the rest of its own (nil if none). It makes no request.
func New(config Config, others Mistakes) (*Client, error) {
	config = config.withDefaults()
	mistakes := append(config.mistakes(), others...)
	if err := misconfigured(config.Channel, "configure the adapter for "+config.System, mistakes); err != nil {
		return nil, err
	}
	c := &Client{base: strings.TrimRight(config.BaseURL, "/"), config: config}
	transport := config.Transport
	if transport == nil {
		c.owned = newTransport()
		transport = c.owned
	}
	c.http = &http.Client{
		Transport: transport,
		Timeout:   config.Timeout,
		// A redirect would carry the credentials, and a POST turned into a
		// GET, to wherever it points.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c, nil
}

// newTransport returns http.DefaultTransport's settings with room for the
// requests that one worker makes to one system at a time.
func newTransport() *http.Transport {
	t := &http.Transport{Proxy: http.ProxyFromEnvironment}
	if shared, ok := http.DefaultTransport.(*http.Transport); ok {
		t = shared.Clone()
	}
	t.MaxIdleConnsPerHost = 16
	t.MaxResponseHeaderBytes = 64 << 10
	return t
}

// Close ends the idle connections of the Client's own transport. Requests under
// way are not disturbed. With Config.Transport it does nothing.
func (c *Client) Close() {
	if c.owned != nil {
		c.owned.CloseIdleConnections()
	}
}

// Read makes a request and decodes the JSON of its success; any other answer is
// an error.
func (c *Client) Read(ctx context.Context, call Call, into any) (Answer, error) {
	ans, err := c.Do(ctx, call)
	if err != nil {
		return Answer{}, err
	}
	return ans, c.Decode(ctx, call, ans, into)
}

// Decode reads the JSON of a success; any other answer is an error.
func (c *Client) Decode(ctx context.Context, call Call, ans Answer, into any) error {
	err := c.Check(call, ans)
	switch {
	case err != nil:
		return err
	case ans.BodyErr != nil:
		return c.bodyError(ctx, call, ans)
	case !c.acceptable(ans):
		return c.Malformed(call, notOneOf(c.config.MediaTypes))
	}
	if err := ans.JSON(into); err != nil {
		return c.Malformed(call, "the answer is "+err.Error())
	}
	return nil
}

// Check returns the error that an answer means, or nil if it is a success. It
// does not mind a success whose body is odd or broke off.
func (c *Client) Check(call Call, ans Answer) error {
	if e := c.answerError(call, ans); e != nil {
		return e
	}
	return nil
}

// Do sends one request and reads its answer, whatever its status. It fails only
// when there is no answer, or when the request could not be made.
func (c *Client) Do(ctx context.Context, call Call) (Answer, error) {
	req, err := c.request(ctx, call)
	if err != nil {
		return Answer{}, err
	}
	start := time.Now()
	ans, err := c.send(req)
	seen := Exchange{
		Channel: c.config.Channel, Duration: time.Since(start), Method: call.Method, Route: call.Route, StatusCode: ans.Status,
	}
	if err != nil {
		failure := c.NoAnswer(ctx, call, err)
		seen.Kind = failure.Kind
		c.config.Observe(ctx, seen)
		return Answer{}, failure
	}
	if e := c.answerError(call, ans); e != nil {
		seen.Kind = e.Kind
	} else if ans.BodyErr != nil {
		seen.Kind = downstream.Malformed
	} else {
		seen.Refused = c.config.Refused(call, ans)
	}
	c.config.Observe(ctx, seen)
	return ans, nil
}

func (c *Client) request(ctx context.Context, call Call) (*http.Request, error) {
	path := call.Path
	if path == "" {
		path = call.Route
	}
	var body io.Reader = http.NoBody
	if call.JSON != nil {
		content, err := json.Marshal(call.JSON)
		if err != nil {
			return nil, c.Fail(call, downstream.Invalid, "the request cannot be written as JSON", AdviseReport)
		}
		body = bytes.NewReader(content)
	}
	ctx = spans.WithCall(ctx, spans.Call{Name: call.Name, Route: call.Route, Channel: c.config.Channel, Order: call.Order})
	req, err := http.NewRequestWithContext(ctx, call.Method, c.base+path, body)
	if err != nil {
		return nil, c.Fail(call, downstream.Misconfigured, "the request cannot be made from the base URL", AdviseBaseURL)
	}
	if call.JSON != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "Orderbridge")
	maps.Copy(req.Header, c.config.Header)
	maps.Copy(req.Header, call.Header)
	return req, nil
}

// send is one round trip, the body included.
func (c *Client) send(req *http.Request) (Answer, error) {
	resp, err := c.http.Do(req)
	if err != nil {
		return Answer{}, err
	}
	defer func() {
		// Nothing is left to do for an answer that has been read.
		_ = resp.Body.Close()
	}()
	ans := Answer{
		Status:     resp.StatusCode,
		Header:     resp.Header,
		RetryAfter: RetryAfter(resp.Header.Get("Retry-After"), time.Now(), c.config.MaxRetryAfter),
	}
	// A media type that cannot be parsed is none, which is refused later.
	ans.MediaType, _, _ = mime.ParseMediaType(resp.Header.Get("Content-Type"))
	ans.Body, ans.BodyErr = io.ReadAll(io.LimitReader(resp.Body, c.config.MaxAnswer+1))
	if int64(len(ans.Body)) > c.config.MaxAnswer {
		ans.Body, ans.BodyErr = nil, tooLongError(c.config.MaxAnswer)
	}
	return ans, nil
}

// tooLongError is an answer that has more bytes than this.
type tooLongError int64

func (e tooLongError) Error() string {
	return fmt.Sprintf("the answer is longer than %d KiB", int64(e)>>10)
}

// bodyError maps the failure to read a success to its end.
func (c *Client) bodyError(ctx context.Context, call Call, ans Answer) *downstream.Error {
	if tooLong, ok := errors.AsType[tooLongError](ans.BodyErr); ok {
		return c.Malformed(call, tooLong.Error())
	}
	e := c.NoAnswer(ctx, call, ans.BodyErr)
	e.StatusCode = ans.Status
	if e.Kind == downstream.Unavailable {
		e.Kind, e.Detail, e.Advice = downstream.Malformed, "the answer breaks off", c.config.Advice.Failure
	}
	return e
}
