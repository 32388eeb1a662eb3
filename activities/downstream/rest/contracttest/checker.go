// Package contracttest holds both sides of the downstream contract to its
// OpenAPI document: a Checker looks at every request and every answer that
// passes through it, and remembers what deviated and what was never seen.
package contracttest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// maxBody bounds what the checker reads of one request or answer, in bytes.
const maxBody = 4 << 20

// Checker compares HTTP exchanges with an OpenAPI document. It is safe for
// concurrent use.
type Checker struct {
	doc    *openapi3.T
	router routers.Router
	excuse func(*http.Response) bool

	mu         sync.Mutex
	deviations []string
	seen       map[string]bool
}

// Option changes how a Checker works.
type Option func(*Checker)

// WithExcuse names the answers that are not held to the document, because a
// test made them wrong on purpose. Their requests are checked all the same.
// By default every answer is held to it.
func WithExcuse(excuse func(*http.Response) bool) Option {
	return func(c *Checker) { c.excuse = excuse }
}

// New makes a Checker for an OpenAPI document in YAML or JSON. The document's
// servers are ignored: the base path of what is checked is given to Transport.
// It fails when the document itself is not valid.
func New(document []byte, opts ...Option) (*Checker, error) {
	doc, err := openapi3.NewLoader().LoadFromData(document)
	if err != nil {
		return nil, fmt.Errorf("load the OpenAPI document: %w", err)
	}
	doc.Servers = nil
	if err := doc.Validate(context.Background()); err != nil {
		return nil, fmt.Errorf("validate the OpenAPI document: %w", err)
	}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		return nil, fmt.Errorf("route the OpenAPI document: %w", err)
	}
	c := &Checker{
		doc:    doc,
		router: router,
		excuse: func(*http.Response) bool { return false },
		seen:   map[string]bool{},
	}
	for _, opt := range opts {
		opt(c)
	}
	return c, nil
}

// Transport returns a RoundTripper that sends through next and records every
// deviation of a request or of its answer. basePath is the path of the base
// URL, "" when it has none.
func (c *Checker) Transport(next http.RoundTripper, basePath string) http.RoundTripper {
	return &transport{checker: c, next: next, base: strings.TrimSuffix(basePath, "/")}
}

// TransportForMistakes is Transport for tests that send wrong requests on
// purpose: a request that deviates is fine when, and only when, it is answered
// with a 4xx. Answers are held to the document as always.
func (c *Checker) TransportForMistakes(next http.RoundTripper, basePath string) http.RoundTripper {
	return &transport{checker: c, next: next, base: strings.TrimSuffix(basePath, "/"), mistakes: true}
}

// Deviations returns what deviated so far, one line each.
func (c *Checker) Deviations() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.deviations)
}

func (c *Checker) deviatef(req *http.Request, format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deviations = append(c.deviations, req.Method+" "+req.URL.Path+": "+fmt.Sprintf(format, args...))
}

// transport is one connection between a client and a server under check.
type transport struct {
	checker  *Checker
	next     http.RoundTripper
	base     string
	mistakes bool
}

// RoundTrip implements http.RoundTripper. It never changes what either side
// sees; an answer that breaks off in the middle still does.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	seen, body, err := t.copyRequest(req)
	if err != nil {
		return nil, err
	}
	input, requestErr := t.checker.request(seen, body)
	if requestErr != nil && !t.mistakes {
		t.checker.deviatef(seen, "request: %v", requestErr)
	}
	out := req.Clone(req.Context())
	fresh := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	if out.Body = http.NoBody; len(body) > 0 {
		// The transport below may repeat a request, as it does for one that has
		// an idempotency key and met a dead connection.
		out.Body, out.GetBody = io.NopCloser(bytes.NewReader(body)), fresh
	}
	resp, err := t.next.RoundTrip(out)
	if err != nil {
		return nil, err
	}
	if requestErr != nil && t.mistakes && resp.StatusCode/100 != 4 {
		t.checker.deviatef(seen, "answered %d to a wrong request (%v)", resp.StatusCode, requestErr)
	}
	if input != nil {
		t.checker.answer(req.Context(), input, resp)
	}
	return resp, nil
}

// copyRequest reads the request's body and returns a copy of the request as the
// document describes it: without the base path.
func (t *transport) copyRequest(req *http.Request) (*http.Request, []byte, error) {
	var body []byte
	if req.Body != nil {
		var err error
		body, err = io.ReadAll(io.LimitReader(req.Body, maxBody))
		if closeErr := req.Body.Close(); err == nil {
			err = closeErr
		}
		if err != nil {
			return nil, nil, fmt.Errorf("contract check: read the request: %w", err)
		}
	}
	seen := req.Clone(req.Context())
	seen.Body = io.NopCloser(bytes.NewReader(body))
	seen.URL.Path = strings.TrimPrefix(seen.URL.Path, t.base)
	seen.URL.RawPath = strings.TrimPrefix(seen.URL.RawPath, t.base)
	return seen, body, nil
}
