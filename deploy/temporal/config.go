package main

import (
	"time"

	"github.com/google/uuid"
	uiconfig "github.com/temporalio/ui-server/v2/server/config"
	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/metrics"
	"go.temporal.io/server/common/primitives"
)

const (
	clusterName = "active" // the official tool's, so that databases are interchangeable
	storeName   = "sqlite"
	disabled    = "disabled"
)

// internalServices speak to each other on ports that nobody else needs to know.
var internalServices = []primitives.ServiceName{ //nolint:gochecknoglobals // A list that never changes.
	primitives.HistoryService, primitives.MatchingService, primitives.WorkerService,
}

// serverConfig describes one server with all four roles. internalPorts are the
// ports of internalServices. The hosts replace cluster membership, which a
// single process does not need.
func serverConfig(o options, sql *config.SQL, internalPorts []int) (*config.Config, map[primitives.ServiceName]static.Hosts) {
	frontend := hostPort(o.ip, o.port)
	hosts := map[primitives.ServiceName]static.Hosts{primitives.FrontendService: static.SingleLocalHost(frontend)}
	services := map[string]config.Service{string(primitives.FrontendService): {
		RPC: config.RPC{GRPCPort: o.port, BindOnIP: o.ip, HTTPPort: o.httpPort},
	}}

	for i, name := range internalServices {
		hosts[name] = static.SingleLocalHost(hostPort(o.ip, internalPorts[i]))
		services[string(name)] = config.Service{RPC: config.RPC{GRPCPort: internalPorts[i], BindOnIP: o.ip}}
	}

	return &config.Config{
		Global: config.Global{
			Membership: config.Membership{MaxJoinDuration: 30 * time.Second, BroadcastAddress: o.ip},
			Metrics: &metrics.Config{Prometheus: &metrics.PrometheusConfig{
				ListenAddress: hostPort(o.ip, o.metricsPort), HandlerPath: "/metrics",
			}},
		},
		Persistence: config.Persistence{
			DefaultStore: storeName, VisibilityStore: storeName, NumHistoryShards: 1,
			DataStores: map[string]config.DataStore{storeName: {SQL: sql}},
		},
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10, MasterClusterName: clusterName, CurrentClusterName: clusterName,
			ClusterInformation: map[string]cluster.ClusterInformation{clusterName: {
				Enabled: true, InitialFailoverVersion: 1, ClusterID: uuid.NewString(),
				RPCAddress: frontend, HTTPAddress: hostPort(o.ip, o.httpPort),
			}},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		Services:            services,
		Archival: config.Archival{
			History: config.HistoryArchival{State: disabled}, Visibility: config.VisibilityArchival{State: disabled},
		},
		NamespaceDefaults: config.NamespaceDefaults{Archival: config.ArchivalNamespaceDefaults{
			History:    config.HistoryArchivalNamespaceDefaults{State: disabled},
			Visibility: config.VisibilityArchivalNamespaceDefaults{State: disabled},
		}},
		PublicClient: config.PublicClient{HostPort: frontend},
	}, hosts
}

// uiConfig describes the Web UI. It fetches no news: a development server makes
// no calls to the outside.
func uiConfig(o options) *uiconfig.Config {
	return &uiconfig.Config{
		Host: bracket(o.uiIP), Port: o.uiPort, PublicPath: o.uiPublicPath, EnableUI: true, UIAssetPath: o.uiAssetPath,
		TemporalGRPCAddress: hostPort(o.ip, o.port), DefaultNamespace: defaultNamespace,
		Codec: uiconfig.Codec{Endpoint: o.uiCodecEndpoint},
		CORS:  uiconfig.CORS{CookieInsecure: true}, HideLogs: true, DisableNewsFetch: true,
	}
}
