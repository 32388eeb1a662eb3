package helm_test

import (
	"net"
	"path"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	core "k8s.io/api/core/v1"
)

// TestPodsAreConfined looks at what every pod may not do.
func TestPodsAreConfined(t *testing.T) {
	t.Parallel()
	for _, set := range sets(t) {
		t.Run(set, func(t *testing.T) {
			t.Parallel()
			o := decode(t, values(t, set))
			for name, template := range o.templates() {
				c, pod := container(t, template), template.Spec
				require.False(t, *pod.AutomountServiceAccountToken, name)
				require.True(t, *pod.SecurityContext.RunAsNonRoot, name)
				require.Equal(t, core.SeccompProfileTypeRuntimeDefault, pod.SecurityContext.SeccompProfile.Type, name)
				require.True(t, *c.SecurityContext.ReadOnlyRootFilesystem, name)
				require.False(t, *c.SecurityContext.AllowPrivilegeEscalation, name)
				require.Equal(t, []core.Capability{"ALL"}, c.SecurityContext.Capabilities.Drop, name)
				require.NotEmpty(t, c.Resources.Limits[core.ResourceMemory], name)
				require.False(t, pod.HostNetwork || pod.HostPID || pod.HostIPC, name)
			}
			for _, account := range o.serviceAccounts {
				require.False(t, *account.AutomountServiceAccountToken)
			}
		})
	}
}

// TestProbesAndEnds shows that probes ask where the process answers, and that
// a pod is given more time to end than its process takes.
func TestProbesAndEnds(t *testing.T) {
	t.Parallel()
	for _, set := range sets(t) {
		t.Run(set, func(t *testing.T) {
			t.Parallel()
			o := decode(t, values(t, set))
			for name, deployment := range o.deployments {
				c := container(t, deployment.Spec.Template)
				environment := plain(t, c)
				ports := map[string]int32{}
				for _, port := range c.Ports {
					ports[port.Name] = port.ContainerPort
				}
				require.Equal(t, ports["ops"], portOf(t, environment["ORDERBRIDGE_OPS_ADDRESS"]), name)
				for path, probe := range map[string]*core.Probe{"/healthz": c.LivenessProbe, "/readyz": c.ReadinessProbe} {
					require.Equal(t, path, probe.HTTPGet.Path, name)
					require.Equal(t, "ops", probe.HTTPGet.Port.StrVal, name)
					require.Greater(t, probe.TimeoutSeconds, int32(2), "/readyz takes two seconds at most")
				}
				takes := seconds(t, environment["ORDERBRIDGE_WORKER_STOP_TIMEOUT"])
				if c.Args[0] == "ingress" {
					require.Equal(t, ports["http"], portOf(t, environment["ORDERBRIDGE_LISTEN_ADDRESS"]), name)
					require.Equal(t, "false", environment["ORDERBRIDGE_SERVE_METRICS"], "metrics are not for who calls webhooks")
					delay := seconds(t, environment["ORDERBRIDGE_DRAIN_DELAY"])
					probe := time.Duration(c.ReadinessProbe.PeriodSeconds) * time.Second
					require.GreaterOrEqual(t, delay, probe, "the address closes before anybody has noticed")
					takes = delay + seconds(t, environment["ORDERBRIDGE_SHUTDOWN_TIMEOUT"])
				}
				require.Greater(t, time.Duration(*deployment.Spec.Template.Spec.TerminationGracePeriodSeconds)*time.Second, takes, name)
			}
		})
	}
}

func portOf(t *testing.T, address string) int32 {
	t.Helper()
	_, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	number, err := strconv.ParseInt(port, 10, 32)
	require.NoError(t, err)
	return int32(number)
}

func seconds(t *testing.T, text string) time.Duration {
	t.Helper()
	if text == "" {
		return 0
	}
	d, err := time.ParseDuration(text)
	require.NoError(t, err)
	return d
}

// given are the Secrets that the sets of values expect to exist, and their keys.
func given() map[string][]string {
	return map[string][]string{
		"collector":          {"tracing-headers"},
		"orderbridge":        {"master", "previous", "tokens"},
		"orderbridge-api":    {"tokens"},
		"orderbridge-keeper": {"keeper-url", "previous-keeper-urls"},
		"orderbridge-keys":   {"master-key"},
		"temporal-ca":        {"ca.crt", "authority.pem"},
		"temporal-client":    {"tls.crt", "tls.key"},
		"temporal-cloud":     {"api-key"},
	}
}

// TestSecrets follows each variable to its file, each file to its volume, and
// each volume to a key of a Secret that is there when the pod starts.
func TestSecrets(t *testing.T) {
	t.Parallel()
	for _, set := range sets(t) {
		t.Run(set, func(t *testing.T) {
			t.Parallel()
			o := decode(t, values(t, set))
			used := map[string]bool{}
			for name, template := range o.templates() {
				files := map[string]string{} // the Secret of each file
				for _, volume := range template.Spec.Volumes {
					if volume.Projected == nil {
						continue
					}
					require.Equal(t, int32(0o440), *volume.Projected.DefaultMode, name)
					at := mountOf(t, template, volume.Name)
					for _, source := range volume.Projected.Sources {
						for _, item := range source.Secret.Items {
							requireKey(t, o, name, source.Secret.Name, item.Key)
							files[path.Join(at, item.Path)] = source.Secret.Name
							used[source.Secret.Name] = true
						}
					}
				}
				read := 0
				for variable, value := range plain(t, container(t, template)) {
					if strings.HasPrefix(value, "/run/secrets/") {
						require.Contains(t, files, value, "%s: %s", name, variable)
						read++
					}
					require.NotContains(t, value, "MDEyMzQ1", "a secret stands in the environment")
				}
				require.Len(t, files, read, "%s mounts what it does not read", name)
			}
			for name := range o.secrets {
				require.True(t, used[name], "nobody uses Secret %s", name)
			}
		})
	}
}

// requireKey looks for a key of a Secret. A hook that runs before the
// installation needs one that is made even earlier.
func requireKey(t *testing.T, o objects, pod, secret, key string) {
	t.Helper()
	own, ok := o.secrets[secret]
	if !ok {
		require.Contains(t, given()[secret], key, "Secret %s", secret)
		return
	}
	require.Contains(t, own.Data, key)
	require.NotEmpty(t, own.Data[key])
	job, isJob := o.jobs[pod]
	early := isJob && strings.HasPrefix(job.Annotations["helm.sh/hook"], "pre-install")
	require.Equal(t, early, own.Annotations["helm.sh/hook"] != "", "%s and Secret %s", pod, secret)
	if early {
		require.Equal(t, "-10", own.Annotations["helm.sh/hook-weight"], "before the Job, which has none")
		require.Empty(t, job.Annotations["helm.sh/hook-weight"])
	}
}

func mountOf(t *testing.T, template core.PodTemplateSpec, volume string) string {
	t.Helper()
	for _, mount := range container(t, template).VolumeMounts {
		if mount.Name == volume {
			require.True(t, mount.ReadOnly)
			return mount.MountPath
		}
	}
	require.Fail(t, "volume "+volume+" is not mounted")
	return ""
}
