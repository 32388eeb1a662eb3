package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	uiserver "github.com/temporalio/ui-server/v2/server"
	uioptions "github.com/temporalio/ui-server/v2/server/server_options"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/temporal"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"gopkg.in/yaml.v3"
)

const (
	frontendHealth = "temporal.api.workflowservice.v1.WorkflowService"
	readyTimeout   = time.Minute
	pollInterval   = 20 * time.Millisecond
)

// server is a running Temporal server with, unless headless, its UI.
type server struct {
	logLevel zap.AtomicLevel
	temporal temporal.Server
	ui       *uiserver.Server
	uiDone   chan error
}

// start brings everything up, to be waited for with awaitReady. It completes o's
// open ports.
func start(ctx context.Context, o *options, stderr io.Writer) (*server, error) {
	if err := o.checkPorts(ctx); err != nil {
		return nil, err
	}

	ports, err := freePorts(ctx, o.ip, len(internalServices)+2)
	if err != nil {
		return nil, err
	}

	if o.httpPort == 0 {
		o.httpPort = ports[len(ports)-1]
	}

	if o.metricsPort == 0 {
		o.metricsPort = ports[len(ports)-2]
	}

	sql := newDatabase(*o)
	if err := prepareDatabase(*o, sql); err != nil {
		return nil, err
	}

	conf, hosts := serverConfig(*o, sql, ports)
	if o.logConfig {
		if err := printConfig(stderr, conf); err != nil {
			return nil, err
		}
	}

	logger, level, err := newLogger(*o)
	if err != nil {
		return nil, err
	}

	srv := &server{logLevel: level}

	srv.temporal, err = temporal.NewServer(
		temporal.WithConfig(conf),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(hosts),
		temporal.WithLogger(logger),
		temporal.WithDynamicConfigClient(dynamicConfigClient(o.dynamicConfig)),
	)
	if err != nil {
		return nil, fmt.Errorf("configure the server: %w", err)
	}

	if err := srv.temporal.Start(); err != nil {
		return nil, fmt.Errorf("start the server: %w", err)
	}

	if !o.headless {
		srv.ui = uiserver.NewServer(uioptions.WithConfigProvider(uiConfig(*o)))
		srv.uiDone = make(chan error, 1)

		go func() { srv.uiDone <- srv.ui.Start() }()
	}

	return srv, nil
}

// awaitReady polls the frontend's health and the UI's until both are well.
func (s *server) awaitReady(ctx context.Context, o options) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()

	conn, err := grpc.NewClient(hostPort(o.ip, o.port), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()

	health := grpc_health_v1.NewHealthClient(conn)

	err = poll(ctx, func() error {
		res, err := health.Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: frontendHealth})
		if err == nil && res.GetStatus() != grpc_health_v1.HealthCheckResponse_SERVING {
			err = fmt.Errorf("health is %s", res.GetStatus())
		}

		return err
	})
	if err != nil {
		return fmt.Errorf("the server did not become ready: %w", err)
	}

	if s.ui == nil {
		return nil
	}

	if err := poll(ctx, func() error { return getOK(ctx, "http://"+hostPort(o.uiIP, o.uiPort)+"/healthz") }); err != nil {
		return fmt.Errorf("the Web UI did not become ready: %w", err)
	}

	return nil
}

// stop ends the UI, then the server, and waits for both. Logging ends first: a
// server that goes down reports each of its parts as failed for lack of another.
func (s *server) stop() error {
	s.logLevel.SetLevel(zapcore.FatalLevel)

	var uiErr error

	if s.ui != nil {
		s.ui.Stop()

		if uiErr = <-s.uiDone; uiErr != nil {
			uiErr = fmt.Errorf("the Web UI: %w", uiErr)
		}
	}

	return errors.Join(uiErr, s.temporal.Stop())
}

// poll repeats f until it succeeds; when ctx ends first, the last error is
// returned with the reason.
func poll(ctx context.Context, f func() error) error {
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()

	for {
		err := f()
		if err == nil {
			return nil
		}

		select {
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), err)
		case <-ticker.C:
		}
	}
}

// getOK asks for a page and wants a 200.
func getOK(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody) //nolint:gosec // Our own, on loopback.
	if err != nil {
		return err
	}

	res, err := http.DefaultClient.Do(req) //nolint:gosec // As above; ctx has a deadline.
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()

	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", url, res.Status)
	}

	return nil
}

// printConfig shows the effective configuration as YAML.
func printConfig(w io.Writer, conf *config.Config) error {
	out, err := yaml.Marshal(conf)
	if err == nil {
		_, err = w.Write(out)
	}

	if err != nil {
		return fmt.Errorf("print the configuration: %w", err)
	}

	return nil
}
