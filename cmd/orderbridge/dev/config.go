package dev

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/orderbridge/orderbridge/activities/downstream/sandbox"
	"github.com/orderbridge/orderbridge/activities/seal"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/process"
	"github.com/orderbridge/orderbridge/worker"
)

// checkOptions finds mistakes before anything is started: Temporal may take
// minutes to build.
func (w *world) checkOptions(context.Context) error {
	var errs []error
	for _, flag := range []struct{ name, address string }{
		{"--listen", w.options.Listen}, {"--store-listen", w.options.StoreListen}, {"--downstream-listen", w.options.DownstreamListen},
	} {
		host, port, err := net.SplitHostPort(flag.address)
		if _, convErr := strconv.ParseUint(port, 10, 16); err != nil || convErr != nil || host == "" {
			errs = append(errs, fmt.Errorf("%s %q must look like 127.0.0.1:8080", flag.name, flag.address))
		}
	}
	if !slices.Contains(sandbox.Kinds(), w.options.Downstream) {
		errs = append(errs, fmt.Errorf("--downstream %q is none of %s", w.options.Downstream, strings.Join(sandbox.Kinds(), ", ")))
	}
	environment := maps.Clone(w.options.Environment)
	if environment[masterKeyVariable] == "" {
		environment[masterKeyVariable] = newMasterKey()
	}
	_, err := process.Load(environment.Environ())
	return errors.Join(append(errs, err)...)
}

// processConfig returns the configuration of ingress and worker: what the
// environment says, with what a development run decides by itself.
func (w *world) processConfig(address string) (process.Config, error) {
	environment := process.Environment{}
	maps.Copy(environment, w.options.Environment)
	if environment[masterKeyVariable] == "" {
		key, err := masterKey(w.masterKeyPath())
		if err != nil {
			return process.Config{}, err
		}
		environment[masterKeyVariable] = key
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

const masterKeyVariable = "ORDERBRIDGE_MASTER_KEY"

// masterKeyPath is where the master key is kept, if the environment has none.
func (w *world) masterKeyPath() string { return filepath.Join(w.dataDir, "master.key") }

// masterKey reads the key of the data directory, or makes one. It must stay
// the same: it opens the credentials that Temporal keeps.
func masterKey(path string) (string, error) {
	content, err := os.ReadFile(path) //nolint:gosec // in the data directory that the user chose
	if errors.Is(err, fs.ErrNotExist) {
		key := newMasterKey()
		if err := os.WriteFile(path, []byte(key+"\n"), 0o600); err != nil {
			return "", fmt.Errorf("keep the master key: %w", err)
		}
		return key, nil
	}
	if err != nil {
		return "", fmt.Errorf("read the master key: %w", err)
	}
	key := strings.TrimSpace(string(content))
	if decoded, err := base64.StdEncoding.DecodeString(key); err != nil || len(decoded) != seal.MasterKeySize {
		return "", fmt.Errorf("%s does not hold the base64 of %d bytes: restore it, or begin with another --data-dir", path, seal.MasterKeySize)
	}
	return key, nil
}

func newMasterKey() string {
	key := make([]byte, seal.MasterKeySize)
	_, _ = rand.Read(key) // never fails
	return base64.StdEncoding.EncodeToString(key)
}
