package channelcmd

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/session"
)

// checkPoll is how often a check is asked how far it is.
const checkPoll = 500 * time.Millisecond

func (c *commands) newCheck() *cobra.Command {
	noDelivery := false
	cmd := &cobra.Command{
		Use: "check ID", Short: "Check a sales channel all the way round, and say what to do", Args: session.OneChannel,
		Long: `Check a sales channel all the way round: the access token and what it may do, the
hooks, the callback address as it is seen from where the worker runs, a real
delivery by BigCommerce, the downstream system, the rules, and the signature. Each
step is ok, a warning or failed, and says what to do.

For the delivery, a temporary hook and a metafield are made and removed again: the
metafield on the newest order that no webhook of the channel could act on, or else
on the newest of all. This takes up to two and a half minutes, and needs an API
account with "Orders: modify". With less, that step is a warning and nothing is
written. --no-delivery leaves it out.

Only one check of a channel runs at a time: if one is under way, that one is shown,
and says so. Ctrl-C ends the watching, and the check goes on.

The exit status is 1 if a step failed.`,
	}
	asJSON := jsonFlag(cmd)
	cmd.Flags().BoolVar(&noDelivery, "no-delivery", false, "do not cause a real delivery")
	cmd.RunE = c.run(longTimeout, func(ctx context.Context, s *session.Session, cmd *cobra.Command, args []string) error {
		run, err := s.Operator.StartCheck(ctx, s.By, args[0], !noDelivery)
		if err != nil {
			return err
		}
		if run.Joined {
			_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "channel %s: a check is under way already: this shows that one\n", args[0])
		}
		progress := cmd.OutOrStdout()
		if *asJSON {
			progress = io.Discard
		}
		var report activities.CheckReport
		err = checking(args[0]).Do(ctx, cmd.ErrOrStderr(), func(ctx context.Context) (err error) {
			report, err = follow(ctx, progress, func(ctx context.Context) (activities.CheckReport, bool, error) {
				return s.Operator.CheckProgress(ctx, run)
			})
			return err
		})
		if err != nil {
			return err
		}
		if *asJSON {
			err = printJSON(cmd.OutOrStdout(), report)
		} else {
			_, err = fmt.Fprintf(progress, "channel %s: %s\n", args[0], report.Result)
		}
		if err == nil && report.Result == activities.CheckFailed {
			return fmt.Errorf("channel %s: the check failed", args[0])
		}
		return err
	})
	return cmd
}

// follow prints each step of a check once it has a result, until the check is
// done.
func follow(
	ctx context.Context, out io.Writer, ask func(context.Context) (activities.CheckReport, bool, error),
) (activities.CheckReport, error) {
	printed := 0
	ticker := time.NewTicker(checkPoll)
	defer ticker.Stop()
	for {
		report, done, err := ask(ctx)
		if err != nil {
			return report, err
		}
		for ; printed < len(report.Steps) && report.Steps[printed].Result != activities.CheckRunning; printed++ {
			if err := printStep(out, report.Steps[printed]); err != nil {
				return report, err
			}
		}
		if done {
			return report, nil
		}
		select {
		case <-ctx.Done():
			return report, ctx.Err()
		case <-ticker.C:
		}
	}
}

func printStep(out io.Writer, step activities.CheckStep) error {
	_, err := fmt.Fprintf(out, "%-8s %-11s %s\n", step.Result, step.Name, step.Detail)
	if err == nil && step.Advice != "" {
		_, err = fmt.Fprintf(out, "%-20s → %s\n", "", step.Advice)
	}
	return err
}
