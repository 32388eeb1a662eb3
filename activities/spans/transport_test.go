package spans_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/orderbridge/orderbridge/activities/spans"
)

// fixture is a server, and a client of it whose requests are recorded.
type fixture struct {
	client   *http.Client
	url      string
	host     string
	recorder *tracetest.SpanRecorder
	provider *sdktrace.TracerProvider
	headers  chan http.Header // of the request
}

func setup(t *testing.T, status int) *fixture {
	t.Helper()
	f := &fixture{recorder: tracetest.NewSpanRecorder(), headers: make(chan http.Header, 1)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.headers <- r.Header.Clone()
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "a body with a-secret")
	}))
	t.Cleanup(server.Close)
	f.provider = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(f.recorder))
	f.client = &http.Client{Transport: spans.NewTransport(server.Client().Transport, f.provider)}
	f.url, f.host = server.URL, "127.0.0.1"
	return f
}

// call makes a request below a parent span and reads its answer.
func (f *fixture) call(t *testing.T, call *spans.Call) (*http.Response, string) {
	t.Helper()
	ctx, parent := f.provider.Tracer("test").Start(t.Context(), "parent")
	defer parent.End()
	if call != nil {
		ctx = spans.WithCall(ctx, *call)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, f.url+"/orders/4711?email=a-secret", http.NoBody)
	require.NoError(t, err)
	request.Header.Set("X-Auth-Token", "a-secret")
	response, err := f.client.Do(request)
	require.NoError(t, err)
	require.Empty(t, f.recorder.Ended(), "the span lasts as long as the answer is read")
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	return response, string(body)
}

func attributes(span sdktrace.ReadOnlySpan) map[string]string {
	out := map[string]string{}
	for _, one := range span.Attributes() {
		out[string(one.Key)] = one.Value.Emit()
	}
	return out
}

func TestTransport(t *testing.T) {
	t.Parallel()
	t.Run("a named call", func(t *testing.T) {
		t.Parallel()
		f := setup(t, http.StatusOK)
		response, body := f.call(t, &spans.Call{Name: "find order", Route: "/orders/{id}", Channel: "main", Order: "218"})
		require.Equal(t, http.StatusOK, response.StatusCode)
		require.Equal(t, "a body with a-secret", body)
		span := f.recorder.Ended()[0]
		require.Equal(t, "GET /orders/{id}", span.Name())
		require.Equal(t, map[string]string{
			"http.request.method": "GET", "http.response.status_code": "200", "server.address": f.host, "url.template": "/orders/{id}",
			"orderbridge.call": "find order", "orderbridge.channel": "main", "orderbridge.order": "218",
		}, attributes(span), "and nothing else: no path, no query, no header")
		require.Equal(t, f.recorder.Ended()[1].SpanContext().SpanID(), span.Parent().SpanID())
		require.Equal(t, codes.Unset, span.Status().Code)
	})
	t.Run("nothing is sent along", func(t *testing.T) {
		t.Parallel()
		f := setup(t, http.StatusOK)
		f.call(t, nil)
		sent := <-f.headers
		for _, name := range []string{"Traceparent", "Tracestate", "Baggage", "B3"} {
			require.NotContains(t, sent, name)
		}
		require.Equal(t, "a-secret", sent.Get("X-Auth-Token"))
		require.Equal(t, "GET", f.recorder.Ended()[0].Name())
	})
	t.Run("a refusal", func(t *testing.T) {
		t.Parallel()
		f := setup(t, http.StatusConflict)
		f.call(t, nil)
		span := f.recorder.Ended()[0]
		require.Equal(t, codes.Error, span.Status().Code)
		require.Equal(t, "Conflict", span.Status().Description)
		require.Equal(t, "409", attributes(span)["http.response.status_code"])
	})
	t.Run("no answer", func(t *testing.T) {
		t.Parallel()
		f := setup(t, http.StatusOK)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, f.url, http.NoBody)
		require.NoError(t, err)
		_, err = f.client.Do(request)
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, "canceled", attributes(f.recorder.Ended()[0])["error.type"])
		require.Empty(t, f.recorder.Ended()[0].Events(), "no message is recorded")
	})
}

// idle is a transport that can be asked to end its idle connections.
type idle struct {
	http.RoundTripper

	asked bool
}

func (i *idle) CloseIdleConnections() { i.asked = true }

func TestTransportEndsIdleConnections(t *testing.T) {
	t.Parallel()
	below := &idle{RoundTripper: http.DefaultTransport}
	client := &http.Client{Transport: spans.NewTransport(below, sdktrace.NewTracerProvider())}
	client.CloseIdleConnections()
	require.True(t, below.asked)
}

func TestErrorType(t *testing.T) {
	t.Parallel()
	require.Equal(t, "timeout", spans.ErrorType(&net.OpError{Err: os.ErrDeadlineExceeded}))
	require.Equal(t, "timeout", spans.ErrorType(context.DeadlineExceeded))
	require.Equal(t, "*errors.errorString", spans.ErrorType(errors.New("a secret message"))) //nolint:err113 // any error
}
