package ingress_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/ingress"
	"github.com/orderbridge/orderbridge/worker/devserver/devservertest"
	"github.com/orderbridge/orderbridge/workflows"
)

func TestMain(m *testing.M) { os.Exit(devservertest.Main(m)) }

// TestTemporalNotifierStartsAnAudit looks at what it starts on a real server.
// No worker runs, so that the audits stay open.
func TestTemporalNotifierStartsAnAudit(t *testing.T) {
	t.Parallel()
	temporal := devservertest.Start(t, workflows.SearchAttributes()).NewNamespace(t)
	notifier := &ingress.TemporalNotifier{Client: temporal}
	const id = "audit/main/exception/90001"
	require.NoError(t, notifier.Exception(t.Context(), "main", 90001))
	first, err := temporal.DescribeWorkflowExecution(t.Context(), id, "")
	require.NoError(t, err)
	info := first.GetWorkflowExecutionInfo()
	require.Equal(t, channels.AuditWorkflowType, info.GetType().GetName())
	require.Equal(t, channels.TaskQueue, info.GetTaskQueue())
	require.Equal(t, "main", info.GetPriority().GetFairnessKey())
	require.Contains(t, info.GetSearchAttributes().GetIndexedFields(), channels.SearchAttribute.GetName())
	started, err := temporal.GetWorkflowHistory(t.Context(), id, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT).Next()
	require.NoError(t, err)
	var request channels.AuditRequest
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(started.GetWorkflowExecutionStartedEventAttributes().GetInput(), &request))
	require.Equal(t, channels.AuditRequest{Channel: "main", Cause: channels.AuditException, Code: 90001}, request)

	require.NoError(t, notifier.Exception(t.Context(), "main", 90001), "while one runs, that is no error")
	require.NoError(t, notifier.Exception(t.Context(), "main", 90002), "another code is another audit")
	require.NoError(t, notifier.Exception(t.Context(), "main", 123456))
	require.NoError(t, notifier.Exception(t.Context(), "main", -7))
	_, err = temporal.DescribeWorkflowExecution(t.Context(), "audit/main/exception/other", "")
	require.NoError(t, err)
	_, err = temporal.DescribeWorkflowExecution(t.Context(), "audit/main/exception/-7", "")
	require.Error(t, err, "nobody can start as many audits as there are numbers")
	again, err := temporal.DescribeWorkflowExecution(t.Context(), id, "")
	require.NoError(t, err)
	require.Equal(t, info.GetExecution().GetRunId(), again.GetWorkflowExecutionInfo().GetExecution().GetRunId(), "it is still the one")
	require.NoError(t, temporal.TerminateWorkflow(t.Context(), id, "", "as if it had ended"))
	require.NoError(t, notifier.Exception(t.Context(), "main", 90001))
	later, err := temporal.DescribeWorkflowExecution(t.Context(), id, "")
	require.NoError(t, err)
	require.Equal(t, enums.WORKFLOW_EXECUTION_STATUS_RUNNING, later.GetWorkflowExecutionInfo().GetStatus(), "the next exception has its own")
}

func TestTemporalNotifierTellsACheck(t *testing.T) {
	t.Parallel()
	temporal := devservertest.Start(t, workflows.SearchAttributes()).NewNamespace(t)
	notifier := &ingress.TemporalNotifier{Client: temporal}
	at := time.Date(2026, time.November, 20, 9, 30, 0, 0, time.UTC)
	waiting, err := notifier.Delivered(t.Context(), "main", at)
	require.NoError(t, err)
	require.False(t, waiting)

	id := channels.CheckID("main")
	_, err = temporal.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: id, TaskQueue: channels.TaskQueue}, channels.CheckWorkflowType)
	require.NoError(t, err)
	waiting, err = notifier.Delivered(t.Context(), "main", at)
	require.NoError(t, err)
	require.True(t, waiting)
	var delivered channels.Delivered
	events := temporal.GetWorkflowHistory(t.Context(), id, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		require.NoError(t, err)
		if signal := event.GetWorkflowExecutionSignaledEventAttributes(); signal != nil {
			require.Equal(t, channels.SignalDelivered, signal.GetSignalName())
			require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(signal.GetInput(), &delivered))
		}
	}
	require.Equal(t, channels.Delivered{At: at}, delivered)

	require.NoError(t, temporal.TerminateWorkflow(t.Context(), id, "", "as if it had ended"))
	waiting, err = notifier.Delivered(t.Context(), "main", at)
	require.NoError(t, err)
	require.False(t, waiting, "one that has ended does not wait")
}

func TestTemporalNotifierWithoutTemporal(t *testing.T) {
	t.Parallel()
	temporal, err := client.NewLazyClient(client.Options{HostPort: "127.0.0.1:1"})
	require.NoError(t, err)
	t.Cleanup(temporal.Close)
	notifier := &ingress.TemporalNotifier{Client: temporal}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	require.ErrorContains(t, notifier.Exception(ctx, "main", 90001), "start workflow audit/main/exception/90001")
	_, err = notifier.Delivered(ctx, "main", time.Now())
	require.ErrorContains(t, err, "signal workflow check/main")
}
