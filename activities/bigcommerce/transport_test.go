package bigcommerce_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
)

// hang is a handler that sends a start of an answer, if any, and then nothing
// until the client is gone. It calls then when it starts to wait.
func hang(start string, then func()) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if start != "" {
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, start)
			_ = http.NewResponseController(w).Flush()
		}
		then()
		<-r.Context().Done()
	}
}

// hangUp is a handler that sends these bytes as they are and closes.
func hangUp(t *testing.T, raw string) http.HandlerFunc {
	t.Helper()
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Errorf("hijack: %v", err)
			return
		}
		_, _ = io.WriteString(conn, raw)
		_ = conn.Close()
	}
}

func TestClientTimeouts(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]string{"no answer": "", "half an answer": `{"id":218,`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			t.Run("own time-out", func(t *testing.T) {
				t.Parallel()
				store := setup(t, hang(start, func() {}), func(c *bigcommerce.Config) { c.Timeout = 50 * time.Millisecond })
				_, err := store.client.Order(t.Context(), 218)
				requireKind(t, err, bigcommerce.Timeout)
				require.ErrorIs(t, err, context.DeadlineExceeded)
			})

			t.Run("deadline of the context", func(t *testing.T) {
				t.Parallel()
				store := setup(t, hang(start, func() {}))
				ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
				defer cancel()
				_, err := store.client.Order(ctx, 218)
				requireKind(t, err, bigcommerce.Timeout)
				require.ErrorIs(t, err, context.DeadlineExceeded)
			})

			t.Run("cancellation", func(t *testing.T) {
				t.Parallel()
				ctx, cancel := context.WithCancel(t.Context())
				store := setup(t, hang(start, cancel))
				_, err := store.client.Order(ctx, 218)
				requireKind(t, err, bigcommerce.Timeout)
				require.ErrorIs(t, err, context.Canceled)
			})
		})
	}
}

func TestClientTransportFailures(t *testing.T) {
	t.Parallel()
	const garbage = "leaked@customer.example"

	for name, test := range map[string]struct {
		raw  string
		kind bigcommerce.Kind
		is   error
	}{
		"closed without an answer": {"", bigcommerce.Unavailable, io.EOF},
		"closed within the header": {"HTTP/1.1 200 OK\r\nContent-", bigcommerce.Unavailable, nil},
		"closed within the body": {
			"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"id\":218,\"status_id\":5}", bigcommerce.Malformed, io.ErrUnexpectedEOF,
		},
		"closed within a chunk": {
			"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n{\"id\":218", bigcommerce.Malformed, io.ErrUnexpectedEOF,
		},
		"not HTTP":          {garbage + "\r\n\r\n", bigcommerce.Unavailable, nil},
		"header of garbage": {"HTTP/1.1 200 OK\r\n" + garbage + "\r\n\r\n", bigcommerce.Unavailable, nil},
		"broken encoding":   {"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", bigcommerce.Malformed, nil},
		"error body cut":    {"HTTP/1.1 404 Not Found\r\nContent-Length: 100\r\n\r\n[{\"status\":", bigcommerce.NotFound, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := setup(t, hangUp(t, test.raw))
			_, err := store.client.Order(t.Context(), 218)
			requireKind(t, err, test.kind)
			for cause := err; cause != nil; cause = errors.Unwrap(cause) {
				require.NotContains(t, cause.Error(), "leaked")
			}
			if test.is != nil {
				require.ErrorIs(t, err, test.is)
			}
		})
	}

	t.Run("nobody listens", func(t *testing.T) {
		t.Parallel()
		listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
		require.NoError(t, err)
		address := listener.Addr().String()
		require.NoError(t, listener.Close())
		store := setup(t, answer(http.StatusOK, ""), func(c *bigcommerce.Config) { c.BaseURL = "http://" + address })
		_, err = store.client.Order(t.Context(), 218)
		requireKind(t, err, bigcommerce.Unavailable)
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
	})

	t.Run("no such host", func(t *testing.T) {
		t.Parallel()
		store := setup(t, answer(http.StatusOK, ""), func(c *bigcommerce.Config) { c.BaseURL, c.Transport = "https://store.example", unresolved{} })
		_, err := store.client.Order(t.Context(), 218)
		failure := requireError(t, err, bigcommerce.Unavailable)
		require.Equal(t, "the host name store.example was not resolved", failure.Title)
		require.Contains(t, failure.Advice, "name server")
		require.NotContains(t, err.Error(), "10.1.2.3", "which is nobody's business")
		_, ok := errors.AsType[*net.OpError](err)
		require.True(t, ok)
	})

	t.Run("certificate of somebody else", func(t *testing.T) {
		t.Parallel()
		server := httptest.NewUnstartedServer(answer(http.StatusOK, "{}"))
		server.Config.ErrorLog = discardLog()
		server.StartTLS()
		t.Cleanup(server.Close)
		store := setup(t, answer(http.StatusOK, ""), func(c *bigcommerce.Config) { c.BaseURL = server.URL })
		_, err := store.client.Order(t.Context(), 218)
		require.Contains(t, requireError(t, err, bigcommerce.Unavailable).Title, "certificate")
	})

	t.Run("plain HTTP on a TLS address", func(t *testing.T) {
		t.Parallel()
		store := setup(t, answer(http.StatusOK, ""), func(c *bigcommerce.Config) {
			c.BaseURL = strings.Replace(c.BaseURL, "http://", "https://", 1)
		})
		_, err := store.client.Order(t.Context(), 218)
		requireKind(t, err, bigcommerce.Unavailable)
	})
}

func TestClientUnusableAnswers(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"empty":         "",
		"blank":         " \n",
		"HTML":          "<html>leaked@customer.example</html>",
		"half JSON":     `{"id":218,"status_id":5,"staff_notes":"leaked`,
		"two values":    `{"id":218,"status_id":5}{"leaked":1}`,
		"bare string":   `"leaked"`,
		"larger than 8": `{"id":218,"status_id":5,"leaked":"` + strings.Repeat("x", 8<<20) + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := setup(t, answer(http.StatusOK, body))
			_, err := store.client.Order(t.Context(), 218)
			failure := requireError(t, err, bigcommerce.Malformed)
			require.Equal(t, http.StatusOK, failure.StatusCode)
			for cause := err; cause != nil; cause = errors.Unwrap(cause) {
				require.NotContains(t, cause.Error(), "leaked")
			}
		})
	}
}

func TestClientDoesNotFollowRedirects(t *testing.T) {
	t.Parallel()
	var followed bool
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed = true }))
	t.Cleanup(elsewhere.Close)
	store := setup(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
	})
	_, err := store.client.Order(t.Context(), 218)
	requireKind(t, err, bigcommerce.Malformed)
	elsewhere.Close() // Ends its goroutines, so that followed can be read.
	require.False(t, followed)
}

func TestClientObserve(t *testing.T) {
	t.Parallel()
	var calls []bigcommerce.Call
	statuses := []int{http.StatusOK, http.StatusNotFound, http.StatusTooManyRequests}
	var answered atomic.Int32
	store := setup(t, func(w http.ResponseWriter, r *http.Request) {
		status := statuses[answered.Add(1)-1]
		if status == http.StatusNotFound {
			answer(status, "")(w, r)
			return
		}
		answer(status, `{"id":218,"status_id":5}`, "X-Rate-Limit-Requests-Left", "42", "X-Rate-Limit-Time-Reset-Ms", "30000")(w, r)
	}, func(c *bigcommerce.Config) { c.Observe = func(call bigcommerce.Call) { calls = append(calls, call) } })

	_, err := store.client.Order(t.Context(), 218)
	require.NoError(t, err)
	for range 3 {
		_, err = store.client.Order(t.Context(), 218)
		require.Error(t, err)
	}
	require.Len(t, calls, 4)
	for i := range calls {
		require.Contains(t, bigcommerce.Endpoints(), calls[i].Endpoint)
		require.GreaterOrEqual(t, calls[i].Duration, time.Duration(0))
		calls[i].Duration = 0
	}
	const endpoint = "get_order"
	require.Equal(t, []bigcommerce.Call{
		{Endpoint: endpoint, StatusCode: http.StatusOK, QuotaLeft: 42},
		{Endpoint: endpoint, StatusCode: http.StatusNotFound, Kind: bigcommerce.NotFound, QuotaLeft: -1},
		{Endpoint: endpoint, StatusCode: http.StatusTooManyRequests, Kind: bigcommerce.RateLimited, QuotaLeft: 42},
		{Endpoint: endpoint, Kind: bigcommerce.RateLimited, QuotaLeft: -1},
	}, calls)
}

// unresolved is a transport without a name server that knows anything.
type unresolved struct{}

func (unresolved) RoundTrip(req *http.Request) (*http.Response, error) {
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{
		Err: "no such host", Name: req.URL.Hostname(), Server: "10.1.2.3:53", IsNotFound: true,
	}}
}
