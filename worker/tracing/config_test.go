package tracing_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/worker/tracing"
)

// lookup returns an environment of NAME=value.
func lookup(environ ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for _, one := range environ {
			if value, found := strings.CutPrefix(one, name+"="); found {
				return value, true
			}
		}
		return "", false
	}
}

func TestReadEndpoint(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		environ []string
		want    string
	}{
		"default":             {nil, "http://localhost:4318/v1/traces"},
		"default of gRPC":     {[]string{"OTEL_EXPORTER_OTLP_PROTOCOL=grpc"}, "http://localhost:4317"},
		"for everything":      {[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=https://c.example/otlp/"}, "https://c.example/otlp/v1/traces"},
		"for traces alone":    {[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://no", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=https://c.example/t"}, "https://c.example/t"},
		"for gRPC":            {[]string{"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=grpc", "OTEL_EXPORTER_OTLP_ENDPOINT=https://c.example:4317"}, "https://c.example:4317"},
		"empty is not set":    {[]string{"OTEL_EXPORTER_OTLP_ENDPOINT="}, "http://localhost:4318/v1/traces"},
		"the service's name":  {[]string{"OTEL_SERVICE_NAME=shop"}, "http://localhost:4318/v1/traces"},
		"every good variable": {good(), "https://c.example:4318/v1/traces"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config, err := tracing.Read(tracing.OTLP, lookup(test.environ...))
			require.NoError(t, err)
			require.True(t, config.On())
			require.Equal(t, test.want, config.Endpoint.String())
		})
	}
}

func good() []string {
	return []string{
		"OTEL_TRACES_EXPORTER=otlp", "OTEL_SDK_DISABLED=false", "OTEL_EXPORTER_OTLP_ENDPOINT=https://c.example:4318",
		"OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", "OTEL_EXPORTER_OTLP_HEADERS=api-key=a%20b,other=2", "OTEL_EXPORTER_OTLP_TIMEOUT=2000",
		"OTEL_EXPORTER_OTLP_COMPRESSION=gzip", "OTEL_TRACES_SAMPLER=parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG=0.25",
		"OTEL_RESOURCE_ATTRIBUTES=deployment.environment.name=test,service.name=other", "OTEL_BSP_SCHEDULE_DELAY=100",
		"OTEL_BSP_EXPORT_TIMEOUT=100", "OTEL_BSP_MAX_QUEUE_SIZE=10", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE=5",
	}
}

func TestReadOff(t *testing.T) {
	t.Parallel()
	bad := "OTEL_EXPORTER_OTLP_PROTOCOL=pigeon"
	for name, test := range map[string]struct {
		mode    string
		environ []string
	}{
		"by default, whatever else is set":     {"", []string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318", bad}},
		"in so many words":                     {tracing.Off, []string{bad}},
		"by the switch of OpenTelemetry":       {tracing.OTLP, []string{"OTEL_SDK_DISABLED=true"}},
		"by the choice of no exporter":         {tracing.OTLP, []string{"OTEL_TRACES_EXPORTER=none"}},
		"by the switch, written in upper case": {tracing.OTLP, []string{"OTEL_SDK_DISABLED=TRUE"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config, err := tracing.Read(test.mode, lookup(test.environ...))
			require.NoError(t, err)
			require.False(t, config.On())
			traces, err := tracing.New(config, "v1", nil)
			require.NoError(t, err)
			require.Nil(t, traces)
			require.Nil(t, traces.Provider())
			require.Empty(t, traces.Interceptors())
			require.NoError(t, traces.Close())
		})
	}
}

func TestReadMistakes(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "missing.pem")
	for variable, want := range map[string]string{
		"OTEL_TRACES_EXPORTER=zipkin":                              "OTEL_TRACES_EXPORTER must be one of otlp, none",
		"OTEL_SDK_DISABLED=yes":                                    "OTEL_SDK_DISABLED must be one of true, false",
		"OTEL_EXPORTER_OTLP_PROTOCOL=http/json":                    "OTEL_EXPORTER_OTLP_PROTOCOL must be one of http/protobuf, grpc",
		"OTEL_EXPORTER_OTLP_ENDPOINT=collector:4317":               "OTEL_EXPORTER_OTLP_ENDPOINT must look like http://localhost:4318",
		"OTEL_EXPORTER_OTLP_ENDPOINT=https://u:a-secret@c.example": "OTEL_EXPORTER_OTLP_ENDPOINT must look like",
		"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://c/?a-secret":    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT must look like",
		"OTEL_EXPORTER_OTLP_HEADERS=fine=1,a-secret":               "OTEL_EXPORTER_OTLP_HEADERS: entry 2 must look like key=value",
		"OTEL_EXPORTER_OTLP_HEADERS=key=a-secret%zz":               "OTEL_EXPORTER_OTLP_HEADERS: entry 1 must look like key=value",
		"OTEL_EXPORTER_OTLP_HEADERS=two words=a-secret":            "OTEL_EXPORTER_OTLP_HEADERS: entry 1 is not a header",
		"OTEL_EXPORTER_OTLP_TIMEOUT=10s":                           "OTEL_EXPORTER_OTLP_TIMEOUT must be a number of milliseconds from 1 to 600000",
		"OTEL_EXPORTER_OTLP_COMPRESSION=zip":                       "OTEL_EXPORTER_OTLP_COMPRESSION must be one of none, gzip",
		"OTEL_EXPORTER_OTLP_CERTIFICATE=" + missing:                "OTEL_EXPORTER_OTLP_CERTIFICATE: open ",
		"OTEL_EXPORTER_OTLP_CLIENT_KEY=" + missing:                 "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and OTEL_EXPORTER_OTLP_CLIENT_KEY must be set together",
		"OTEL_TRACES_SAMPLER=sometimes":                            "OTEL_TRACES_SAMPLER must be one of always_on",
		"OTEL_RESOURCE_ATTRIBUTES=shop":                            "OTEL_RESOURCE_ATTRIBUTES: entry 1 must look like key=value",
		"OTEL_BSP_MAX_QUEUE_SIZE=0":                                "OTEL_BSP_MAX_QUEUE_SIZE must be a number of spans from 1",
	} {
		t.Run(variable, func(t *testing.T) {
			t.Parallel()
			_, err := tracing.Read(tracing.OTLP, lookup(variable, "OTEL_TRACES_SAMPLER_ARG=2"))
			require.ErrorContains(t, err, want)
			require.NotContains(t, err.Error(), "a-secret")
		})
	}
	t.Run("all at once", func(t *testing.T) {
		t.Parallel()
		_, err := tracing.Read(tracing.OTLP, lookup("OTEL_TRACES_SAMPLER=traceidratio", "OTEL_TRACES_SAMPLER_ARG=NaN", "OTEL_BSP_SCHEDULE_DELAY=-1"))
		require.ErrorContains(t, err, "OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1")
		require.ErrorContains(t, err, "OTEL_BSP_SCHEDULE_DELAY")
	})
	t.Run("mode", func(t *testing.T) {
		t.Parallel()
		_, err := tracing.Read("jaeger", lookup())
		require.EqualError(t, err, "ORDERBRIDGE_TRACING must be off or otlp")
	})
	t.Run("a path for gRPC", func(t *testing.T) {
		t.Parallel()
		_, err := tracing.Read(tracing.OTLP, lookup("OTEL_EXPORTER_OTLP_PROTOCOL=grpc", "OTEL_EXPORTER_OTLP_ENDPOINT=http://c.example/v1/traces"))
		require.ErrorContains(t, err, "must not have a path with the protocol grpc")
	})
}
