package ingress_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/callback"
	"github.com/orderbridge/orderbridge/workflows"
)

// receivedSeries is how many series the callbacks that were received have
// before the first of them: one for each result.
const receivedSeries = 9

func (f *fixture) series(name string) int {
	f.t.Helper()
	n, err := testutil.GatherAndCount(f.registry, name)
	require.NoError(f.t, err)
	return n
}

// hand gives a callback of a channel to the handler itself, with the secret of
// another perhaps.
func (f *fixture) hand(channel, secretOf, body string) int {
	f.t.Helper()
	req := httptest.NewRequestWithContext(f.t.Context(), http.MethodPost, "/webhooks/bigcommerce/"+channel, strings.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(callback.Header, f.secrets.Secret(secretOf, 1))
	answer := httptest.NewRecorder()
	f.server.Handler().ServeHTTP(answer, req)
	return answer.Code
}

func TestStrangersMakeNoSeries(t *testing.T) {
	t.Parallel()
	f := build(t, defaultConfig())
	for i := range 1000 {
		require.Equal(t, http.StatusUnauthorized, f.hand(fmt.Sprintf("guess-%d", i), "main", statusUpdated))
	}
	require.Equal(t, receivedSeries, f.series("orderbridge_webhooks_received_total"))
	require.Equal(t, map[string]int{"other unauthorized none": 1000}, f.counted("orderbridge_webhooks_received_total"))
	require.Equal(t, map[string]int{"webhook": 1000}, f.counted("orderbridge_authentication_failures_total"))

	require.Equal(t, http.StatusOK, f.hand("main", "main", statusUpdated))
	require.Equal(t, 1, f.counted("orderbridge_webhooks_received_total")["main accepted store/order/statusUpdated"],
		"they have taken nobody's place")
}

func TestTenThousandChannelsMakeFewSeries(t *testing.T) {
	t.Parallel()
	f := build(t, defaultConfig())
	const channels = 10_000
	for i := range channels {
		channel := fmt.Sprintf("channel-%d", i)
		require.Equal(t, http.StatusOK, f.hand(channel, channel, statusUpdated))
	}
	const topic = " accepted store/order/statusUpdated"
	require.Equal(t, map[string]int{
		"channel-0" + topic: 1, "channel-1" + topic: 1, "channel-2" + topic: 1, "other" + topic: channels - labelled,
	}, f.counted("orderbridge_webhooks_received_total"))
	require.Equal(t, receivedSeries+labelled+1, f.series("orderbridge_webhooks_received_total"))
}

func TestTopicsAreAClosedList(t *testing.T) {
	t.Parallel()
	for scope, topic := range map[string]string{
		"store/order/statusUpdated": "store/order/statusUpdated",
		"store/order/updated":       "other",
		"store/shipment/created":    "other",
		"store/invented/by-them":    "other",
		"mallory@private.example":   "none",
		"":                          "none",
	} {
		t.Run(scope, func(t *testing.T) {
			t.Parallel()
			f := build(t, defaultConfig())
			require.Equal(t, http.StatusOK, f.hand("main", "main", strings.Replace(statusUpdated, "store/order/statusUpdated", scope, 1)))
			require.Equal(t, map[string]int{topic: 1}, f.counted("orderbridge_webhooks_received_total", "topic"))
		})
	}
}

func TestRefusalsAreCountedWhereTheyHappen(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for _, path := range []string{path, path + "/check", path + "/exceptions"} {
		req := f.callbackTo(path, statusUpdated)
		req.Header.Set(callback.Header, "guess")
		require.Equal(t, http.StatusUnauthorized, f.do(req).status)
	}
	require.Equal(t, map[string]int{"webhook": 2, "exceptions": 1}, f.counted("orderbridge_authentication_failures_total"))
	require.Equal(t, map[string]int{"other": 3}, f.counted("orderbridge_webhooks_received_total", "channel"))

	req := f.callback(statusUpdated)
	req.Header.Set("Content-Type", "text/plain")
	require.Equal(t, http.StatusUnsupportedMediaType, f.do(req).status)
	require.Equal(t, 1, f.counted("orderbridge_webhooks_received_total")["main unsupported_media_type none"], "its secret was right")
}

// TestExemplarsLeadToTheRun shows what Prometheus sees when it asks for
// OpenMetrics, as it does.
func TestExemplarsLeadToTheRun(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.do(f.callback(statusUpdated))
	scrape := func() string {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.url+"/metrics", http.NoBody)
		require.NoError(t, err)
		req.Header.Set("Accept", "application/openmetrics-text; version=1.0.0")
		answer := f.do(req)
		require.Contains(t, answer.header.Get("Content-Type"), "application/openmetrics-text")
		return answer.body
	}
	require.Contains(t, scrape(), `# {workflow_id="webhook/main/store/order/statusUpdated/218/`+hash+`"}`)

	long := setup(t)
	long.do(long.callback(strings.Replace(statusUpdated, hash, strings.Repeat("f", 128), 1)))
	f = long
	require.Greater(t, len(f.requireOne().ID()), 117)
	require.NotContains(t, scrape(), "workflow_id", "it would not fit")
	require.Equal(t, map[string]int{"accepted": 1}, f.results())
	require.Equal(t, workflows.FoundScope, f.requireOne().Scope)
}

func TestCallsOfTheAPIAreCounted(t *testing.T) {
	t.Parallel()
	f := setupAPI(t, defaultConfig(), office{})
	f.serve()
	f.do(f.call(http.MethodGet, "/api/v1/channels"))
	f.do(f.call(http.MethodGet, "/api/v1/nowhere/mallory@private.example"))
	f.get("/api/v1/channels/secret-name")
	f.get("/api/v1/channels/another-name/history")
	require.Equal(t, map[string]int{
		"200 /api/v1/channels": 1, "404 other": 1, "401 /api/v1/channels/:id": 1, "401 /api/v1/channels/:id/history": 1,
	}, f.counted("orderbridge_api_requests_total"))
	require.Equal(t, map[string]int{"api": 2}, f.counted("orderbridge_authentication_failures_total"))
}
