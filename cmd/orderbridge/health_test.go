package main

import (
	"crypto/x509"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/x509roots/fallback/bundle"
)

func TestHealth(t *testing.T) {
	t.Parallel()
	answers := func(status int, body string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		})
	}
	unready := http.NewServeMux()
	unready.Handle("/healthz", answers(http.StatusOK, `{"status":"ok"}`))
	unready.Handle("/readyz", answers(http.StatusServiceUnavailable,
		`{"ready":false,"checks":[{"name":"temporal","ready":false,"message":"Temporal does not answer"},{"name":"worker","ready":true}]}`))
	for name, tc := range map[string]struct {
		handler http.Handler
		args    []string
		says    []string
	}{
		"ready":               {answers(http.StatusOK, `{"ready":true}`), nil, nil},
		"not ready":           {unready, nil, []string{"not ready", "/readyz answers 503", "temporal: Temporal does not answer"}},
		"alive but not ready": {unready, []string{"--live"}, nil},
		"something else":      {answers(http.StatusTeapot, "<html>"), nil, []string{"answers 418"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(tc.handler)
			t.Cleanup(server.Close)
			address := strings.TrimPrefix(server.URL, "http://")
			for way, environ := range map[string][]string{
				"by the environment": {"ORDERBRIDGE_OPS_ADDRESS=" + address, "HTTP_PROXY=http://127.0.0.1:1"},
				"by --url":           nil,
			} {
				args := append([]string{"health"}, tc.args...)
				if environ == nil {
					args = append(args, "--url", server.URL+"/")
				}
				out, errOut, err := execute(t, environ, args...)
				require.Empty(t, errOut, way)
				if tc.says == nil {
					require.NoError(t, err, way)
					require.Equal(t, "ok\n", out, way)
					continue
				}
				for _, words := range tc.says {
					require.ErrorContains(t, err, words, way)
				}
				require.NotContains(t, err.Error(), "worker:", way)
			}
		})
	}
}

func TestHealthWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	for name, tc := range map[string]struct {
		environ []string
		says    string
	}{
		"nobody listens":   {[]string{"ORDERBRIDGE_OPS_ADDRESS=" + address}, "no answer: "},
		"it is off":        {[]string{"ORDERBRIDGE_OPS_ADDRESS=off"}, "ORDERBRIDGE_OPS_ADDRESS is off"},
		"it is no address": {[]string{"ORDERBRIDGE_OPS_ADDRESS=nine"}, `ORDERBRIDGE_OPS_ADDRESS "nine" must look like`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := execute(t, tc.environ, "health")
			require.ErrorContains(t, err, tc.says)
		})
	}
}

func TestOpsURL(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"":               "http://127.0.0.1:9464",
		":9000":          "http://127.0.0.1:9000",
		"0.0.0.0:9000":   "http://127.0.0.1:9000",
		"[::]:9000":      "http://[::1]:9000",
		"10.0.0.5:9000":  "http://10.0.0.5:9000",
		"localhost:9000": "http://localhost:9000",
	} {
		got, err := opsURL([]string{"ORDERBRIDGE_OPS_ADDRESS=" + address})
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

// TestBundledCertificates shows that the embedded certificates are not a list
// that a change of the module has emptied.
func TestBundledCertificates(t *testing.T) {
	t.Parallel()
	count := 0
	for root := range bundle.Roots() {
		_, err := x509.ParseCertificate(root.Certificate)
		require.NoError(t, err)
		count++
	}
	require.Greater(t, count, 100)
}
