package bigcommerce_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
)

func TestClientRefusals(t *testing.T) {
	t.Parallel()
	const rateLeft, rateReset, retryAfter = "X-Rate-Limit-Requests-Left", "X-Rate-Limit-Time-Reset-Ms", "X-Retry-After"
	for name, test := range map[string]struct {
		status     int
		body       string
		headers    []string
		kind       bigcommerce.Kind
		title      string
		fields     map[string]string
		retryAfter time.Duration
	}{
		"V2 array": {
			status: 404, body: `[{"status":404,"message":"No such order here."}]`,
			kind: bigcommerce.NotFound, title: "No such order here.",
		},
		"V2 array with details": {
			status: 409, body: `[{"status":409,"message":"Taken.","details":{"conflict_reason":"x"}}]`,
			kind: bigcommerce.Conflict, title: "Taken.",
		},
		"V3 object": {
			status: 422, body: `{"status":422,"title":"Some data is wrong","type":"/codes","errors":{"destination":"error.path.missing."}}`,
			kind: bigcommerce.Invalid, title: "Some data is wrong", fields: map[string]string{"destination": "error.path.missing."},
		},
		"V3 object with lists of messages": {
			status: 400, body: `{"title":"Input is wrong","errors":{"a":["first","second"],"b":null}}`,
			kind: bigcommerce.Invalid, title: "Input is wrong", fields: map[string]string{"a": "first", "b": ""},
		},
		"V3 object with a bare message": {
			status: 400, body: `{"title":"Input is wrong","errors":"all of it"}`,
			kind: bigcommerce.Invalid, title: "Input is wrong", fields: map[string]string{"errors": "all of it"},
		},
		"V3 object without errors": {
			status: 401, body: `{"status":401,"title":"The token and the store do not fit.","errors":[]}`,
			kind: bigcommerce.Unauthorized, title: "The token and the store do not fit.",
		},
		"problem+json": {
			status: 403, body: `{"type":"about:blank","detail":"Scope missing"}`, headers: []string{"Content-Type", "application/problem+json"},
			kind: bigcommerce.Forbidden, title: "Scope missing",
		},
		"batch errors": {
			status: 422, body: `{"batch_errors":[{"status":422,"title":"First","errors":{"sku":"empty"}},{"title":"Second"}]}`,
			kind: bigcommerce.Invalid, title: "First", fields: map[string]string{"sku": "empty"},
		},
		"below data": {
			status: 422, body: `{"data":[{"status":422,"title":"Refund refused"}]}`,
			kind: bigcommerce.Invalid, title: "Refund refused",
		},
		"too large":         {status: 413, body: `{"status":413,"title":"Too many"}`, kind: bigcommerce.Invalid, title: "Too many"},
		"method":            {status: 405, kind: bigcommerce.Invalid},
		"locked":            {status: 423, body: `{}`, kind: bigcommerce.Locked},
		"server time-out":   {status: 408, kind: bigcommerce.Timeout},
		"server error":      {status: 500, body: `null`, kind: bigcommerce.Unavailable},
		"gateway's HTML":    {status: 502, body: `<html><h1>Bad Gateway</h1></html>`, kind: bigcommerce.Unavailable},
		"maintenance":       {status: 503, body: `[]`, headers: []string{retryAfter, "120"}, kind: bigcommerce.Unavailable, retryAfter: 2 * time.Minute},
		"gateway time-out":  {status: 504, body: `[{}]`, kind: bigcommerce.Unavailable},
		"garbage":           {status: 400, body: "\x00\xff{", kind: bigcommerce.Invalid},
		"nested to absurd":  {status: 400, body: strings.Repeat("[", 500) + strings.Repeat("]", 500), kind: bigcommerce.Invalid},
		"lines and control": {status: 400, body: `{"title":"one\ntwo\u0007\u202e  three"}`, kind: bigcommerce.Invalid, title: "one two three"},
		"moved":             {status: 301, headers: []string{"Location", "https://elsewhere.example/"}, kind: bigcommerce.Malformed, title: "the answer is a redirect, which is not followed"},
		"429 without headers": {
			status: 429, body: `{"status":429,"title":"Too many requests"}`, kind: bigcommerce.Overloaded, title: "Too many requests",
		},
		"429 with a reset": {
			status: 429, headers: []string{rateLeft, "0", rateReset, "15500"}, kind: bigcommerce.RateLimited, retryAfter: 15500 * time.Millisecond,
		},
		"429 with a longer retry": {
			status: 429, headers: []string{rateReset, "1000", retryAfter, "20"}, kind: bigcommerce.RateLimited, retryAfter: 20 * time.Second,
		},
		"429 with a longer reset": {
			status: 429, headers: []string{rateReset, "25000", retryAfter, "20"}, kind: bigcommerce.RateLimited, retryAfter: 25 * time.Second,
		},
		"429 with a retry alone, in lower case": {
			status: 429, headers: []string{"x-retry-after", "7"}, kind: bigcommerce.RateLimited, retryAfter: 7 * time.Second,
		},
		"429 with an absurd retry": {
			status: 429, headers: []string{retryAfter, "1e300"}, kind: bigcommerce.RateLimited, retryAfter: time.Hour,
		},
		"429 with unreadable headers": {
			status: 429, headers: []string{rateReset, "soon", retryAfter, "-5"}, kind: bigcommerce.RateLimited,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := setup(t, answer(test.status, test.body, test.headers...))
			_, err := store.client.Order(t.Context(), 218)
			failure := requireError(t, err, test.kind)
			require.Equal(t, "get order 218", failure.Call)
			require.Equal(t, test.status, failure.StatusCode)
			require.Equal(t, test.title, failure.Title)
			require.Equal(t, test.fields, failure.Fields)
			require.Equal(t, test.retryAfter, failure.RetryAfter)
			require.Len(t, store.received(), 1, "must not be repeated, nor a redirect followed")
		})
	}
}

func TestClientRefusalIsBounded(t *testing.T) {
	t.Parallel()
	fields := make([]string, 0, 100)
	for i := range cap(fields) {
		fields = append(fields, fmt.Sprintf(`"f%03d":%q`, i, strings.Repeat("v", 300)))
	}
	store := setup(t, answer(http.StatusBadRequest, `{"title":"`+strings.Repeat("ä", 1000)+`","errors":{`+strings.Join(fields, ",")+`}}`))
	_, err := store.client.Order(t.Context(), 218)
	failure := requireError(t, err, bigcommerce.Invalid)
	require.Len(t, []rune(failure.Title), 200)
	require.Len(t, failure.Fields, 20)
	require.Len(t, []rune(failure.Fields["f000"]), 200)
}

func TestErrorMessage(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]*bigcommerce.Error{
		"channel acme: bigcommerce: get order 218: not found (HTTP 404): Nothing here; check the number": {
			Channel: testChannel, Call: "get order 218", Kind: bigcommerce.NotFound, StatusCode: 404, Title: "Nothing here.", Advice: "check the number",
		},
		"channel acme: bigcommerce: create hook: invalid (HTTP 422): Wrong; a: one; b: two": {
			Channel: testChannel, Call: "create hook", Kind: bigcommerce.Invalid, StatusCode: 422, Title: "Wrong",
			Fields: map[string]string{"b": "two", "a": "one"},
		},
		"channel acme: bigcommerce: get time: rate limited: not sent; retry after 12.5s": {
			Channel: testChannel, Call: "get time", Kind: bigcommerce.RateLimited, Title: "not sent", RetryAfter: 12500 * time.Millisecond,
		},
	} {
		require.EqualError(t, err, want)
	}
}

func TestIsKind(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("wrapped: %w", &bigcommerce.Error{Kind: bigcommerce.Locked})
	for _, kind := range bigcommerce.Kinds() {
		require.Equal(t, kind == bigcommerce.Locked, bigcommerce.IsKind(err, kind))
		require.False(t, bigcommerce.IsKind(errors.New("another"), kind))
		require.False(t, bigcommerce.IsKind(nil, kind))
	}
	require.False(t, bigcommerce.IsKind(nil, ""))
}
