package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// writeBill makes OUT/orderbridge_VERSION_OS_ARCH.cdx.json and returns its path:
// a CycloneDX bill of the modules that the binary says it was linked from, with
// their checksums and the licenses that were found in them.
func writeBill(ctx context.Context, o options, t target, binary string) (string, error) {
	path := filepath.Join(o.out, fmt.Sprintf("orderbridge_%s_%s_%s.cdx.json", o.stamp.version, t.os, t.arch))
	find := exec.CommandContext(ctx, "go", "tool", "-modfile=.ci/tools/go.mod", "-n", "cyclonedx-gomod")
	find.Dir = o.root
	tool, err := find.Output()
	if err != nil {
		return "", fmt.Errorf("find the tool that writes bills of materials: %w", err)
	}
	// A serial number or a time would make each run another.
	cmd := exec.CommandContext(ctx, strings.TrimSpace(string(tool)), "bin", "-json", "-licenses", "-noserial", "-notimestamp", "-std", //nolint:gosec // what the go command says
		"-version", "v"+o.stamp.version, "-output", path, binary)
	// The build has put all modules into the cache. The main module is in no
	// proxy yet, and the tool would ask for its license there.
	cmd.Dir, cmd.Env = o.root, append(os.Environ(), "GOPROXY=off")
	if err := quietly(cmd); err != nil {
		return "", fmt.Errorf("write the bill of materials for %s: %w", t, err)
	}
	return path, forgetTool(path)
}

// forgetTool takes the checksums of the tool out of a bill: the tool was
// compiled on this machine, and another one's has others.
func forgetTool(path string) error {
	content, err := os.ReadFile(path) //nolint:gosec // a path of our own
	if err != nil {
		return err
	}
	var bill map[string]any
	if err := json.Unmarshal(content, &bill); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	metadata, _ := bill["metadata"].(map[string]any)
	tools, _ := metadata["tools"].([]any)
	if len(tools) == 0 {
		return fmt.Errorf("%s does not say what wrote it", path)
	}
	for _, tool := range tools {
		if fields, ok := tool.(map[string]any); ok {
			delete(fields, "hashes")
		}
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(bill); err != nil {
		return err
	}
	return os.WriteFile(path, out.Bytes(), 0o644) //nolint:gosec // what is released is for everybody to read
}
