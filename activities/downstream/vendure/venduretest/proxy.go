package venduretest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// maxRequest is how long a request may be, in bytes.
const maxRequest = 1 << 20

// Proxy stands between an adapter and the Admin API of a Server, and makes go
// wrong what Inject says. Without that, everything passes as it is.
type Proxy struct {
	// URL is the address of the Admin API through the proxy.
	URL string

	faults faults
	server *Server
	client *http.Client
	http   *http.Server
	served chan struct{}
	closed sync.Once

	mu      sync.Mutex
	answers map[string]remembered // by request
	changes int                   // that went through
	expired map[string]bool       // by what loginOf returns
}

// NewProxy starts a proxy before a server, on any free port of the loopback. It
// runs until Close. It fails when it cannot listen.
func NewProxy(ctx context.Context, server *Server) (*Proxy, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("proxy before vendure: %w", err)
	}
	p := &Proxy{
		URL:     "http://" + listener.Addr().String() + adminPath,
		server:  server,
		client:  &http.Client{Timeout: callTimeout, Transport: &http.Transport{IdleConnTimeout: idleTimeout, MaxIdleConnsPerHost: 16}},
		served:  make(chan struct{}),
		answers: map[string]remembered{},
		expired: map[string]bool{},
	}
	p.http = &http.Server{
		Handler:           p,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      2 * time.Minute,
	}
	go func() {
		defer close(p.served)
		// It always ends with an error, which is that it was closed.
		_ = p.http.Serve(listener)
	}()
	return p, nil
}

// Close ends the proxy and the requests under way. It may be called more than
// once.
func (p *Proxy) Close() {
	p.closed.Do(func() { _ = p.http.Close() })
	<-p.served
	p.client.CloseIdleConnections()
}

// ServeHTTP implements http.Handler.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		http.Error(w, "unreadable", http.StatusBadRequest)
		return
	}
	var req request
	if json.Unmarshal(raw, &req) != nil {
		// For Vendure to refuse.
		p.pass(w, r, raw)
		return
	}
	step := req.step()
	p.faults.hook(step)()
	a := p.faults.take(step, func(fault Fault) bool {
		switch fault {
		case StaleRead:
			return p.stale(raw) != nil
		case IgnoredFilter, SubstringFilter:
			return req.searches()
		case HollowSuccess:
			return step == OnWrite
		default:
			return true
		}
	})
	if a == nil {
		p.pass(w, r, raw)
		return
	}
	if a.fault != SilentAfterCommit {
		a.strike()
	}
	switch a.fault {
	case Forbidden:
		dropLogin(r)
		p.pass(w, r, raw)
	case Revoked:
		dropLogin(r)
		p.pass(w, r, bytes.ReplaceAll(raw, []byte(p.server.AdapterPassword), []byte("not the password")))
	case TokenExpired:
		p.expire(r)
		p.pass(w, r, raw)
	case IgnoredFilter:
		p.passOther(w, r, req.containing(true))
	case SubstringFilter:
		p.passOther(w, r, req.containing(false))
	case LostAnswer:
		_, _ = p.forward(r, raw)
		panic(http.ErrAbortHandler)
	case SilentAfterCommit:
		_, _ = p.forward(r, raw)
		a.strike()
		<-r.Context().Done()
	case StaleRead:
		p.stale(raw).write(w)
	case WrongContentType:
		if got, err := p.forward(r, raw); err == nil {
			got.header.Set("Content-Type", "text/html; charset=utf-8")
			got.write(w)
		}
	default:
		p.invent(w, r, req, a.fault)
	}
}
