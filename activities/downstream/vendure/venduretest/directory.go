package venduretest

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// Files of a server's directory.
const (
	databaseName = "vendure.sqlite"
	lockName     = "vendure.lock"
	logName      = "vendure.log"
	secretsName  = "vendure.json"
)

// directory is a server's directory, which this process has locked.
type directory struct {
	lock    *flock.Flock
	path    string
	secrets secrets
}

// secrets are the logins of one database. A superadmin keeps the password with
// which it was created, so they are kept beside it.
type secrets struct {
	Username        string `json:"username"`
	Password        string `json:"password"`
	AdapterUsername string `json:"adapter_username"`
	AdapterPassword string `json:"adapter_password"`
}

// openDirectory locks a directory and puts a copy of the populated database
// into it, unless it has one. The lock goes away with this process.
func openDirectory(path, populated string) (*directory, error) {
	path, err := filepath.Abs(path)
	if err == nil {
		err = os.MkdirAll(path, 0o700)
	}
	if err != nil {
		return nil, fmt.Errorf("directory of the server: %w", err)
	}
	d := &directory{path: path}
	d.lock = flock.New(d.file(lockName))
	locked, err := d.lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock directory %s: %w", path, err)
	}
	if !locked {
		return nil, fmt.Errorf("directory %s is in use by another process: stop that one first, or use another directory", path)
	}
	if err := d.fill(populated); err != nil {
		return nil, errors.Join(fmt.Errorf("directory %s: %w", path, err), d.close())
	}
	return d, nil
}

func (d *directory) file(name string) string { return filepath.Join(d.path, name) }

// close gives the directory free. The lock file stays: removing it would let
// two processes lock two files of one name.
func (d *directory) close() error { return d.lock.Close() }

// fill reads the secrets or, in a directory that has none, makes a database
// and then them, so that a beginning that broke off is made again.
func (d *directory) fill(populated string) error {
	raw, err := os.ReadFile(d.file(secretsName))
	if err == nil {
		return json.Unmarshal(raw, &d.secrets)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := copyFile(d.file(databaseName), populated); err != nil {
		return fmt.Errorf("copy the database: %w", err)
	}
	d.secrets = secrets{
		Username:        "superadmin-" + rand.Text(),
		Password:        rand.Text(),
		AdapterUsername: "orderbridge",
		AdapterPassword: rand.Text(),
	}
	raw, err = json.Marshal(d.secrets) //nolint:gosec // Into a file that only its owner reads.
	if err != nil {
		return err
	}
	return os.WriteFile(d.file(secretsName), append(raw, '\n'), 0o600)
}

func copyFile(to, from string) error {
	in, err := os.Open(from) //nolint:gosec // Our own installation.
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600) //nolint:gosec // In our directory.
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
