package threepl_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/threepl"
)

// TestAnswerStatuses answers a search and a cancellation with each status.
func TestAnswerStatuses(t *testing.T) {
	t.Parallel()

	for _, c := range []struct {
		status int
		find   downstream.Kind
		cancel downstream.Kind
	}{
		{http.StatusOK, downstream.Malformed, downstream.Unavailable},
		{http.StatusAccepted, downstream.Malformed, downstream.Unavailable},
		{http.StatusNoContent, downstream.Malformed, downstream.Unavailable},
		{http.StatusFound, downstream.Misconfigured, downstream.Misconfigured},
		{http.StatusBadRequest, downstream.Invalid, downstream.Invalid},
		{http.StatusUnauthorized, downstream.Unauthorized, downstream.Unauthorized},
		{http.StatusForbidden, downstream.Forbidden, downstream.Forbidden},
		{http.StatusNotFound, downstream.Misconfigured, downstream.NotFound},
		{http.StatusMethodNotAllowed, downstream.Misconfigured, downstream.Misconfigured},
		{http.StatusRequestTimeout, downstream.Timeout, downstream.Timeout},
		{http.StatusConflict, downstream.Invalid, downstream.Invalid},
		{http.StatusGone, downstream.Misconfigured, downstream.NotFound},
		{http.StatusPreconditionFailed, downstream.VersionConflict, downstream.VersionConflict},
		{http.StatusPreconditionRequired, downstream.Invalid, downstream.Invalid},
		{http.StatusTooManyRequests, downstream.RateLimited, downstream.RateLimited},
		{http.StatusInternalServerError, downstream.Unavailable, downstream.Unavailable},
		{http.StatusBadGateway, downstream.Unavailable, downstream.Unavailable},
		{http.StatusGatewayTimeout, downstream.Timeout, downstream.Timeout},
	} {
		t.Run(strconv.Itoa(c.status), func(t *testing.T) {
			t.Parallel()

			odd := reply{status: c.status, body: private, media: "text/plain"}
			if c.status == http.StatusNoContent {
				odd.body = ""
			}
			adapter := serve(t, map[string]reply{
				"GET /orders": odd, "POST /orders/7/canceler": odd,
				"GET /orders/7": {body: orderJSON("218", `,"status":0`)},
			})
			_, err := adapter.Find(t.Context(), "218")
			e := failure(t, c.find, err)
			require.Equal(t, "218", e.Order)
			if c.status >= http.StatusBadRequest {
				require.Equal(t, c.status, e.StatusCode)
			}
			_, err = adapter.Cancel(t.Context(), cancelSeven())
			requireKind(t, c.cancel, err)
		})
	}
}

func cancelSeven() downstream.CancelRequest {
	return downstream.CancelRequest{
		Target: downstream.Target{OrderID: "7", Number: "218", Version: `"v1"`, IdempotencyKey: "k"}, Reason: "by hand",
	}
}

// TestExceptions answers a cancellation with exceptions in odd forms.
func TestExceptions(t *testing.T) {
	t.Parallel()

	const operation = `"$type":"WMS.V2.Generic.Models.Exceptions.OperationException, WMS.V2.Generic.Models"`
	for _, c := range []struct {
		name   string
		status int
		body   string
		media  string
		kind   downstream.Kind
		says   string
	}{
		{"code without type", 403, `{"ErrorCode":"InUse"}`, "application/json", downstream.InUse, ""},
		{"as hal+json", 403, `{` + operation + `,"ErrorCode":"InUse"}`, "application/hal+json", downstream.InUse, ""},
		{"type without code", 403, `{` + operation + `,"Hint":"` + private + `"}`, "application/json", downstream.Refused, "not documented"},
		{"authorization", 403, `{"$type":"WMS.V2.Generic.Models.Exceptions.AuthorizationException, X","ErrorCode":"` + private + `"}`, "application/json", downstream.Forbidden, "OrderWrite"},
		{"as text", 403, `{"ErrorCode":"InUse"}`, "text/plain", downstream.Forbidden, "OrderWrite"},
		{"not JSON", 403, private, "application/json", downstream.Forbidden, "OrderWrite"},
		{"validation", 400, `{"ErrorCode":"Required","Hint":"` + private + `"}`, "application/json", downstream.Invalid, "Required"},
		{"validation unknown", 400, `{"ErrorCode":"` + private + `"}`, "application/json", downstream.Invalid, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()

			adapter := serve(t, map[string]reply{
				"GET /orders/7":           {body: orderJSON("218", `,"status":0`)},
				"POST /orders/7/canceler": {status: c.status, body: c.body, media: c.media},
			})
			_, err := adapter.Cancel(t.Context(), cancelSeven())
			require.Contains(t, failure(t, c.kind, err).Detail, c.says)
		})
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()

	var stolen atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { stolen.Add(1) }))
	t.Cleanup(elsewhere.Close)
	server := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	t.Cleanup(server.Close)
	requireKind(t, downstream.Misconfigured, probe(t, server.URL, 0), secret)
	require.Zero(t, stolen.Load())
}

func TestNoAnswer(t *testing.T) {
	t.Parallel()

	t.Run("nobody listens", func(t *testing.T) {
		t.Parallel()

		server := httptest.NewServer(http.NotFoundHandler())
		server.Close()
		requireKind(t, downstream.Unavailable, probe(t, server.URL, 0), secret)
	})

	t.Run("not HTTP", func(t *testing.T) {
		t.Parallel()

		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			connection, buffer, err := http.NewResponseController(w).Hijack()
			if err != nil {
				return
			}
			_, _ = buffer.WriteString(private + " HTTP\r\n\r\n")
			_ = buffer.Flush()
			_ = connection.Close()
		}))
		t.Cleanup(server.Close)
		requireKind(t, downstream.Unavailable, probe(t, server.URL, 0), secret)
	})

	t.Run("certificate of nobody known", func(t *testing.T) {
		t.Parallel()

		server := httptest.NewTLSServer(http.NotFoundHandler())
		t.Cleanup(server.Close)
		e := failure(t, downstream.Unavailable, probe(t, server.URL, 0), secret)
		require.Contains(t, e.Detail, "certificate")
	})

	t.Run("slower than the adapter's own limit", func(t *testing.T) {
		t.Parallel()

		server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			// Before the body has been read the server does not notice that
			// the client has gone.
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		}))
		t.Cleanup(server.Close)
		err := probe(t, server.URL, time.Millisecond)
		requireKind(t, downstream.Timeout, err, secret)
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

func probe(t *testing.T, url string, timeout time.Duration) error {
	t.Helper()
	config := validConfig()
	config.BaseURL, config.Timeout = url, timeout
	adapter, err := threepl.New(config)
	require.NoError(t, err)
	t.Cleanup(adapter.Close)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err = adapter.Probe(ctx)
	require.NoError(t, ctx.Err(), "it was the caller's time that was up")
	return err
}
