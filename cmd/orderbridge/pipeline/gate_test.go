package pipeline_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// gate stands before an order system and fails on command, whatever the system
// speaks.
type gate struct {
	address string
	proxy   *httputil.ReverseProxy

	mu      sync.Mutex
	lose    int
	refused chan struct{} // not nil while the gate is shut
	told    bool
	held    chan struct{} // not nil if the next answer is to be held
	release chan struct{}
}

func newGate(t *testing.T, address string) *gate {
	t.Helper()
	target, err := url.Parse(address)
	require.NoError(t, err)
	path := target.Path
	target.Path = ""
	g := &gate{proxy: &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}}
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	g.address = server.URL + path
	return g
}

// loseAnswers lets the system do the next n changes and breaks the connection
// instead of passing its answers on. The function returned says how many are
// left.
func (g *gate) loseAnswers(n int) func() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.lose = n
	return func() int {
		g.mu.Lock()
		defer g.mu.Unlock()
		return g.lose
	}
}

// shut answers everything with 503 until open. The channel is closed at the
// first.
func (g *gate) shut() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.refused, g.told = make(chan struct{}), false
	return g.refused
}

func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.refused = nil
}

// holdAnswer lets the system do the next change and passes nothing on until
// release.
func (g *gate) holdAnswer() (held <-chan struct{}, release func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.held, g.release = make(chan struct{}), make(chan struct{})
	return g.held, sync.OnceFunc(func() { close(g.release) })
}

// ServeHTTP implements http.Handler.
func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	changes := isChange(r, string(body))

	g.mu.Lock()
	if g.refused != nil {
		if !g.told {
			close(g.refused)
		}
		g.told = true
		g.mu.Unlock()
		http.Error(w, "away", http.StatusServiceUnavailable)
		return
	}
	lose, held, release := changes && g.lose > 0, g.held, g.release
	if lose {
		g.lose--
	}
	if changes {
		g.held = nil
	}
	g.mu.Unlock()
	switch {
	case lose:
		g.proxy.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	case changes && held != nil:
		g.proxy.ServeHTTP(httptest.NewRecorder(), r)
		close(held)
		<-release
		panic(http.ErrAbortHandler)
	default:
		g.proxy.ServeHTTP(w, r)
	}
}

// isChange reports whether a request changes an order, rather than reading one
// or signing in.
func isChange(r *http.Request, body string) bool {
	switch {
	case r.Method == http.MethodGet, strings.Contains(r.URL.Path, "/AuthServer/"):
		return false
	case strings.HasSuffix(r.URL.Path, "/admin-api"): // GraphQL
		return strings.Contains(body, "mutation") && !strings.Contains(strings.ToLower(body), "login")
	default:
		return true
	}
}
