package ingress_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/orderbridge/orderbridge/activities/callback"
	"github.com/orderbridge/orderbridge/ingress"
)

// rounds is how many callbacks one side takes before it is the other's turn, so
// that both see the same machine.
const rounds = 100

// BenchmarkTracing takes callbacks with tracing off and on, by turns, and reports
// how much longer they take with it: "on/off" is the ratio. Temporal answers at
// once here, where it really takes milliseconds, so the ratio is the worst one.
func BenchmarkTracing(b *testing.B) {
	secrets := newSecrets(b, "k")
	handler := func(tracing trace.TracerProvider) http.Handler {
		started := &recorder{}
		server, err := ingress.New(defaultConfig(), ingress.Dependencies{
			Starter: started, Notifier: started, Secrets: secrets, Registry: prometheus.NewRegistry(),
			Logger: slog.New(slog.DiscardHandler), Tracing: tracing,
		})
		require.NoError(b, err)
		return server.Handler()
	}
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(tracetest.NewNoopExporter()))
	b.Cleanup(func() { require.NoError(b, provider.Shutdown(context.WithoutCancel(b.Context()))) })
	handlers := [2]http.Handler{handler(nil), handler(provider)}
	var took [2]time.Duration
	for b.Loop() {
		for i, one := range handlers {
			began := time.Now()
			for range rounds {
				request := httptest.NewRequest(http.MethodPost, path, strings.NewReader(statusUpdated))
				request.Header.Set("Content-Type", "application/json")
				request.Header.Set(callback.Header, secrets.Secret("main", 1))
				one.ServeHTTP(httptest.NewRecorder(), request)
			}
			took[i] += time.Since(began)
		}
	}
	b.ReportMetric(float64(took[1])/float64(took[0]), "on/off")
	b.ReportMetric(float64((took[1]-took[0]).Nanoseconds())/float64(b.N*rounds), "ns-more/callback")
}
