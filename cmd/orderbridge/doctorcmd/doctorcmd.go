// Package doctorcmd holds the command that examines an installation and says
// what to do about what is wrong with it.
package doctorcmd

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/session"
)

const (
	// timeout bounds the whole examination. It is of use where there are very
	// many channels whose systems do not answer.
	timeout = 2 * time.Hour
	// checkTimeout bounds one check, unless --timeout says otherwise. The
	// address of callbacks may take ten seconds to answer.
	checkTimeout = 15 * time.Second
)

// New returns the command "doctor". It reads the configuration from the given
// environment, in the form of os.Environ, when it is run.
func New(environ []string) *cobra.Command {
	e := &examination{environ: environ}
	asJSON := false
	cmd := &cobra.Command{
		Use:   "doctor [CHANNEL…]",
		Short: "Examine the installation, and say what to do",
		Long: `Examine the installation, and say of each thing whether it is ok, a warning or
failed, and what to do: the configuration, the keys, Temporal and its namespace, the
clocks, the workers of each task queue, the processes on this machine, and every
channel, or those that are named.

It changes nothing and mends nothing. Everything is tried from this machine, with
the environment of this command: run it where the workers run, with their
environment. No worker need run for it. Without one, the settings of a channel are
those that were saved last, and how the channel is doing is not known.

"orderbridge channels check" looks at one channel from the workers, and causes a real
delivery.

The exit status is 1 if a check failed. No secret is printed.`,
		Example: `  orderbridge doctor
  orderbridge doctor main --json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if e.timeout <= 0 {
				return session.Misused(cmd, fmt.Errorf("--timeout %s must be above zero", e.timeout))
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
			defer cancel()
			e.ids = args
			out := cmd.OutOrStdout()
			if !asJSON {
				e.found = func(f Finding) { f.print(out) }
			}
			report := e.run(ctx)
			if err := cmd.Context().Err(); err != nil {
				return fmt.Errorf("not examined to the end: %w", err)
			}
			if asJSON {
				encoder := json.NewEncoder(out)
				encoder.SetIndent("", "  ")
				encoder.SetEscapeHTML(false)
				if err := encoder.Encode(report); err != nil {
					return err
				}
			} else if _, err := fmt.Fprintln(out, report.conclusion()); err != nil {
				return err
			}
			if n := report.count(activities.CheckFailed); n > 0 {
				return fmt.Errorf("%d of %d checks failed", n, len(report.Checks))
			}
			return nil
		},
	}
	cmd.Flags().DurationVar(&e.timeout, "timeout", checkTimeout, "how long one check may take")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	cmd.SetFlagErrorFunc(session.Misused)
	return cmd
}
