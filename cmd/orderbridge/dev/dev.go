// Package dev is the development run: everything that Orderbridge needs on one
// machine, and a short story played on it.
package dev

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/orderbridge/orderbridge/cmd/orderbridge/process"
)

// Options are the flags of the dev command.
type Options struct {
	// DataDir keeps the Temporal database, the keys and the logs.
	DataDir string
	// InMemory keeps nothing: everything is gone at the end.
	InMemory bool
	// Once ends the run after the story.
	Once bool
	// Downstream is the kind of the order system; see sandbox.Kinds.
	Downstream string
	// Out is told what happens, in plain lines.
	Out io.Writer
	// Environment is the process's environment.
	Environment process.Environment
	// Listen, StoreListen and DownstreamListen are the preferred addresses.
	// Each gives way to a free one if it is taken.
	Listen           string
	StoreListen      string
	DownstreamListen string
}

// stopTimeout bounds the orderly end of all parts.
const stopTimeout = time.Minute

// Run starts everything, plays the story, and goes on until ctx ends, or ends
// after the story with Options.Once. It returns an error when something could
// not be started, or when the story went wrong in a run with Once.
func Run(ctx context.Context, options Options) (err error) {
	console := &console{out: options.Out}
	world, err := start(ctx, options, console)
	defer func() {
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		err = errors.Join(err, world.stop(stopping))
		if ctx.Err() != nil || err == nil {
			console.linef("Stopped.")
		}
	}()
	if err != nil {
		if ctx.Err() != nil && !options.Once {
			return nil
		}
		return err
	}
	console.linef("")
	world.printAddresses()
	if err := world.tell(ctx); err != nil {
		if options.Once {
			return err
		}
		if ctx.Err() != nil {
			return nil
		}
		console.linef("The story went wrong: %v", err)
	}
	if options.Once {
		return nil
	}
	world.invite()
	console.linef("Running. Press Ctrl-C to stop.")
	return world.wait(ctx)
}

// console writes whole lines, from any goroutine.
type console struct {
	mu  sync.Mutex
	out io.Writer
}

func (c *console) linef(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	// A terminal that is gone must not end the run.
	_, _ = fmt.Fprintf(c.out, strings.TrimRight(format, "\n")+"\n", args...)
}

// freeAddress returns the address, or if it is taken, one on the same host
// with a port that is free, and says so.
func (c *console) freeAddress(ctx context.Context, what, address string) (string, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return "", fmt.Errorf("%s: %w", what, err)
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		listener, err = config.Listen(ctx, "tcp", net.JoinHostPort(host, "0"))
		if err != nil {
			return "", fmt.Errorf("%s: no port is free on %s: %w", what, host, err)
		}
		c.linef("%s: %s is taken, so it listens on %s", what, address, listener.Addr())
	}
	free := listener.Addr().String()
	if err := listener.Close(); err != nil {
		return "", fmt.Errorf("%s: %w", what, err)
	}
	return free, nil
}
