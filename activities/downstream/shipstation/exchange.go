package shipstation

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
)

// Paths of the API, below the base URL, and the routes that have placeholders.
const (
	routeCreateOrder = "/orders/createorder"
	routeMarkShipped = "/orders/markasshipped"
	routeOrder       = "/orders/{id}"
	routeOrders      = "/orders"
	routeStore       = "/stores/{id}"
	routeStores      = "/stores/"
	routeTags        = "/accounts/listtags"
)

// maxAnswer bounds what is read of one answer, in bytes. A page of 500 orders
// of a few lines each is below 3 MiB.
const maxAnswer = 8 << 20

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
	status int
	// wait is how long the answer asks to wait, or 0.
	wait      time.Duration
	header    http.Header
	mediaType string
	body      []byte
	// bodyErr is why the body could not be read to its end.
	bodyErr error
}

func (a answer) ok() bool { return a.status >= 200 && a.status < 300 }

// reserve keeps room for the requests of one call. It fails with RateLimited,
// and without a request, when there is none. A search is for changes that come
// after it: it leaves half of a window to them.
func (a *Adapter) reserve(c call, n int, search bool) (*room, error) {
	q := &a.account.quota
	wait, ok := q.reserve(a.now(), n, search)
	if !ok {
		e := a.fail(c, downstream.RateLimited,
			"the requests that ShipStation allows this API key are used up for the moment", adviseQuota)
		e.RetryAfter = wait
		return nil, e
	}
	return &room{quota: q, units: n}, nil
}

// read makes a request and returns the JSON of its success; any other answer is
// an error.
func (a *Adapter) read(ctx context.Context, r *room, c call) ([]byte, error) {
	ans, err := a.exchange(ctx, r, c)
	switch {
	case err != nil:
		return nil, err
	case !ans.ok():
		return nil, a.answerError(c, ans)
	case ans.bodyErr != nil:
		return nil, a.bodyError(ctx, c, ans)
	case ans.mediaType != "application/json":
		return nil, a.malformed(c, "the answer is not application/json")
	default:
		return ans.body, nil
	}
}

// exchange sends one request and reads its answer, whatever its status. It
// fails when there is no answer, and when there is no room for the request.
func (a *Adapter) exchange(ctx context.Context, r *room, c call) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, c.method, a.base+c.path, bytes.NewReader(c.body))
	if err != nil {
		return answer{}, a.fail(c, downstream.Misconfigured, "the request cannot be made from the base URL",
			"correct the channel's base URL")
	}
	if len(c.body) == 0 {
		req.Body, req.GetBody, req.ContentLength = http.NoBody, nil, 0
	} else {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "Orderbridge")
	req.SetBasicAuth(a.config.APIKey, a.config.APISecret)
	if err := a.spend(r, c); err != nil {
		return answer{}, err
	}

	start := time.Now()
	ans, err := a.send(req)
	seen := Exchange{
		Channel: a.channel, Duration: time.Since(start), Method: c.method, Route: c.route, StatusCode: ans.status,
	}
	if err != nil {
		r.quota.unanswered()
		failure := a.noAnswer(ctx, c, err)
		seen.Kind = failure.Kind
		a.config.Observe(ctx, seen)
		return answer{}, failure
	}
	if wait := r.quota.answered(a.now(), ans.status, ans.header); wait > 0 {
		ans.wait = wait
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

// spend takes room for one request, beyond what was reserved if need be.
func (a *Adapter) spend(r *room, c call) error {
	if r.units == 0 {
		more, err := a.reserve(c, 1, false)
		if err != nil {
			return err
		}
		r.units = more.units
	}
	r.units--
	return nil
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
		status: resp.StatusCode,
		header: resp.Header,
		wait:   overhttp.RetryAfter(resp.Header.Get("Retry-After"), a.now(), maxWait),
	}
	// A media type that cannot be parsed is none, which is refused later.
	ans.mediaType, _, _ = mime.ParseMediaType(resp.Header.Get("Content-Type"))
	ans.body, ans.bodyErr = io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if len(ans.body) > maxAnswer {
		ans.body, ans.bodyErr = nil, errTooLong
	}
	return ans, nil
}

var errTooLong = errors.New(fmt.Sprint("the answer is longer than ", maxAnswer>>20, " MiB"))
