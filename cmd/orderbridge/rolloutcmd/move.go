package rolloutcmd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	sdkworker "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/orderbridge/orderbridge/cmd/orderbridge/session"
	"github.com/orderbridge/orderbridge/worker"
	"github.com/orderbridge/orderbridge/workflows"
)

// moveTimeout bounds the moving of all runs of a build: each is read and replayed.
const moveTimeout = time.Hour

func newMove(environ []string) *cobra.Command {
	dryRun := false
	cmd := &cobra.Command{
		Use:   "move BUILD",
		Short: "Move the runs of a build that is gone to the current one",
		Long: `Move the workflows that stay with a build to the current one, because its workers are
gone for good and they would wait for ever. Runs that wait for an order downstream can do so
for a day, or for as long as their channel says: where that is possible, keep the workers
until the build is drained in place of this.

Each run is first replayed with the code of this binary, which therefore has to be that of
the current build. A run whose history this code would not have made is left where it is,
and named: only workers of its own build can end it, so start one of them.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 || args[0] == "" {
				return session.Misused(cmd, errors.New("give the id of one build, as \"orderbridge rollout status\" shows it"))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return connected(cmd, environ, moveTimeout, func(ctx context.Context, d *deployment) error {
				from := worker.Version{Deployment: d.version.Deployment, BuildID: args[0]}
				if err := from.Validate(); err != nil {
					return session.Misused(cmd, fmt.Errorf("build %q cannot be one: %w", args[0], err))
				}
				return d.move(ctx, from, dryRun)
			})
		},
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "move nothing: say which runs could be moved")
	return cmd
}

// move moves every run of a build that replays on this code.
func (d *deployment) move(ctx context.Context, from worker.Version, dryRun bool) error {
	routing, _, err := d.routing(ctx)
	switch {
	case err != nil:
		return err
	case from == d.version:
		return fmt.Errorf("%s is the one that its runs would be moved to: name another", named(from))
	case !is(routing.CurrentVersion, d.version):
		return fmt.Errorf("nothing was moved: the current build is %s, and this is %s; use the binary of the current one, or roll this one out first",
			named(asVersion(routing.CurrentVersion)), named(d.version))
	}
	moved, left := 0, 0
	err = d.each(ctx, from, func(run *common.WorkflowExecution) error {
		past, err := d.history(ctx, run)
		if err != nil {
			return fmt.Errorf("read the history of %s: %w", run.GetWorkflowId(), err)
		}
		if !replays(past, run) {
			left++
			_, _ = fmt.Fprintf(d.out, "%s stays: this code does not know its history\n", run.GetWorkflowId())
			return nil
		}
		says := "can be moved"
		if !dryRun {
			says = "moved"
			if gone, err := d.moveOne(ctx, run); err != nil || gone {
				return err
			}
		}
		moved++
		_, _ = fmt.Fprintf(d.out, "%s %s\n", run.GetWorkflowId(), says)
		return nil
	})
	if err != nil {
		return fmt.Errorf("move the runs of %s: %w", named(from), err)
	}
	if left > 0 {
		return fmt.Errorf("%d of %d runs stay with %s: start its workers again, they end there", left, left+moved, named(from))
	}
	if moved == 0 {
		_, _ = fmt.Fprintf(d.out, "no run stays with %s\n", named(from))
	}
	return nil
}

// each calls do for every run that stays with a build. All are listed before the
// first is moved, for those that are moved are not found any more.
func (d *deployment) each(ctx context.Context, from worker.Version, do func(*common.WorkflowExecution) error) error {
	var runs []*common.WorkflowExecution
	for token := []byte(nil); ; {
		page, err := d.temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
			Namespace: d.namespace, Query: stays(from), NextPageToken: token,
		})
		if err != nil {
			return err
		}
		for _, run := range page.GetExecutions() {
			runs = append(runs, run.GetExecution())
		}
		if token = page.GetNextPageToken(); len(token) == 0 {
			break
		}
	}
	for _, run := range runs {
		if err := do(run); err != nil {
			return err
		}
	}
	return nil
}

// history returns all that has happened in a run.
func (d *deployment) history(ctx context.Context, run *common.WorkflowExecution) (*history.History, error) {
	ctx, cancel := context.WithTimeout(ctx, question)
	defer cancel()
	events := d.temporal.GetWorkflowHistory(ctx, run.GetWorkflowId(), run.GetRunId(), false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	whole := &history.History{}
	for events.HasNext() {
		event, err := events.Next()
		if err != nil {
			return nil, err
		}
		whole.Events = append(whole.Events, event)
	}
	return whole, nil
}

// replays reports whether this code would have made a run's history.
func replays(past *history.History, run *common.WorkflowExecution) bool {
	replayer := sdkworker.NewWorkflowReplayer()
	workflows.RegisterOrders(replayer)
	workflows.RegisterChannels(replayer)
	return replayer.ReplayWorkflowHistoryWithOptions(log.NewStructuredLogger(slog.New(slog.DiscardHandler)), past,
		sdkworker.ReplayWorkflowHistoryOptions{OriginalExecution: workflow.Execution{ID: run.GetWorkflowId(), RunID: run.GetRunId()}}) == nil
}

// moveOne pins a run to the current build. It reports whether the run has ended
// meanwhile.
func (d *deployment) moveOne(ctx context.Context, run *common.WorkflowExecution) (gone bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, question)
	defer cancel()
	_, err = d.temporal.UpdateWorkflowExecutionOptions(ctx, client.UpdateWorkflowExecutionOptionsRequest{
		WorkflowId: run.GetWorkflowId(), RunId: run.GetRunId(),
		WorkflowExecutionOptionsChanges: client.WorkflowExecutionOptionsChanges{
			VersioningOverride: &client.VersioningOverrideChange{Value: &client.PinnedVersioningOverride{
				Version: sdkworker.WorkerDeploymentVersion{DeploymentName: d.version.Deployment, BuildID: d.version.BuildID},
			}},
		},
	})
	if _, gone := errors.AsType[*serviceerror.NotFound](err); gone {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("workflow %s: %w", run.GetWorkflowId(), err)
	}
	return false, nil
}
