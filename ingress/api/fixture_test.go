package api_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream/rest/contracttest"
	operatorapi "github.com/orderbridge/orderbridge/docs/operator-api"
	"github.com/orderbridge/orderbridge/ingress/api"
	"github.com/orderbridge/orderbridge/ingress/logtest"
	"github.com/orderbridge/orderbridge/ingress/operator"
)

const (
	viewToken   = "view-0123456789abcdef0123456789abcdef"
	changeToken = "change-0123456789abcdef0123456789abcdef"
	// remoteHeader stands for the address that a call comes from.
	remoteHeader = "X-Test-Remote"
)

// fixture is an API on a server of its own, between a client that is held to
// the document and an office.
type fixture struct {
	t       *testing.T
	office  *office
	api     *api.API
	log     *logtest.Buffer
	checker *contracttest.Checker
	url     string
	client  *http.Client
}

func setup(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{t: t, office: newOffice(), log: &logtest.Buffer{}}
	tokens, err := api.ParseTokens("watcher:view:" + viewToken + "\nops:change:" + changeToken)
	require.NoError(t, err)
	f.api, err = api.New(api.Config{Tokens: tokens, Operator: f.office, Logger: slog.New(slog.NewJSONHandler(f.log, nil))})
	require.NoError(t, err)
	f.checker, err = contracttest.New(operatorapi.Document())
	require.NoError(t, err)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if remote := r.Header.Get(remoteHeader); remote != "" {
			r.RemoteAddr = remote
		}
		f.api.ServeHTTP(w, r)
	}))
	f.url = server.URL + api.Prefix
	f.client = &http.Client{Transport: f.checker.TransportForMistakes(server.Client().Transport, api.Prefix)}
	t.Cleanup(func() {
		server.Close()
		require.Empty(t, f.checker.Deviations(), "requests or answers that are not what the document says")
	})
	return f
}

// response is an answer that was read to its end.
type response struct {
	status int
	header http.Header
	body   string
}

// problem is an answer that says what is wrong.
type problem struct {
	Type   string                `json:"type"`
	Title  string                `json:"title"`
	Detail string                `json:"detail"`
	Status int                   `json:"status"`
	Errors []operator.FieldError `json:"errors"`
}

// problem returns the problem that an answer holds.
func (r response) problem(t *testing.T) problem {
	t.Helper()
	var problem problem
	require.Equal(t, "application/problem+json", r.header.Get("Content-Type"), r.body)
	require.NoError(t, json.Unmarshal([]byte(r.body), &problem))
	require.Equal(t, r.status, problem.Status)
	require.Equal(t, http.StatusText(r.status), problem.Title)
	return problem
}

// fields returns what a problem says of single fields.
func (r response) fields(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, e := range r.problem(t).Errors {
		out[e.Field] = e.Message
	}
	return out
}

// option changes a request before it is sent.
type option func(*http.Request)

func with(name, value string) option { return func(r *http.Request) { r.Header.Set(name, value) } }

func token(token string) option { return with("Authorization", "Bearer "+token) }

// send sends a request with the token that may change things.
func (f *fixture) send(method, path, body string, options ...option) response {
	f.t.Helper()
	req, err := http.NewRequestWithContext(f.t.Context(), method, f.url+path, strings.NewReader(body))
	require.NoError(f.t, err)
	token(changeToken)(req)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, change := range options {
		change(req)
	}
	res, err := f.client.Do(req)
	require.NoError(f.t, err)
	text, err := io.ReadAll(res.Body)
	require.NoError(f.t, err)
	require.NoError(f.t, res.Body.Close())
	require.Equal(f.t, "no-store", res.Header.Get("Cache-Control"), "for every answer")
	return response{status: res.StatusCode, header: res.Header, body: string(text)}
}
