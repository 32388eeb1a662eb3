// Package rolloutcmd holds the commands that hand the work of one build of the
// workers over to another.
package rolloutcmd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"github.com/orderbridge/orderbridge/cmd/orderbridge/process"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/session"
	"github.com/orderbridge/orderbridge/worker"
)

// timeout bounds all that a command does besides waiting for workers.
const timeout = 2 * time.Minute

// flags are those of "rollout".
type flags struct {
	buildID     string
	ramp        int
	wait        time.Duration
	unversioned bool
}

// New returns the command "rollout". It reads its connection, and which build it
// is about, from the given environment, in the form of os.Environ, when it is run.
// The master key is not needed.
func New(environ []string) *cobra.Command {
	var f flags
	cmd := &cobra.Command{
		Use:   "rollout",
		Short: "Let a new build of the workers take over",
		Long: `Make a build of the workers the current one: what begins from then on goes to it,
and sales channels move to it. Webhooks, audits and searches that have begun stay
with the build that began them, and are done there: keep its workers until
"orderbridge rollout status" says that it is drained.

The build is the one that ORDERBRIDGE_WORKER_DEPLOYMENT and ORDERBRIDGE_WORKER_BUILD_ID
name, which have to be the same as for its workers; without the second it is the one
of this binary. Its workers must run: without them nothing is changed. A build that is
current already stays so, so it does no harm to run it again. To go back, name the build
before with --build-id, while its workers run.

With --ramp the build gets a part of what begins only, chosen by workflow id, and of
the sales channels too; the rest stays where it is. --ramp 0 takes that back.

The connection comes from the environment, as for "serve": TEMPORAL_… or a profile.
No other setting is needed.`,
		Example: `  orderbridge rollout --wait 5m
  orderbridge rollout --ramp 10
  orderbridge rollout status
  orderbridge rollout --build-id 1.4.0`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ramps := cmd.Flags().Changed("ramp")
			switch {
			case f.ramp < 0 || f.ramp > 100:
				return session.Misused(cmd, fmt.Errorf("--ramp %d must be between 0 and 100", f.ramp))
			case f.wait < 0:
				return session.Misused(cmd, fmt.Errorf("--wait %s must not be below zero", f.wait))
			case f.unversioned && (ramps || f.buildID != ""):
				return session.Misused(cmd, errors.New("--unversioned goes with neither --ramp nor --build-id"))
			}
			return connected(cmd, environ, timeout+f.wait, func(ctx context.Context, d *deployment) error {
				if f.buildID != "" {
					d.version.BuildID = f.buildID
					if err := d.version.Validate(); err != nil {
						return session.Misused(cmd, fmt.Errorf("--build-id: %w", err))
					}
				}
				return f.run(ctx, d, ramps)
			})
		},
	}
	cmd.Flags().StringVar(&f.buildID, "build-id", "", "roll out this `build` in place of the one in the environment")
	cmd.Flags().IntVar(&f.ramp, "ramp", 0, "give it this `percentage` of the work only: 1 to 100, or 0 to give it none")
	cmd.Flags().DurationVar(&f.wait, "wait", 0, "wait so long for its workers; without it, fail at once if there are none")
	cmd.Flags().BoolVar(&f.unversioned, "unversioned", false, "give the work back to workers without ORDERBRIDGE_WORKER_DEPLOYMENT, to end worker versioning")
	cmd.SetFlagErrorFunc(session.Misused)
	cmd.AddCommand(newStatus(environ), newMove(environ))
	return cmd
}

func (f flags) run(ctx context.Context, d *deployment, ramps bool) error {
	target := d.version
	if f.unversioned {
		target = worker.Version{}
	}
	var err error
	switch {
	case ramps && f.ramp == 0:
		err = d.endRamp(ctx)
	case ramps:
		if err = d.awaitWorkers(ctx, target, f.wait); err == nil {
			err = d.setRamp(ctx, f.ramp)
		}
	default:
		if err = d.awaitWorkers(ctx, target, f.wait); err == nil {
			err = d.setCurrent(ctx, target)
		}
	}
	if err != nil {
		return err
	}
	found, err := d.status(ctx)
	if err != nil {
		return fmt.Errorf("it is done, but what it looks like now cannot be read: %w", err)
	}
	return found.print(d.out)
}

// reachTimeout bounds the question whether Temporal is there.
const reachTimeout = 5 * time.Second

// connected runs a part of a command with a connection.
func connected(cmd *cobra.Command, environ []string, limit time.Duration, run func(context.Context, *deployment) error) error {
	ctx, cancel := context.WithTimeout(cmd.Context(), limit)
	defer cancel()
	environment, err := process.ReadEnvironment(environ)
	if err != nil {
		return err
	}
	version, err := process.ReadWorkerVersion(environment)
	if err != nil {
		return err
	}
	connection := worker.Connection{Environment: environment, Logger: slog.New(slog.DiscardHandler)}
	options, err := worker.ClientOptions(connection)
	if err != nil {
		return err
	}
	temporal, namespace, err := worker.Connect(connection)
	if err != nil {
		return err
	}
	defer temporal.Close()
	reachCtx, cancelReach := context.WithTimeout(ctx, reachTimeout)
	defer cancelReach()
	if _, err := temporal.CheckHealth(reachCtx, &client.CheckHealthRequest{}); err != nil {
		return fmt.Errorf("no Temporal answers at %s: check TEMPORAL_ADDRESS, TLS and credentials, and that the server runs: %w", options.HostPort, err)
	}
	return run(ctx, &deployment{
		temporal: temporal, namespace: namespace, version: version, out: cmd.OutOrStdout(),
		handle: temporal.WorkerDeploymentClient().GetHandle(version.Deployment),
	})
}
