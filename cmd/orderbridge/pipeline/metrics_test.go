package pipeline_test

import (
	"bytes"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/worker"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/process"
	"github.com/orderbridge/orderbridge/workflows"
)

const operatorToken = "0123456789abcdef0123456789abcdef"

// TestMetrics scrapes a real run and compares the scrape with what operators are
// told of it.
func TestMetrics(t *testing.T) {
	t.Parallel()
	p := newBarePipeline(t)
	p.main = p.start(process.Roles{Ingress: true, Worker: true},
		"ORDERBRIDGE_API_TOKENS=watcher:view:"+operatorToken, "ORDERBRIDGE_SURVEY_EVERY=1s")
	p.ingress = p.main.ingress
	p.save(p.channel())
	p.order(218, "Awaiting Shipment")
	p.order(219, "Shipped")
	p.order(220, "")
	p.store.Faults().FailNext(1, http.MethodGet, "/v2/orders/218", bigcommercetest.Failure(http.StatusServiceUnavailable))
	for _, id := range []int64{218, 219, 220} {
		require.NoError(t, p.store.SetStatus(id, bigcommerce.StatusCancelled))
	}
	run := p.runOf(218)
	require.Equal(t, workflows.OutcomeCancelled, p.result(run).Outcome)
	require.Equal(t, workflows.OutcomeTooLate, p.result(p.runOf(219)).Outcome)
	require.Equal(t, workflows.OutcomeGaveUp, p.result(p.runOf(220)).Outcome)
	require.Equal(t, http.StatusOK, p.ask("/api/v1/channels", "Bearer "+operatorToken).status)
	require.Equal(t, http.StatusUnauthorized, p.ask("/api/v1/channels/secret-name", "Bearer guess").status)

	var found scrape
	require.Eventually(t, func() bool {
		found = p.scrape()
		return found.values["orderbridge_open_issues"]["too_late"] == 1 &&
			found.values["orderbridge_channels"]["healthy"] == 1 &&
			found.values["orderbridge_orders_waiting"]["0s"] == 0
	}, patience, 100*time.Millisecond, "the survey did not notice")

	t.Run("is what happened", func(t *testing.T) {
		require.Equal(t, map[string]float64{
			"main accepted store/order/statusUpdated": 3,
		}, positive(found.values["orderbridge_webhooks_received_total"]))
		require.Equal(t, map[string]float64{
			"main cancelled applied": 1, "main too_late already_fulfilled": 1, "main gave_up not_downstream": 1,
		}, positive(found.values["orderbridge_webhook_outcomes_total"]))
		require.InDelta(t, 1, found.values["orderbridge_activity_failures_total"]["ReadStoreOrder store_unavailable"], 0)
		attempts := found.values["orderbridge_activity_attempts_total"]
		require.InDelta(t, 1, attempts["ReadStoreOrder failed"], 0)
		require.InDelta(t, 1, attempts["CancelDownstreamOrder ok"], 0, "a local activity, too")
		require.Equal(t, map[string]float64{"200 /api/v1/channels": 1, "401 /api/v1/channels/:id": 1}, found.values["orderbridge_api_requests_total"])
		require.Equal(t, map[string]float64{"api": 1}, positive(found.values["orderbridge_authentication_failures_total"]))
		require.Equal(t, []string{p.store.Hash}, slices.Collect(maps.Keys(found.values["orderbridge_bigcommerce_quota_limit_requests"])))
		require.Equal(t, map[string]float64{"healthy": 1, "degraded": 0, "unhealthy": 0, "unknown": 0, "inactive": 0},
			found.values["orderbridge_channels"])
		require.Equal(t, map[string]float64{"0s": 0, "5m": 0, "1h": 0, "24h": 0}, found.values["orderbridge_orders_waiting"])
		require.Equal(t, map[string]float64{
			"too_late": 1, "ambiguous": 0, "failed": 0, "rejected": 0, "unhealthy_channels": 0, "waiting_over_an_hour": 0,
		}, found.values["orderbridge_open_issues"])
		require.Len(t, found.values["orderbridge_task_queue_backlog"], 6)
		require.Equal(t, map[string]float64{"": 1}, found.values["orderbridge_temporal_up"])
		require.Positive(t, found.values["orderbridge_survey_last_success_timestamp_seconds"][""])
	})
	t.Run("is documented, and what is documented is there", func(t *testing.T) {
		text, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "metrics.md"))
		require.NoError(t, err)
		rows := regexp.MustCompile("(?m)^\\| `(orderbridge_[a-z_]+)` \\| (counter|gauge|histogram)[^|]* \\| .{10,} \\|$").FindAllStringSubmatch(string(text), -1)
		documented, scraped := make([]string, 0, len(rows)), make([]string, 0, len(rows))
		for _, row := range rows {
			documented = append(documented, row[2]+" "+row[1])
		}
		for name, kind := range found.kinds {
			if strings.HasPrefix(name, "orderbridge_") {
				scraped = append(scraped, kind+" "+name)
			}
		}
		require.ElementsMatch(t, documented, scraped)
	})
	t.Run("is as promtool wants it", func(t *testing.T) {
		// What the Temporal SDK, the Go runtime and the process export is named by
		// others, and promtool finds fault with some of it.
		var ours bytes.Buffer
		for line := range strings.Lines(p.metrics()) {
			if regexp.MustCompile(`^(?:# (?:HELP|TYPE) )?orderbridge_`).MatchString(line) {
				ours.WriteString(line)
			}
		}
		command := exec.CommandContext(t.Context(), "promtool", "check", "metrics")
		command.Stdin = &ours
		complaints, err := command.CombinedOutput()
		require.NoError(t, err, "%s", complaints)
		require.Empty(t, string(complaints))
	})
	t.Run("leads to the runs", func(t *testing.T) {
		open := p.ask("/metrics", "", "Accept", "application/openmetrics-text; version=1.0.0").body
		require.True(t, strings.HasSuffix(open, "# EOF\n"))
		require.Regexp(t, `orderbridge_webhook_acknowledgement_duration_seconds_bucket\{le="[^"]+"\} [0-9]+ # \{workflow_id="webhook/main/`, open)
		require.Regexp(t, `orderbridge_webhook_duration_seconds_bucket\{outcome="cancelled",le="[^"]+"\} 1 # \{workflow_id="`+run+`"\}`, open)
	})
	t.Run("a channel's run replays with its health", func(t *testing.T) {
		replayer := worker.NewWorkflowReplayer()
		workflows.RegisterChannels(replayer)
		history := p.history("channel/" + channelID)
		require.Contains(t, history.String(), "OrderbridgeHealth")
		require.NoError(t, replayer.ReplayWorkflowHistory(nil, history))
	})
}

// reply is an answer that was read to its end.
type reply struct {
	status int
	body   string
}

// ask reads a path of the ingress, with a header for authorization and others.
func (p *pipeline) ask(path, authorization string, header ...string) reply {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.ctx, http.MethodGet, "http://"+p.ingress+path, http.NoBody)
	require.NoError(p.t, err)
	if authorization != "" {
		request.Header.Set("Authorization", authorization)
	}
	for pair := range slices.Chunk(header, 2) {
		request.Header.Set(pair[0], pair[1])
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(p.t, err)
	defer func() { require.NoError(p.t, response.Body.Close()) }()
	var text bytes.Buffer
	_, err = text.ReadFrom(response.Body)
	require.NoError(p.t, err)
	return reply{response.StatusCode, text.String()}
}

// scrape is what a scrape showed.
type scrape struct {
	// kinds are the types of the metrics by name.
	kinds map[string]string
	// values are the counters and gauges, by name and by the values of their
	// labels.
	values map[string]map[string]float64
}

func (p *pipeline) scrape() scrape {
	p.t.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(p.metrics()))
	require.NoError(p.t, err)
	found := scrape{kinds: map[string]string{}, values: map[string]map[string]float64{}}
	for name, family := range families {
		found.kinds[name] = strings.ToLower(family.GetType().String())
		found.values[name] = map[string]float64{}
		for _, metric := range family.GetMetric() {
			labels := make([]string, 0, len(metric.GetLabel()))
			for _, label := range metric.GetLabel() {
				labels = append(labels, label.GetValue())
			}
			found.values[name][strings.Join(labels, " ")] = metric.GetCounter().GetValue() + metric.GetGauge().GetValue()
		}
	}
	return found
}

// positive leaves out the zeros.
func positive(values map[string]float64) map[string]float64 {
	maps.DeleteFunc(values, func(_ string, value float64) bool { return value == 0 })
	return values
}
