// Command release builds what a release consists of: for each platform an
// archive with the binary, the documentation and the files to run it with, a
// bill of materials for each, and the checksums of them all.
//
// The same commit gives the same bytes on any machine: the toolchain is the one
// that go.mod names, nothing of the machine enters the binary, and the times of
// all files are that of the commit.
//
//	go run ./deploy/release --out dist
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/pflag"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stderr)
	stop()
	if err != nil && !errors.Is(err, pflag.ErrHelp) {
		_, _ = fmt.Fprintf(os.Stderr, "release: %s\n", err)
		os.Exit(1)
	}
}

// options are a parsed command line.
type options struct {
	root     string // the repository
	out      string // where everything goes
	binaries bool   // the binaries alone
	targets  []target
	stamp    stamp
}

func run(ctx context.Context, args []string, log io.Writer) error {
	o, err := parse(ctx, args, log)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(o.out, 0o755); err != nil { //nolint:gosec // what is released is for everybody to read
		return err
	}
	var made []string
	for _, t := range o.targets {
		_, _ = fmt.Fprintf(log, "%s %s: the binary\n", o.stamp.version, t)
		binary, err := build(ctx, o, t)
		if err != nil {
			return err
		}
		if o.binaries {
			continue
		}
		_, _ = fmt.Fprintf(log, "%s %s: its bill of materials and the archive\n", o.stamp.version, t)
		bill, err := writeBill(ctx, o, t, binary)
		if err != nil {
			return err
		}
		archive, err := writeArchive(o, t, binary)
		if err != nil {
			return err
		}
		made = append(made, archive, bill)
	}
	if o.binaries {
		return nil
	}
	return writeSums(filepath.Join(o.out, "SHA256SUMS"), made)
}

func parse(ctx context.Context, args []string, log io.Writer) (options, error) {
	o := options{}
	var names []string
	flags := pflag.NewFlagSet("release", pflag.ContinueOnError)
	flags.SetOutput(log)
	flags.StringVar(&o.root, "root", ".", "the `directory` of the repository")
	flags.StringVar(&o.out, "out", "dist", "put everything into this `directory`")
	flags.BoolVar(&o.binaries, "binaries", false, "build the binaries alone")
	flags.StringArrayVar(&names, "target", nil, "build for this `os/arch` alone, for example linux/amd64; repeatable")
	flags.StringVar(&o.stamp.version, "version", "", "the version (default: what git describe says)")
	flags.StringVar(&o.stamp.commit, "commit", "", "the commit (default: that of HEAD)")
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	if flags.NArg() > 0 {
		return options{}, fmt.Errorf("no arguments are known, only flags: %q", flags.Args())
	}
	var err error
	if o.targets, err = chooseTargets(names); err != nil {
		return options{}, err
	}
	// The go command runs in the repository, whatever the paths are relative to.
	if o.root, err = filepath.Abs(o.root); err != nil {
		return options{}, err
	}
	if o.out, err = filepath.Abs(o.out); err != nil {
		return options{}, err
	}
	o.stamp, err = o.stamp.complete(ctx, o.root, os.Getenv("SOURCE_DATE_EPOCH"))
	return o, err
}
