package rest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/rest"
)

// private stands for everything in an answer that must not reach an error.
const private = "jane.doe@example.com"

const vocabulary = `{"statuses":[{"name":"Open","phase":"open"},{"name":"Gone","phase":"cancelled"},{"name":"Sent","phase":"fulfilled"}]}`

// serve answers GET /statuses properly and everything else with handle.
func serve(t *testing.T, handle http.HandlerFunc) *rest.Adapter {
	t.Helper()
	return serveAll(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/statuses" {
			answer(w, http.StatusOK, vocabulary)
			return
		}
		handle(w, r)
	})
}

func serveAll(t *testing.T, handle http.HandlerFunc) *rest.Adapter {
	t.Helper()
	server := httptest.NewServer(handle)
	t.Cleanup(server.Close)
	adapter, err := rest.New(rest.Config{BaseURL: server.URL + "/", Channel: "acme", Token: secret, Timeout: time.Minute})
	require.NoError(t, err)
	t.Cleanup(adapter.Close)
	return adapter
}

func answer(w http.ResponseWriter, status int, body string) {
	contentType := "application/json"
	if status >= http.StatusBadRequest {
		contentType = "application/problem+json"
	}
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = fmt.Fprint(w, body)
}

func order(status, version string) string {
	return fmt.Sprintf(`{"id":"o1","number":"218","status":%q,"version":%q,"email":%q}`, status, version, private)
}

func cancelRequest() downstream.CancelRequest {
	return downstream.CancelRequest{
		Target: downstream.Target{OrderID: "o1", Number: "218", Version: "v1", IdempotencyKey: "k1"},
		Reason: "by hand",
	}
}

// failure is the *downstream.Error that err must be, free of what it must not
// repeat at any depth.
func failure(t *testing.T, err error) *downstream.Error {
	t.Helper()
	var e *downstream.Error
	require.ErrorAs(t, err, &e)
	for cause := err; cause != nil; cause = errors.Unwrap(cause) {
		require.NotContains(t, cause.Error(), private)
		require.NotContains(t, cause.Error(), secret)
	}
	require.Equal(t, "acme", e.Channel)
	require.NotEmpty(t, e.Advice)
	return e
}

func TestAnswerStatuses(t *testing.T) {
	t.Parallel()

	for _, c := range []struct {
		status int
		find   downstream.Kind
		cancel downstream.Kind
	}{
		{http.StatusNoContent, downstream.Malformed, downstream.Unavailable},
		{http.StatusFound, downstream.Misconfigured, downstream.Misconfigured},
		{http.StatusBadRequest, downstream.Invalid, downstream.Invalid},
		{http.StatusUnauthorized, downstream.Unauthorized, downstream.Unauthorized},
		{http.StatusForbidden, downstream.Forbidden, downstream.Forbidden},
		{http.StatusNotFound, downstream.Misconfigured, downstream.NotFound},
		{http.StatusMethodNotAllowed, downstream.Misconfigured, downstream.Misconfigured},
		{http.StatusRequestTimeout, downstream.Timeout, downstream.Timeout},
		{http.StatusConflict, downstream.Refused, downstream.Refused},
		{http.StatusGone, downstream.NotFound, downstream.NotFound},
		{http.StatusPreconditionFailed, downstream.VersionConflict, downstream.VersionConflict},
		{http.StatusRequestEntityTooLarge, downstream.Invalid, downstream.Invalid},
		{http.StatusUnsupportedMediaType, downstream.Invalid, downstream.Invalid},
		{http.StatusUnprocessableEntity, downstream.Invalid, downstream.Invalid},
		{http.StatusPreconditionRequired, downstream.Invalid, downstream.Invalid},
		{http.StatusTooManyRequests, downstream.RateLimited, downstream.RateLimited},
		{http.StatusInternalServerError, downstream.Unavailable, downstream.Unavailable},
		{http.StatusNotImplemented, downstream.Misconfigured, downstream.Misconfigured},
		{http.StatusServiceUnavailable, downstream.Unavailable, downstream.Unavailable},
		{http.StatusGatewayTimeout, downstream.Timeout, downstream.Timeout},
		{599, downstream.Unavailable, downstream.Unavailable},
	} {
		t.Run(http.StatusText(c.status), func(t *testing.T) {
			t.Parallel()

			adapter := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/orders/o1" {
					answer(w, http.StatusOK, order("Open", "v1"))
					return
				}
				w.Header().Set("Location", "https://elsewhere.example.com/"+private)
				w.Header().Set("Retry-After", "90")
				body := fmt.Sprintf(`{"type":%q,"title":%q,"detail":%q}`, private, private, private)
				if c.status == http.StatusNoContent {
					body = ""
				}
				answer(w, c.status, body)
			})
			_, err := adapter.Find(t.Context(), "218")
			e := failure(t, err)
			require.Equal(t, c.find, e.Kind, "%v", e)
			require.Equal(t, "218", e.Order)
			if c.status >= http.StatusBadRequest {
				require.Equal(t, c.status, e.StatusCode)
				require.Equal(t, 90*time.Second, e.RetryAfter)
			}

			_, err = adapter.Cancel(t.Context(), cancelRequest())
			require.Equal(t, c.cancel, failure(t, err).Kind, "%v", err)
		})
	}
}

func TestUnusableReads(t *testing.T) {
	t.Parallel()

	list := func(orders ...string) string { return `{"orders":[` + strings.Join(orders, ",") + `]}` }
	for name, body := range map[string]string{
		"empty body":       "",
		"text":             private,
		"list":             "[]" + private,
		"another shape":    `{"orders":"` + private + `"}`,
		"something behind": list(order("Open", "v1")) + private,
		"no id":            list(`{"number":"218","status":"Open","version":"v1"}`),
		"id with a slash":  list(`{"id":"../statuses","number":"218","status":"Open","version":"v1"}`),
		"number as number": list(`{"id":"o1","number":218,"status":"Open","version":"v1"}`),
		"no status":        list(`{"id":"o1","number":"218","version":"v1"}`),
		"no version":       list(`{"id":"o1","number":"218","status":"Open"}`),
		"quoted version":   list(order("Open", `"v1"`)),
		"unknown status":   list(order("Elsewhere "+private, "v1")),
		"endless pages":    `{"orders":[],"next_cursor":"again"}`,
		"too long":         list(order("Open", "v1")) + strings.Repeat(" ", 1<<20),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			adapter := serve(t, func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, body) })
			_, err := adapter.Find(t.Context(), "218")
			require.Equal(t, downstream.Malformed, failure(t, err).Kind, "%v", err)
		})
	}
}

func TestUnusableStatuses(t *testing.T) {
	t.Parallel()

	for name, body := range map[string]string{
		"none":               `{"statuses":[]}`,
		"no cancelled":       `{"statuses":[{"name":"a","phase":"open"},{"name":"b","phase":"fulfilled"}]}`,
		"no fulfilled":       `{"statuses":[{"name":"a","phase":"open"},{"name":"b","phase":"cancelled"}]}`,
		"two of one name":    `{"statuses":[{"name":"a","phase":"cancelled"},{"name":"a","phase":"fulfilled"}]}`,
		"padded name":        `{"statuses":[{"name":" a","phase":"cancelled"},{"name":"b","phase":"fulfilled"}]}`,
		"empty name":         `{"statuses":[{"name":"","phase":"cancelled"},{"name":"b","phase":"fulfilled"}]}`,
		"name of two lines":  `{"statuses":[{"name":"a\nb","phase":"cancelled"},{"name":"b","phase":"fulfilled"}]}`,
		"invisible name":     `{"statuses":[{"name":"a\u200bb","phase":"cancelled"},{"name":"b","phase":"fulfilled"}]}`,
		"overlong name":      `{"statuses":[{"name":"` + strings.Repeat("a", 101) + `","phase":"cancelled"},{"name":"b","phase":"fulfilled"}]}`,
		"unknown phase":      `{"statuses":[{"name":"a","phase":"canceled"},{"name":"b","phase":"fulfilled"}]}`,
		"not what was asked": order("Open", "v1"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			adapter := serveAll(t, func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, body) })
			_, err := adapter.Statuses(t.Context())
			require.Equal(t, downstream.Malformed, failure(t, err).Kind)
			require.Equal(t, downstream.Malformed, failure(t, adapter.Probe(t.Context())).Kind)
		})
	}
}

// TestRereads covers the answers to a change after which the order is in a
// state that the demo system does not get into.
func TestRereads(t *testing.T) {
	t.Parallel()

	problem := func(name string) string { return `{"type":"urn:orderbridge:problem:` + name + `"}` }
	for _, c := range []struct {
		name   string
		status int
		body   string
		reread string
		kind   downstream.Kind // empty: success
	}{
		{"success, cancelled", 200, private, order("Gone", "v2"), ""},
		{"success, still open", 200, "", order("Open", "v1"), downstream.Unavailable},
		{"success, shipped since", 200, "", order("Sent", "v3"), downstream.VersionConflict},
		{"success, another order", 200, "", strings.Replace(order("Gone", "v2"), "o1", "o2", 1), downstream.Malformed},
		{"success, another number", 200, "", strings.Replace(order("Gone", "v2"), "218", "219", 1), downstream.Malformed},
		{"success, unreadable", 200, "", private, downstream.Malformed},
		{"already cancelled, cancelled", 409, problem("already-cancelled"), order("Gone", "v1"), ""},
		{"already fulfilled, cancelled", 409, problem("already-fulfilled"), order("Gone", "v1"), ""},
		{"already cancelled, still open", 409, problem("already-cancelled"), order("Open", "v1"), downstream.Unavailable},
		{"already fulfilled, shipped", 409, problem("already-fulfilled"), order("Sent", "v1"), downstream.Refused},
		{"not allowed, same version", 409, problem("not-allowed-in-status"), order("Open", "v1"), downstream.Refused},
		{"not allowed, changed", 409, problem("not-allowed-in-status"), order("Open", "v2"), downstream.VersionConflict},
		{"not allowed, cancelled", 409, problem("not-allowed-in-status"), order("Gone", "v2"), ""},
		{"unknown conflict", 409, private, order("Open", "v1"), downstream.Refused},
		{"in use", 409, problem("in-use"), order("Gone", "v2"), downstream.InUse},
		{"stale, cancelled", 412, "", order("Gone", "v2"), ""},
		{"stale, open", 412, "", order("Open", "v2"), downstream.VersionConflict},
		{"stale, unreadable", 412, "", private, downstream.Malformed},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()

			adapter := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPost {
					answer(w, c.status, c.body)
					return
				}
				answer(w, http.StatusOK, c.reread)
			})
			got, err := adapter.Cancel(t.Context(), cancelRequest())
			if c.kind == "" {
				require.NoError(t, err)
				require.Equal(t, downstream.PhaseCancelled, got.Order.Status.Phase)
				require.Equal(t, c.status != 200, got.AlreadyDone)
				return
			}
			require.Equal(t, c.kind, failure(t, err).Kind, "%v", err)
		})
	}
}

func TestRequestsThatCannotBeMade(t *testing.T) {
	t.Parallel()

	for name, spoil := range map[string]func(*downstream.Target){
		"no order id":          func(t *downstream.Target) { t.OrderID = "" },
		"order id with a path": func(t *downstream.Target) { t.OrderID = "../x" },
		"no version":           func(t *downstream.Target) { t.Version = "" },
		"version with a quote": func(t *downstream.Target) { t.Version = `v"1` },
		"no key":               func(t *downstream.Target) { t.IdempotencyKey = "" },
		"key with a newline":   func(t *downstream.Target) { t.IdempotencyKey = "a\nb" },
		"overlong key":         func(t *downstream.Target) { t.IdempotencyKey = strings.Repeat("k", 65) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			var requests atomic.Int32
			adapter := serve(t, func(http.ResponseWriter, *http.Request) { requests.Add(1) })
			target := cancelRequest().Target
			spoil(&target)
			_, err := adapter.Fulfill(t.Context(), downstream.FulfillRequest{Target: target})
			require.Equal(t, downstream.Invalid, failure(t, err).Kind)
			require.Zero(t, requests.Load())
		})
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()

	var stolen atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { stolen.Add(1) }))
	t.Cleanup(elsewhere.Close)
	adapter := serveAll(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
	})
	require.Equal(t, downstream.Misconfigured, failure(t, adapter.Probe(t.Context())).Kind)
	_, err := adapter.Cancel(t.Context(), cancelRequest())
	require.Equal(t, downstream.Misconfigured, failure(t, err).Kind)
	require.Zero(t, stolen.Load())
}

func TestNoAnswer(t *testing.T) {
	t.Parallel()

	t.Run("nobody listens", func(t *testing.T) {
		t.Parallel()

		server := httptest.NewServer(http.NotFoundHandler())
		server.Close()
		adapter, err := rest.New(rest.Config{BaseURL: server.URL, Channel: "acme", Token: secret})
		require.NoError(t, err)
		require.Equal(t, downstream.Unavailable, failure(t, adapter.Probe(t.Context())).Kind)
	})

	t.Run("not HTTP", func(t *testing.T) {
		t.Parallel()

		adapter := serveAll(t, func(w http.ResponseWriter, _ *http.Request) {
			connection, buffer, err := http.NewResponseController(w).Hijack()
			if err != nil {
				return
			}
			_, _ = buffer.WriteString(private + " HTTP\r\n\r\n")
			_ = buffer.Flush()
			_ = connection.Close()
		})
		require.Equal(t, downstream.Unavailable, failure(t, adapter.Probe(t.Context())).Kind)
	})

	t.Run("certificate of nobody known", func(t *testing.T) {
		t.Parallel()

		server := httptest.NewUnstartedServer(http.NotFoundHandler())
		server.StartTLS()
		t.Cleanup(server.Close)
		adapter, err := rest.New(rest.Config{BaseURL: server.URL, Channel: "acme", Token: secret})
		require.NoError(t, err)
		e := failure(t, adapter.Probe(t.Context()))
		require.Equal(t, downstream.Unavailable, e.Kind)
		require.Contains(t, e.Detail, "certificate")
	})

	t.Run("slower than the adapter's own limit", func(t *testing.T) {
		t.Parallel()

		server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
		t.Cleanup(server.Close)
		adapter, err := rest.New(rest.Config{BaseURL: server.URL, Channel: "acme", Token: secret, Timeout: time.Millisecond})
		require.NoError(t, err)
		err = adapter.Probe(t.Context())
		require.Equal(t, downstream.Timeout, failure(t, err).Kind)
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}
