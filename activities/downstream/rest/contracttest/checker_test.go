package contracttest_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream/rest/contracttest"
	"github.com/orderbridge/orderbridge/activities/downstream/rest/resttest"
	downstreamcontract "github.com/orderbridge/orderbridge/docs/downstream-contract"
)

// through answers requests with a function in place of a network.
type through func(*http.Request) (*http.Response, error)

func (f through) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func newChecker(t *testing.T, opts ...contracttest.Option) *contracttest.Checker {
	t.Helper()
	checker, err := contracttest.New(downstreamcontract.Document(), opts...)
	require.NoError(t, err)
	return checker
}

func request(t *testing.T, method, url, body string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer x")
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Idempotency-Key", "k")
		req.Header.Set("If-Match", `"1"`)
	}
	return req
}

func finish(t *testing.T, rt http.RoundTripper, req *http.Request) string {
	t.Helper()
	resp, err := rt.RoundTrip(req)
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	return string(body)
}

const (
	goodOrder   = `{"id":"o1","number":"218","status":"Open","version":"1"}`
	goodProblem = `{"type":"urn:orderbridge:problem:not-found","title":"Not Found","status":404,"detail":"no"}`
	baseURL     = "http://127.0.0.1/base"
)

// TestDeviations spoils one exchange at a time; each must be noticed.
func TestDeviations(t *testing.T) {
	t.Parallel()

	type spoiled struct {
		method, path, body string
		request            func(*http.Request)
		status             int
		contentType, etag  string
		answer             string
		fine               bool
	}
	read := func(change func(*spoiled)) spoiled {
		s := spoiled{
			method: http.MethodGet, path: "/orders/o1", status: http.StatusOK,
			contentType: "application/json", etag: `"1"`, answer: goodOrder,
		}
		change(&s)
		return s
	}
	cancel := func(change func(*spoiled)) spoiled {
		s := read(func(s *spoiled) {
			s.method, s.path, s.body = http.MethodPost, "/orders/o1/cancellation", `{"reason":""}`
		})
		change(&s)
		return s
	}
	header := func(name, value string) func(*spoiled) {
		return func(s *spoiled) {
			s.request = func(req *http.Request) {
				if req.Header.Del(name); value != "" {
					req.Header.Set(name, value)
				}
			}
		}
	}
	for name, c := range map[string]spoiled{
		"nothing, reading":      read(func(s *spoiled) { s.fine = true }),
		"nothing, cancelling":   cancel(func(s *spoiled) { s.fine = true }),
		"more members":          read(func(s *spoiled) { s.answer, s.fine = strings.Replace(goodOrder, "{", `{"total":1,`, 1), true }),
		"no token":              read(header("Authorization", "")),
		"another scheme":        read(header("Authorization", "Basic eDp5")),
		"unknown operation":     read(func(s *spoiled) { s.path = "/customers" }),
		"unknown query":         read(func(s *spoiled) { s.path += "?expand=all" }),
		"no number":             read(func(s *spoiled) { s.path, s.answer = "/orders", `{"orders":[]}` }),
		"body on a read":        read(func(s *spoiled) { s.body = "x" }),
		"no key":                cancel(header("Idempotency-Key", "")),
		"overlong key":          cancel(header("Idempotency-Key", strings.Repeat("k", 65))),
		"no version":            cancel(header("If-Match", "")),
		"weak version":          cancel(header("If-Match", `W/"1"`)),
		"media type":            cancel(header("Content-Type", "text/plain")),
		"unknown member":        cancel(func(s *spoiled) { s.body = `{"reason":"","refund":true}` }),
		"missing member":        cancel(func(s *spoiled) { s.body = `{}` }),
		"answer: status":        read(func(s *spoiled) { s.status = http.StatusAccepted }),
		"answer: content type":  read(func(s *spoiled) { s.contentType = "text/html" }),
		"answer: no ETag":       read(func(s *spoiled) { s.etag = "" }),
		"answer: unquoted ETag": read(func(s *spoiled) { s.etag = "1" }),
		"answer: no version":    read(func(s *spoiled) { s.answer = strings.Replace(goodOrder, `,"version":"1"`, "", 1) }),
		"answer: number":        read(func(s *spoiled) { s.answer = strings.Replace(goodOrder, `"218"`, "218", 1) }),
		"answer: null status":   read(func(s *spoiled) { s.answer = strings.Replace(goodOrder, `"Open"`, "null", 1) }),
		"answer: not JSON":      read(func(s *spoiled) { s.answer = "{" }),
		"answer: one phase only": read(func(s *spoiled) {
			s.path, s.answer = "/statuses", `{"statuses":[{"name":"a","phase":"open"},{"name":"b","phase":"cancelled"}]}`
		}),
		"answer: problem": read(func(s *spoiled) {
			s.status, s.contentType, s.answer, s.fine = http.StatusNotFound, "application/problem+json", goodProblem, true
		}),
		"answer: problem of another status": read(func(s *spoiled) {
			s.status, s.contentType, s.answer = http.StatusForbidden, "application/problem+json", goodProblem
		}),
		"answer: 429 without Retry-After": read(func(s *spoiled) {
			s.status, s.contentType = http.StatusTooManyRequests, "application/problem+json"
			s.answer = strings.NewReplacer("not-found", "too-many-requests", "404", "429").Replace(goodProblem)
		}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			checker := newChecker(t)
			rt := checker.Transport(through(func(req *http.Request) (*http.Response, error) {
				resp := &http.Response{StatusCode: c.status, Request: req, Header: http.Header{"Content-Type": {c.contentType}}}
				if c.etag != "" {
					resp.Header.Set("ETag", c.etag)
				}
				resp.Body = io.NopCloser(strings.NewReader(c.answer))
				return resp, nil
			}), "/base/")
			req := request(t, c.method, baseURL+c.path, c.body)
			if c.request != nil {
				c.request(req)
			}
			require.Equal(t, c.answer, finish(t, rt, req), "the checker changed the answer")
			if c.fine {
				require.Empty(t, checker.Deviations())
				return
			}
			require.Len(t, checker.Deviations(), 1)
		})
	}
}

// TestDeviationsOfTheDemoSystem lets the demo system break the contract over a
// real connection: noticed, unless it is excused.
func TestDeviationsOfTheDemoSystem(t *testing.T) {
	t.Parallel()

	for _, trouble := range []resttest.Trouble{resttest.Garbage, resttest.WrongContentType, resttest.HalfAnswer} {
		for _, excused := range []bool{false, true} {
			name := string(trouble)
			if excused {
				name += ", excused"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()

				checker := newChecker(t, contracttest.WithExcuse(func(resp *http.Response) bool {
					return excused && resp.Header.Get(resttest.FaultHeader) != ""
				}))
				system := resttest.New(t)
				system.Faults().Inject(resttest.Fault{Do: trouble})
				transport := &http.Transport{}
				t.Cleanup(transport.CloseIdleConnections)
				req := request(t, http.MethodGet, system.URL+"/statuses", "")
				req.Header.Set("Authorization", "Bearer "+system.Token)
				resp, err := checker.Transport(transport, "").RoundTrip(req)
				require.NoError(t, err)
				_, err = io.ReadAll(resp.Body)
				require.Equal(t, trouble == resttest.HalfAnswer, err != nil, "the checker mended or broke the answer: %v", err)
				require.NoError(t, resp.Body.Close())
				require.Equal(t, excused, len(checker.Deviations()) == 0)
			})
		}
	}
}

func TestMistakesMustBeRefused(t *testing.T) {
	t.Parallel()

	for _, c := range []struct {
		name   string
		status int
		body   string
		fine   bool
	}{
		{"refused", http.StatusNotFound, goodProblem, true},
		{"accepted", http.StatusOK, goodOrder, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()

			checker := newChecker(t)
			rt := checker.TransportForMistakes(through(func(req *http.Request) (*http.Response, error) {
				contentType := "application/json"
				if c.status != http.StatusOK {
					contentType = "application/problem+json"
				}
				return &http.Response{
					StatusCode: c.status, Request: req, Body: io.NopCloser(strings.NewReader(c.body)),
					Header: http.Header{"Content-Type": {contentType}, "Etag": {`"1"`}},
				}, nil
			}), "")
			finish(t, rt, request(t, http.MethodGet, "http://127.0.0.1/orders/o1?x=1", ""))
			require.Equal(t, c.fine, len(checker.Deviations()) == 0, "%v", checker.Deviations())
		})
	}
}

func TestUnseen(t *testing.T) {
	t.Parallel()

	checker := newChecker(t)
	all := checker.Unseen()
	require.Contains(t, all, "getOrder 200")
	require.Contains(t, all, "fulfillOrder 5XX")

	rt := checker.Transport(through(func(req *http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: http.StatusOK, Request: req, Body: io.NopCloser(strings.NewReader(goodOrder)),
			Header: http.Header{"Content-Type": {"application/json"}, "Etag": {`"1"`}},
		}, nil
	}), "")
	finish(t, rt, request(t, http.MethodGet, "http://127.0.0.1/orders/o1", ""))
	require.Empty(t, checker.Deviations())
	require.NotContains(t, checker.Unseen(), "getOrder 200")
	require.Len(t, checker.Unseen(), len(all)-1)
}

func TestNewRefusesBrokenDocuments(t *testing.T) {
	t.Parallel()

	for name, document := range map[string]string{
		"not YAML":      "{",
		"not OpenAPI":   "a: 1",
		"dangling link": strings.ReplaceAll(string(downstreamcontract.Document()), "schemas/Cursor", "schemas/Nobody"),
		"wrong keyword": strings.Replace(string(downstreamcontract.Document()), "operationId: getOrder", "operationId: findOrders", 1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			_, err := contracttest.New([]byte(document))
			require.Error(t, err)
		})
	}
}
