// Package ingress receives BigCommerce's callbacks and starts a workflow for
// each. It keeps no state: run as many as needed.
package ingress

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/callback"
	"github.com/orderbridge/orderbridge/ingress/api"
)

// Dependencies are what a Server works with. All but Checks, Operator, Labels
// and Tracing are required.
type Dependencies struct {
	// Starter starts the workflows.
	Starter Starter
	// Notifier passes on callbacks that are not about orders.
	Notifier Notifier
	// Secrets checks the callbacks.
	Secrets *callback.Secrets
	// Operator does what the operator API is asked for. It is required with
	// Config.APITokens, and not used without.
	Operator api.Operator
	// Checks are the conditions of readiness.
	Checks []Check
	// Registry takes and offers the metrics.
	Registry *prometheus.Registry
	// Labels bound the metrics. The zero value names no channel.
	Labels activities.Labels
	// Tracing records a span for each callback and each call of the operator
	// API. Nil records none.
	Tracing trace.TracerProvider
	// Logger takes the log.
	Logger *slog.Logger
}

// Server is an HTTP server with an orderly end.
type Server struct {
	config   Config
	starter  Starter
	notifier Notifier
	secrets  *callback.Secrets
	log      *slog.Logger
	metrics  *metrics

	drain *draining
	http  *http.Server
}

// New returns the ingress. It does not listen yet.
func New(config Config, deps Dependencies) (*Server, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	m, err := newMetrics(deps.Registry, deps.Labels.Channels)
	if err != nil {
		return nil, fmt.Errorf("register metrics: %w", err)
	}
	s := &Server{
		config: config, starter: deps.Starter, notifier: deps.Notifier, secrets: deps.Secrets,
		log: deps.Logger, metrics: m, drain: &draining{},
	}
	router, err := newRouter(deps.Logger)
	if err != nil {
		return nil, err
	}
	callbacks := router.Group("/webhooks/bigcommerce/:channel")
	if deps.Tracing != nil {
		callbacks.Use(traced(deps.Tracing))
	}
	callbacks.POST("", s.receive(surfaceWebhook, s.webhook))
	callbacks.POST("/exceptions", s.receive(surfaceExceptions, s.exception))
	callbacks.POST("/check", s.receive(surfaceWebhook, s.delivered))
	(&ops{log: deps.Logger, checks: deps.Checks, draining: s.drain, gatherer: deps.Registry}).routes(router, config.ServeMetrics)
	s.http = newHTTPServer(router, config.ReadTimeout, deps.Logger)
	if err := s.offerAPI(router, deps); err != nil {
		return nil, err
	}
	return s, nil
}

// offerAPI offers the operator API, if there is anybody who may use it.
func (s *Server) offerAPI(router *gin.Engine, deps Dependencies) error {
	tokens, err := api.ParseTokens(s.config.APITokens)
	if err != nil || tokens.None() {
		return err
	}
	config := api.Config{Tokens: tokens, Operator: deps.Operator, Metrics: apiMetrics{s.metrics}, Logger: s.log}
	if deps.Tracing != nil {
		config.Around = traced(deps.Tracing)
	}
	handler, err := api.New(config)
	if err != nil {
		return err
	}
	router.Any(api.Prefix+"/*path", gin.WrapH(handler))
	// Its calls may last longer than a process may take to end.
	s.http.RegisterOnShutdown(handler.Stop)
	return nil
}

// NewOps returns a server for operators alone: health, readiness and metrics.
func NewOps(deps Dependencies) (*Server, error) {
	router, err := newRouter(deps.Logger)
	if err != nil {
		return nil, err
	}
	s := &Server{
		config: Config{ShutdownTimeout: 5 * time.Second}, log: deps.Logger, drain: &draining{},
	}
	(&ops{log: deps.Logger, checks: deps.Checks, draining: s.drain, gatherer: deps.Registry}).routes(router, true)
	s.http = newHTTPServer(router, 5*time.Second, deps.Logger)
	return s, nil
}

func newHTTPServer(handler http.Handler, readTimeout time.Duration, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: readTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      readTimeout + maxAnswer,
		IdleTimeout:       75 * time.Second, // longer than usual proxies keep connections
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}

// Serve serves on the listener until ctx ends. After the drain delay it then
// takes nothing new, and lets the requests that it has begun come to their end,
// within the shutdown time-out.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	failed := make(chan error, 1)
	go func() { failed <- s.http.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve on %s: %w", listener.Addr(), err)
	case <-ctx.Done():
	}
	s.Drain()
	if s.config.DrainDelay > 0 {
		select {
		case err := <-failed:
			return fmt.Errorf("serve on %s: %w", listener.Addr(), err)
		case <-time.After(s.config.DrainDelay):
		}
	}
	drainCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.config.ShutdownTimeout)
	defer cancel()
	err := s.http.Shutdown(drainCtx)
	if served := <-failed; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	if err != nil {
		return fmt.Errorf("shut down the server on %s: %w", listener.Addr(), errors.Join(err, s.http.Close()))
	}
	return nil
}

// Drain makes /readyz say that the process is shutting down. Serve does so by
// itself; a server that outlives others is told by whoever stops them.
func (s *Server) Drain() { s.drain.flag.Store(true) }

// Handler returns the handler, for tests that need no listener.
func (s *Server) Handler() http.Handler { return s.http.Handler }
