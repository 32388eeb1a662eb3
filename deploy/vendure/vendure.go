// Package vendure holds the files of a small Vendure, the open-source commerce
// server, so that a program can install it wherever it runs. It is for tests
// and for the development run: see README.md, which also says how to start one
// by hand.
//
// Vendure is licensed under the GPL. It runs as a process of its own, is
// spoken to over HTTP and is never part of this program; the files here are
// what configures it.
package vendure

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

//go:embed package.json package-lock.json config.js populate.js server.js initial-data.json products.csv
var files embed.FS

// MinNode is the oldest major version of Node.js that will do: Vendure 3.7.3
// itself names none, better-sqlite3 12.11 and NestJS 11 document 20.
const MinNode = 20

// Hash identifies the files: with another version of any of them the database
// is populated anew.
func Hash() (string, error) { return hash(func(string) bool { return true }) }

// PackagesHash identifies the files that say which packages are installed.
func PackagesHash() (string, error) {
	return hash(func(name string) bool { return strings.HasPrefix(name, "package") })
}

func hash(of func(name string) bool) (string, error) {
	sum := sha256.New()
	err := each(func(name string, content []byte) error {
		if !of(name) {
			return nil
		}
		_, err := fmt.Fprintf(sum, "%s %d\n%s", name, len(content), content)
		return err
	})
	if err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil))[:16], nil
}

// Write puts the files into a directory that exists.
func Write(dir string) error {
	return each(func(name string, content []byte) error {
		return os.WriteFile(filepath.Join(dir, name), content, 0o600)
	})
}

// each goes through the files in the order of their names.
func each(use func(name string, content []byte) error) error {
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		return fmt.Errorf("files of vendure: %w", err)
	}
	for _, entry := range entries {
		content, err := files.ReadFile(entry.Name())
		if err != nil {
			return fmt.Errorf("files of vendure: %w", err)
		}
		if err := use(entry.Name(), content); err != nil {
			return fmt.Errorf("files of vendure: %s: %w", entry.Name(), err)
		}
	}
	return nil
}
