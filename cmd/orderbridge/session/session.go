// Package session connects the commands for operators to an installation.
package session

import (
	"context"
	"errors"
	"io"
	"os/user"
	"time"

	"github.com/spf13/cobra"

	"github.com/orderbridge/orderbridge/cmd/orderbridge/process"
	"github.com/orderbridge/orderbridge/ingress/operator"
	"github.com/orderbridge/orderbridge/worker"
)

// Session is a connection to an installation.
type Session struct {
	// Operator does what operators can do.
	Operator *operator.Service
	// By names the person, for edit histories.
	By string
}

// Command is what a command does with a session.
type Command func(ctx context.Context, s *Session, cmd *cobra.Command, args []string) error

// Run returns a cobra RunE that runs a command on a session. The connection is
// read from the given environment, in the form of os.Environ, when the command
// is run. The timeout bounds the whole command.
func Run(environ []string, timeout time.Duration, command Command) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) (err error) {
		ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
		defer cancel()
		config, err := process.Load(environ)
		if err != nil {
			return err
		}
		config.Worker.OpsAddress = worker.Off
		p, err := process.New(config, process.Options{Log: io.Discard})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, p.Close()) }()
		s := &Session{Operator: operator.New(p.Client, p.Namespace(), p.Keeper, worker.Drivers()), By: whoami()}
		return command(ctx, s, cmd, args)
	}
}

// whoami names the person for the edit history.
func whoami() string {
	if current, err := user.Current(); err == nil && current.Username != "" {
		return current.Username
	}
	return "command line"
}
