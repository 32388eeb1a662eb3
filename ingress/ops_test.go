package ingress_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/ingress"
)

func check(name string, err error) ingress.Check {
	return ingress.Check{Name: name, Advice: func(error) string { return "mend " + name }, Probe: func(context.Context) error { return err }}
}

func TestHealthz(t *testing.T) {
	t.Parallel()
	f := setup(t, check("temporal", errors.New("away")))
	answer := f.get("/healthz")
	require.Equal(t, http.StatusOK, answer.status, "alive, whatever is missing")
	require.JSONEq(t, `{"status":"ok"}`, answer.body)
}

func TestReadyz(t *testing.T) {
	t.Parallel()
	hidden := errors.New("dial 10.0.0.7:7233 with key hunter2")
	for name, tc := range map[string]struct {
		checks []ingress.Check
		status int
		body   string
	}{
		"nothing to check": {nil, http.StatusOK, `{"ready":true,"checks":[]}`},
		"ready": {
			[]ingress.Check{check("temporal", nil), check("worker", nil)},
			http.StatusOK, `{"ready":true,"checks":[{"name":"temporal","ready":true},{"name":"worker","ready":true}]}`,
		},
		"one missing": {
			[]ingress.Check{check("temporal", nil), check("worker", hidden)},
			http.StatusServiceUnavailable,
			`{"ready":false,"checks":[{"name":"temporal","ready":true},{"name":"worker","ready":false,"message":"mend worker"}]}`,
		},
		"all missing": {
			[]ingress.Check{check("temporal", hidden), check("worker", hidden)},
			http.StatusServiceUnavailable,
			`{"ready":false,"checks":[{"name":"temporal","ready":false,"message":"mend temporal"},{"name":"worker","ready":false,"message":"mend worker"}]}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t, tc.checks...)
			answer := f.get("/readyz")
			require.Equal(t, tc.status, answer.status)
			require.JSONEq(t, tc.body, answer.body)
			require.NotContains(t, answer.body, "hunter2")
			require.Equal(t, tc.status != http.StatusOK, strings.Contains(f.log.String(), "hunter2"), "the log says why")
		})
	}
}

func TestReadyzBoundsItsChecks(t *testing.T) {
	t.Parallel()
	bounded := make(chan bool, 1)
	f := setup(t, ingress.Check{Name: "slow", Probe: func(ctx context.Context) error {
		_, ok := ctx.Deadline()
		bounded <- ok
		return nil
	}})
	f.get("/readyz")
	require.True(t, <-bounded)
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	f := setup(t)
	results := []string{
		"accepted", "duplicate", "rejected", "unauthorized", "unsupported_media_type", "too_large", "unreadable",
		"unavailable", "internal_error",
	}
	before := f.get("/metrics")
	require.Equal(t, http.StatusOK, before.status)
	for _, result := range results {
		require.Contains(t, before.body, `orderbridge_webhooks_received_total{channel="other",result="`+result+`",topic="none"} 0`,
			"a rate needs the zero before the first")
	}
	f.do(f.callback(statusUpdated))
	f.do(f.callback("not JSON"))
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(f.get("/metrics").body))
	require.NoError(t, err)
	counter := families["orderbridge_webhooks_received_total"]
	require.NotNil(t, counter)
	require.Len(t, counter.GetMetric(), len(results)+2, "the list of results is closed")
	require.Equal(t, map[string]int{"main accepted store/order/statusUpdated": 1, "main rejected none": 1},
		f.counted("orderbridge_webhooks_received_total"))
	answering := families["orderbridge_webhook_acknowledgement_duration_seconds"]
	require.NotNil(t, answering)
	require.Equal(t, uint64(2), answering.GetMetric()[0].GetHistogram().GetSampleCount())

	gathered, err := f.registry.Gather()
	require.NoError(t, err)
	problems, err := promlint.NewWithMetricFamilies(gathered).Lint()
	require.NoError(t, err)
	require.Empty(t, problems)
}

func TestMetricsCanBeLeftToOperators(t *testing.T) {
	t.Parallel()
	config := defaultConfig()
	config.ServeMetrics = false
	f := build(t, config)
	answer := httptest.NewRecorder()
	f.server.Handler().ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
	require.Equal(t, http.StatusNotFound, answer.Code)

	operators, err := ingress.NewOps(f.dependencies(check("temporal", nil)))
	require.NoError(t, err)
	server := httptest.NewServer(operators.Handler())
	t.Cleanup(server.Close)
	f.url, f.client = server.URL, server.Client()
	require.Contains(t, f.get("/metrics").body, "orderbridge_webhooks_received_total")
	require.Equal(t, http.StatusOK, f.get("/healthz").status)
	require.Contains(t, f.get("/readyz").body, "temporal")
	require.Equal(t, http.StatusNotFound, f.do(f.callback(statusUpdated)).status, "callbacks do not arrive here")
}

func TestOpsServerServes(t *testing.T) {
	t.Parallel()
	f := build(t, defaultConfig())
	var err error
	f.server, err = ingress.NewOps(f.dependencies())
	require.NoError(t, err)
	r := f.serve()
	require.Equal(t, http.StatusOK, f.get("/healthz").status)
	r.stop()
	require.NoError(t, <-r.ended)
}
