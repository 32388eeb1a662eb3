package devserver

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
)

// Files of a data directory.
const (
	databaseName = "temporal.db"
	lockName     = "temporal.lock"
	logName      = "temporal.log"
	stateName    = "temporal.json"
)

// How much of a server's log goes into an error.
const (
	tailBytes = 4096
	tailLines = 12
)

// ErrInUse is wrapped by the error that [Start] returns when another process
// uses the data directory.
var ErrInUse = errors.New("the data directory is in use by another process")

// state is what the next process must know about the server on a data
// directory. PID is 0 when none runs.
type state struct {
	PID           int    `json:"pid"`
	Address       string `json:"address,omitempty"`
	UIURL         string `json:"ui_url,omitempty"`
	InMemory      bool   `json:"in_memory,omitempty"`
	ServerVersion string `json:"server_version,omitempty"`
}

// dataDir is a data directory that this process holds the lock of.
type dataDir struct {
	path      string
	temporary bool
	lock      *flock.Flock
}

// openDataDir creates the directory if need be and locks it. The lock goes away
// with the process, however it ends.
func openDataDir(o Options) (*dataDir, error) {
	d := &dataDir{path: o.DataDir}

	var err error
	if d.path == "" {
		d.temporary = true
		d.path, err = os.MkdirTemp("", "orderbridge-temporal-")
	} else {
		err = os.MkdirAll(d.path, 0o700)
	}

	if err != nil {
		return nil, fmt.Errorf("temporal server: data directory: %w", err)
	}

	d.lock = flock.New(d.file(lockName))

	locked, err := d.lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("temporal server: lock data directory %s: %w", d.path, err)
	}

	if !locked {
		return nil, fmt.Errorf("temporal server: %s: %w: stop that one first, or use another data directory", d.path, ErrInUse)
	}

	return d, nil
}

func (d *dataDir) file(name string) string {
	return filepath.Join(d.path, name)
}

// close releases the lock; the lock file stays, because removing it would let
// two processes lock two files of one name.
func (d *dataDir) close() error {
	err := d.lock.Close()
	if d.temporary {
		err = errors.Join(err, os.RemoveAll(d.path))
	}

	if err != nil {
		return fmt.Errorf("temporal server: release data directory %s: %w", d.path, err)
	}

	return nil
}

// readState returns the zero state if there is none. One that cannot be read is
// an error: going on could put two servers on one database.
func (d *dataDir) readState() (state, error) {
	raw, err := os.ReadFile(d.file(stateName))
	if errors.Is(err, fs.ErrNotExist) {
		return state{}, nil
	}

	if err != nil {
		return state{}, fmt.Errorf("temporal server: %w", err)
	}

	var st state
	if err := json.Unmarshal(raw, &st); err != nil {
		return state{}, fmt.Errorf("temporal server: %s is damaged: %w: make sure that no Temporal server uses this directory, then delete that file",
			d.file(stateName), err)
	}

	return st, nil
}

// writeState replaces the state in one step.
func (d *dataDir) writeState(st state) error {
	raw, err := json.Marshal(st)
	if err != nil {
		return fmt.Errorf("temporal server: write state: %w", err)
	}

	temporary := d.file(stateName + ".new")
	if err := os.WriteFile(temporary, append(raw, '\n'), 0o600); err != nil {
		return fmt.Errorf("temporal server: write state: %w", err)
	}

	if err := os.Rename(temporary, d.file(stateName)); err != nil {
		return fmt.Errorf("temporal server: write state: %w", err)
	}

	return nil
}

// forgetProcess notes that no server runs any more.
func (d *dataDir) forgetProcess() error {
	st, err := d.readState()
	if err != nil {
		return err
	}

	return d.writeState(state{ServerVersion: st.ServerVersion})
}

// openLog begins a log file, keeping the one of the run before.
func (d *dataDir) openLog() (*os.File, error) {
	name := d.file(logName)
	if err := os.Rename(name, name+".old"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("temporal server: keep the last log: %w", err)
	}

	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600) //nolint:gosec // In our data directory.
	if err != nil {
		return nil, fmt.Errorf("temporal server: %w", err)
	}

	return f, nil
}

// logTail returns the last lines of a log, set up to be appended to an error.
func logTail(name string) string {
	f, err := os.Open(name) //nolint:gosec // In our data directory.
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()

	if info, err := f.Stat(); err == nil && info.Size() > tailBytes {
		if _, err := f.Seek(-tailBytes, io.SeekEnd); err != nil {
			return ""
		}
	}

	raw, err := io.ReadAll(f)
	if err != nil || len(raw) == 0 {
		return ""
	}

	lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
	lines = lines[max(0, len(lines)-tailLines):]

	return fmt.Sprintf("; the end of its log %s:\n\t%s", name, strings.Join(lines, "\n\t"))
}
