package helm_test

import (
	"strings"
	"testing"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"github.com/stretchr/testify/require"
	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// objects are what a release consists of, by kind and name.
type objects struct {
	configMaps      map[string]*core.ConfigMap
	deployments     map[string]*apps.Deployment
	autoscalers     map[string]*autoscaling.HorizontalPodAutoscaler
	ingresses       map[string]*networking.Ingress
	jobs            map[string]*batch.Job
	monitors        map[string]*monitoring.ServiceMonitor
	networkPolicies map[string]*networking.NetworkPolicy
	pods            map[string]*core.Pod
	budgets         map[string]*policy.PodDisruptionBudget
	rules           map[string]*monitoring.PrometheusRule
	secrets         map[string]*core.Secret
	serviceAccounts map[string]*core.ServiceAccount
	services        map[string]*core.Service
}

// decode reads the rendered objects of a set of values. A field that
// Kubernetes, or the Prometheus operator, does not know fails the test, and so
// does one that is given twice.
func decode(t *testing.T, given map[string]any) objects {
	t.Helper()
	var o objects
	for _, text := range manifests(t, given) {
		var kind meta.TypeMeta
		require.NoError(t, yaml.Unmarshal([]byte(text), &kind), text)
		switch kind.APIVersion + " " + kind.Kind {
		case "v1 ConfigMap":
			o.configMaps = add(t, o.configMaps, text)
		case "apps/v1 Deployment":
			o.deployments = add(t, o.deployments, text)
		case "autoscaling/v2 HorizontalPodAutoscaler":
			o.autoscalers = add(t, o.autoscalers, text)
		case "networking.k8s.io/v1 Ingress":
			o.ingresses = add(t, o.ingresses, text)
		case "batch/v1 Job":
			o.jobs = add(t, o.jobs, text)
		case "monitoring.coreos.com/v1 ServiceMonitor":
			o.monitors = add(t, o.monitors, text)
		case "networking.k8s.io/v1 NetworkPolicy":
			o.networkPolicies = add(t, o.networkPolicies, text)
		case "v1 Pod":
			o.pods = add(t, o.pods, text)
		case "policy/v1 PodDisruptionBudget":
			o.budgets = add(t, o.budgets, text)
		case "monitoring.coreos.com/v1 PrometheusRule":
			o.rules = add(t, o.rules, text)
		case "v1 Secret":
			o.secrets = add(t, o.secrets, text)
		case "v1 ServiceAccount":
			o.serviceAccounts = add(t, o.serviceAccounts, text)
		case "v1 Service":
			o.services = add(t, o.services, text)
		default:
			t.Fatalf("the chart renders a %s %s, which this test does not know", kind.APIVersion, kind.Kind)
		}
	}
	return o
}

// add decodes an object strictly and adds it by its name.
func add[T any, O interface {
	*T
	meta.Object
}](t *testing.T, to map[string]O, text string) map[string]O {
	t.Helper()
	asJSON, err := yaml.YAMLToJSONStrict([]byte(text))
	require.NoError(t, err, text)
	object := O(new(T))
	mistakes, err := kjson.UnmarshalStrict(asJSON, object)
	require.NoError(t, err, text)
	require.Empty(t, mistakes, text)
	if to == nil {
		to = map[string]O{}
	}
	require.NotContains(t, to, object.GetName(), "two of a kind have one name")
	require.Empty(t, object.GetNamespace(), "helm decides on the namespace")
	to[object.GetName()] = object
	return to
}

// all returns the metadata of every object, by kind and name.
func (o objects) all() map[string]meta.Object {
	out := map[string]meta.Object{}
	collect(out, "ConfigMap", o.configMaps)
	collect(out, "Deployment", o.deployments)
	collect(out, "HorizontalPodAutoscaler", o.autoscalers)
	collect(out, "Ingress", o.ingresses)
	collect(out, "Job", o.jobs)
	collect(out, "ServiceMonitor", o.monitors)
	collect(out, "NetworkPolicy", o.networkPolicies)
	collect(out, "Pod", o.pods)
	collect(out, "PodDisruptionBudget", o.budgets)
	collect(out, "PrometheusRule", o.rules)
	collect(out, "Secret", o.secrets)
	collect(out, "ServiceAccount", o.serviceAccounts)
	collect(out, "Service", o.services)
	return out
}

func collect[O meta.Object](out map[string]meta.Object, kind string, of map[string]O) {
	for name, object := range of {
		out[kind+" "+name] = object
	}
}

// templates returns the pod template of each Deployment, Job and Pod, by its
// name.
func (o objects) templates() map[string]core.PodTemplateSpec {
	out := map[string]core.PodTemplateSpec{}
	for name, deployment := range o.deployments {
		out[name] = deployment.Spec.Template
	}
	for name, job := range o.jobs {
		out[name] = job.Spec.Template
	}
	for name, pod := range o.pods {
		out[name] = core.PodTemplateSpec{ObjectMeta: pod.ObjectMeta, Spec: pod.Spec}
	}
	return out
}

// container returns the one container of a pod.
func container(t *testing.T, template core.PodTemplateSpec) core.Container {
	t.Helper()
	require.Len(t, template.Spec.Containers, 1)
	return template.Spec.Containers[0]
}

// plain returns the environment of a container that is written out. A variable
// that is given twice fails the test.
func plain(t *testing.T, c core.Container) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, variable := range c.Env {
		require.NotContains(t, out, variable.Name, "it is given twice")
		require.False(t, strings.TrimSpace(variable.Name) == "" || variable.ValueFrom != nil)
		out[variable.Name] = variable.Value
	}
	return out
}
