// Package standin has what the stand-ins of downstream systems do alike: a real
// HTTP server on the loopback, answers that a fault can replace or lose before
// they are sent, and faults that are armed and taken.
//
// What a stand-in knows of its system stays with it. Nothing here needs package
// testing, so that a program can hold a stand-in.
package standin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// maxBody is how much of a request's body is read before an answer that never
// comes, in bytes.
const maxBody = 1 << 20

// Server is the HTTP server of a stand-in.
type Server struct {
	// URL is the base URL, for example "http://127.0.0.1:41234".
	URL string

	listener net.Listener
	log      *slog.Logger
	name     string
	once     sync.Once
	served   chan struct{}
	server   *http.Server
	stop     chan struct{}
}

// Listen takes an address, for example "127.0.0.1:0" for any free port, and
// fails when it cannot. Nothing is answered before Serve. name is what the
// stand-in is called in errors and in log.
func Listen(ctx context.Context, name, address string, log *slog.Logger) (*Server, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("%s: listen on %s: %w", name, address, err)
	}
	return &Server{
		URL:      "http://" + listener.Addr().String(),
		listener: listener,
		log:      log,
		name:     name,
		served:   make(chan struct{}),
		stop:     make(chan struct{}),
	}, nil
}

// Serve answers with handler until Close is called or ctx ends. It returns at
// once, and is called once.
func (s *Server) Serve(ctx context.Context, handler http.Handler) {
	s.server = &http.Server{
		Handler:           handler,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      2 * time.Minute,
	}
	go func() {
		defer close(s.served)
		if err := s.server.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error(s.name+" stopped", "error", err)
		}
	}()
	context.AfterFunc(ctx, s.Close)
}

// Close stops the Server, ends the requests under way, and waits until it no
// longer listens. It may be called more than once.
func (s *Server) Close() {
	s.once.Do(func() {
		close(s.stop)
		if err := s.server.Close(); err != nil {
			s.log.Warn(s.name+": close", "error", err)
		}
	})
	<-s.served
}

// Done is closed when the Server stops.
func (s *Server) Done() <-chan struct{} { return s.stop }

// Wait waits for d. It reports false when the client gave up or the Server
// stopped before.
func (s *Server) Wait(r *http.Request, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
		return false
	case <-s.stop:
		return false
	}
}

// Hold answers a call late: when until is closed, and not at all if the client
// gives up or the Server stops before.
func (s *Server) Hold(w http.ResponseWriter, r *http.Request, until <-chan struct{}, answer Answer) {
	select {
	case <-until:
		answer.Send(w)
	case <-r.Context().Done():
		panic(http.ErrAbortHandler)
	case <-s.stop:
		panic(http.ErrAbortHandler)
	}
}

// hang waits until the client gives up or the Server stops.
func (s *Server) hang(r *http.Request) {
	// The server notices that a client has gone only after the request's body
	// has been read.
	_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, maxBody+1))
	select {
	case <-r.Context().Done():
	case <-s.stop:
	}
}

// TB is the part of testing.TB that New needs.
type TB interface {
	Cleanup(f func())
	Fatalf(format string, args ...any)
	Helper()
}

// New starts a stand-in that lasts as long as the test. name is as in Listen.
func New[S interface{ Close() }](tb TB, name string, start func(context.Context) (S, error)) S {
	tb.Helper()
	s, err := start(context.Background())
	if err != nil {
		tb.Fatalf("start the "+name+": %v", err)
		return s
	}
	tb.Cleanup(s.Close)
	return s
}
