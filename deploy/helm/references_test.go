package helm_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// TestServices follows each Service to its pods, and each Ingress, monitor and
// doctor to its Service.
func TestServices(t *testing.T) {
	t.Parallel()
	for _, set := range sets(t) {
		t.Run(set, func(t *testing.T) {
			t.Parallel()
			o := decode(t, values(t, set))
			for name, service := range o.services {
				pods := selected(t, o, &meta.LabelSelector{MatchLabels: service.Spec.Selector})
				require.NotEmpty(t, pods, name)
				for _, port := range service.Spec.Ports {
					for pod, template := range pods {
						require.True(t, hasPort(t, template, port.TargetPort), "%s of %s has no port %s", pod, name, port.TargetPort.String())
					}
				}
			}
			for name, ingress := range o.ingresses {
				for _, rule := range ingress.Spec.Rules {
					for _, path := range rule.HTTP.Paths {
						backend := path.Backend.Service
						require.Contains(t, o.services, backend.Name, name)
						require.Equal(t, backend.Port.Name, o.services[backend.Name].Spec.Ports[0].Name)
					}
				}
			}
			for name, monitor := range o.monitors {
				service := o.services[fullName(set)+"-ops"]
				selector, err := meta.LabelSelectorAsSelector(&monitor.Spec.Selector)
				require.NoError(t, err)
				require.True(t, selector.Matches(labels.Set(service.Labels)), name)
				require.False(t, selector.Matches(labels.Set(o.services[fullName(set)+"-ingress"].Labels)), "its pods would be read twice")
				require.Equal(t, "job", monitor.Spec.Endpoints[0].RelabelConfigs[0].TargetLabel)
				require.Equal(t, "orderbridge", *monitor.Spec.Endpoints[0].RelabelConfigs[0].Replacement)
				require.Equal(t, service.Spec.Ports[0].Name, monitor.Spec.Endpoints[0].Port)
			}
		})
	}
}

// TestSelectors shows that every Deployment has pods of its own, and that what
// looks for the pods of another finds the right ones.
func TestSelectors(t *testing.T) {
	t.Parallel()
	for _, set := range sets(t) {
		t.Run(set, func(t *testing.T) {
			t.Parallel()
			o := decode(t, values(t, set))
			require.Len(t, selected(t, o, &meta.LabelSelector{}), len(o.templates()))
			for name, deployment := range o.deployments {
				require.Len(t, selected(t, o, deployment.Spec.Selector), 1, name)
				require.Contains(t, selected(t, o, deployment.Spec.Selector), name)
				for _, spread := range deployment.Spec.Template.Spec.TopologySpreadConstraints {
					require.Contains(t, selected(t, o, spread.LabelSelector), name)
				}
			}
			for name, budget := range o.budgets {
				for pod := range selected(t, o, budget.Spec.Selector) {
					require.Contains(t, pod, name, "the budget of one component counts the pods of another")
				}
			}
			for name, autoscaler := range o.autoscalers {
				target := autoscaler.Spec.ScaleTargetRef
				require.Contains(t, o.deployments, target.Name, name)
				require.Nil(t, o.deployments[target.Name].Spec.Replicas, "helm upgrade would undo what the autoscaler did")
				for _, metric := range autoscaler.Spec.Metrics {
					if metric.Resource != nil {
						c := container(t, o.deployments[target.Name].Spec.Template)
						require.Contains(t, c.Resources.Requests, metric.Resource.Name, "a share of what?")
					}
				}
			}
		})
	}
}

// TestNetworkPolicies shows that everything is refused that is not allowed, and
// what is allowed to whom.
func TestNetworkPolicies(t *testing.T) {
	t.Parallel()
	for _, set := range sets(t) {
		t.Run(set, func(t *testing.T) {
			t.Parallel()
			o := decode(t, values(t, set))
			if set == "open" {
				require.Empty(t, o.networkPolicies)
				return
			}
			covered := map[string]bool{}
			for name, policy := range o.networkPolicies {
				pods := selected(t, o, &policy.Spec.PodSelector)
				require.NotEmpty(t, pods, name)
				for pod := range pods {
					covered[pod] = covered[pod] || len(policy.Spec.PolicyTypes) == 2
				}
				for _, rule := range policy.Spec.Ingress {
					require.NotEmpty(t, rule.From, "%s: nobody named means everybody", name)
					requirePorts(t, name, rule.Ports, pods)
				}
				for _, rule := range policy.Spec.Egress {
					require.NotEmpty(t, rule.Ports, "%s: no port means every port", name)
				}
			}
			for name := range o.templates() {
				require.True(t, covered[name], "no policy refuses what %s is not allowed", name)
			}
			name := fullName(set)
			for pod := range selected(t, o, &o.networkPolicies[name+"-ingress"].Spec.PodSelector) {
				require.Equal(t, name+"-ingress", pod, "callbacks arrive at the ingress alone")
			}
		})
	}
}

// requirePorts looks for the named ports of a rule in the pods that it is for.
func requirePorts(t *testing.T, policy string, ports []networking.NetworkPolicyPort, pods map[string]core.PodTemplateSpec) {
	t.Helper()
	require.NotEmpty(t, ports, policy)
	for _, port := range ports {
		found := false
		for _, template := range pods {
			found = found || hasPort(t, template, *port.Port)
		}
		require.True(t, found, "%s: no pod has port %s", policy, port.Port.String())
	}
}

// fullName is the beginning of every name of a release of a set of values.
func fullName(set string) string {
	if set == "everything" {
		return releaseName + "-bridge"
	}
	return releaseName + "-orderbridge"
}

// selected returns the pods that a selector finds.
func selected(t *testing.T, o objects, by *meta.LabelSelector) map[string]core.PodTemplateSpec {
	t.Helper()
	selector, err := meta.LabelSelectorAsSelector(by)
	require.NoError(t, err)
	out := map[string]core.PodTemplateSpec{}
	for name, template := range o.templates() {
		if selector.Matches(labels.Set(template.Labels)) {
			out[name] = template
		}
	}
	return out
}

func hasPort(t *testing.T, template core.PodTemplateSpec, port intstr.IntOrString) bool {
	t.Helper()
	for _, has := range container(t, template).Ports {
		if has.Name == port.StrVal || port.IntVal != 0 && has.ContainerPort == port.IntVal {
			return true
		}
	}
	return false
}
