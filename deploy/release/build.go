package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// target is a platform.
type target struct{ os, arch string }

func (t target) String() string { return t.os + "/" + t.arch }

// targets are the platforms of a release.
var targets = []target{{"darwin", "amd64"}, {"darwin", "arm64"}, {"linux", "amd64"}, {"linux", "arm64"}}

// chooseTargets returns those that are named, or all.
func chooseTargets(names []string) ([]target, error) {
	if len(names) == 0 {
		return targets, nil
	}
	chosen := make([]target, 0, len(names))
	for _, name := range names {
		i := slices.IndexFunc(targets, func(t target) bool { return t.String() == name })
		if i < 0 {
			return nil, fmt.Errorf("--target %q must be one of %v", name, targets)
		}
		chosen = append(chosen, targets[i])
	}
	return chosen, nil
}

// environment is that of the go command: whatever of the caller's could change
// a binary is set to its default.
func (t target) environment(environ []string) []string {
	return append(slices.Clone(environ),
		"CGO_ENABLED=0", "GOOS="+t.os, "GOARCH="+t.arch,
		"GOAMD64=v1", "GOARM64=v8.0", "GOEXPERIMENT=", "GOFIPS140=off", "GOFLAGS=-mod=readonly", "GOWORK=off")
}

// build compiles the binary for a target and returns its path:
// OUT/OS-ARCH/orderbridge.
func build(ctx context.Context, o options, t target) (string, error) {
	path := filepath.Join(o.out, t.os+"-"+t.arch, "orderbridge")
	const variables = "github.com/orderbridge/orderbridge/cmd/orderbridge/process."
	// What the go command would record of the repository differs between a
	// clone and an archive of it: the linker is told instead.
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", //nolint:gosec // arguments of our own
		"-ldflags", fmt.Sprintf("-s -w -buildid= -X %sversion=%s -X %scommit=%s", variables, o.stamp.version, variables, o.stamp.commit),
		"-o", path, "./cmd/orderbridge")
	cmd.Dir, cmd.Env = o.root, t.environment(os.Environ())
	if err := quietly(cmd); err != nil {
		return "", fmt.Errorf("build for %s: %w", t, err)
	}
	// The mask of the caller is not part of a release.
	if err := os.Chmod(path, 0o755); err != nil { //nolint:gosec // a program is for everybody to run
		return "", err
	}
	return path, os.Chtimes(path, o.stamp.time, o.stamp.time)
}

// quietly runs a command whose output matters only if it fails.
func quietly(cmd *exec.Cmd) error {
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args[:2], " "), err, strings.TrimSpace(said.String()))
	}
	return nil
}
