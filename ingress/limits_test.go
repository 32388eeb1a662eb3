package ingress_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/callback"
	"github.com/orderbridge/orderbridge/ingress"
)

// padded returns an ordinary callback of exactly size bytes.
func padded(size int) string {
	return statusUpdated + strings.Repeat(" ", size-len(statusUpdated))
}

func TestWebhookSizes(t *testing.T) {
	t.Parallel()
	limit := int(defaultConfig().MaxBodyBytes)
	for name, tc := range map[string]struct {
		size    int
		chunked bool
		status  int
	}{
		"at the limit":               {limit, false, http.StatusOK},
		"at the limit, in chunks":    {limit, true, http.StatusOK},
		"above the limit":            {limit + 1, false, http.StatusRequestEntityTooLarge},
		"above the limit, in chunks": {limit + 1, true, http.StatusRequestEntityTooLarge},
		"far above the limit":        {50 * limit, true, http.StatusRequestEntityTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			req := f.callback(padded(tc.size))
			if tc.chunked {
				req.ContentLength = -1
			}
			answer := f.do(req)
			require.Equal(t, tc.status, answer.status)
			require.Empty(t, answer.body)
			if tc.status == http.StatusOK {
				require.Nil(t, f.requireOne().Rejection)
				return
			}
			require.Empty(t, f.starter.webhooks())
			require.Equal(t, map[string]int{"too_large": 1}, f.results())
		})
	}
}

// wire is a raw connection to a server.
type wire struct {
	net.Conn

	t *testing.T
}

// dial connects to a running server.
func (f *fixture) dial() wire {
	f.t.Helper()
	var dialer net.Dialer
	conn, err := dialer.DialContext(f.t.Context(), "tcp", strings.TrimPrefix(f.url, "http://"))
	require.NoError(f.t, err)
	f.t.Cleanup(func() { _ = conn.Close() })
	require.NoError(f.t, conn.SetDeadline(time.Now().Add(30*time.Second)))
	return wire{Conn: conn, t: f.t}
}

func (w wire) sendf(format string, args ...any) {
	w.t.Helper()
	_, err := fmt.Fprintf(w, format, args...)
	require.NoError(w.t, err)
}

// answer reads one answer.
func (w wire) answer() response {
	w.t.Helper()
	res, err := http.ReadResponse(bufio.NewReader(w), nil)
	require.NoError(w.t, err)
	body, err := io.ReadAll(res.Body)
	require.NoError(w.t, err)
	require.NoError(w.t, res.Body.Close())
	return response{status: res.StatusCode, header: res.Header, body: string(body)}
}

// head returns the head of a callback that announces size bytes.
func (f *fixture) head(size int) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: ingress\r\nContent-Type: application/json\r\n%s: %s\r\nContent-Length: %d\r\n\r\n",
		path, callback.Header, f.secret(), size)
}

// serve starts the server itself, with its time-outs, on a port of its own.
func serve(t *testing.T, config ingress.Config) *fixture {
	t.Helper()
	f := build(t, config)
	f.serve()
	return f
}

func TestWebhookThatIsCut(t *testing.T) {
	t.Parallel()
	f := serve(t, defaultConfig())
	conn := f.dial()
	conn.sendf("%s%s", f.head(len(statusUpdated)), statusUpdated[:50])
	tcp, ok := conn.Conn.(*net.TCPConn)
	require.True(t, ok)
	require.NoError(t, tcp.CloseWrite())
	require.Equal(t, http.StatusBadRequest, conn.answer().status)
	require.Empty(t, f.starter.webhooks(), "half an event is no event")
	require.Equal(t, map[string]int{"unreadable": 1}, f.results())
}

func TestWebhookThatNeverEnds(t *testing.T) {
	t.Parallel()
	config := defaultConfig()
	config.ReadTimeout = 50 * time.Millisecond
	f := serve(t, config)
	t.Run("body", func(t *testing.T) {
		conn := f.dial()
		conn.sendf("%s%s", f.head(len(statusUpdated)), statusUpdated[:50])
		require.Equal(t, http.StatusBadRequest, conn.answer().status)
	})
	t.Run("headers", func(t *testing.T) {
		conn := f.dial()
		conn.sendf("POST %s HTTP/1.1\r\nHost: ingress\r\n", path)
		_, err := io.ReadAll(conn)
		require.NoError(t, err, "the connection was closed in order")
	})
	require.Empty(t, f.starter.webhooks())
}

func TestWebhookWithOversizedHeaders(t *testing.T) {
	t.Parallel()
	f := serve(t, defaultConfig())
	conn := f.dial()
	conn.sendf("POST %s HTTP/1.1\r\nHost: ingress\r\nX-Large: %s\r\n\r\n", path, strings.Repeat("x", 64<<10))
	require.Equal(t, http.StatusRequestHeaderFieldsTooLarge, conn.answer().status)
	require.Empty(t, f.starter.webhooks())
}

func TestWebhookWithTheHeadersOfTheStore(t *testing.T) {
	t.Parallel()
	f := serve(t, defaultConfig())
	conn := f.dial()
	conn.sendf("POST %s HTTP/1.1\r\nhost: ingress\r\ncontent-type: application/json\r\ncontent-length: %d\r\naccept-encoding: gzip\r\n"+
		"user-agent: pekko-http/1.3.0\r\nwebhook-id: %s\r\nwebhook-timestamp: 1700000003\r\n"+
		"webhook-signature: v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n%s: %s\r\n\r\n%s",
		path, len(statusUpdated), hash, strings.ToLower(callback.Header), f.secret(), statusUpdated)
	answer := conn.answer()
	require.Equal(t, http.StatusOK, answer.status)
	requireBare(t, answer)
	require.Equal(t, int64(218), f.requireOne().OrderID)
}

func TestWebhookBodyIsNotAskedForWithoutTheSecret(t *testing.T) {
	t.Parallel()
	f := serve(t, defaultConfig())
	conn := f.dial()
	// A client that waits for "100 Continue" shows whether the body is read.
	conn.sendf("POST %s HTTP/1.1\r\nHost: ingress\r\nContent-Type: application/json\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n", path)
	require.Equal(t, http.StatusUnauthorized, conn.answer().status)
}

func TestConfigValidate(t *testing.T) {
	t.Parallel()
	require.NoError(t, defaultConfig().Validate())
	for name, tc := range map[string]struct {
		change func(*ingress.Config)
		says   string
	}{
		"no port":             {func(c *ingress.Config) { c.ListenAddress = "127.0.0.1" }, `ORDERBRIDGE_LISTEN_ADDRESS "127.0.0.1" must`},
		"no address":          {func(c *ingress.Config) { c.ListenAddress = "" }, "ORDERBRIDGE_LISTEN_ADDRESS"},
		"tiny bodies":         {func(c *ingress.Config) { c.MaxBodyBytes = 1023 }, "ORDERBRIDGE_MAX_BODY_BYTES 1023 must"},
		"huge bodies":         {func(c *ingress.Config) { c.MaxBodyBytes = 1<<20 + 1 }, "ORDERBRIDGE_MAX_BODY_BYTES"},
		"no start":            {func(c *ingress.Config) { c.StartTimeout = 0 }, "ORDERBRIDGE_START_TIMEOUT 0s must"},
		"start too slow":      {func(c *ingress.Config) { c.StartTimeout = 9 * time.Second }, "ORDERBRIDGE_START_TIMEOUT 9s must"},
		"no read":             {func(c *ingress.Config) { c.ReadTimeout = -1 }, "ORDERBRIDGE_READ_TIMEOUT"},
		"read too slow":       {func(c *ingress.Config) { c.ReadTimeout = time.Minute }, "ORDERBRIDGE_READ_TIMEOUT 1m0s must"},
		"a negative delay":    {func(c *ingress.Config) { c.DrainDelay = -1 }, "ORDERBRIDGE_DRAIN_DELAY -1ns must"},
		"a delay without end": {func(c *ingress.Config) { c.DrainDelay = time.Hour }, "ORDERBRIDGE_DRAIN_DELAY 1h0m0s must"},
		"no time to end":      {func(c *ingress.Config) { c.ShutdownTimeout = 0 }, "ORDERBRIDGE_SHUTDOWN_TIMEOUT 0s must"},
		"the zero value: all": {func(c *ingress.Config) { *c = ingress.Config{} }, "ORDERBRIDGE_SHUTDOWN_TIMEOUT"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := defaultConfig()
			tc.change(&c)
			require.ErrorContains(t, c.Validate(), tc.says)
			f := build(t, defaultConfig())
			_, err := ingress.New(c, f.dependencies())
			require.ErrorContains(t, err, tc.says)
		})
	}
	require.Len(t, strings.Split(ingress.Config{}.Validate().Error(), "\n"), 5, "all mistakes at once")
}

func TestNewRefusesASecondSetOfMetrics(t *testing.T) {
	t.Parallel()
	f := build(t, defaultConfig())
	_, err := ingress.New(defaultConfig(), f.dependencies())
	require.ErrorContains(t, err, "register metrics")
}

func TestHandlerServesWithoutAListener(t *testing.T) {
	t.Parallel()
	f := build(t, defaultConfig())
	answer := httptest.NewRecorder()
	f.server.Handler().ServeHTTP(answer, f.callback(statusUpdated))
	require.Equal(t, http.StatusOK, answer.Code)
}
