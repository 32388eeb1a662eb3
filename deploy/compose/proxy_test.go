package compose_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// proxy runs Caddy with the Caddyfile, on ports of its own, and returns the
// ports that stand for 443, 3000, 8233 and 9090. Only ports and upstreams are
// others than in the file.
func proxy(t *testing.T, ingress, other *httptest.Server) map[string]string {
	t.Helper()
	caddyfile, err := os.ReadFile("Caddyfile")
	require.NoError(t, err)
	ports := freePorts(t, "443", "3000", "8233", "9090")
	_, ingressPort, err := net.SplitHostPort(ingress.Listener.Addr().String())
	require.NoError(t, err)
	elsewhere := other.Listener.Addr().String()
	replacements := []string{
		"admin 127.0.0.1:2019", "admin off\n\tauto_https disable_redirects",
		"dynamic a ingress 8080", "dynamic a 127.0.0.1 " + ingressPort,
		"grafana:3000", elsewhere, "temporal-ui:8080", elsewhere, "prometheus:9090", elsewhere,
		"http://:3000", "http://127.0.0.1:" + ports["3000"], "http://:8233", "http://127.0.0.1:" + ports["8233"],
		"http://:9090", "http://127.0.0.1:" + ports["9090"],
	}
	for i := 0; i < len(replacements); i += 2 {
		require.Contains(t, string(caddyfile), replacements[i])
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "Caddyfile")
	require.NoError(t, os.WriteFile(file, []byte(strings.NewReplacer(replacements...).Replace(string(caddyfile))), 0o600))
	ctx, cancel := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, "caddy", "run", "--config", file, "--adapter", "caddyfile")
	cmd.Env = []string{
		"CERTIFICATE=internal", "PUBLIC_HOST=https://localhost:" + ports["443"],
		"HOME=" + dir, "XDG_DATA_HOME=" + dir, "XDG_CONFIG_HOME=" + dir, "PATH=" + os.Getenv("PATH"),
	}
	log, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start(), "Caddy is needed: .ci/setup installs it")
	lines := bufio.NewScanner(log)
	var said strings.Builder
	for lines.Scan() && !strings.Contains(lines.Text(), "serving initial configuration") {
		said.WriteString(lines.Text() + "\n")
	}
	require.NoError(t, lines.Err())
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		_, _ = io.Copy(io.Discard, log)
	}()
	t.Cleanup(func() {
		cancel()
		<-drained
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(said.String())
		}
	})
	waitForCertificate(t, "localhost:"+ports["443"])
	return ports
}

// waitForCertificate returns once the proxy has made its certificate, which it
// does after it has begun to listen.
func waitForCertificate(t *testing.T, address string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	dialer := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}}
	for {
		connection, err := dialer.DialContext(ctx, "tcp", address)
		if err == nil {
			require.NoError(t, connection.Close())
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			require.NoError(t, err, "the proxy has no certificate")
		}
	}
}

// freePorts returns a port for each name. All are held until the last is
// found, so that none is given twice.
func freePorts(t *testing.T, names ...string) map[string]string {
	t.Helper()
	ports := map[string]string{}
	listeners := make([]net.Listener, 0, len(names))
	for _, name := range names {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		listeners = append(listeners, listener)
		_, ports[name], err = net.SplitHostPort(listener.Addr().String())
		require.NoError(t, err)
	}
	for _, listener := range listeners {
		require.NoError(t, listener.Close())
	}
	return ports
}

func TestProxy(t *testing.T) {
	t.Parallel()
	named := func(name string) *httptest.Server {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			_, _ = fmt.Fprintf(w, "%s %s %s %s", name, r.Method, r.URL.Path, body)
		}))
		t.Cleanup(server.Close)
		return server
	}
	ports := proxy(t, named("ingress"), named("other"))
	client := &http.Client{
		Timeout: 20 * time.Second,
		// The certificate is one of Caddy's own.
		Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}},
	}
	t.Cleanup(client.CloseIdleConnections)
	ask := func(method, url, body string) (int, string) {
		request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
		require.NoError(t, err)
		response, err := client.Do(request)
		require.NoError(t, err)
		answer, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		return response.StatusCode, string(answer)
	}
	public := "https://localhost:" + ports["443"]
	for _, path := range []string{"/webhooks/bigcommerce/main", "/webhooks/bigcommerce/main/check", "/api/v1/channels"} {
		status, answer := ask(http.MethodPost, public+path, "body")
		require.Equal(t, http.StatusOK, status, path)
		require.Equal(t, "ingress POST "+path+" body", answer)
	}
	for _, path := range []string{"/", "/metrics", "/healthz", "/readyz", "/webhooks", "/api", "/webhooks/bigcommerce/../../metrics", "//metrics"} {
		status, answer := ask(http.MethodGet, public+path, "")
		require.Equal(t, http.StatusNotFound, status, path)
		require.Empty(t, answer, path)
	}
	for _, port := range []string{"3000", "8233", "9090"} {
		_, answer := ask(http.MethodGet, "http://127.0.0.1:"+ports[port]+"/page", "")
		require.Equal(t, "other GET /page ", answer, port)
	}
}
