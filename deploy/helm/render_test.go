// Package helm_test checks the Helm chart without a cluster: what it renders for
// several sets of values is decoded into the types of Kubernetes, its references
// are followed, and its containers are started with the environment they get.
package helm_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/engine"
	"sigs.k8s.io/yaml"
)

const chartDir = "orderbridge"

// The release that tests render: what helm install is told.
const (
	releaseName      = "shop"
	releaseNamespace = "orders"
)

// sets returns the names of the sets of values in testdata/values.
func sets(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "values", "*.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	names := make([]string, 0, len(files))
	for _, file := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(file), ".yaml"))
	}
	return names
}

// values reads a set of values.
func values(t *testing.T, set string) map[string]any {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "values", set+".yaml"))
	require.NoError(t, err)
	return parse(t, string(text))
}

// parse reads values that are written out.
func parse(t *testing.T, text string) map[string]any {
	t.Helper()
	out := map[string]any{}
	require.NoError(t, yaml.UnmarshalStrict([]byte(text), &out))
	return out
}

// render is what helm template does: it checks the values against the schema,
// and returns the text of each template that has any, by its name.
func render(given map[string]any) (map[string]string, error) {
	chart, err := loader.Load(chartDir)
	if err != nil {
		return nil, err
	}
	release := common.ReleaseOptions{Name: releaseName, Namespace: releaseNamespace, Revision: 1, IsInstall: true}
	all, err := util.ToRenderValues(chart, given, release, common.DefaultCapabilities)
	if err != nil {
		return nil, err
	}
	var e engine.Engine
	texts, err := e.Render(chart, all)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for name, text := range texts {
		if strings.TrimSpace(text) != "" {
			out[strings.TrimPrefix(name, chartDir+"/templates/")] = text
		}
	}
	return out, nil
}

// manifests returns the rendered objects as text, in the order of their
// templates.
func manifests(t *testing.T, given map[string]any) []string {
	t.Helper()
	texts, err := render(given)
	require.NoError(t, err)
	var names []string
	for name := range texts {
		if strings.HasSuffix(name, ".yaml") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var out []string
	for _, name := range names {
		for document := range strings.SplitSeq("\n"+texts[name], "\n---") {
			if hasObject(document) {
				out = append(out, strings.TrimSpace(document))
			}
		}
	}
	return out
}

// hasObject tells whether a document is more than comments.
func hasObject(document string) bool {
	for line := range strings.Lines(document) {
		if text := strings.TrimSpace(line); text != "" && !strings.HasPrefix(text, "#") {
			return true
		}
	}
	return false
}
