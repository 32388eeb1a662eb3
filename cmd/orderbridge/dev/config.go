package dev

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"github.com/orderbridge/orderbridge/activities/seal"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/process"
	"github.com/orderbridge/orderbridge/worker"
)

// processConfig returns the configuration of ingress and worker: what the
// environment says, with what a development run decides by itself.
func (w *world) processConfig(address string) (process.Config, error) {
	environment := process.Environment{}
	maps.Copy(environment, w.options.Environment)
	if environment["ORDERBRIDGE_MASTER_KEY"] == "" && environment["ORDERBRIDGE_MASTER_KEY_FILE"] == "" {
		key, err := masterKey(filepath.Join(w.dataDir, "master.key"))
		if err != nil {
			return process.Config{}, err
		}
		environment["ORDERBRIDGE_MASTER_KEY"] = key
	}
	if !w.temporal.Foreign() {
		// Credentials and profiles are for other servers than our own.
		maps.DeleteFunc(environment, func(name, _ string) bool { return strings.HasPrefix(name, "TEMPORAL_") })
		environment["TEMPORAL_CONFIG_FILE"] = os.DevNull
	}
	environment["ORDERBRIDGE_LISTEN_ADDRESS"] = address
	if environment["ORDERBRIDGE_LOG_FORMAT"] == "" {
		environment["ORDERBRIDGE_LOG_FORMAT"] = "text"
	}
	// One address for everything, so that fewer ports are needed.
	environment["ORDERBRIDGE_OPS_ADDRESS"] = worker.Off
	environment["ORDERBRIDGE_SERVE_METRICS"] = "true"
	return process.Load(environment.Environ())
}

// masterKey reads the key of the data directory, or makes one. It must stay
// the same: it opens the credentials that Temporal keeps.
func masterKey(path string) (string, error) {
	content, err := os.ReadFile(path) //nolint:gosec // in the data directory that the user chose
	if err == nil {
		return strings.TrimSpace(string(content)), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read the master key: %w", err)
	}
	key := make([]byte, seal.MasterKeySize)
	_, _ = rand.Read(key) // never fails
	encoded := base64.StdEncoding.EncodeToString(key)
	if err := os.WriteFile(path, []byte(encoded+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("keep the master key: %w", err)
	}
	return encoded, nil
}
