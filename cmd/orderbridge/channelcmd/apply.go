package channelcmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/channelcmd/channelfile"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/session"
	"github.com/orderbridge/orderbridge/ingress/operator"
	"github.com/orderbridge/orderbridge/worker"
)

func (c *commands) newApply() *cobra.Command {
	var path string
	var dryRun, yes bool
	cmd := &cobra.Command{
		Use: "apply -f FILE", Short: "Add and change sales channels to match a YAML file", Args: cobra.NoArgs,
		Long: `Add and change sales channels to match a YAML file, for those who keep their
settings under version control. The difference is shown first, and then it asks.
--dry-run shows the difference alone: neither side is asked, so credentials and
statuses that do not work are found only when it is applied.

The file is the whole truth of the channels in it: what it does not mention has
its default, and a client secret that it does not mention is removed. Channels
that are not in it are left alone.

Secrets do not belong into the file. It says where they are: {env: NAME} for an
environment variable, {file: PATH} for a file beside it. docs/channels.md lists
all fields.`,
		Example: `  orderbridge channels apply -f channels.yaml --dry-run

  # channels.yaml
  channels:
    - id: main
      store:
        hash: abc123
        access_token: {env: STORE_TOKEN}
      downstream:
        adapter: rest
        base_url: https://orders.example.com
        token: {file: wms-token}
      callback_url: https://hooks.example.com/webhooks/bigcommerce/main
      settings:
        valid_cancellation_statuses: [Awaiting Shipment]
        valid_fulfillment_statuses: [Awaiting Shipment]`,
	}
	asJSON := jsonFlag(cmd)
	flags := cmd.Flags()
	flags.StringVarP(&path, "file", "f", "", "the YAML `file`; - is standard input")
	flags.BoolVar(&dryRun, "dry-run", false, "show the difference and change nothing")
	flags.BoolVar(&yes, "yes", false, "do not ask")
	_ = cmd.MarkFlagRequired("file") // it fails only for a flag that is not there
	cmd.RunE = c.run(manyTimeout, func(ctx context.Context, s *session.Session, cmd *cobra.Command, _ []string) error {
		entries, name, err := c.readFile(cmd.InOrStdin(), path)
		if err != nil {
			return err
		}
		a := &application{session: s, file: name, entries: entries, out: cmd.OutOrStdout(), errOut: cmd.ErrOrStderr()}
		if *asJSON {
			// A program reads the result; a person who is asked reads this.
			a.out = cmd.ErrOrStderr()
		}
		err = a.plan(ctx)
		if err == nil && dryRun && a.pending() > 0 {
			_, err = fmt.Fprintln(a.out, "nothing was saved and nothing tried: whether the credentials and the statuses work, and whether another\n"+
				"channel has the same store and downstream account, shows when it is applied")
		}
		if err == nil && !dryRun && a.pending() > 0 {
			if err = confirm(cmd, yes, fmt.Sprintf("Make these changes to %s?", count(a.pending(), "channel"))); err == nil {
				err = a.save(ctx)
			}
		}
		if *asJSON {
			err = errors.Join(err, printJSON(cmd.OutOrStdout(), struct {
				Channels []applied `json:"channels"`
			}{a.results}))
		}
		return err
	})
	return cmd
}

// readFile reads a file of channels, and their secrets, and returns the name
// that messages call it by.
func (c *commands) readFile(stdin io.Reader, path string) ([]channelfile.Entry, string, error) {
	in, name := stdin, "stdin"
	if path != "-" {
		file, err := os.Open(path) //nolint:gosec // the operator names the file
		if err != nil {
			return nil, "", err
		}
		defer func() { _ = file.Close() }()
		in, name = file, filepath.Clean(path)
	}
	data, err := io.ReadAll(io.LimitReader(in, channelfile.MaxSize+1))
	if err != nil {
		return nil, "", fmt.Errorf("read %s: %w", name, err)
	}
	entries, err := channelfile.Parse(name, data, worker.Drivers(), c.variable)
	if err != nil {
		return nil, "", fmt.Errorf("%s cannot be applied:\n%w", name, err)
	}
	return entries, name, nil
}

// variable looks up a variable of the environment. The last one of a name
// counts, as in os/exec.
func (c *commands) variable(name string) (value string, found bool) {
	for _, entry := range c.environ {
		if key, v, ok := strings.Cut(entry, "="); ok && key == name {
			value, found = v, true
		}
	}
	return value, found
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

// What an application does with a channel.
const (
	actionAdd    = "add"
	actionChange = "change"
	actionNone   = "none"
)

// applied is what becomes of one channel.
type applied struct {
	operator.Plan

	// Action is one of the actions.
	Action string `json:"action"`
	// Result is what the save said, if there was one.
	Result *channels.SaveResult `json:"result,omitempty"`
	// Error is why it could not be done.
	Error *operator.Error `json:"error,omitempty"`
}
