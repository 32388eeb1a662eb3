package overhttp_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
)

// private stands for what an answer holds and no error may repeat.
const private = "jane.doe@example.com"

// seen is a request as it arrived.
type seen struct {
	method, path, body string
	header             http.Header
}

// bench is a Client and the server that it talks to.
type bench struct {
	client *overhttp.Client

	mu        sync.Mutex
	exchanges []overhttp.Exchange
	requests  []seen
}

// setup makes a Client for a server that answers with handler.
func setup(t *testing.T, handler http.HandlerFunc, changes ...func(*overhttp.Config)) *bench {
	t.Helper()
	b := &bench{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		b.mu.Lock()
		b.requests = append(b.requests, seen{r.Method, r.URL.RequestURI(), string(body), r.Header.Clone()})
		b.mu.Unlock()
		handler(w, r)
	}))
	t.Cleanup(server.Close)
	config := overhttp.Config{
		BaseURL: server.URL + "/api/", Channel: "acme", System: "Testship",
		Observe: func(_ context.Context, e overhttp.Exchange) {
			e.Duration = 0
			b.mu.Lock()
			defer b.mu.Unlock()
			b.exchanges = append(b.exchanges, e)
		},
	}
	for _, change := range changes {
		change(&config)
	}
	client, err := overhttp.New(config, nil)
	require.NoError(t, err)
	t.Cleanup(client.Close)
	b.client = client
	return b
}

// told is everything that Observe was told.
func (b *bench) told() []overhttp.Exchange {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]overhttp.Exchange(nil), b.exchanges...)
}

// arrived is every request that the server has seen.
func (b *bench) arrived() []seen {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]seen(nil), b.requests...)
}

// failure is the error of this kind that err must be.
func failure(t *testing.T, kind downstream.Kind, err error) *downstream.Error {
	t.Helper()
	var e *downstream.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, kind, e.Kind, "%v", err)
	require.Equal(t, "acme", e.Channel)
	require.NotEmpty(t, e.Call)
	require.NotEmpty(t, e.Advice)
	require.NotContains(t, err.Error(), private)
	return e
}

// requireKind is failure, for those who want nothing more of it.
func requireKind(t *testing.T, kind downstream.Kind, err error) {
	t.Helper()
	require.NotNil(t, failure(t, kind, err))
}

// answering is a handler that answers one thing.
func answering(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}
