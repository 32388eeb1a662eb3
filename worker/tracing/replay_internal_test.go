package tracing

import (
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"

	"github.com/orderbridge/orderbridge/workflows"
)

// TestReplay replays every recorded history with tracing on: runs that began
// before it was switched on go on. Nothing is exported: it was before.
func TestReplay(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("..", "..", "workflows", "testdata", "histories", "*", "*.json"))
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 10, "the recorded histories are missing")
	for _, file := range files {
		t.Run(filepath.Base(filepath.Dir(file))+"/"+filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			recorder := tracetest.NewSpanRecorder()
			traces := &Tracing{
				provider: trace.NewTracerProvider(trace.WithSpanProcessor(recorder), trace.WithIDGenerator(identities{})),
				log:      slog.New(slog.DiscardHandler),
			}
			ours := traces.Interceptors()
			interceptors := make([]interceptor.WorkerInterceptor, 0, len(ours))
			for _, one := range ours {
				both, ok := one.(interceptor.WorkerInterceptor)
				require.True(t, ok)
				interceptors = append(interceptors, both)
			}
			replayer, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{Interceptors: interceptors})
			require.NoError(t, err)
			workflows.RegisterOrders(replayer)
			workflows.RegisterChannels(replayer)
			require.NoError(t, replayer.ReplayWorkflowHistoryFromJSONFile(nil, file))
			require.NotEmpty(t, recorder.Started(), "the interceptors were at work")
			for _, span := range recorder.Ended() {
				require.NotContains(t, span.Name(), "RunWorkflow:", "it was exported before")
				require.NotContains(t, span.Name(), "HandleUpdate:", "it was exported before")
			}
		})
	}
}

// TestIdentities shows that what has an identity has the same ids in every
// process, and that all else has not.
func TestIdentities(t *testing.T) {
	t.Parallel()
	named := withIdentity(t.Context(), "run")
	traceID, spanID := identities{}.NewIDs(named)
	again, spanAgain := identities{}.NewIDs(named)
	require.Equal(t, traceID, again)
	require.Equal(t, spanID, spanAgain)
	require.Equal(t, spanID, identities{}.NewSpanID(named, traceID))
	other, _ := identities{}.NewIDs(withIdentity(t.Context(), "another run"))
	require.NotEqual(t, traceID, other)
	random, _ := identities{}.NewIDs(t.Context())
	different, _ := identities{}.NewIDs(withIdentity(t.Context(), ""))
	require.NotEqual(t, random, different)
}
