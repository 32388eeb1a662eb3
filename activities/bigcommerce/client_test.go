package bigcommerce_test

import (
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
)

const (
	testChannel   = "acme"
	testStoreHash = "k7q2m4x9p1"
	testAuth      = "tok-3f9a-not-to-be-seen"
	storePath     = "/stores/" + testStoreHash
)

// received is a request as the store got it.
type received struct {
	method, path, query string
	header              http.Header
	body                string
}

// storeServer answers the requests of one client with a handler and keeps them.
type storeServer struct {
	client *bigcommerce.Client

	mu       sync.Mutex
	requests []received
}

// setup starts a store that answers with handle.
func setup(t *testing.T, handle http.HandlerFunc, options ...func(*bigcommerce.Config)) *storeServer {
	t.Helper()
	store := &storeServer{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		store.mu.Lock()
		store.requests = append(store.requests, received{
			method: r.Method, path: r.URL.Path, query: r.URL.Query().Encode(), header: r.Header, body: string(body),
		})
		store.mu.Unlock()
		handle(w, r)
	}))
	t.Cleanup(server.Close)
	config := bigcommerce.Config{
		Channel: testChannel, BaseURL: server.URL, StoreHash: testStoreHash, AccessToken: testAuth,
	}
	for _, option := range options {
		option(&config)
	}
	client, err := bigcommerce.NewClient(config)
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	store.client = client
	return store
}

// received returns the requests so far.
func (s *storeServer) received() []received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]received(nil), s.requests...)
}

// answer is a handler that answers everything alike.
func answer(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// answerFile is a handler that answers with a file of testdata/answers.
func answerFile(t *testing.T, name string) http.HandlerFunc {
	t.Helper()
	return answer(http.StatusOK, readFile(t, "answers/"+name), "Content-Type", "application/json")
}

func readFile(tb testing.TB, name string) string {
	tb.Helper()
	raw, err := fs.ReadFile(os.DirFS("testdata"), name)
	require.NoError(tb, err)
	return string(raw)
}

// requireKind requires that err is the client's own error of this kind.
func requireKind(t *testing.T, err error, kind bigcommerce.Kind) {
	t.Helper()
	_ = requireError(t, err, kind)
}

// requireError returns err as the client's own error and requires what every
// error must satisfy.
func requireError(t *testing.T, err error, kind bigcommerce.Kind) *bigcommerce.Error {
	t.Helper()
	var failure *bigcommerce.Error
	require.ErrorAs(t, err, &failure)
	require.Equal(t, kind, failure.Kind, "%v", err)
	require.True(t, bigcommerce.IsKind(err, kind))
	require.Equal(t, testChannel, failure.Channel)
	require.NotEmpty(t, failure.Call)
	require.NotEmpty(t, failure.Advice)
	for cause := err; cause != nil; cause = errors.Unwrap(cause) {
		require.NotContains(t, cause.Error(), testAuth)
	}
	return failure
}
