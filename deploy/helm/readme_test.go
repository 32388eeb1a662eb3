package helm_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"
)

// TestReadme compares the table of values in the chart's README with
// values.yaml: neither may have one, or a default, that the other has not.
func TestReadme(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(chartDir, "README.md"))
	require.NoError(t, err)
	_, table, found := strings.Cut(string(text), "\n## Values\n")
	require.True(t, found)
	documented := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([A-Za-z.]+)` \\| (?:`([^`]*)`|\\*none\\*|\\*below\\*) \\| .{10,} \\|$").FindAllStringSubmatch(table, -1) {
		require.NotContains(t, documented, row[1], "it is documented twice")
		documented[row[1]] = row[2]
	}
	rows := strings.Count(table, "\n| `")
	require.Len(t, documented, rows, "a row of the table is not of the right form")
	for name, value := range defaults(t) {
		shown, ok := documented[name]
		require.True(t, ok, "%s is not in the table", name)
		if shown != "" || value == "" {
			require.Equal(t, value, shown, name)
		} else {
			require.Contains(t, table, "| `"+name+"` | *below* |", "its default %s is not shown", value)
		}
		delete(documented, name)
	}
	require.Empty(t, documented, "not in values.yaml")
}

// defaults returns the values of values.yaml that a user gives as a whole, as
// the table writes them.
func defaults(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(chartDir, "values.yaml"))
	require.NoError(t, err)
	out := map[string]string{}
	flatten(t, "", parse(t, string(text)), properties(t), out)
	return out
}

// properties returns the schema.
func properties(t *testing.T) map[string]any {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(chartDir, "values.schema.json"))
	require.NoError(t, err)
	out := map[string]any{}
	require.NoError(t, yaml.Unmarshal(text, &out))
	return out
}

// flatten goes down as far as the schema names properties. A secret is one
// value: all of them have the same three parts.
func flatten(t *testing.T, prefix string, of, schema map[string]any, out map[string]string) {
	t.Helper()
	named, _ := schema["properties"].(map[string]any)
	for name, value := range of {
		of, ok := named[name].(map[string]any)
		require.True(t, ok, "%s%s is not in the schema", prefix, name)
		under, isMap := value.(map[string]any)
		if _, has := of["properties"]; has && isMap {
			flatten(t, prefix+name+".", under, of, out)
			continue
		}
		switch value := value.(type) {
		case nil:
			out[prefix+name] = ""
		case string:
			out[prefix+name] = value
		default:
			asJSON, err := json.Marshal(value)
			require.NoError(t, err)
			out[prefix+name] = string(asJSON)
			if len(asJSON) == len("{}") && strings.Trim(string(asJSON), "{}[]") == "" {
				out[prefix+name] = ""
			}
		}
	}
}
