// Package channelcmd holds the commands that work on sales channels.
package channelcmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/session"
)

const (
	// timeout bounds one command. A save tries the credentials of both sides and
	// waits for the hooks, which takes seconds, or two minutes if a side is out of
	// reach, and as long again if an audit is under way.
	timeout = 5 * time.Minute
	// longTimeout bounds the commands that wait for new hooks to work, for which
	// BigCommerce documents up to a minute.
	longTimeout = 15 * time.Minute
	// manyTimeout bounds the commands that work on many channels, or wait for a
	// person.
	manyTimeout = 2 * time.Hour
)

// commands makes the commands. They share the environment that they are run in.
type commands struct {
	environ []string
}

// New returns the command "channels". It reads its connection from the given
// environment, in the form of os.Environ, when one of its commands is run.
func New(environ []string) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "channels",
		Short: "Add, change, check and show sales channels",
		Long: `Add, change, check and show sales channels. A sales channel is one BigCommerce
store connected to one downstream system, with the settings that decide what a
webhook may do.

A worker must be running: it tries the credentials, and makes the hooks in the
store match the settings. Secrets come from files or from standard input, never
from arguments, and are sealed before they leave the command.

The connection to Temporal and the key that seals credentials come from the
environment, as for "serve": see docs/configuration.md. docs/channels.md begins
with the API account that has to be made in BigCommerce.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	c := &commands{environ: environ}
	cmd.AddCommand(
		c.newAdd(), c.newSet(), c.newSwitch("activate", true), c.newSwitch("deactivate", false), c.newRemove(),
		c.newList(), c.newShow(), c.newHistory(),
		c.newCheck(), c.newAudit(), c.newApply(),
		c.newRotateSecret(), c.newRotateAccessToken(), c.newRotateDownstreamToken(), c.newRotateKey(),
		newHelp(cmd),
	)
	cmd.SetFlagErrorFunc(session.Misused)
	return cmd
}

// newHelp returns "channels help COMMAND": cobra itself knows only that of the
// root.
func newHelp(parent *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND]", Short: "Help about any command", Args: cobra.MaximumNArgs(1), Hidden: true,
		RunE: func(_ *cobra.Command, args []string) error {
			cmd, rest, err := parent.Find(args)
			if err != nil || len(rest) > 0 {
				return session.Misused(parent, fmt.Errorf("there is no command %q", args[0]))
			}
			cmd.InitDefaultHelpFlag() // as when the command itself is run
			return cmd.Help()
		},
	}
}

// run returns a cobra RunE that runs a command on a session.
func (c *commands) run(timeout time.Duration, command session.Command) func(*cobra.Command, []string) error {
	return session.Run(c.environ, timeout, func(ctx context.Context, s *session.Session, cmd *cobra.Command, args []string) error {
		err := command(ctx, s, cmd, args)
		if errors.Is(err, channels.ErrUnknown) {
			return fmt.Errorf("%w: \"orderbridge channels list\" shows those that there are", err)
		}
		return err
	})
}

// jsonFlag adds the flag --json to a command that prints data.
func jsonFlag(cmd *cobra.Command) *bool {
	return cmd.Flags().Bool("json", false, "print it as JSON")
}

// list returns a slice that is a list in JSON also when there is nothing in it.
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

func printJSON(out io.Writer, v any) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(v)
}
