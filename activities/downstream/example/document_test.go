package example_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream/downstreamtest"
)

// document is the page that takes this package apart.
func document(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "adding-a-downstream.md"))
	require.NoError(t, err)
	return string(text)
}

// indented is a line of a block without a fence, as the document has for
// commands.
var indented = regexp.MustCompile(`(?m)^ {4,}(.*)$`)

// TestDocumentQuotes looks for every block of the document in this package: all
// of them must be Go, and whole lines of one of its files. Only commands are let
// off.
func TestDocumentQuotes(t *testing.T) {
	t.Parallel()
	files := map[string]string{}
	require.NoError(t, filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" {
			return err
		}
		text, err := os.ReadFile(path)
		files[path] = "\n" + string(text)
		return err
	}))
	parts := strings.Split("\n"+document(t), "\n```")
	require.Equal(t, strings.Count(document(t), "```"), len(parts)-1, "a block is indented, so that it is not looked at")
	require.Greater(t, len(parts), 10, "the document quotes too little")
	require.Equal(t, 1, len(parts)%2, "a block does not end")
	for i := range parts {
		if i%2 == 0 {
			for _, command := range indented.FindAllStringSubmatch(parts[i], -1) {
				require.Regexp(t, `^(go|make) `, command[1], "an indented line that is no command")
			}
			continue
		}
		kind, block, _ := strings.Cut(parts[i], "\n")
		require.Equal(t, "go", kind, "the kind of the block that begins with %.80q", block)
		require.NotEmpty(t, strings.TrimSpace(block))
		found := false
		for _, text := range files {
			found = found || strings.Contains(text, "\n"+block+"\n")
		}
		require.True(t, found, "no file of this package has the block\n%s", block)
	}
}

// TestDocumentTables compares the tables of capabilities and faults with those
// that the suite has.
func TestDocumentTables(t *testing.T) {
	t.Parallel()
	text := document(t)
	for _, fault := range downstreamtest.Faults() {
		require.Equal(t, 1, strings.Count(text, "\n| `"+string(fault)+"` | "), "rows of the fault %q", fault)
	}
	for field := range reflect.TypeFor[downstreamtest.Capabilities]().Fields() {
		require.Equal(t, 1, strings.Count(text, "\n| `"+field.Name+"` | "), "rows of the capability %s", field.Name)
	}
	rows := strings.Count(text, "\n| `")
	require.Equal(t, len(downstreamtest.Faults())+reflect.TypeFor[downstreamtest.Capabilities]().NumField(), rows,
		"a row is about something that the suite has not")
}
