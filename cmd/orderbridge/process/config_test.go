package process_test

import (
	"encoding/base64"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/cmd/orderbridge/process"
	"github.com/orderbridge/orderbridge/ingress"
	"github.com/orderbridge/orderbridge/worker"
)

// masterKey is a key that no installation has.
var masterKey = base64.StdEncoding.EncodeToString([]byte("0123456789abcdef0123456789abcdef"))

// with returns an environment that can be used, with some variables more.
func with(variables ...string) []string {
	return append([]string{"HOME=/root", "ORDERBRIDGE_MASTER_KEY=" + masterKey}, variables...)
}

// file writes a file and returns its path.
func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func TestLoadDefaults(t *testing.T) {
	t.Parallel()
	config, err := process.Load(with())
	require.NoError(t, err)
	config.Environment = nil
	require.Equal(t, process.Config{
		MasterKey: masterKey,
		LogFormat: "json", Tracing: "off", MetricsChannels: 100,
		LogLevel: slog.LevelInfo,
		Ingress: ingress.Config{
			ListenAddress: ":8080", MaxBodyBytes: 65536, StartTimeout: 3 * time.Second, ReadTimeout: 5 * time.Second,
			ShutdownTimeout: 15 * time.Second, ServeMetrics: true,
		},
		Worker: worker.Config{
			MaxWorkflowTasks: 200, MaxLocalActivities: 200, MaxActivities: 100, StopTimeout: 30 * time.Second,
			HTTPTimeout: 10 * time.Second, ChannelCacheTTL: 5 * time.Second, SurveyEvery: 30 * time.Second, OpsAddress: ":9464",
		},
	}, config)
}

func TestLoadReadsEveryVariable(t *testing.T) {
	t.Parallel()
	config, err := process.Load(with(
		"ORDERBRIDGE_LOG_FORMAT=text", "ORDERBRIDGE_TRACING=otlp", "ORDERBRIDGE_LOG_LEVEL=DEBUG",
		"ORDERBRIDGE_LISTEN_ADDRESS=127.0.0.1:1", "ORDERBRIDGE_MAX_BODY_BYTES=2048", "ORDERBRIDGE_START_TIMEOUT=1s",
		"ORDERBRIDGE_READ_TIMEOUT=2s", "ORDERBRIDGE_DRAIN_DELAY=4s", "ORDERBRIDGE_SHUTDOWN_TIMEOUT=1m", "ORDERBRIDGE_SERVE_METRICS=false",
		"ORDERBRIDGE_WORKER_MAX_WORKFLOW_TASKS=3", "ORDERBRIDGE_WORKER_MAX_LOCAL_ACTIVITIES=4", "ORDERBRIDGE_WORKER_MAX_ACTIVITIES=5",
		"ORDERBRIDGE_WORKER_STOP_TIMEOUT=6s", "ORDERBRIDGE_HTTP_TIMEOUT=7s", "ORDERBRIDGE_CHANNEL_CACHE_TTL=8s",
		"ORDERBRIDGE_OPS_ADDRESS=off", "ORDERBRIDGE_METRICS_CHANNELS=9", "ORDERBRIDGE_SURVEY_EVERY=10s",
	))
	require.NoError(t, err)
	config.Environment = nil
	require.Equal(t, process.Config{
		MasterKey: masterKey,
		LogFormat: "text", Tracing: "otlp", MetricsChannels: 9,
		LogLevel: slog.LevelDebug,
		Ingress: ingress.Config{
			ListenAddress: "127.0.0.1:1", MaxBodyBytes: 2048, StartTimeout: time.Second, ReadTimeout: 2 * time.Second,
			DrainDelay: 4 * time.Second, ShutdownTimeout: time.Minute,
		},
		Worker: worker.Config{
			MaxWorkflowTasks: 3, MaxLocalActivities: 4, MaxActivities: 5, StopTimeout: 6 * time.Second,
			HTTPTimeout: 7 * time.Second, ChannelCacheTTL: 8 * time.Second, SurveyEvery: 10 * time.Second, OpsAddress: worker.Off,
		},
	}, config)
}

func TestLoadTakesAnEmptyVariableForItsDefault(t *testing.T) {
	t.Parallel()
	config, err := process.Load(with("ORDERBRIDGE_OPS_ADDRESS=", "ORDERBRIDGE_LOG_LEVEL=", "ORDERBRIDGE_START_TIMEOUT=",
		"ORDERBRIDGE_MASTER_KEY_FILE="))
	require.NoError(t, err)
	require.Equal(t, ":9464", config.Worker.OpsAddress)
	require.Equal(t, 3*time.Second, config.Ingress.StartTimeout)
}

func TestLoadNamesTheVariable(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		environ []string
		says    string
	}{
		"no key":            {[]string{"HOME=/"}, "ORDERBRIDGE_MASTER_KEY is missing (or ORDERBRIDGE_MASTER_KEY_FILE); make one with: "},
		"an empty key":      {[]string{"ORDERBRIDGE_MASTER_KEY="}, "ORDERBRIDGE_MASTER_KEY is missing"},
		"a short key":       {[]string{"ORDERBRIDGE_MASTER_KEY=c2hvcnQ="}, "ORDERBRIDGE_MASTER_KEY must be the base64 of 32 random bytes"},
		"a key not base64":  {[]string{"ORDERBRIDGE_MASTER_KEY=hunter2!"}, "ORDERBRIDGE_MASTER_KEY must be the base64"},
		"a format":          {with("ORDERBRIDGE_LOG_FORMAT=xml"), `ORDERBRIDGE_LOG_FORMAT "xml" must be json or text`},
		"a level":           {with("ORDERBRIDGE_LOG_LEVEL=loud"), "ORDERBRIDGE_LOG_LEVEL must be debug, info, warn or error"},
		"a number":          {with("ORDERBRIDGE_MAX_BODY_BYTES=64k"), "ORDERBRIDGE_MAX_BODY_BYTES cannot be read as int64"},
		"a small number":    {with("ORDERBRIDGE_MAX_BODY_BYTES=1"), "ORDERBRIDGE_MAX_BODY_BYTES 1 must be between"},
		"a worker's number": {with("ORDERBRIDGE_WORKER_MAX_ACTIVITIES=many"), "ORDERBRIDGE_WORKER_MAX_ACTIVITIES cannot be read as int"},
		"too few":           {with("ORDERBRIDGE_WORKER_MAX_ACTIVITIES=1"), "ORDERBRIDGE_WORKER_MAX_ACTIVITIES 1 must be between 2"},
		"a duration":        {with("ORDERBRIDGE_HTTP_TIMEOUT=10"), "ORDERBRIDGE_HTTP_TIMEOUT cannot be read as time.Duration"},
		"a long duration":   {with("ORDERBRIDGE_HTTP_TIMEOUT=2h"), "ORDERBRIDGE_HTTP_TIMEOUT 2h0m0s must be"},
		"yes or no":         {with("ORDERBRIDGE_SERVE_METRICS=perhaps"), "ORDERBRIDGE_SERVE_METRICS cannot be read as bool"},
		"an address":        {with("ORDERBRIDGE_LISTEN_ADDRESS=8080"), `ORDERBRIDGE_LISTEN_ADDRESS "8080" must look like :8080`},
		"an ops address":    {with("ORDERBRIDGE_OPS_ADDRESS=none"), `ORDERBRIDGE_OPS_ADDRESS "none" must look like :9464 or 127.0.0.1:9464, or be off`},
		"too many names":    {with("ORDERBRIDGE_METRICS_CHANNELS=100001"), "ORDERBRIDGE_METRICS_CHANNELS 100001 must be between 0 and 100000"},
		"a hasty survey":    {with("ORDERBRIDGE_SURVEY_EVERY=1ms"), "ORDERBRIDGE_SURVEY_EVERY 1ms must be between 1s and 1h, or 0s for never"},
		"a misspelling":     {with("ORDERBRIDGE_LISTN_ADDRESS=:1"), "ORDERBRIDGE_LISTN_ADDRESS is not a variable of Orderbridge"},
		"a file that is not read": {
			with("ORDERBRIDGE_LOG_LEVEL_FILE=/etc/level"), "ORDERBRIDGE_LOG_LEVEL_FILE is not a variable of Orderbridge",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config, err := process.Load(tc.environ)
			require.ErrorContains(t, err, tc.says)
			require.Len(t, strings.Split(err.Error(), "\n"), 2, "one mistake, one line: %s", err)
			require.Equal(t, process.Config{}, config)
			require.NotContains(t, err.Error(), "hunter2")
		})
	}
}

func TestLoadReportsAllMistakesAtOnce(t *testing.T) {
	t.Parallel()
	_, err := process.Load([]string{
		"ORDERBRIDGE_MASTER_KEY=hunter2", "ORDERBRIDGE_LOG_FORMAT=xml", "ORDERBRIDGE_LOG_LEVEL=loud", // read in different ways
		"ORDERBRIDGE_MAX_BODY_BYTES=64k", "ORDERBRIDGE_START_TIMEOUT=1h", "ORDERBRIDGE_READ_TIMEOUT=soon",
		"ORDERBRIDGE_WORKER_MAX_ACTIVITIES=1", "ORDERBRIDGE_OPS_ADDRESS=none", "ORDERBRIDGE_TYPO=1", "ORDERBRIDGE_ANOTHER=1",
		"TEMPORAL_API_KEY=hunter2", "TEMPORAL_API_KEY_FILE=/nowhere",
	})
	require.Error(t, err)
	lines := strings.Split(err.Error(), "\n")
	require.Equal(t, "the configuration cannot be used:", lines[0])
	named := make([]string, 0, len(lines))
	for _, line := range lines[1:] {
		name, _, _ := strings.Cut(line, " ")
		named = append(named, name)
	}
	slices.Sort(named)
	require.Equal(t, []string{
		"ORDERBRIDGE_ANOTHER", "ORDERBRIDGE_LOG_FORMAT", "ORDERBRIDGE_LOG_LEVEL", "ORDERBRIDGE_MASTER_KEY",
		"ORDERBRIDGE_MAX_BODY_BYTES", "ORDERBRIDGE_OPS_ADDRESS", "ORDERBRIDGE_READ_TIMEOUT", "ORDERBRIDGE_START_TIMEOUT",
		"ORDERBRIDGE_TYPO", "ORDERBRIDGE_WORKER_MAX_ACTIVITIES", "TEMPORAL_API_KEY",
	}, named)
	require.NotContains(t, err.Error(), "hunter2")
}

func TestLoadReadsSecretsFromFiles(t *testing.T) {
	t.Parallel()
	config, err := process.Load([]string{
		"ORDERBRIDGE_MASTER_KEY_FILE=" + file(t, " "+masterKey+"\r\n"),
		"TEMPORAL_API_KEY_FILE=" + file(t, "key-123\n"),
		"TEMPORAL_NAMESPACE=shop",
	})
	require.NoError(t, err)
	require.Equal(t, masterKey, config.MasterKey)
	_, err = config.Secrets()
	require.NoError(t, err)
	for name, want := range map[string]string{"TEMPORAL_API_KEY": "key-123", "TEMPORAL_NAMESPACE": "shop"} {
		got, ok := config.Environment.LookupEnv(name)
		require.True(t, ok)
		require.Equal(t, want, got)
		require.Contains(t, config.Environment.Environ(), name+"="+want)
	}
	_, ok := config.Environment.LookupEnv("TEMPORAL_ADDRESS")
	require.False(t, ok, "what is not set stays not set: an empty address is not the default one")
}

func TestLoadRefusesSecretFiles(t *testing.T) {
	t.Parallel()
	linked := filepath.Join(t.TempDir(), "linked")
	require.NoError(t, os.Symlink(file(t, masterKey), linked)) // as Kubernetes mounts them
	_, err := process.Load([]string{"ORDERBRIDGE_MASTER_KEY_FILE=" + linked})
	require.NoError(t, err)
	for name, tc := range map[string]struct {
		path string
		says string
	}{
		"missing":         {filepath.Join(t.TempDir(), "none"), "no such file"},
		"a directory":     {t.TempDir(), "must be a file of at most"},
		"a device":        {"/dev/zero", "must be a file of at most"},
		"empty":           {file(t, " \n"), "is empty"},
		"far too large":   {file(t, strings.Repeat("hunter2 ", 10_000)), "must be a file of at most 65536 bytes"},
		"not what it was": {file(t, "hunter2"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := process.Load([]string{"ORDERBRIDGE_MASTER_KEY_FILE=" + tc.path})
			require.ErrorContains(t, err, tc.says)
			require.Len(t, strings.Split(err.Error(), "\n"), 2, "one mistake, one line: %s", err)
			require.NotContains(t, err.Error(), "hunter2")
			if tc.says != "" {
				require.ErrorContains(t, err, "ORDERBRIDGE_MASTER_KEY_FILE: ")
				require.ErrorContains(t, err, tc.path)
				_, err = process.Load(with("TEMPORAL_API_KEY_FILE=" + tc.path))
				require.ErrorContains(t, err, "TEMPORAL_API_KEY_FILE: ")
			}
		})
	}
}

func TestLoadRefusesASecretGivenTwice(t *testing.T) {
	t.Parallel()
	_, err := process.Load(with("ORDERBRIDGE_MASTER_KEY_FILE="+file(t, masterKey), "TEMPORAL_API_KEY=a", "TEMPORAL_API_KEY_FILE=b"))
	require.ErrorContains(t, err, "ORDERBRIDGE_MASTER_KEY and ORDERBRIDGE_MASTER_KEY_FILE are both set: keep one")
	require.ErrorContains(t, err, "TEMPORAL_API_KEY and TEMPORAL_API_KEY_FILE are both set: keep one")
	require.Len(t, strings.Split(err.Error(), "\n"), 3)
	require.NotContains(t, err.Error(), masterKey)
}

func TestLoadOverlooksWhatContainerPlatformsAdd(t *testing.T) {
	t.Parallel()
	// Kubernetes gives every pod such variables for every service in its
	// namespace, and one of those is likely to be called orderbridge.
	for _, service := range []string{"ORDERBRIDGE", "ORDERBRIDGE_WORKER_OPS"} {
		for _, variable := range []string{
			"SERVICE_HOST=10.0.0.11", "SERVICE_PORT=8080", "SERVICE_PORT_HTTP=8080", "PORT=tcp://10.0.0.11:8080",
			"PORT_8080_TCP=tcp://10.0.0.11:8080", "PORT_8080_TCP_PROTO=tcp", "PORT_8080_TCP_PORT=8080", "PORT_8080_TCP_ADDR=10.0.0.11",
			"PORT_53_UDP=udp://10.0.0.11:53",
		} {
			_, err := process.Load(with(service + "_" + variable))
			require.NoError(t, err)
		}
	}
	_, err := process.Load(with("ORDERBRIDGE_PORT=8080"))
	require.ErrorContains(t, err, "ORDERBRIDGE_PORT is not a variable", "somebody meant to set the port")
}

func TestSecretsBelongToTheMasterKey(t *testing.T) {
	t.Parallel()
	config, err := process.Load(with())
	require.NoError(t, err)
	secrets, err := config.Secrets()
	require.NoError(t, err)
	require.Equal(t, "1.ZllvtrDU_1lrNMQ5DGPeT5cmpcnXGlHZVdM1jPUPDHE", secrets.Secret("main", 1), "it never changes")
	_, err = process.Config{MasterKey: "hunter2"}.Secrets()
	require.ErrorContains(t, err, "ORDERBRIDGE_MASTER_KEY must be")
	require.NotContains(t, err.Error(), "hunter2")
}

func TestVersion(t *testing.T) {
	t.Parallel()
	v := process.ReadVersion()
	require.NotEmpty(t, v.Version)
	require.NotEmpty(t, v.Commit)
	require.True(t, strings.HasPrefix(v.Go, "go1."), v.Go)
	require.Equal(t, fmt.Sprintf("orderbridge %s (commit %s, %s)", v.Version, v.Commit, v.Go), v.String())
	require.Equal(t, "Orderbridge/"+v.Version, v.UserAgent())
}
