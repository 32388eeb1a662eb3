// Package venduretest installs and runs a real Vendure on this machine, for
// tests and for the development run, and is a back door to it.
//
// Vendure is a program for Node.js. The first Start of a machine installs it
// from npm into the user's cache directory, from the files that package
// deploy/vendure holds, and fills a database once; see Install. Every Server
// works on a copy of that database in a directory of its own.
//
// A Server makes no mistakes on command. A Proxy stands between it and an
// adapter and makes them.
package venduretest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// FieldName is the order custom field in which a Server's orders have the
// number of the sales channel.
const FieldName = "channelOrderNumber"

// The things that a Server sells.
const (
	// SKUMug is not tracked: there are always enough.
	SKUMug = "MUG-1"
	// SKUTeapot is tracked; a new Server has a million.
	SKUTeapot = "TEAPOT-1"
)

// idleTimeout ends connections that are not in use before Node.js does, which
// closes them after five seconds: a request that is sent in that moment fails.
const idleTimeout = 2 * time.Second

// callTimeout bounds each call of the back door. Measured: 10 to 300 ms.
const callTimeout = 30 * time.Second

// Options say which server is wanted.
type Options struct {
	// CacheDir keeps the installation. Default "orderbridge" in
	// [os.UserCacheDir].
	CacheDir string
	// Dir holds the server's database, its log and the passwords made for it.
	// It is created when missing, belongs to one process at a time, and what
	// is in its database stays there for the next server. Required.
	Dir string
	// ListenAddress is the host:port to listen on. Default a free port on
	// 127.0.0.1.
	ListenAddress string
	// Progress receives a line, without line end, for whatever takes time. It
	// is called by one goroutine at a time. Default none.
	Progress func(format string, args ...any)
}

// Server is a Vendure that answers. Its methods can be used from several
// goroutines.
type Server struct {
	// AdapterUsername and AdapterPassword log in an administrator who may do
	// only what an adapter must: see AdapterPermissions.
	AdapterUsername string
	AdapterPassword string
	// LogFile is what the server writes of itself.
	LogFile string
	// Password and Username log in the superadmin, who may do everything.
	// The back door uses it.
	Password string
	Username string
	// ShopURL is the address of the Shop API, which customers use.
	ShopURL string
	// URL is the address of the Admin API, http://host:port/admin-api.
	URL string

	admin   *client
	adapter string // the id of the adapter's administrator
	dir     *directory
	method  string            // the id of the one shipping method
	skus    map[string]string // SKU to the id of its product variant

	proc      *process
	closeOnce sync.Once
	closeErr  error
}

// Start installs Vendure, if it is not yet, and starts a server that is ready
// when Start returns. ctx bounds the start, which takes four seconds and, with
// the installation, some minutes; the server ends with Close, or with this
// process, however that ends.
//
// It fails when Node.js or npm is missing or too old, when the packages can
// neither be downloaded nor compiled, when another process uses Options.Dir,
// and when the server dies or ctx ends before it answers. The error says which,
// and has the end of the server's log.
func Start(ctx context.Context, o Options) (*Server, error) {
	s, err := start(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("vendure: %w", err)
	}
	return s, nil
}

func start(ctx context.Context, o Options) (*Server, error) {
	if o.Dir == "" {
		return nil, errors.New("no directory given")
	}
	host, port, err := net.SplitHostPort(cmp.Or(o.ListenAddress, "127.0.0.1:0"))
	if err != nil {
		return nil, fmt.Errorf("address to listen on: %w", err)
	}
	node, err := findNode(ctx)
	if err != nil {
		return nil, err
	}
	installed, err := install(ctx, node, o)
	if err != nil {
		return nil, err
	}
	dir, err := openDirectory(o.Dir, filepath.Join(installed, databaseName))
	if err != nil {
		return nil, err
	}
	s := &Server{
		AdapterPassword: dir.secrets.AdapterPassword,
		AdapterUsername: dir.secrets.AdapterUsername,
		LogFile:         dir.file(logName),
		Password:        dir.secrets.Password,
		Username:        dir.secrets.Username,
		dir:             dir,
	}
	s.proc, err = startProcess(ctx, node, installed, s.LogFile, map[string]string{
		"VENDURE_DATABASE": dir.file(databaseName),
		"VENDURE_HOST":     host,
		"VENDURE_PASSWORD": s.Password,
		"VENDURE_PORT":     port,
		"VENDURE_USERNAME": s.Username,
	})
	if err != nil {
		return nil, errors.Join(err, dir.close())
	}
	s.URL, s.ShopURL = s.proc.url+adminPath, s.proc.url+shopPath
	s.admin = newClient(s.URL)
	if err := s.prepare(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("prepare the server: %w", err), s.Close())
	}
	return s, nil
}

// Done is closed when the server has ended, asked to or not.
func (s *Server) Done() <-chan struct{} { return s.proc.done }

// Err says, after Done, why the server ended: nil when it was closed, otherwise
// how it died, with the end of its log. Before that it is nil.
func (s *Server) Err() error {
	select {
	case <-s.proc.done:
		return s.proc.err()
	default:
		return nil
	}
}

// Close ends the server, waits until it is gone, and gives its directory free,
// with everything that is in it. It may be called more than once.
func (s *Server) Close() error {
	s.closeOnce.Do(func() {
		s.closeErr = errors.Join(s.proc.stop(), s.dir.close())
		s.admin.close()
	})
	return s.closeErr
}

// adminPath and shopPath are where config.js puts the APIs.
const (
	adminPath = "/admin-api"
	shopPath  = "/shop-api"
)

// cacheDir is the default of Options.CacheDir.
func cacheDir() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no cache directory: %w: set HOME or XDG_CACHE_HOME", err)
	}
	return filepath.Join(dir, "orderbridge"), nil
}
