package worker

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	sdkworker "go.temporal.io/sdk/worker"
)

// TestAttempts runs activities in the SDK's environment, regular and local.
func TestAttempts(t *testing.T) {
	t.Parallel()
	endings := map[string]func(context.Context) error{
		"Succeeds": func(context.Context) error { return nil },
		"Fails": func(context.Context) error {
			return temporal.NewNonRetryableApplicationError("order 218", "downstream_refused", nil)
		},
		"Surprises": func(context.Context) error { return errors.New("mallory@private.example") },
		"Panics":    func(context.Context) error { panic("at the disco") },
		"Stops":     func(context.Context) error { return context.Canceled },
	}
	registry := prometheus.NewRegistry()
	attempts, err := newAttempts(registry)
	require.NoError(t, err)
	for name, ending := range endings {
		var suite testsuite.WorkflowTestSuite
		suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
		env := suite.NewTestActivityEnvironment()
		env.SetWorkerOptions(sdkworker.Options{Interceptors: []interceptor.WorkerInterceptor{attempts}})
		env.RegisterActivityWithOptions(ending, activity.RegisterOptions{Name: name})
		_, err := env.ExecuteActivity(name)
		require.Equal(t, name == "Succeeds", err == nil)
	}
	require.NoError(t, testutil.GatherAndCompare(registry, strings.NewReader(`
# HELP orderbridge_activity_attempts_total Attempts of activities, local ones included, by activity and result (ok, failed, cancelled).
# TYPE orderbridge_activity_attempts_total counter
orderbridge_activity_attempts_total{activity="Fails",result="failed"} 1
orderbridge_activity_attempts_total{activity="Panics",result="failed"} 1
orderbridge_activity_attempts_total{activity="Stops",result="cancelled"} 1
orderbridge_activity_attempts_total{activity="Succeeds",result="failed"} 0
orderbridge_activity_attempts_total{activity="Succeeds",result="ok"} 1
orderbridge_activity_attempts_total{activity="Surprises",result="failed"} 1
# HELP orderbridge_activity_failures_total Attempts of activities that failed, by activity and reason.
# TYPE orderbridge_activity_failures_total counter
orderbridge_activity_failures_total{activity="Fails",reason="downstream_refused"} 1
orderbridge_activity_failures_total{activity="Panics",reason="internal"} 1
orderbridge_activity_failures_total{activity="Surprises",reason="internal"} 1
`)))
	_, err = newAttempts(registry)
	require.Error(t, err, "they are registered already")
}
