package compose_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"
)

// deploy is the folder of compose.yaml, as these tests see it.
const deploy = ".."

// project returns compose.yaml as it is with the settings of .env.example.
func project(t *testing.T) *types.Project {
	t.Helper()
	p, err := load(t, settings(t))
	require.NoError(t, err)
	return p
}

func load(t *testing.T, environment map[string]string) (*types.Project, error) {
	t.Helper()
	dir, err := filepath.Abs(deploy)
	require.NoError(t, err)
	return loader.LoadWithContext(t.Context(), types.ConfigDetails{
		WorkingDir: dir, ConfigFiles: []types.ConfigFile{{Filename: filepath.Join(dir, "compose.yaml")}},
		Environment: environment,
	})
}

func settings(t *testing.T) map[string]string {
	t.Helper()
	environment, err := dotenv.Read(filepath.Join(deploy, ".env.example"))
	require.NoError(t, err)
	return environment
}

func TestEveryVariableIsDocumented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(deploy, "compose.yaml"))
	require.NoError(t, err)
	matches := regexp.MustCompile(`\$\{([A-Z_]+)`).FindAllSubmatch(text, -1)
	used := make([]string, 0, len(matches))
	for _, match := range matches {
		used = append(used, string(match[1]))
	}
	slices.Sort(used)
	require.Equal(t, slices.Compact(used), slices.Sorted(maps.Keys(settings(t))))

	docs, err := os.ReadFile(filepath.Join(deploy, "..", "docs", "deployment.md"))
	require.NoError(t, err)
	for name := range settings(t) {
		if !strings.HasPrefix(name, "IMAGE_") {
			require.Contains(t, string(docs), "`"+name+"`")
		}
	}
}

// TestWhatHasNoDefaultIsAskedFor takes the settings away one by one.
func TestWhatHasNoDefaultIsAskedFor(t *testing.T) {
	t.Parallel()
	withDefault := []string{"LOG_LEVEL", "METRICS_RETENTION", "OPERATOR_ADDRESS", "PUBLIC_ADDRESS", "TEMPORAL_SHARDS"}
	for name := range settings(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			without := settings(t)
			delete(without, name)
			_, err := load(t, without)
			if slices.Contains(withDefault, name) {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, name)
			require.ErrorContains(t, err, "set it in .env")
		})
	}
}

func TestEveryMountedFileExists(t *testing.T) {
	t.Parallel()
	mounts := 0
	for name, service := range project(t).Services {
		for _, volume := range service.Volumes {
			if volume.Type == types.VolumeTypeBind {
				mounts++
				require.True(t, volume.ReadOnly, "%s: %s", name, volume.Source)
				_, err := os.Stat(volume.Source)
				require.NoError(t, err, name)
			}
		}
	}
	require.Greater(t, mounts, 5)
}

func TestImagesArePinned(t *testing.T) {
	t.Parallel()
	for name, service := range project(t).Services {
		image, tag, tagged := strings.Cut(service.Image, ":")
		require.True(t, tagged, name)
		registry, _, _ := strings.Cut(image, "/")
		require.NotContains(t, registry, ".", "%s: which registry is for whoever runs it to say", name)
		if image != "orderbridge" {
			require.Regexp(t, `^v?\d+\.\d+`, tag, name)
		}
	}
}

// TestOnlyTheProxyIsPublished looks at ports, and at networks: a network that
// is not internal leads outside.
func TestOnlyTheProxyIsPublished(t *testing.T) {
	t.Parallel()
	p := project(t)
	leads := map[string][]string{}
	for name, service := range p.Services {
		require.NotEmpty(t, service.Networks, "%s would be in the default network", name)
		require.NotEqual(t, "host", service.NetworkMode, name)
		for network := range service.Networks {
			leads[network] = append(leads[network], name)
		}
		if name != "proxy" {
			require.Empty(t, service.Ports, name)
		}
	}
	require.ElementsMatch(t, []string{"ingress", "worker"}, leads["outside"])
	require.Equal(t, []string{"proxy"}, leads["public"])
	for name, network := range p.Networks {
		require.Equal(t, name != "outside" && name != "public", network.Internal, name)
	}
	for _, port := range p.Services["proxy"].Ports {
		want := "127.0.0.1"
		if port.Published == "80" || port.Published == "443" {
			want = "0.0.0.0"
		}
		require.Equal(t, want, port.HostIP, port.Published)
	}
}

// TestWhoTalksShareANetwork finds the names of services in settings, and
// requires that those who use them can reach them.
func TestWhoTalksShareANetwork(t *testing.T) {
	t.Parallel()
	p := project(t)
	share := func(a, b string) bool {
		for network := range p.Services[a].Networks {
			if _, ok := p.Services[b].Networks[network]; ok {
				return true
			}
		}
		return false
	}
	for _, pair := range [][2]string{
		{"grafana", "prometheus"},
		{"ingress", "temporal"},
		{"prometheus", "ingress"},
		{"prometheus", "temporal"},
		{"prometheus", "worker"},
		{"proxy", "grafana"},
		{"proxy", "ingress"},
		{"proxy", "prometheus"},
		{"proxy", "temporal-ui"},
		{"schema", "postgresql"},
		{"setup", "temporal"},
		{"temporal", "postgresql"},
		{"temporal-ui", "temporal"},
		{"worker", "temporal"},
	} {
		require.True(t, share(pair[0], pair[1]), pair)
	}
	require.False(t, share("proxy", "postgresql"))
	require.False(t, share("ingress", "postgresql"))
	require.False(t, share("proxy", "worker"))
}

// TestNobodyWaitsForWhatCannotCome requires a health check of every service that another waits for.
func TestNobodyWaitsForWhatCannotCome(t *testing.T) {
	t.Parallel()
	p := project(t)
	for name, service := range p.Services {
		for other, dependency := range service.DependsOn {
			switch dependency.Condition {
			case types.ServiceConditionHealthy:
				// The image of our own processes brings its own.
				if image := p.Services[other].Image; image != "orderbridge:latest" {
					require.NotNil(t, p.Services[other].HealthCheck, "%s waits for %s", name, other)
				}
			case types.ServiceConditionCompletedSuccessfully:
				require.True(t, strings.HasPrefix(p.Services[other].Restart, "on-failure"), "%s waits for %s", name, other)
			default:
				require.Fail(t, "it does not wait", "%s for %s: %s", name, other, dependency.Condition)
			}
		}
	}
}

func TestContainersAreHardened(t *testing.T) {
	t.Parallel()
	for name, service := range project(t).Services {
		require.Contains(t, service.SecurityOpt, "no-new-privileges:true", name)
		require.False(t, service.Privileged, name)
		require.Equal(t, "json-file", service.Logging.Driver, name)
		require.NotEmpty(t, service.Logging.Options["max-size"], name)
		if service.Image == "orderbridge:latest" {
			require.Equal(t, "65532:65532", service.User, name)
			require.True(t, service.ReadOnly, name)
			require.Equal(t, []string{"ALL"}, service.CapDrop, name)
			require.Empty(t, service.CapAdd, name)
			require.Empty(t, service.Volumes, name)
		}
		for variable, value := range service.Environment {
			if value != nil && regexp.MustCompile(`PASSWORD|TOKEN|_KEY|PWD`).MatchString(variable) {
				require.True(t, strings.HasPrefix(*value, "/run/secrets/"), "%s: %s is a secret in the environment", name, variable)
			}
		}
	}
}

// TestSecrets runs the script in a folder of its own, twice.
func TestSecrets(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	script, err := os.ReadFile("secrets.sh")
	require.NoError(t, err)
	require.NoError(t, os.Mkdir(filepath.Join(dir, "compose"), 0o755))
	file := filepath.Join(dir, "compose", "secrets.sh")
	require.NoError(t, os.WriteFile(file, script, 0o755))
	run := func() string {
		out, err := exec.CommandContext(t.Context(), "sh", file).CombinedOutput()
		require.NoError(t, err, string(out))
		return string(out)
	}
	said := run()
	was := map[string]string{}
	for _, secret := range project(t).Secrets {
		path := filepath.Join(dir, "secrets", filepath.Base(secret.File))
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		was[path] = string(content)
		require.Contains(t, said, "made secrets/"+filepath.Base(path))
		require.NotContains(t, said, strings.TrimSpace(string(content)))
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o444), info.Mode().Perm(), "whatever user a container runs as reads it")
	}
	require.Len(t, was, 4)
	info, err := os.Stat(filepath.Join(dir, "secrets"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
	require.Empty(t, run(), "nothing is made again")
	for path, content := range was {
		now, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, content, string(now))
	}
}

func TestScriptsAreShell(t *testing.T) {
	t.Parallel()
	for _, script := range []string{"secrets.sh", "temporal/schema.sh", "temporal/server.sh"} {
		out, err := exec.CommandContext(t.Context(), "sh", "-n", script).CombinedOutput()
		require.NoError(t, err, string(out))
	}
}

func TestConfigurationFilesAreYAML(t *testing.T) {
	t.Parallel()
	for _, file := range []string{
		"grafana/dashboards.yaml", "grafana/datasources.yaml", "prometheus/prometheus.yaml", "temporal/dynamicconfig.yaml",
	} {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		var parsed map[string]any
		require.NoError(t, yaml.UnmarshalWithOptions(content, &parsed, yaml.Strict()), file)
		require.NotEmpty(t, parsed, file)
	}
}

// TestPrometheusAsksWhoIsThere requires that each target is a service that
// Prometheus reaches.
func TestPrometheusAsksWhoIsThere(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("prometheus/prometheus.yaml")
	require.NoError(t, err)
	var config struct {
		Scrape []struct {
			DNS []struct {
				Names []string `yaml:"names"`
				Port  int      `yaml:"port"`
			} `yaml:"dns_sd_configs"`
		} `yaml:"scrape_configs"`
	}
	require.NoError(t, yaml.Unmarshal(content, &config))
	p := project(t)
	var asked []string
	for _, scrape := range config.Scrape {
		for _, dns := range scrape.DNS {
			for _, name := range dns.Names {
				asked = append(asked, name)
				require.Contains(t, p.Services, name)
				require.NotContains(t, p.Services[name].Environment, "ORDERBRIDGE_OPS_ADDRESS", "its port is the default")
				require.Equal(t, 9464, dns.Port)
			}
		}
	}
	require.ElementsMatch(t, []string{"ingress", "worker"}, asked)
}
