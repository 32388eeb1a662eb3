package rolloutcmd

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/orderbridge/orderbridge/worker"
)

// states of a build.
const (
	stateCurrent  = "current"
	stateRamping  = "ramping"
	stateDraining = "draining" // it gets no new work, and has runs that stay
	stateDrained  = "drained"  // it has none any more
	stateUnused   = "unused"   // it never had any work
)

// status is what "rollout status" prints.
type status struct {
	Deployment string `json:"deployment"`
	Namespace  string `json:"namespace"`
	// Unversioned is true while workers without a build get the work.
	Unversioned bool     `json:"unversioned"`
	Builds      []listed `json:"builds"`
}

// listed is one build, the newest first.
type listed struct {
	BuildID string `json:"build_id"`
	State   string `json:"state"`
	// Percentage of the new work that it gets.
	Percentage float32 `json:"percentage"`
	// Runs counts the workflows that stay with this build until they end.
	Runs int64 `json:"runs"`
	// Unpolled are the task queues that no worker of this build polls.
	Unpolled []string  `json:"unpolled"`
	Created  time.Time `json:"created"`
}

func newStatus(environ []string) *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show the builds of the workers, and which of them still have runs",
		Long: `Show the builds of the workers: which one is current, which gets a part of the work,
how many workflows stay with each until they end, and whether it has workers. The
workers of a build can be stopped once it is drained.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return connected(cmd, environ, timeout, func(ctx context.Context, d *deployment) error {
				found, err := d.status(ctx)
				if err != nil {
					return err
				}
				if asJSON {
					encoder := json.NewEncoder(d.out)
					encoder.SetIndent("", "  ")
					return encoder.Encode(found)
				}
				return found.print(d.out)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	return cmd
}

// status looks at every build.
func (d *deployment) status(ctx context.Context) (status, error) {
	described, err := d.describe(ctx)
	if err != nil {
		return status{}, err
	}
	routing := described.Info.RoutingConfig
	found := status{Deployment: d.version.Deployment, Namespace: d.namespace, Unversioned: routing.CurrentVersion == nil, Builds: []listed{}}
	for _, summary := range described.Info.VersionSummaries {
		build := asVersion(&summary.Version)
		one := listed{BuildID: build.BuildID, Created: summary.CreateTime}
		if one.Runs, err = d.runs(ctx, build); err != nil {
			return status{}, err
		}
		if one.Unpolled, err = d.unpolled(ctx, build); err != nil {
			return status{}, err
		}
		one.State, one.Percentage = stateOf(summary, routing, one.Runs)
		found.Builds = append(found.Builds, one)
	}
	slices.SortStableFunc(found.Builds, func(a, b listed) int { return b.Created.Compare(a.Created) })
	return found, nil
}

// stateOf says what a build is at the moment. The count is newer than what
// Temporal knows of the drainage, which it looks at every few minutes.
func stateOf(summary client.WorkerDeploymentVersionSummary, routing client.WorkerDeploymentRoutingConfig, runs int64) (state string, percentage float32) {
	build := asVersion(&summary.Version)
	switch {
	case is(routing.CurrentVersion, build):
		return stateCurrent, 100 - routing.RampingVersionPercentage
	case is(routing.RampingVersion, build):
		return stateRamping, routing.RampingVersionPercentage
	case runs > 0 || summary.DrainageStatus == client.WorkerDeploymentVersionDrainageStatusDraining:
		return stateDraining, 0
	case summary.DrainageStatus == client.WorkerDeploymentVersionDrainageStatusDrained:
		return stateDrained, 0
	default:
		return stateUnused, 0
	}
}

// stays finds the workflows that stay with a build until they end.
func stays(build worker.Version) string {
	return fmt.Sprintf("TemporalWorkerDeploymentVersion='%s' AND TemporalWorkflowVersioningBehavior='Pinned' AND ExecutionStatus='Running'", build)
}

// runs counts the workflows that stay with a build until they end.
func (d *deployment) runs(ctx context.Context, build worker.Version) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, question)
	defer cancel()
	count, err := d.temporal.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Namespace: d.namespace, Query: stays(build)})
	if err != nil {
		return 0, fmt.Errorf("count the runs of %s: %w", named(build), err)
	}
	return count.GetCount(), nil
}

func (s status) print(out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "BUILD\tSTATE\tOF NEW WORK\tRUNS THAT STAY\tWORKERS")
	for _, one := range s.Builds {
		workers := "yes"
		if len(one.Unpolled) > 0 {
			workers = "none"
			if len(one.Unpolled) < worker.TaskQueues() {
				workers = "not for everything"
			}
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%g %%\t%d\t%s\n", one.BuildID, one.State, one.Percentage, one.Runs, workers)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if s.Unversioned {
		_, _ = fmt.Fprintf(out, "No build of %s is current: what is not listed above goes to workers without a build.\n", s.Deployment)
	}
	for _, one := range s.Builds {
		switch {
		case len(one.Unpolled) == 0:
		case one.State == stateCurrent, one.State == stateRamping:
			_, _ = fmt.Fprintf(out, "Build %s gets work that waits: start its workers, or roll out another build.\n", one.BuildID)
		case one.Runs > 0:
			_, _ = fmt.Fprintf(out, "The runs of build %s wait: start its workers again, or move them to the current build with \"orderbridge rollout move %s\".\n",
				one.BuildID, one.BuildID)
		}
	}
	return nil
}
