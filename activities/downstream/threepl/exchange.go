package threepl

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
// with long addresses and notes is below 1 MiB.
const maxAnswer = 8 << 20

// Paths of the API, below the base URL.
const (
	ordersPath = "/orders"
	tokenPath  = "/AuthServer/api/Token" //nolint:gosec // an address, not a credential
)

var errTooLong = errors.New("the answer is longer than 8 MiB")

// call is one HTTP request, and what it is called in errors.
type call struct {
	name   string
	order  string
	method string
	path   string
	// role is the one that the vendor documents for the call.
	role   string
	header http.Header
	body   []byte
	// one says that the path is that of one order.
	one bool
}

// answer is the part of an HTTP answer that the adapter looks at.
type answer struct {
	status     int
	retryAfter time.Duration
	etag       string
	exception  exception
	mediaType  string
	body       []byte
	// bodyErr is why the body could not be read to its end.
	bodyErr error
}

func (a answer) ok() bool { return a.status >= 200 && a.status < 300 }

// read makes a request and decodes its success; any other answer is an error.
func (a *Adapter) read(ctx context.Context, c call, into any) (answer, error) {
	ans, err := a.exchange(ctx, c)
	if err != nil {
		return answer{}, err
	}
	return ans, a.decode(ctx, c, ans, into)
}

// decode reads the JSON of a success; any other answer is an error.
func (a *Adapter) decode(ctx context.Context, c call, ans answer, into any) error {
	switch {
	case !ans.ok():
		return a.answerError(c, ans)
	case ans.bodyErr != nil:
		return a.bodyError(ctx, c, ans)
	case !ans.json():
		return a.malformed(c, "the answer is neither application/hal+json nor application/json")
	}
	if err := decodeJSON(ans.body, into); err != nil {
		return a.malformed(c, "the answer is "+err.Error())
	}
	return nil
}

// exchange sends one request with the access token and returns its answer,
// whatever its status. A token that is refused is replaced once: the request
// has not been carried out then. It fails only when there is no answer.
func (a *Adapter) exchange(ctx context.Context, c call) (answer, error) {
	refused := ""
	for {
		token, err := a.token(ctx, c, refused)
		if err != nil {
			return answer{}, err
		}
		ans, err := a.attempt(ctx, c, func(req *http.Request) {
			req.Header.Set("Authorization", "Bearer "+token)
			req.Header.Set("Accept", "application/hal+json")
		})
		if err != nil || ans.status != http.StatusUnauthorized || refused != "" {
			return ans, err
		}
		refused = token
	}
}

// attempt is one request. authorize sets its last headers.
func (a *Adapter) attempt(ctx context.Context, c call, authorize func(*http.Request)) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, c.method, a.base+c.path, bytes.NewReader(c.body))
	if err != nil {
		return answer{}, a.fail(c, downstream.Misconfigured, "the request cannot be made from the base URL",
			"correct the channel's base URL")
	}
	if len(c.body) == 0 {
		req.Body, req.GetBody, req.ContentLength = http.NoBody, nil, 0
	} else {
		req.Header.Set("Content-Type", "application/json; charset=utf-8")
	}
	maps.Copy(req.Header, c.header)
	// A proxy that compresses an answer gives it another ETag, or a weak one.
	req.Header.Set("Accept-Encoding", "identity")
	req.Header.Set("User-Agent", "Orderbridge")
	authorize(req)
	ans, err := a.send(req)
	if err != nil {
		return answer{}, a.noAnswer(ctx, c, err)
	}
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
		etag:       resp.Header.Get("ETag"),
	}
	// A media type that cannot be parsed is none, which is refused later.
	ans.mediaType, _, _ = mime.ParseMediaType(resp.Header.Get("Content-Type"))
	ans.body, ans.bodyErr = io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if len(ans.body) > maxAnswer {
		ans.body, ans.bodyErr = nil, errTooLong
	}
	if !ans.ok() && ans.json() {
		ans.exception = readException(ans.body)
	}
	return ans, nil
}

func (a answer) json() bool {
	return a.mediaType == "application/hal+json" || a.mediaType == "application/json"
}
