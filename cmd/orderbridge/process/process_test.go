package process_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.uber.org/goleak"
	"google.golang.org/grpc"

	"github.com/orderbridge/orderbridge/activities/callback"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/process"
	"github.com/orderbridge/orderbridge/ingress/logtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// running is a process that runs.
type running struct {
	t            *testing.T
	process      *process.Process
	config       process.Config
	log          *logtest.Buffer
	ingress, ops string
	cancel       context.CancelFunc
	ended        chan error
}

// nowhere is an address on which nobody listens.
func nowhere(t *testing.T) string {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return listener.Addr().String()
}

// environ returns the environment of a process on ports of its own.
func environ(temporal string, variables ...string) []string {
	return with(append([]string{
		"ORDERBRIDGE_LISTEN_ADDRESS=127.0.0.1:0", "ORDERBRIDGE_OPS_ADDRESS=127.0.0.1:0", "ORDERBRIDGE_START_TIMEOUT=100ms",
		"TEMPORAL_ADDRESS=" + temporal, "TEMPORAL_CONFIG_FILE=" + os.DevNull,
	}, variables...)...)
}

// start runs a process until the test ends or stop is called.
func start(t *testing.T, roles process.Roles, environ []string) *running {
	t.Helper()
	config, err := process.Load(environ)
	require.NoError(t, err)
	r := &running{t: t, config: config, log: &logtest.Buffer{}, ended: make(chan error, 1)}
	r.process, err = process.New(config, process.Options{Roles: roles, Log: r.log})
	require.NoError(t, err)
	var ctx context.Context
	ctx, r.cancel = context.WithCancel(t.Context())
	listening := make(chan struct{})
	go func() {
		r.ended <- r.process.Run(ctx, func(ingress, ops string) {
			r.ingress, r.ops = ingress, ops
			close(listening)
		})
	}()
	<-listening
	return r
}

// stop ends the process in order.
func (r *running) stop() {
	r.t.Helper()
	http.DefaultClient.CloseIdleConnections()
	r.cancel()
	require.NoError(r.t, <-r.ended)
	require.NoError(r.t, r.process.Close())
	require.NoError(r.t, r.process.Close(), "closing twice is harmless")
}

// get reads a path of a server.
func (r *running) get(address, path string) (status int, body string) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, "http://"+address+path, http.NoBody)
	require.NoError(r.t, err)
	return r.do(req)
}

func (r *running) do(req *http.Request) (status int, body string) {
	r.t.Helper()
	req.Close = true // no connection outlives its test
	res, err := http.DefaultClient.Do(req)
	require.NoError(r.t, err)
	text, err := io.ReadAll(res.Body)
	require.NoError(r.t, err)
	require.NoError(r.t, res.Body.Close())
	return res.StatusCode, string(text)
}

// notReady returns the checks that fail, by name.
func (r *running) notReady(address string) map[string]string {
	r.t.Helper()
	status, body := r.get(address, "/readyz")
	require.Equal(r.t, http.StatusServiceUnavailable, status)
	var answer struct {
		Checks []struct {
			Name    string `json:"name"`
			Ready   bool   `json:"ready"`
			Message string `json:"message"`
		} `json:"checks"`
	}
	require.NoError(r.t, json.Unmarshal([]byte(body), &answer))
	out := map[string]string{}
	for _, check := range answer.Checks {
		if !check.Ready {
			out[check.Name] = check.Message
		}
	}
	return out
}

func TestRunWithoutTemporal(t *testing.T) {
	t.Parallel()
	temporal := nowhere(t)
	r := start(t, process.Roles{Ingress: true, Worker: true}, environ(temporal))
	for _, address := range []string{r.ingress, r.ops} {
		status, _ := r.get(address, "/healthz")
		require.Equal(t, http.StatusOK, status, "it is alive all the same")
		missing := r.notReady(address)
		require.Contains(t, missing["temporal"], "TEMPORAL_ADDRESS")
		require.Contains(t, missing, "worker")
		for _, message := range missing {
			require.NotContains(t, message, temporal, "what goes wrong inside is for the log")
		}
		status, body := r.get(address, "/metrics")
		require.Equal(t, http.StatusOK, status)
		require.Contains(t, body, "orderbridge_build_info{")
		require.Contains(t, body, "go_goroutines")
		require.Contains(t, body, `orderbridge_webhooks_received_total{channel="other",result="accepted",topic="none"} 0`)
	}
	secrets, err := r.config.Secrets()
	require.NoError(t, err)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+r.ingress+"/webhooks/bigcommerce/main",
		strings.NewReader(`{"scope":"store/order/updated","hash":"0123456789","data":{"type":"order","id":218}}`))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(callback.Header, secrets.Secret("main", 1))
	status, body := r.do(req)
	require.Equal(t, http.StatusServiceUnavailable, status, "the store will send it again")
	require.Empty(t, body)
	r.stop()
	for _, words := range []string{`"msg":"started"`, `"msg":"the worker cannot start yet"`, `"msg":"stopped"`, `"order":218`} {
		require.Contains(t, r.log.String(), words)
	}
	require.NotContains(t, r.log.String(), masterKey)
	require.NotContains(t, r.log.String(), secrets.Secret("main", 1))
}

func TestRunIngressAlone(t *testing.T) {
	t.Parallel()
	r := start(t, process.Roles{Ingress: true}, environ(nowhere(t), "ORDERBRIDGE_OPS_ADDRESS=off", "ORDERBRIDGE_LOG_FORMAT=text"))
	require.Empty(t, r.ops, "it was switched off")
	missing := r.notReady(r.ingress)
	require.Contains(t, missing, "temporal")
	require.NotContains(t, missing, "worker")
	r.stop()
	require.Contains(t, r.log.String(), "level=INFO msg=started")
}

func TestRunWorkerAlone(t *testing.T) {
	t.Parallel()
	r := start(t, process.Roles{Worker: true}, environ(nowhere(t), "ORDERBRIDGE_LOG_LEVEL=error"))
	require.Empty(t, r.ingress)
	require.Contains(t, r.notReady(r.ops), "worker")
	r.stop()
	require.Empty(t, r.log.String(), "nothing at this level")
}

func TestRunFailsWhereAnAddressIsTaken(t *testing.T) {
	t.Parallel()
	for _, variable := range []string{"ORDERBRIDGE_LISTEN_ADDRESS", "ORDERBRIDGE_OPS_ADDRESS"} {
		t.Run(variable, func(t *testing.T) {
			t.Parallel()
			var config net.ListenConfig
			taken, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, taken.Close()) })
			loaded, err := process.Load(environ(nowhere(t), variable+"="+taken.Addr().String()))
			require.NoError(t, err)
			p, err := process.New(loaded, process.Options{Roles: process.Roles{Ingress: true, Worker: true}, Log: io.Discard})
			require.NoError(t, err)
			err = p.Run(t.Context(), func(string, string) { t.Error("it does not listen") })
			require.ErrorContains(t, err, "listen on "+taken.Addr().String())
			require.NoError(t, p.Close())
		})
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	good, err := process.Load(environ(nowhere(t)))
	require.NoError(t, err)
	t.Run("a configuration that cannot work", func(t *testing.T) {
		t.Parallel()
		bad := good
		bad.Worker.MaxActivities, bad.Ingress.MaxBodyBytes = 0, 0
		_, err := process.New(bad, process.Options{Log: io.Discard})
		require.ErrorContains(t, err, "ORDERBRIDGE_WORKER_MAX_ACTIVITIES")
		require.ErrorContains(t, err, "ORDERBRIDGE_MAX_BODY_BYTES")
	})
	t.Run("settings of Temporal that cannot work", func(t *testing.T) {
		t.Parallel()
		_, err := process.Load(environ(nowhere(t), "TEMPORAL_API_KEY=hunter2", "TEMPORAL_TLS_CLIENT_CERT_PATH=/nowhere.pem"))
		require.ErrorContains(t, err, "TEMPORAL_")
		require.NotContains(t, err.Error(), "hunter2")
	})
}

func TestRunListensWhereItIsTold(t *testing.T) {
	t.Parallel()
	config, err := process.Load(with("ORDERBRIDGE_LISTEN_ADDRESS=:1", "ORDERBRIDGE_OPS_ADDRESS=:2"))
	require.NoError(t, err)
	var asked []string
	p, err := process.New(config, process.Options{
		Roles: process.Roles{Ingress: true}, Log: io.Discard, TemporalAddress: nowhere(t), TemporalNamespace: "shop",
		Listen: func(_ context.Context, address string) (net.Listener, error) {
			asked = append(asked, address)
			return nil, errors.New("not today")
		},
	})
	require.NoError(t, err)
	require.ErrorContains(t, p.Run(t.Context(), nil), "listen on :1: not today")
	require.Equal(t, []string{":1"}, asked)
	require.NoError(t, p.Close())
}

// silent is a Temporal server that takes calls and never answers them.
type silent struct {
	workflowservice.UnimplementedWorkflowServiceServer

	entered chan struct{}
	ended   chan error // why a call ended
}

func (s *silent) GetSystemInfo(ctx context.Context, _ *workflowservice.GetSystemInfoRequest) (*workflowservice.GetSystemInfoResponse, error) {
	s.entered <- struct{}{}
	<-ctx.Done()
	s.ended <- ctx.Err()
	return nil, ctx.Err()
}

func TestRunDoesNotWaitForASilentTemporal(t *testing.T) {
	t.Parallel()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := grpc.NewServer()
	temporal := &silent{entered: make(chan struct{}, 8), ended: make(chan error, 8)}
	workflowservice.RegisterWorkflowServiceServer(server, temporal)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		require.NoError(t, <-served)
	})
	r := start(t, process.Roles{Worker: true}, environ(listener.Addr().String()))
	<-temporal.entered
	r.stop()
	require.ErrorIs(t, <-temporal.ended, context.Canceled, "the call was called off, not waited for")
}

// TestOpsServerShowsTheDraining shows that operators see a process go down for
// as long as it takes webhooks.
func TestOpsServerShowsTheDraining(t *testing.T) {
	t.Parallel()
	r := start(t, process.Roles{Ingress: true}, environ(nowhere(t), "ORDERBRIDGE_DRAIN_DELAY=3s"))
	require.NotContains(t, r.notReady(r.ops), "shutdown")
	r.cancel()
	require.Eventually(t, func() bool {
		_, ok := r.notReady(r.ops)["shutdown"]
		return ok
	}, time.Second, 5*time.Millisecond)
	status, _ := r.get(r.ingress, "/healthz")
	require.Equal(t, http.StatusOK, status, "it still answers")
	r.stop()
}
