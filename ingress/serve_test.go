package ingress_test

import (
	"context"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/workflows"
)

// watched is a listener that tells when it is closed.
type watched struct {
	net.Listener

	closed chan struct{}
	once   sync.Once
}

func (w *watched) Close() error {
	err := w.Listener.Close()
	w.once.Do(func() { close(w.closed) })
	return err
}

// running is a server that serves.
type running struct {
	listener *watched
	stop     context.CancelFunc
	ended    chan error
}

// serve serves until the test ends or stop is called.
func (f *fixture) serve() *running {
	f.t.Helper()
	var config net.ListenConfig
	inner, err := config.Listen(f.t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(f.t, err)
	ctx, cancel := context.WithCancel(f.t.Context())
	r := &running{
		listener: &watched{Listener: inner, closed: make(chan struct{})},
		stop:     cancel, ended: make(chan error, 1),
	}
	f.url, f.client = "http://"+inner.Addr().String(), &http.Client{Transport: &http.Transport{}}
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.ended <- f.server.Serve(ctx, r.listener)
	}()
	f.t.Cleanup(func() {
		cancel()
		f.client.CloseIdleConnections()
		<-done
	})
	return r
}

func TestServeDrainsWhatItHasBegun(t *testing.T) {
	t.Parallel()
	f := build(t, defaultConfig())
	r := f.serve()
	entered, release := make(chan struct{}), make(chan struct{})
	f.starter.answer = func(ctx context.Context, _ workflows.Webhook) (bool, error) {
		close(entered)
		select {
		case <-release:
			return false, nil
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
	answers := make(chan int, 1)
	request := f.callback(statusUpdated)
	go func() {
		answer, err := f.try(request)
		if err != nil {
			answer.status = -1
		}
		answers <- answer.status
	}()
	<-entered
	r.stop()
	<-r.listener.closed
	_, err := f.try(f.callback(statusUpdated))
	require.Error(t, err, "nothing new is taken")
	require.Empty(t, r.ended, "it waits for what it has begun")
	close(release)
	require.Equal(t, http.StatusOK, <-answers)
	require.NoError(t, <-r.ended)
	require.Len(t, f.starter.webhooks(), 1)
}

func TestServeGivesUpDrainingAfterItsTimeout(t *testing.T) {
	t.Parallel()
	config := defaultConfig()
	config.ShutdownTimeout = 10 * time.Millisecond
	f := build(t, config)
	r := f.serve()
	entered, left := make(chan struct{}), make(chan struct{})
	f.starter.answer = func(ctx context.Context, _ workflows.Webhook) (bool, error) {
		defer close(left)
		close(entered)
		<-ctx.Done()
		return false, ctx.Err()
	}
	failed := make(chan error, 1)
	request := f.callback(statusUpdated)
	go func() {
		answer, err := f.try(request)
		if err == nil && answer.status == http.StatusOK {
			failed <- nil
			return
		}
		failed <- http.ErrServerClosed
	}()
	<-entered
	r.stop()
	err := <-r.ended
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, r.listener.Addr().String())
	require.Error(t, <-failed, "what was cut off was not answered with 200")
	<-left
}

func TestServeEndsIdleConnections(t *testing.T) {
	t.Parallel()
	f := build(t, defaultConfig())
	r := f.serve()
	require.Equal(t, http.StatusOK, f.do(f.callback(statusUpdated)).status) // the connection stays open
	r.stop()
	require.NoError(t, <-r.ended)
}

func TestServeSaysWhereItFailed(t *testing.T) {
	t.Parallel()
	f := build(t, defaultConfig())
	r := f.serve()
	require.NoError(t, r.listener.Close())
	err := <-r.ended
	require.ErrorContains(t, err, "serve on "+r.listener.Addr().String())
}

func TestServeGoesOnForItsDrainDelay(t *testing.T) {
	t.Parallel()
	config := defaultConfig()
	config.DrainDelay = 5 * time.Minute // longer than the test runs
	f := build(t, config)
	r := f.serve()
	require.Equal(t, http.StatusOK, f.get("/readyz").status)
	r.stop()
	answer := f.get("/readyz")
	for answer.status == http.StatusOK { // until it has noticed
		answer = f.get("/readyz")
	}
	require.Equal(t, http.StatusServiceUnavailable, answer.status)
	require.JSONEq(t, `{"ready":false,"checks":[{"name":"shutdown","ready":false,"message":"the process is shutting down"}]}`, answer.body)
	require.Equal(t, http.StatusOK, f.get("/healthz").status)
	require.Equal(t, http.StatusOK, f.do(f.callback(statusUpdated)).status, "what still arrives is taken")
	require.NoError(t, r.listener.Close()) // a failure ends the delay
	require.ErrorContains(t, <-r.ended, "serve on ")
}

func TestServeEndsAfterItsDrainDelay(t *testing.T) {
	t.Parallel()
	config := defaultConfig()
	config.DrainDelay = time.Millisecond
	f := build(t, config)
	r := f.serve()
	require.Equal(t, http.StatusOK, f.do(f.callback(statusUpdated)).status)
	r.stop()
	require.NoError(t, <-r.ended)
	_, err := f.try(f.callback(statusUpdated))
	require.Error(t, err)
}
