package worker_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"

	"github.com/orderbridge/orderbridge/worker"
)

// environment is a set of variables in the place of the process's own.
type environment map[string]string

func (e environment) Environ() []string {
	out := make([]string, 0, len(e))
	for name, value := range e {
		out = append(out, name+"="+value)
	}
	return out
}

func (e environment) LookupEnv(name string) (string, bool) {
	value, ok := e[name]
	return value, ok
}

// certificates are an authority and what it signed, as files.
type certificates struct {
	dir    string
	pool   *x509.CertPool
	server tls.Certificate
}

func newCertificates(t *testing.T) certificates {
	t.Helper()
	c := certificates{dir: t.TempDir(), pool: x509.NewCertPool()}
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	authorityKey := c.write(t, "ca", authority, authority, nil)
	for name, usage := range map[string]x509.ExtKeyUsage{"server": x509.ExtKeyUsageServerAuth, "client": x509.ExtKeyUsageClientAuth} {
		c.write(t, name, &x509.Certificate{
			SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, ExtKeyUsage: []x509.ExtKeyUsage{usage},
			NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"temporal.test"},
		}, authority, authorityKey)
	}
	pemText, err := os.ReadFile(c.path("ca.pem"))
	require.NoError(t, err)
	require.True(t, c.pool.AppendCertsFromPEM(pemText))
	c.server, err = tls.LoadX509KeyPair(c.path("server.pem"), c.path("server.key"))
	require.NoError(t, err)
	return c
}

func (c certificates) path(name string) string { return filepath.Join(c.dir, name) }

func (c certificates) write(t *testing.T, name string, template, parent *x509.Certificate, signer *ecdsa.PrivateKey) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	if signer == nil {
		signer = key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	require.NoError(t, err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(c.path(name+".pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	require.NoError(t, os.WriteFile(c.path(name+".key"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}), 0o600))
	return key
}

// serve answers health checks like a Temporal server, and sends the
// authorization header of each.
func serve(t *testing.T, config *tls.Config) (address string, authorizations <-chan string) {
	t.Helper()
	seen := make(chan string, 16)
	server := grpc.NewServer(grpc.Creds(credentials.NewTLS(config)), grpc.UnaryInterceptor(
		func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			md, _ := metadata.FromIncomingContext(ctx)
			header := ""
			if values := md.Get("authorization"); len(values) > 0 {
				header = values[0]
			}
			seen <- header
			return handler(ctx, req)
		}))
	check := health.NewServer()
	check.SetServingStatus("temporal.api.workflowservice.v1.WorkflowService", grpc_health_v1.HealthCheckResponse_SERVING)
	grpc_health_v1.RegisterHealthServer(server, check)
	workflowservice.RegisterWorkflowServiceServer(server, greeter{})
	var listen net.ListenConfig
	listener, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return listener.Addr().String(), seen
}

// greeter is as much of a Temporal server as a client needs to connect.
type greeter struct {
	workflowservice.UnimplementedWorkflowServiceServer
}

func (greeter) GetSystemInfo(context.Context, *workflowservice.GetSystemInfoRequest) (*workflowservice.GetSystemInfoResponse, error) {
	return &workflowservice.GetSystemInfoResponse{}, nil
}

func connect(t *testing.T, env environment) client.Client {
	t.Helper()
	env["TEMPORAL_CONFIG_FILE"] = filepath.Join(t.TempDir(), "none.toml")
	c, _, err := worker.Connect(worker.Connection{Environment: env, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func TestConnect(t *testing.T) {
	t.Parallel()
	certs := newCertificates(t)
	serverTLS := &tls.Config{Certificates: []tls.Certificate{certs.server}, MinVersion: tls.VersionTLS12}
	tlsEnv := func(address string) environment {
		return environment{
			"TEMPORAL_ADDRESS": address, "TEMPORAL_TLS": "true",
			"TEMPORAL_TLS_SERVER_CA_CERT_PATH": certs.path("ca.pem"), "TEMPORAL_TLS_SERVER_NAME": "temporal.test",
		}
	}
	t.Run("API key over TLS", func(t *testing.T) {
		t.Parallel()
		address, authorizations := serve(t, serverTLS)
		env := tlsEnv(address)
		env["TEMPORAL_API_KEY"] = "key-123"
		_, err := connect(t, env).CheckHealth(t.Context(), nil)
		require.NoError(t, err)
		require.Equal(t, "Bearer key-123", <-authorizations)
	})
	mutual := serverTLS.Clone()
	mutual.ClientAuth, mutual.ClientCAs = tls.RequireAndVerifyClientCert, certs.pool
	t.Run("mutual TLS", func(t *testing.T) {
		t.Parallel()
		address, authorizations := serve(t, mutual)
		env := tlsEnv(address)
		env["TEMPORAL_TLS_CLIENT_CERT_PATH"] = certs.path("client.pem")
		env["TEMPORAL_TLS_CLIENT_KEY_PATH"] = certs.path("client.key")
		_, err := connect(t, env).CheckHealth(t.Context(), nil)
		require.NoError(t, err)
		require.Empty(t, <-authorizations)
	})
	t.Run("no client certificate where one is required", func(t *testing.T) {
		t.Parallel()
		address, _ := serve(t, mutual)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		_, err := connect(t, tlsEnv(address)).CheckHealth(ctx, nil)
		require.Error(t, err)
	})
	t.Run("a profile of the temporal command", func(t *testing.T) {
		t.Parallel()
		address, authorizations := serve(t, serverTLS)
		file := filepath.Join(t.TempDir(), "temporal.toml")
		require.NoError(t, os.WriteFile(file, []byte(`
[profile.shop]
address = "`+address+`"
namespace = "shop"
api_key = "key-of-the-profile"
[profile.shop.tls]
server_ca_cert_path = "`+certs.path("ca.pem")+`"
server_name = "temporal.test"
`), 0o600))
		c, _, err := worker.Connect(worker.Connection{
			Environment: environment{"TEMPORAL_CONFIG_FILE": file, "TEMPORAL_PROFILE": "shop"}, Logger: slog.New(slog.DiscardHandler),
		})
		require.NoError(t, err)
		t.Cleanup(c.Close)
		_, err = c.CheckHealth(t.Context(), nil)
		require.NoError(t, err)
		require.Equal(t, "Bearer key-of-the-profile", <-authorizations)
	})
	t.Run("wrong settings are named", func(t *testing.T) {
		t.Parallel()
		_, _, err := worker.Connect(worker.Connection{
			Environment: environment{"TEMPORAL_PROFILE": "no-such-profile", "TEMPORAL_CONFIG_FILE": "none"}, Logger: slog.New(slog.DiscardHandler),
		})
		require.ErrorContains(t, err, "no-such-profile")
		require.ErrorContains(t, err, "TEMPORAL_")
	})
}
