package main

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// contents are the files and folders that an archive holds beside the binary.
var contents = []string{"CHANGELOG.md", "LICENSE", "README.md", "deploy", "docs"}

// left are the folders below contents that only developers need.
var left = []string{"deploy/monitoring", "deploy/production", "deploy/release", "deploy/temporal", "deploy/vendure"}

// isOurs says whether a file matters to developers alone, or is a secret or a
// setting that somebody has made in the checkout.
func isOurs(name string) bool {
	base := path.Base(name)
	return path.Ext(base) == ".go" || slices.Contains([]string{"go.mod", "go.sum", ".gitignore", ".env"}, base) ||
		slices.ContainsFunc(strings.Split(name, "/"), func(part string) bool { return part == "testdata" || part == "secrets" })
}

// writeArchive makes OUT/orderbridge_VERSION_OS_ARCH.tar.gz and returns its
// path. Within, everything is below a folder of that name.
func writeArchive(o options, t target, binary string) (string, error) {
	name := fmt.Sprintf("orderbridge_%s_%s_%s", o.stamp.version, t.os, t.arch)
	files, err := list(os.DirFS(o.root))
	if err != nil {
		return "", err
	}
	out, err := os.Create(filepath.Join(o.out, name+".tar.gz")) //nolint:gosec // a path of our own
	if err != nil {
		return "", err
	}
	if err := errors.Join(fill(out, o, name, binary, files), out.Close()); err != nil {
		return "", fmt.Errorf("write %s: %w", out.Name(), err)
	}
	return out.Name(), nil
}

// list returns the files below contents, sorted. One of contents that is not
// there is an error.
func list(root fs.FS) ([]string, error) {
	var files []string
	for _, start := range contents {
		err := fs.WalkDir(root, start, func(name string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case slices.Contains(left, name):
				return fs.SkipDir
			case entry.Type().IsRegular() && !isOurs(name):
				files = append(files, name)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("list what belongs to a release: %w", err)
		}
	}
	slices.Sort(files)
	return files, nil
}

func fill(out io.Writer, o options, name, binary string, files []string) error {
	zip, err := gzip.NewWriterLevel(out, gzip.BestCompression)
	if err != nil {
		return err
	}
	archive := tar.NewWriter(zip)
	if err := add(archive, o, binary, name+"/orderbridge"); err != nil {
		return err
	}
	for _, file := range files {
		if err := add(archive, o, filepath.Join(o.root, filepath.FromSlash(file)), name+"/"+file); err != nil {
			return err
		}
	}
	return errors.Join(archive.Close(), zip.Close())
}

// add puts a file into an archive: owned by nobody, of the release's time, and
// of its mode only whether it can be run.
func add(archive *tar.Writer, o options, file, name string) error {
	in, err := os.Open(file) //nolint:gosec // paths of our own
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	header := &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: info.Size(), Mode: 0o644, ModTime: o.stamp.time, Format: tar.FormatPAX}
	if info.Mode()&0o111 != 0 {
		header.Mode = 0o755
	}
	if err := archive.WriteHeader(header); err != nil {
		return err
	}
	_, err = io.Copy(archive, in)
	return err
}

// writeSums writes the SHA-256 sums of files in the form that "sha256sum
// --check" reads.
func writeSums(file string, of []string) error {
	var sums strings.Builder
	for _, name := range of {
		content, err := os.ReadFile(name) //nolint:gosec // paths of our own
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(content), filepath.Base(name))
	}
	return os.WriteFile(file, []byte(sums.String()), 0o644) //nolint:gosec // what is released is for everybody to read
}
