package devserver

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// modulePath is the module that a server is built from.
const modulePath = "github.com/orderbridge/orderbridge/deploy/temporal"

// hashLength in hexadecimal digits is enough to tell a handful of builds apart.
const hashLength = 16

// errNoModule is wrapped when the source of the server is nowhere to be found.
var errNoModule = errors.New("the module " + modulePath + " is not here")

// module is the source of the server.
type module struct {
	dir  string
	hash string // of all that a build depends on, the toolchain apart
}

// module finds the source: where it was said to be, or else where this program
// was compiled, or else under a directory above the working directory.
func (f finder) module() (*module, error) {
	if f.ModuleDir != "" {
		if !isModule(f.ModuleDir) {
			return nil, fmt.Errorf("%w: %s has no go.mod of it", errNoModule, f.ModuleDir)
		}

		return newModule(f.ModuleDir)
	}

	below := filepath.Join("deploy", "temporal")

	var candidates []string

	// With -trimpath this is no path of this machine.
	if _, file, _, ok := runtime.Caller(0); ok && filepath.IsAbs(file) {
		candidates = append(candidates, filepath.Join(filepath.Dir(file), "..", "..", below))
	}

	if dir, err := os.Getwd(); err == nil {
		for ; ; dir = filepath.Dir(dir) {
			candidates = append(candidates, filepath.Join(dir, below))

			if dir == filepath.Dir(dir) {
				break
			}
		}
	}

	i := slices.IndexFunc(candidates, isModule)
	if i < 0 {
		return nil, errNoModule
	}

	return newModule(candidates[i])
}

// isModule says whether a directory is the root of the module.
func isModule(dir string) bool {
	mod, err := os.ReadFile(filepath.Join(dir, "go.mod")) //nolint:gosec // A file of a fixed name.

	return err == nil && slices.Contains(strings.Split(string(mod), "\n"), "module "+modulePath)
}

// newModule reads the source to know it again.
func newModule(dir string) (*module, error) {
	sum := sha256.New()
	sum.Write([]byte(runtime.GOOS + "/" + runtime.GOARCH + "\n"))

	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !isSource(path) {
			return err
		}

		content, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(path))) //nolint:gosec // Found below dir.
		if err != nil {
			return err
		}

		sum.Write(fmt.Appendf(nil, "%s %d\n", path, len(content)))
		sum.Write(content)

		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read module %s: %w", dir, err)
	}

	return &module{dir: dir, hash: hex.EncodeToString(sum.Sum(nil))[:hashLength]}, nil
}

// isSource says whether a build depends on a file.
func isSource(path string) bool {
	return path == "go.mod" || path == "go.sum" || (strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go"))
}
