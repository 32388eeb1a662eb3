// Command temporal is a development Temporal server with its Web UI, in one
// process, on SQLite. It is compiled from Temporal's own Go modules, so that a
// machine that reaches a Go module proxy and nothing else can have one.
//
// It understands "temporal server start-dev" with the flags of the official
// command line tool, and nothing else of that tool: whatever starts the one can
// start the other. It has no authentication and therefore binds loopback
// addresses only. It is not meant for production.
//
// It is a module of its own because the server brings some 1,800 packages along
// that nothing else here needs to download, compile or audit.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/pflag"
	uiversion "github.com/temporalio/ui-server/v2/server/version"
	"go.temporal.io/server/common/headers"
)

const usage = `A development Temporal server, compatible with the official tool's
"temporal server start-dev". Loopback only, no authentication.

Usage:
  temporal server start-dev [flags]
  temporal --version

Flags:
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()

	if err != nil {
		_, _ = fmt.Fprintf(os.Stderr, "Error: %v\n", err)
		os.Exit(1)
	}
}

// run carries out one command line and returns when the server has stopped,
// which it does when ctx ends.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) == 1 && (args[0] == "--version" || args[0] == "-v") {
		_, err := fmt.Fprintln(stdout, versionLine())
		return err
	}

	opts, err := parseFlags(args, stderr)
	if errors.Is(err, pflag.ErrHelp) {
		return nil
	}

	if err != nil {
		return err
	}

	srv, err := start(context.WithoutCancel(ctx), &opts, stderr)
	if err != nil {
		return err
	}

	err = srv.awaitReady(ctx, opts)
	if err == nil {
		err = announce(stdout, opts)
	}

	if err == nil {
		<-ctx.Done()
	}

	// Told to stop before it was ready, the server has not failed.
	if ctx.Err() != nil {
		err = nil
	}

	return errors.Join(err, srv.stop())
}

// versionLine has the official tool's shape, from which launchers read the
// server's version.
func versionLine() string {
	return fmt.Sprintf("temporal version 0.0.0-orderbridge (Server %s, UI %s)", headers.ServerVersion, uiversion.UIVersion)
}

// announce says where everything is. The last line starts with "Ready".
func announce(w io.Writer, o options) error {
	persistence := "in memory"
	if o.dbFilename != "" {
		persistence = o.dbFilename
	}

	_, err := fmt.Fprintf(w, "Temporal Server:      %s\nTemporal Persistence: %s\nTemporal HTTP:        %s\nTemporal Metrics:     http://%s/metrics\n",
		hostPort(o.ip, o.port), persistence, hostPort(o.ip, o.httpPort), hostPort(o.ip, o.metricsPort))
	if err == nil && !o.headless {
		_, err = fmt.Fprintf(w, "Temporal UI:          http://%s%s\n", hostPort(o.uiIP, o.uiPort), o.uiPublicPath)
	}

	if err == nil {
		_, err = fmt.Fprintf(w, "Ready: %s\n", versionLine())
	}

	return err
}
