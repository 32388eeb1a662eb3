// Package setupcmd holds the command that prepares a Temporal namespace.
package setupcmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"github.com/orderbridge/orderbridge/cmd/orderbridge/process"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/session"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/setupcmd/namespace"
	"github.com/orderbridge/orderbridge/worker"
	"github.com/orderbridge/orderbridge/workflows"
)

const (
	// timeout bounds all that is done once Temporal has answered: on a cluster,
	// what was made can be used after some seconds.
	timeout = time.Minute
	// attempt bounds one question whether Temporal is there.
	attempt = 5 * time.Second
	// pause is how long the command waits between two of them.
	pause = time.Second
	// day is what Temporal counts retentions in at the least.
	day = 24 * time.Hour
	// maxRetention is what a Duration in hours stays readable for: 100 years.
	maxRetention = 36_500 * day
)

// options are the flags of the command.
type options struct {
	retention string
	wait      time.Duration
	dryRun    bool
	asJSON    bool
}

// New returns the command "setup". It reads its connection from the given
// environment, in the form of os.Environ, when it is run. The master key is not
// needed.
func New(environ []string) *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:   "setup",
		Short: "Prepare the Temporal namespace, and say what was changed",
		Long: `Prepare the Temporal namespace that TEMPORAL_NAMESPACE names: create it if it does
not exist, and add the search attributes that it lacks. What is there already stays
as it is, so it does no harm to run it again: before every start, for example.

A namespace that is created keeps closed workflows for 30 days. That of one which
exists is changed only with --retention: 72h at the least, because BigCommerce
repeats a webhook for 48 hours and a repetition is recognized by the workflow of the
first; more is for people who ask later what became of an order.

On Temporal Cloud, namespaces and search attributes are made by its own tools; the
command says which are missing, and how to add them.

The connection comes from the environment, as for "serve": TEMPORAL_… or a profile.
No other setting is needed.`,
		Example: `  orderbridge setup --dry-run
  TEMPORAL_NAMESPACE=shop orderbridge setup --retention 30d --wait 2m`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			retention, err := parseRetention(o.retention)
			if err == nil && o.wait <= 0 {
				err = fmt.Errorf("--wait %s must be above zero", o.wait)
			}
			if err != nil {
				return session.Misused(cmd, err)
			}
			return o.run(cmd, environ, retention)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.retention, "retention", "", "keep closed workflows for this `time`, such as 30d or 720h; without it, 30d if the namespace is created, and otherwise as it is")
	flags.DurationVar(&o.wait, "wait", 10*time.Second, "wait so long for Temporal to answer")
	flags.BoolVar(&o.dryRun, "dry-run", false, "change nothing: print what would be changed")
	flags.BoolVar(&o.asJSON, "json", false, "print it as JSON")
	cmd.SetFlagErrorFunc(session.Misused)
	return cmd
}

// parseRetention reads the value of --retention: 0 for none.
func parseRetention(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	retention, err := time.ParseDuration(text)
	if number, ok := strings.CutSuffix(text, "d"); ok {
		var days int
		days, err = strconv.Atoi(number)
		retention = time.Duration(min(max(days, 0), int(maxRetention/day)+1)) * day
	}
	switch {
	case err != nil:
		return 0, fmt.Errorf("--retention %q must look like 30d or 720h", text)
	case retention < namespace.MinRetention:
		return 0, fmt.Errorf("--retention %s must be at least %s: BigCommerce repeats a webhook for 48 hours, and a repetition must be recognized",
			text, namespace.Hours(namespace.MinRetention))
	case retention > maxRetention, retention%time.Hour != 0:
		return 0, fmt.Errorf("--retention %s must be a number of whole hours, and at most %dd", text, int(maxRetention/day))
	default:
		return retention, nil
	}
}

// report is what the command prints.
type report struct {
	Namespace string             `json:"namespace"`
	DryRun    bool               `json:"dry_run"`
	Changes   []namespace.Change `json:"changes"`
	Warnings  []string           `json:"warnings"`
}

func (o options) run(cmd *cobra.Command, environ []string, retention time.Duration) (err error) {
	environment, err := process.ReadEnvironment(environ)
	if err != nil {
		return err
	}
	connection := worker.Connection{Environment: environment, Logger: slog.New(slog.DiscardHandler)}
	clientOptions, err := worker.ClientOptions(connection)
	if err != nil {
		return err
	}
	temporal, name, err := worker.Connect(connection)
	if err != nil {
		return err
	}
	defer temporal.Close()
	if err := await(cmd.Context(), temporal, o.wait); err != nil {
		return fmt.Errorf("no Temporal answers at %s: check TEMPORAL_ADDRESS, TLS and credentials, and that the server runs: %w", clientOptions.HostPort, err)
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
	defer cancel()
	wish := namespace.Wish{Attributes: workflows.SearchAttributes(), Retention: retention}
	r := report{Namespace: name, DryRun: o.dryRun, Changes: []namespace.Change{}, Warnings: []string{}}
	said := cmd.OutOrStdout()
	if o.asJSON {
		said = io.Discard
	}
	err = o.prepare(ctx, temporal, wish, &r, said)
	if !o.asJSON {
		return err
	}
	// What was changed before something failed is told all the same.
	encoder := json.NewEncoder(cmd.OutOrStdout())
	encoder.SetIndent("", "  ")
	return errors.Join(err, encoder.Encode(r))
}

// prepare makes the namespace as it is wished, unless nothing is to be changed.
func (o options) prepare(ctx context.Context, temporal client.Client, wish namespace.Wish, r *report, out io.Writer) error {
	state, err := namespace.Look(ctx, temporal, r.Namespace, wish.Attributes)
	if err != nil {
		return err
	}
	changes, err := state.Plan(wish)
	if err != nil {
		return err
	}
	tell := func(change namespace.Change) {
		r.Changes = append(r.Changes, change)
		says := change.String()
		if o.dryRun {
			says = change.Intention()
		}
		_, _ = fmt.Fprintf(out, "namespace %s: %s\n", r.Namespace, says)
	}
	if o.dryRun {
		for _, change := range changes {
			tell(change)
		}
	} else if err := state.Apply(ctx, temporal, wish, changes, tell); err != nil {
		return err
	}
	if len(changes) == 0 {
		_, _ = fmt.Fprintf(out, "namespace %s: nothing to change\n", r.Namespace)
	}
	if short := state.ShortRetention(); short != nil && wish.Retention == 0 {
		r.Warnings = append(r.Warnings, short.Error())
		_, _ = fmt.Fprintf(out, "warning: %s\n", short)
	}
	return nil
}

// await returns once Temporal answers.
func await(ctx context.Context, temporal client.Client, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		attemptCtx, cancelAttempt := context.WithTimeout(ctx, attempt)
		_, err := temporal.CheckHealth(attemptCtx, &client.CheckHealthRequest{})
		cancelAttempt()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
		}
	}
}
