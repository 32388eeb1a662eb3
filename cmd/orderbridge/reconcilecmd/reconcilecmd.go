// Package reconcilecmd holds the command that searches a store for webhooks that
// never came.
package reconcilecmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/session"
	"github.com/orderbridge/orderbridge/ingress/operator"
)

const (
	// timeout bounds how long the command watches. A search of years in a
	// store with a small quota takes hours, and goes on without it.
	timeout = 48 * time.Hour
	// poll is how often it looks how far the search is.
	poll = 500 * time.Millisecond
)

// searcher is the part of operator.Service that the command needs.
type searcher interface {
	StartReconcile(ctx context.Context, request activities.ReconcileRequest) (operator.ReconcileRun, error)
	ReconcileProgress(ctx context.Context, run operator.ReconcileRun) (activities.ReconcileProgress, error)
	ReconcileResult(ctx context.Context, run operator.ReconcileRun) (activities.ReconcileReport, error)
}

// New returns the command "reconcile". It reads its connection from the given
// environment, in the form of os.Environ, when it is run.
func New(environ []string) *cobra.Command {
	since := ""
	c := &command{poll: poll}
	var request activities.ReconcileRequest
	cmd := &cobra.Command{
		Use:   "reconcile CHANNEL",
		Short: "Search a store for orders whose webhook never came, and see to them",
		Long: `Search a channel's BigCommerce store for orders that were changed and that no
webhook told of, and start for each of them what its webhook would have started.
An order that was seen to already is left alone, so it does no harm to search
the same time twice.

A worker does this by itself every few minutes. By hand, it is of use to look
further back, for example after settings were changed:

  --since 36h                   from so long ago
  --since 2026-11-20            from the beginning of that day, UTC
  --since 2026-11-20T08:00:00Z  from that moment

Without --since it searches from where the last search ended, like the one that
a worker does by itself.

Ctrl-C ends the watching and not the search. The connection to Temporal and the
settings come from the environment, as for "serve".`,
		Example: `  orderbridge reconcile main --since 7d --dry-run
  orderbridge reconcile main --since 7d`,
		Args: session.OneChannel,
		RunE: func(cmd *cobra.Command, args []string) error {
			if since == "" && cmd.Flags().Changed("since") {
				return session.Misused(cmd, errors.New("--since \"\": say from when; without --since it goes on from where the last search ended"))
			}
			from, err := parseSince(since, time.Now())
			if err != nil {
				return err
			}
			request.Channel, request.Since = args[0], from
			c.out, c.display = cmd.OutOrStdout(), newDisplay(cmd.ErrOrStderr())
			return session.Run(environ, timeout, func(ctx context.Context, s *session.Session, _ *cobra.Command, _ []string) error {
				return c.run(ctx, s.Operator, request)
			})(cmd, args)
		},
	}
	cmd.Flags().StringVar(&since, "since", "", "search from this `time`, date, or so long ago")
	cmd.Flags().BoolVar(&request.DryRun, "dry-run", false, "start nothing: print what would be started")
	cmd.Flags().BoolVar(&c.asJSON, "json", false, "print the report as JSON")
	cmd.SetFlagErrorFunc(session.Misused)
	return cmd
}

// command is one run of the command.
type command struct {
	out     io.Writer
	display display
	poll    time.Duration
	asJSON  bool
}

func (c *command) run(ctx context.Context, s searcher, request activities.ReconcileRequest) error {
	run, err := s.StartReconcile(ctx, request)
	if errors.Is(err, channels.ErrUnknown) {
		return fmt.Errorf("%w: \"orderbridge channels list\" shows those that there are", err)
	}
	if err != nil {
		return err
	}
	report, err := c.watch(ctx, s, run)
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("not watched any longer: the search goes on as the workflow %s, which the Temporal Web UI shows, "+
			"and so does: temporal workflow show --workflow-id %s", run.WorkflowID, run.WorkflowID)
	}
	if err != nil {
		return err
	}
	if c.asJSON {
		encoder := json.NewEncoder(c.out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(report)
	}
	return printReport(c.out, report)
}

// watch shows how far a search is until it ends.
func (c *command) watch(ctx context.Context, s searcher, run operator.ReconcileRun) (activities.ReconcileReport, error) {
	defer c.display.close()
	type end struct {
		report activities.ReconcileReport
		err    error
	}
	ended := make(chan end, 1)
	var waiting sync.WaitGroup
	defer waiting.Wait()
	waitCtx, cancel := context.WithCancel(ctx)
	defer cancel()
	waiting.Go(func() {
		report, err := s.ReconcileResult(waitCtx, run)
		ended <- end{report, err}
	})
	ticker := time.NewTicker(c.poll)
	defer ticker.Stop()
	for {
		select {
		case e := <-ended:
			return e.report, e.err
		case <-ctx.Done():
			return activities.ReconcileReport{}, ctx.Err()
		case <-ticker.C:
			// A worker that is busy or away shows nothing for a while.
			if progress, err := s.ReconcileProgress(ctx, run); err == nil {
				c.display.show(progress)
			}
		}
	}
}
