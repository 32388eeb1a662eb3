package devserver_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/orderbridge/orderbridge/worker/devserver"
)

func TestForeignServer(t *testing.T) {
	t.Parallel()

	const day = 24 * time.Hour

	// Somebody else's server, with the retention that Temporal gives a namespace
	// for development.
	theirs := start(t, devserver.Options{InMemory: true, Retention: day})

	retention := func(t *testing.T, namespace string) time.Duration {
		t.Helper()

		res, err := connect(t, theirs).WorkflowService().DescribeNamespace(t.Context(),
			&workflowservice.DescribeNamespaceRequest{Namespace: namespace})
		require.NoError(t, err)

		return res.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration()
	}

	t.Run("IsUsedAndLeftAlone", func(t *testing.T) {
		t.Parallel()

		var p progress

		s := start(t, devserver.Options{
			Address: theirs.Address, Progress: p.addf, UIURL: theirs.UIURL + "/",
			SearchAttributes: map[string]enumspb.IndexedValueType{"Channel": enumspb.INDEXED_VALUE_TYPE_KEYWORD},
		})
		require.Equal(t, devserver.SourceRunning, s.Source)
		require.True(t, s.Foreign())
		require.Equal(t, theirs.Address, s.Address)
		require.Equal(t, theirs.UIURL, s.UIURL)
		require.Contains(t, p.String(), "keeps closed workflows for 24h0m0s only")

		require.NoError(t, s.Stop(t.Context()))
		require.Equal(t, day, retention(t, devserver.DefaultNamespace), "still there, and unchanged")
	})

	t.Run("GetsANamespaceThatIsMissing", func(t *testing.T) {
		t.Parallel()

		s := start(t, devserver.Options{Address: theirs.Address, Namespace: "new", SearchAttributes: map[string]enumspb.IndexedValueType{
			"Channel": enumspb.INDEXED_VALUE_TYPE_KEYWORD,
		}})
		require.Empty(t, s.UIURL, "its Web UI is on no port that could be known")
		startWorkflow(t, connect(t, s), "first")
		require.Equal(t, devserver.DefaultRetention, retention(t, "new"))
	})

	t.Run("ThatDoesNotAnswerIsReplaced", func(t *testing.T) {
		t.Parallel()

		var p progress

		s := start(t, devserver.Options{Address: "127.0.0.1:1", InMemory: true, Progress: p.addf})
		require.NotEqual(t, devserver.SourceRunning, s.Source)
		require.False(t, s.Foreign())
		require.Contains(t, p.String(), "no Temporal server answers at 127.0.0.1:1")
	})
}

func TestWorkflowURL(t *testing.T) {
	t.Parallel()

	s := &devserver.Server{Namespace: "a b", UIURL: "http://127.0.0.1:8233"}

	require.Equal(t, "http://127.0.0.1:8233/namespaces/a%20b/workflows/webhook%2Fshop%2Forder%3F1/run-1/history",
		s.WorkflowURL("webhook/shop/order?1", "run-1"))
	require.Equal(t, "http://127.0.0.1:8233/namespaces/a%20b/workflows/channel%2Fshop", s.WorkflowURL("channel/shop", ""))

	s.UIURL = ""
	require.Empty(t, s.WorkflowURL("channel/shop", ""))
}
