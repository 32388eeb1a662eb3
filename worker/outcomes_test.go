package worker_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/worker"
	"github.com/orderbridge/orderbridge/workflows"
)

func setupOutcomes(t *testing.T, places int) (client.MetricsHandler, *prometheus.Registry) {
	t.Helper()
	registry := prometheus.NewRegistry()
	sdk, end, err := worker.NewSDKMetrics(registry, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, end(t.Context())) })
	handler, err := worker.WithOutcomes(sdk, registry, activities.NewBounded(places))
	require.NoError(t, err)
	// As the SDK's own tags come first.
	return handler.WithTags(map[string]string{"namespace": "shop", "workflow_type": workflows.OrderWebhookType}), registry
}

// report reports the end of a run as an order workflow does.
func report(handler client.MetricsHandler, channel string) {
	tagged := handler.WithTags(map[string]string{
		workflows.TagChannel: channel, workflows.TagOutcome: "cancelled", workflows.TagReason: "applied",
		workflows.TagWorkflow: "webhook/" + channel + "/1",
	})
	tagged.Counter(workflows.OutcomesMetric).Inc(1)
	tagged.Timer(workflows.DurationMetric).Record(90 * time.Minute)
}

func TestOutcomes(t *testing.T) {
	t.Parallel()
	handler, registry := setupOutcomes(t, 2)
	const channels = 10_000
	for i := range channels {
		report(handler, fmt.Sprintf("channel-%d", i))
	}
	report(handler, "")
	require.NoError(t, testutil.GatherAndCompare(registry, strings.NewReader(fmt.Sprintf(`
# HELP %[1]s Order workflows that ended, by sales channel (other: beyond the first channels), outcome and reason.
# TYPE %[1]s counter
%[1]s{channel="channel-0",outcome="cancelled",reason="applied"} 1
%[1]s{channel="channel-1",outcome="cancelled",reason="applied"} 1
%[1]s{channel="other",outcome="cancelled",reason="applied"} %[2]d
`, workflows.OutcomesMetric, channels-2+1)), workflows.OutcomesMetric))

	families, err := registry.Gather()
	require.NoError(t, err)
	for _, family := range families {
		if family.GetName() != workflows.DurationMetric {
			continue
		}
		require.Len(t, family.GetMetric(), len(workflows.Outcomes()), "all are there from the beginning")
		for _, metric := range family.GetMetric() {
			if metric.GetLabel()[0].GetValue() != "cancelled" {
				continue
			}
			for _, bucket := range metric.GetHistogram().GetBucket() {
				if bucket.GetExemplar() != nil {
					require.InDelta(t, (4 * time.Hour).Seconds(), bucket.GetUpperBound(), 0)
					require.Equal(t, "webhook//1", bucket.GetExemplar().GetLabel()[0].GetValue(), "the newest")
				}
			}
			require.InDelta(t, (channels+1)*(90*time.Minute).Seconds(), metric.GetHistogram().GetSampleSum(), 1)
		}
	}
}

// TestOtherMetricsOfTheSDKGoOn shows that nothing else is held back, nor changed.
func TestOtherMetricsOfTheSDKGoOn(t *testing.T) {
	t.Parallel()
	handler, registry := setupOutcomes(t, 2)
	handler.Counter("temporal_request").Inc(3)
	handler.Gauge("temporal_num_pollers").Update(4)
	handler.Timer("temporal_request_latency").Record(time.Second)
	families, err := registry.Gather()
	require.NoError(t, err)
	found := map[string]int{}
	for _, family := range families {
		if strings.HasPrefix(family.GetName(), "temporal_") {
			found[family.GetName()] = len(family.GetMetric()[0].GetLabel())
		}
	}
	require.Equal(t, map[string]int{
		"temporal_request_total": 2, "temporal_num_pollers": 2, "temporal_request_latency_seconds": 2,
	}, found)
}

func TestOutcomesAreRegisteredOnce(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	_, err := worker.WithOutcomes(client.MetricsNopHandler, registry, nil)
	require.NoError(t, err)
	_, err = worker.WithOutcomes(client.MetricsNopHandler, registry, nil)
	require.Error(t, err)
}
