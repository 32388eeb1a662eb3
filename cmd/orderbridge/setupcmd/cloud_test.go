package setupcmd_test

import (
	"context"
	"maps"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/orderbridge/orderbridge/workflows"
)

// cloud answers as a server that lets nobody change a namespace, as Temporal
// Cloud does: it has no operator service.
type cloud struct {
	workflowservice.UnimplementedWorkflowServiceServer

	exists bool
	known  []string // the search attributes that queries may name
}

func (c cloud) start(t *testing.T) []string {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := grpc.NewServer(grpc.UnaryInterceptor(
		func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			answer, err := handler(ctx, req)
			return answer, serviceerror.ToStatus(err).Err()
		}))
	workflowservice.RegisterWorkflowServiceServer(server, c)
	operatorservice.RegisterOperatorServiceServer(server, operatorservice.UnimplementedOperatorServiceServer{})
	alive := health.NewServer()
	alive.SetServingStatus("temporal.api.workflowservice.v1.WorkflowService", grpc_health_v1.HealthCheckResponse_SERVING)
	grpc_health_v1.RegisterHealthServer(server, alive)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		require.NoError(t, <-ended)
	})
	return []string{"TEMPORAL_ADDRESS=" + listener.Addr().String(), "TEMPORAL_NAMESPACE=shop.a1b2c"}
}

func (cloud) GetSystemInfo(context.Context, *workflowservice.GetSystemInfoRequest) (*workflowservice.GetSystemInfoResponse, error) {
	return &workflowservice.GetSystemInfoResponse{ServerVersion: "1.32.0", Capabilities: &workflowservice.GetSystemInfoResponse_Capabilities{}}, nil
}

func (c cloud) DescribeNamespace(_ context.Context, r *workflowservice.DescribeNamespaceRequest) (*workflowservice.DescribeNamespaceResponse, error) {
	if !c.exists {
		return nil, serviceerror.NewNamespaceNotFound(r.GetNamespace())
	}
	const month = 30 * 24 * 60 * 60
	return &workflowservice.DescribeNamespaceResponse{
		Config: &namespace.NamespaceConfig{WorkflowExecutionRetentionTtl: &durationpb.Duration{Seconds: month}},
	}, nil
}

func (cloud) RegisterNamespace(context.Context, *workflowservice.RegisterNamespaceRequest) (*workflowservice.RegisterNamespaceResponse, error) {
	return nil, serviceerror.NewPermissionDenied("Request unauthorized.", "")
}

func (cloud) UpdateNamespace(context.Context, *workflowservice.UpdateNamespaceRequest) (*workflowservice.UpdateNamespaceResponse, error) {
	return nil, serviceerror.NewPermissionDenied("Request unauthorized.", "")
}

func (c cloud) CountWorkflowExecutions(_ context.Context, r *workflowservice.CountWorkflowExecutionsRequest) (*workflowservice.CountWorkflowExecutionsResponse, error) {
	for _, name := range c.known {
		if strings.Contains(r.GetQuery(), "`"+name+"`") {
			return &workflowservice.CountWorkflowExecutionsResponse{}, nil
		}
	}
	return nil, serviceerror.NewInvalidArgument("invalid query: no mapping defined for search attribute")
}

func TestSetupOnTemporalCloud(t *testing.T) {
	t.Parallel()
	all := slices.Sorted(maps.Keys(workflows.SearchAttributes()))

	t.Run("no namespace", func(t *testing.T) {
		t.Parallel()
		out, err := run(t, cloud{}.start(t))
		require.Empty(t, out)
		require.ErrorContains(t, err, "Namespace shop.a1b2c cannot be seen, and this server lets nobody create it this way.")
		require.ErrorContains(t, err, "On Temporal Cloud, create it in the Cloud's Web UI")
	})

	t.Run("missing attributes", func(t *testing.T) {
		t.Parallel()
		out, err := run(t, cloud{exists: true, known: all[:len(all)-2]}.start(t))
		require.Empty(t, out)
		require.ErrorContains(t, err, "lacks the search attributes OrderbridgeScope, OrderbridgeStatus,")
		require.ErrorContains(t, err, "--namespace shop.a1b2c --search-attribute OrderbridgeScope=Keyword --search-attribute OrderbridgeStatus=Keyword;")
	})

	t.Run("nothing to change", func(t *testing.T) {
		t.Parallel()
		out, err := run(t, cloud{exists: true, known: all}.start(t))
		require.NoError(t, err)
		require.Equal(t, "namespace shop.a1b2c: nothing to change\n", out)
	})

	t.Run("a retention", func(t *testing.T) {
		t.Parallel()
		_, err := run(t, cloud{exists: true, known: all}.start(t), "--retention", "90d")
		require.ErrorContains(t, err, "This server lets nobody change the retention of namespace shop.a1b2c this way.")
	})
}
