package ingress_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/callback"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/ingress"
	"github.com/orderbridge/orderbridge/ingress/api"
	"github.com/orderbridge/orderbridge/ingress/operator"
)

const apiToken = "0123456789abcdef0123456789abcdef"

// office is an operator that can audit, and is asked for nothing else.
type office struct {
	api.Operator

	audit func(context.Context) error
}

func (o office) Audit(ctx context.Context, id string) (channels.AuditReport, error) {
	return channels.AuditReport{Channel: id}, o.audit(ctx)
}

func (office) List(context.Context) ([]operator.View, error) { return nil, nil }

// setupAPI makes an ingress with an operator API on the server itself.
func setupAPI(t *testing.T, config ingress.Config, o office) *fixture {
	t.Helper()
	config.APITokens = "ops:change:" + apiToken
	f := build(t, defaultConfig())
	deps := f.dependencies()
	deps.Operator = o
	f.registry = prometheus.NewRegistry()
	deps.Registry = f.registry
	var err error
	f.server, err = ingress.New(config, deps)
	require.NoError(t, err)
	return f
}

func (f *fixture) call(method, path string) *http.Request {
	f.t.Helper()
	req, err := http.NewRequestWithContext(f.t.Context(), method, f.url+path, http.NoBody)
	require.NoError(f.t, err)
	req.Header.Set("Authorization", "Bearer "+apiToken)
	return req
}

func TestAPIIsThereWithTokensOnly(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for _, path := range []string{"/api/v1/channels", "/api/v1/openapi.yaml", "/api/v1"} {
		answer := f.do(f.call(http.MethodGet, path))
		require.Equal(t, http.StatusNotFound, answer.status)
		require.Equal(t, f.get("/nowhere").body, answer.body, "like any other path that is not there")
	}

	f = setupAPI(t, defaultConfig(), office{})
	f.serve()
	require.Equal(t, http.StatusOK, f.do(f.call(http.MethodGet, "/api/v1/channels")).status)
	require.Equal(t, http.StatusNotFound, f.do(f.call(http.MethodGet, "/api/v2/channels")).status)
	answer := f.get("/api/v1/channels")
	require.Equal(t, http.StatusUnauthorized, answer.status)
	require.Empty(t, answer.header.Get(callback.MarkerHeader), "a check of the callback address must not end here")
	require.Equal(t, http.StatusOK, f.do(f.callback(statusUpdated)).status)
	require.NotContains(t, f.log.String(), apiToken)
}

func TestAPINeedsAnOperator(t *testing.T) {
	t.Parallel()
	config := defaultConfig()
	config.APITokens = "ops:change:" + apiToken
	deps := build(t, defaultConfig()).dependencies()
	deps.Registry = prometheus.NewRegistry()
	_, err := ingress.New(config, deps)
	require.ErrorContains(t, err, "operator")
}

func TestAPITokensThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	config := defaultConfig()
	config.APITokens = "ops:hunter2:" + apiToken + "\nops:change:hunter2"
	err := config.Validate()
	require.Error(t, err)
	lines := strings.Split(err.Error(), "\n")
	require.Len(t, lines, 2)
	for _, line := range lines {
		require.True(t, strings.HasPrefix(line, "ORDERBRIDGE_API_TOKENS: entry "), line)
	}
	require.NotContains(t, err.Error(), "hunter2")
}

// TestDrainingEndsWaitingCalls shows that a call that may last two minutes does
// not hold up the end of the process.
func TestDrainingEndsWaitingCalls(t *testing.T) {
	t.Parallel()
	entered := make(chan struct{})
	f := setupAPI(t, defaultConfig(), office{audit: func(ctx context.Context) error {
		close(entered)
		<-ctx.Done()
		return ctx.Err()
	}})
	r := f.serve()
	answers := make(chan response, 1)
	request := f.call(http.MethodPost, "/api/v1/channels/main/audit")
	go func() {
		answer, err := f.try(request)
		if err != nil {
			answer.status = -1
		}
		answers <- answer
	}()
	<-entered
	r.stop()
	answer := <-answers
	require.Equal(t, http.StatusServiceUnavailable, answer.status)
	require.Contains(t, answer.body, "may still happen")
	require.NoError(t, <-r.ended)
}

// TestAPIWithoutAConnection shows that an answer can be written where there are
// no deadlines to extend.
func TestAPIWithoutAConnection(t *testing.T) {
	t.Parallel()
	f := setupAPI(t, defaultConfig(), office{})
	answer := httptest.NewRecorder()
	f.server.Handler().ServeHTTP(answer, f.call(http.MethodGet, "/api/v1/channels"))
	require.Equal(t, http.StatusOK, answer.Code)
}
