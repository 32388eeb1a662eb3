package rest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"mime"
	"net/http"
	"time"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
)

// maxAnswer bounds what is read of one answer, in bytes. A full page of orders
// is below 100 KiB.
const maxAnswer = 1 << 20

// call is one HTTP request of the contract, and what it is called in errors.
type call struct {
	name   string
	order  string
	method string
	route  string
	path   string
	header http.Header
	body   []byte
}

// answer is the part of an HTTP answer that the adapter looks at.
type answer struct {
	status     int
	retryAfter time.Duration
	problem    string
	// redirect says that the answer points elsewhere.
	redirect  bool
	mediaType string
	body      []byte
	// bodyErr is why the body could not be read to its end.
	bodyErr error
}

func (a answer) ok() bool { return a.status >= 200 && a.status < 300 }

// read makes a request and decodes its success; any other answer is an error.
func (a *Adapter) read(ctx context.Context, c call, into any) error {
	ans, err := a.exchange(ctx, c)
	switch {
	case err != nil:
		return err
	case !ans.ok():
		return a.answerError(c, ans)
	case ans.bodyErr != nil:
		return a.bodyError(ctx, c, ans)
	case ans.mediaType != "application/json":
		return a.malformed(c, "the answer is not application/json")
	}
	if err := decode(ans.body, into); err != nil {
		return a.malformed(c, "the answer is "+err.Error())
	}
	return nil
}

// exchange sends one request and reads its answer, whatever its status. It
// fails only when there is no answer.
func (a *Adapter) exchange(ctx context.Context, c call) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, c.method, a.base+c.path, bytes.NewReader(c.body))
	if err != nil {
		return answer{}, a.fail(c, downstream.Misconfigured, "the request cannot be made from the base URL",
			"correct the channel's base URL")
	}
	if len(c.body) == 0 {
		req.Body, req.GetBody, req.ContentLength = http.NoBody, nil, 0
	}
	maps.Copy(req.Header, c.header)
	req.Header.Set("Accept", "application/json, application/problem+json")
	req.Header.Set("Authorization", "Bearer "+a.config.Token)
	req.Header.Set("User-Agent", "Orderbridge")

	start := time.Now()
	ans, err := a.send(req)
	seen := Exchange{
		Channel: a.channel, Duration: time.Since(start), Method: c.method, Route: c.route, StatusCode: ans.status,
	}
	if err != nil {
		failure := a.noAnswer(ctx, c, err)
		seen.Kind = failure.Kind
		a.config.Observe(ctx, seen)
		return answer{}, failure
	}
	switch {
	case !ans.ok():
		seen.Kind = a.answerError(c, ans).Kind
	case ans.bodyErr != nil:
		seen.Kind = downstream.Malformed
	}
	a.config.Observe(ctx, seen)
	return ans, nil
}

// send is one round trip, the body included.
func (a *Adapter) send(req *http.Request) (answer, error) {
	resp, err := a.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer func() {
		// Nothing is left to do for an answer that has been read.
		_ = resp.Body.Close()
	}()
	ans := answer{
		status:     resp.StatusCode,
		retryAfter: overhttp.RetryAfter(resp.Header.Get("Retry-After"), time.Now(), maxRetryAfter),
		redirect:   resp.StatusCode >= 300 && resp.StatusCode < 400,
	}
	// A media type that cannot be parsed is none, which is refused later.
	ans.mediaType, _, _ = mime.ParseMediaType(resp.Header.Get("Content-Type"))
	ans.body, ans.bodyErr = io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if len(ans.body) > maxAnswer {
		ans.body, ans.bodyErr = nil, errTooLong
	}
	if ans.mediaType == "application/problem+json" {
		var p problem
		if decode(ans.body, &p) == nil && knownProblem(p.Type) {
			ans.problem = p.Type
		}
	}
	return ans, nil
}

var errTooLong = errors.New("the answer is longer than 1 MiB")
