package ordermanager

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
)

// maxAnswer bounds what is read of one answer, in bytes. Orders carry all of
// their items and stocks, so that a page of them can be long.
const maxAnswer = 8 << 20

var errTooLong = errors.New("the answer is longer than 8 MiB")

// call is one HTTP request, and what it is called in errors.
type call struct {
	name   string
	order  string
	method string
	route  string
	path   string
	body   []byte
}

// answer is the part of an HTTP answer that the adapter looks at.
type answer struct {
	status     int
	retryAfter time.Duration
	mediaType  string
	body       []byte
	// bodyErr is why the body could not be read to its end.
	bodyErr error
	// refused is how many parcels a success says were refused, and refusal
	// the status of the first of them.
	refused int
	refusal string
}

func (a answer) ok() bool { return a.status >= 200 && a.status < 300 }

// aboutOrder reports whether the answer may say something about the order's
// state: it is a 4xx that is not about credentials, time or quotas.
func (a answer) aboutOrder() bool {
	switch a.status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusMethodNotAllowed, http.StatusProxyAuthRequired,
		http.StatusRequestTimeout, http.StatusTooManyRequests:
		return false
	default:
		return a.status >= http.StatusBadRequest && a.status < http.StatusInternalServerError
	}
}

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

// exchange sends one request when its turn has come and reads its answer,
// whatever its status. It fails only when there is no answer.
func (a *Adapter) exchange(ctx context.Context, c call) (answer, error) {
	var body io.Reader = http.NoBody
	if len(c.body) > 0 {
		body = bytes.NewReader(c.body)
	}
	req, err := http.NewRequestWithContext(ctx, c.method, a.base+c.path, body)
	if err != nil {
		return answer{}, a.fail(c, downstream.Misconfigured, "the request cannot be made from the base URL", adviseAddress)
	}
	if len(c.body) > 0 {
		req.Header.Set("Content-Type", "application/json; charset=utf-8")
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Authorization", "Bearer "+a.config.Token)
	req.Header.Set("User-Agent", "Orderbridge")

	tooLong, err := a.account.pace(ctx)
	switch {
	case err != nil:
		return answer{}, a.noAnswer(ctx, c, err)
	case tooLong > 0:
		e := a.fail(c, downstream.RateLimited, "this process has used up its own limit for the token; nothing was sent",
			"wait; if it lasts, raise the channel's requests per second, should Extensiv allow it")
		e.RetryAfter = tooLong
		return answer{}, e
	}
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
	case c.route == routeShip:
		ans.refused, ans.refusal = refusals(ans.body)
		seen.Refused = ans.refused
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
	ans := answer{status: resp.StatusCode, retryAfter: overhttp.RetryAfter(resp.Header.Get("Retry-After"), time.Now(), maxRetryAfter)}
	// A media type that cannot be parsed is none, which is refused later.
	ans.mediaType, _, _ = mime.ParseMediaType(resp.Header.Get("Content-Type"))
	ans.body, ans.bodyErr = io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if len(ans.body) > maxAnswer {
		ans.body, ans.bodyErr = nil, errTooLong
	}
	return ans, nil
}
