package devservertest_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/orderbridge/orderbridge/worker/devserver"
	"github.com/orderbridge/orderbridge/worker/devserver/devservertest"
)

func TestMain(m *testing.M) { os.Exit(devservertest.Main(m)) }

func TestStart(t *testing.T) {
	t.Parallel()

	store := temporal.NewSearchAttributeKeyKeyword("Store")
	attributes := map[string]enumspb.IndexedValueType{"Store": enumspb.INDEXED_VALUE_TYPE_KEYWORD}

	// Each subtest uses its search attribute at once, which is what may not work
	// yet right after a registration.
	for _, name := range []string{"One", "Two/with a slash", "Three"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			c := devservertest.Start(t, attributes).NewNamespace(t)

			run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
				ID: "same-everywhere", TaskQueue: "nobody", WorkflowExecutionErrorWhenAlreadyStarted: true,
				TypedSearchAttributes: temporal.NewSearchAttributes(store.ValueSet("s1")),
			}, "Any")
			require.NoError(t, err)

			described, err := c.DescribeWorkflow(t.Context(), run.GetID(), run.GetRunID())
			require.NoError(t, err)

			got, ok := described.TypedSearchAttributes.GetKeyword(store)
			require.True(t, ok)
			require.Equal(t, "s1", got)
		})
	}
}

func TestNamespaceKeepsClosedWorkflows(t *testing.T) {
	t.Parallel()

	s := devservertest.Start(t, nil)
	name := s.CreateNamespace(t)

	res, err := s.Connect(t, name).WorkflowService().DescribeNamespace(t.Context(),
		&workflowservice.DescribeNamespaceRequest{Namespace: name})
	require.NoError(t, err)
	require.Equal(t, devserver.DefaultRetention, res.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration())
}
