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
	for _, row := range regexp.MustCompile("(?m)^\\| `(ORDERBRIDGE_[A-Z_]+)` \\| (?:`([^`]*)`|\\*required\\*|\\*none\\*) \\| .{20,} \\|$").
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

// TestTemporalMistakes shows that what the SDK would pass over is reported,
// together with everything else.
func TestTemporalMistakes(t *testing.T) {
	t.Parallel()
	_, err := Load([]string{"TEMPORAL_TLS=maybe", "TEMPORAL_CONFIG_FILE=/no/such/file", "ORDERBRIDGE_LOG_LEVEL=loud"})
	for _, says := range []string{
		`TEMPORAL_TLS "maybe" must be true or false`, "TEMPORAL_CONFIG_FILE: stat /no/such/file",
		"ORDERBRIDGE_LOG_LEVEL must be debug, info, warn or error", "ORDERBRIDGE_MASTER_KEY is missing",
	} {
		require.ErrorContains(t, err, says)
	}
	_, err = Load([]string{"TEMPORAL_PROFILE=no-such-profile", "ORDERBRIDGE_LOG_LEVEL=loud"})
	require.ErrorContains(t, err, "no-such-profile")
	require.ErrorContains(t, err, "ORDERBRIDGE_LOG_LEVEL")
}
