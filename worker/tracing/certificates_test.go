package tracing_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"

	"github.com/orderbridge/orderbridge/worker/tracing"
	"github.com/orderbridge/orderbridge/worker/tracing/tracingtest"
)

// secure is a collector behind TLS that wants to see a certificate.
type secure struct {
	*tracingtest.Collector

	url, certificate, key string // of server and client alike
}

func newSecure(t *testing.T) secure {
	t.Helper()
	s := secure{Collector: tracingtest.New(t)}
	rpc := grpc.NewServer()
	collector.RegisterTraceServiceServer(rpc, s.Collector)
	t.Cleanup(rpc.Stop)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc") {
			rpc.ServeHTTP(w, r)
			return
		}
		s.ServeHTTP(w, r)
	}))
	server.EnableHTTP2 = true
	server.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)
	s.url = server.URL
	pair := server.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	require.NoError(t, err)
	s.certificate, s.key = filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	for path, block := range map[string]*pem.Block{
		s.certificate: {Type: "CERTIFICATE", Bytes: pair.Certificate[0]}, s.key: {Type: "PRIVATE KEY", Bytes: key},
	} {
		require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(block), 0o600))
	}
	return s
}

func TestExportWithTLS(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{"grpc", "http/protobuf"} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			s := newSecure(t)
			send := func(environ ...string) string {
				traces, log := begin(t, append(environ, "OTEL_EXPORTER_OTLP_PROTOCOL="+protocol, "OTEL_EXPORTER_OTLP_ENDPOINT="+s.url,
					"OTEL_BSP_EXPORT_TIMEOUT=1000")...)
				_, span := traces.Provider().Tracer("test").Start(t.Context(), "one")
				span.End()
				require.NoError(t, traces.Close())
				return log.String()
			}
			require.Contains(t, send(), "does not take spans", "its certificate is not trusted")
			require.Empty(t, s.Spans())
			require.Empty(t, send("OTEL_EXPORTER_OTLP_CERTIFICATE="+s.certificate,
				"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE="+s.certificate, "OTEL_EXPORTER_OTLP_CLIENT_KEY="+s.key))
			require.Equal(t, []string{"one"}, tracingtest.Names(s.Spans()))
		})
	}
	t.Run("a file without a certificate", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "empty.pem")
		require.NoError(t, os.WriteFile(path, []byte("nothing"), 0o600))
		_, err := tracing.Read(tracing.OTLP, lookup("OTEL_EXPORTER_OTLP_CERTIFICATE="+path,
			"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE="+path, "OTEL_EXPORTER_OTLP_CLIENT_KEY="+path))
		require.ErrorContains(t, err, "holds no certificate in PEM")
		require.ErrorContains(t, err, "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and OTEL_EXPORTER_OTLP_CLIENT_KEY: tls:")
	})
}
