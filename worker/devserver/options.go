package devserver

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
)

// Defaults of [Options].
const (
	DefaultNamespace = "default"
	DefaultPort      = 7233
	DefaultUIPort    = 8233
	DefaultRetention = 7 * 24 * time.Hour

	// AnyPort as [Options].Port or UIPort takes whichever port is free.
	AnyPort = -1
)

// MinRetention is how long a namespace must keep closed workflows at the least.
// Orderbridge recognizes a repeated webhook by the workflow of the first one,
// and BigCommerce documents that it repeats for 48 hours; the rest is margin.
const MinRetention = 72 * time.Hour

const loopback = "127.0.0.1"

// Options say which server is wanted and how it is set up. The zero value is of
// no use: DataDir, InMemory or Address must be given.
type Options struct {
	// Address is the host:port of a running server. If it answers it is used and
	// nothing is started; if not, Progress says so and the search goes on.
	// Optional.
	Address string

	// CacheDir keeps downloaded and built executables. Defaults to "orderbridge"
	// in [os.UserCacheDir].
	CacheDir string

	// Client is how to connect to Address: TLS, credentials, and so on. HostPort
	// and Namespace are overwritten. A server that is started here is on loopback
	// and gets a plain connection. Optional.
	Client client.Options

	// DataDir holds the database, the log and the state of a started server. It
	// is created when missing, and belongs to one process at a time. It may be
	// empty with InMemory, which then uses a temporary directory, and with
	// Address.
	DataDir string

	// InMemory keeps the database in memory: it is gone when the server stops.
	InMemory bool

	// Logger takes what the Temporal client has to say. Defaults to none. The
	// server has a log file of its own, see [Server].LogFile.
	Logger *slog.Logger

	// ModuleDir is the directory of the deploy/temporal module, from which a
	// server can be built. By default it is looked for where this program was
	// compiled, and from the working directory upward.
	ModuleDir string

	// Namespace to use; created if missing. Defaults to "default".
	Namespace string

	// NoDownload leaves out the download of the official tool.
	NoDownload bool

	// Port is the wanted gRPC port. If it is taken, another one is, and Progress
	// says so. Defaults to 7233.
	Port int

	// Progress receives a line, without line end, for whatever takes time or is
	// not as asked for. It is called from several goroutines, one at a time.
	// Defaults to none.
	Progress func(format string, args ...any)

	// Retention is how long a namespace on a server started here keeps closed
	// workflows, at the least; a longer one is left alone. On a running server
	// it applies to a namespace that must be created and to no other. Defaults
	// to seven days. Temporal's own default for development is one day.
	Retention time.Duration

	// SearchAttributes are registered in the namespace. Those that exist already
	// are left alone; one that exists with another type is an error.
	SearchAttributes map[string]enumspb.IndexedValueType

	// UIPort is the wanted port of the Web UI, as Port. Defaults to 8233.
	UIPort int

	// UIURL is the base URL of the Web UI of the server at Address. By default
	// it is looked for on the gRPC port plus 1000, where the official tool has
	// it, if Address is on this machine.
	UIURL string
}

// withDefaults fills in what was left out and checks the rest.
func (o Options) withDefaults() (Options, error) {
	if o.DataDir == "" && !o.InMemory && o.Address == "" {
		return o, errors.New("temporal server: no data directory given: name one, or choose to keep everything in memory")
	}

	if o.CacheDir == "" {
		dir, err := os.UserCacheDir()
		if err != nil {
			return o, fmt.Errorf("temporal server: no cache directory: %w: set HOME or XDG_CACHE_HOME", err)
		}

		o.CacheDir = filepath.Join(dir, "orderbridge")
	}

	for _, dir := range []*string{&o.CacheDir, &o.DataDir, &o.ModuleDir} {
		if *dir == "" {
			continue
		}

		abs, err := filepath.Abs(*dir)
		if err != nil {
			return o, fmt.Errorf("temporal server: directory %s: %w", *dir, err)
		}

		*dir = abs
	}

	// The database's name becomes part of a URI, which the official tool does
	// not escape: with these characters it would use another file than we think.
	if strings.ContainsAny(o.DataDir, "?#%") {
		return o, fmt.Errorf("temporal server: data directory %s: its path must not contain any of ? # %%: choose another", o.DataDir)
	}

	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}

	if o.Namespace == "" {
		o.Namespace = DefaultNamespace
	}

	if o.Port == 0 {
		o.Port = DefaultPort
	}

	if o.UIPort == 0 {
		o.UIPort = DefaultUIPort
	}

	if o.Progress == nil {
		o.Progress = func(string, ...any) {}
	}

	if o.Retention == 0 {
		o.Retention = DefaultRetention
	}

	return o, nil
}

// clientOptions are the options of a connection to address. Those given for a
// foreign server carry credentials, which a server of ours must not be sent.
func (o Options) clientOptions(address string, foreign bool) client.Options {
	var c client.Options
	if foreign {
		c = o.Client
	}

	c.HostPort = address
	c.Namespace = o.Namespace

	if c.Logger == nil {
		c.Logger = sdklog.NewStructuredLogger(o.Logger)
	}

	return c
}
