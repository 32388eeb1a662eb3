package helm_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/v2/lint"
	"helm.sh/helm/v4/pkg/chart/v2/lint/support"
	metavalidation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// TestLint is helm lint --strict: a warning fails it.
func TestLint(t *testing.T) {
	t.Parallel()
	for _, set := range sets(t) {
		t.Run(set, func(t *testing.T) {
			t.Parallel()
			for _, version := range []string{"v1.27.0", "v1.37.0"} {
				cluster, err := common.ParseKubeVersion(version)
				require.NoError(t, err)
				result := lint.RunAll(chartDir, values(t, set), releaseNamespace, lint.WithKubeVersion(cluster))
				for _, message := range result.Messages {
					// Nobody looks at charts without an icon in a catalog of ours.
					if message.Severity > support.InfoSev {
						t.Errorf("%s: %s", version, message)
					}
				}
			}
		})
	}
}

// TestLabels checks what decoding does not: that names, labels and annotations
// are ones that the API server takes.
func TestLabels(t *testing.T) {
	t.Parallel()
	for _, set := range sets(t) {
		t.Run(set, func(t *testing.T) {
			t.Parallel()
			o := decode(t, values(t, set))
			for name, object := range o.all() {
				require.Empty(t, validation.IsDNS1123Subdomain(object.GetName()), name)
				require.Empty(t, metavalidation.ValidateLabels(object.GetLabels(), field.NewPath(name)))
				for _, label := range []string{"app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/version", "helm.sh/chart"} {
					require.Contains(t, object.GetLabels(), label, name)
				}
			}
			for name, template := range o.templates() {
				require.Empty(t, metavalidation.ValidateLabels(template.Labels, field.NewPath(name)))
				for _, port := range container(t, template).Ports {
					require.Empty(t, validation.IsValidPortName(port.Name), name)
				}
			}
			for name := range o.services {
				require.Empty(t, validation.IsDNS1035Label(name))
			}
			for name := range o.jobs {
				require.Empty(t, validation.IsValidLabelValue(name), "pods of a Job carry its name as a label")
			}
		})
	}
}

// TestLongNames shows that a release whose name is as long as Helm allows still
// has names that fit.
func TestLongNames(t *testing.T) {
	t.Parallel()
	given := values(t, "everything")
	merge(given, parse(t, `
fullnameOverride: a-release-with-a-name-that-is-as-long-as
worker: {versioning: {buildID: "2026.11.21_A-build.of-a-branch_with+a-long-name/7f3c0e1b5a"}}`))
	o := decode(t, given)
	for name, template := range o.templates() {
		require.Empty(t, metavalidation.ValidateLabels(template.Labels, field.NewPath(name)))
		require.LessOrEqual(t, len(name)+len("-0123456789-abcde"), validation.DNS1123SubdomainMaxLength)
	}
	for name := range o.services {
		require.LessOrEqual(t, len(name), validation.DNS1035LabelMaxLength)
	}
	for name := range o.jobs {
		require.LessOrEqual(t, len(name), validation.LabelValueMaxLength)
	}
	require.NotEmpty(t, o.services)
	require.NotEmpty(t, o.jobs)
}
