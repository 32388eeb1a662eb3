package process

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestDocs compares the table of variables in the documentation with the
// configuration: neither may have one, or a default, that the other has not.
func TestDocs(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "configuration.md"))
	require.NoError(t, err)
	documented := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `(ORDERBRIDGE_[A-Z_]+)` \\| (?:`([^`]*)`|\\*required\\*) \\| .{20,} \\|$").
		FindAllStringSubmatch(string(text), -1) {
		require.NotContains(t, documented, row[1], "it is documented twice")
		documented[row[1]] = row[2]
	}
	configured := map[string]string{}
	for field := range fields(reflect.TypeFor[Config]()) {
		configured[field.Tag.Get("env")] = field.Tag.Get("envDefault")
	}
	require.Greater(t, len(configured), 10)
	require.Equal(t, configured, documented)
	for _, name := range secretVariables() {
		require.Contains(t, string(text), "`"+name+fileSuffix+"`")
	}
}
