// Command orderbridge keeps a merchant's BigCommerce orders and their order or
// warehouse system in step.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	os.Exit(run())
}

// run is main with an exit code: 0 for success, 1 for failure.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second signal ends the process at once, should the orderly end hang.
	context.AfterFunc(ctx, stop)
	if err := newRootCommand(os.Environ(), os.Stdout, os.Stderr).ExecuteContext(ctx); err != nil {
		_, _ = fmt.Fprintf(os.Stderr, "orderbridge: %s\n", indented(err))
		return 1
	}
	return 0
}

// indented returns the text of an error that may have several parts, a line
// each: all lines after the first are set off from what else is on the terminal.
func indented(err error) string { return strings.ReplaceAll(err.Error(), "\n", "\n  ") }
