package rolloutcmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	sdkworker "go.temporal.io/sdk/worker"

	"github.com/orderbridge/orderbridge/worker"
)

// deployment is the worker deployment that a command is about.
type deployment struct {
	temporal  client.Client
	namespace string
	version   worker.Version
	handle    client.WorkerDeploymentHandle
	out       io.Writer
}

const (
	// pause is how long to wait between two looks at the workers.
	pause = time.Second
	// registration is how long Temporal may take to note a build whose workers
	// are there: it does so a moment after they first ask for work.
	registration = 10 * time.Second
	// question bounds one of Temporal's answers, which it gives at most after
	// having repeated it by itself.
	question = 15 * time.Second
)

// awaitWorkers returns once workers of a build poll every task queue.
func (d *deployment) awaitWorkers(ctx context.Context, target worker.Version, patience time.Duration) error {
	ends := time.Now().Add(patience)
	for {
		missing, err := d.unpolled(ctx, target)
		if err != nil || len(missing) == 0 {
			return err
		}
		if time.Now().Add(pause).After(ends) {
			return fmt.Errorf("nothing was changed: no worker %s polls %s; start such workers on namespace %s, or wait for them with --wait",
				of(target), strings.Join(missing, ", "), d.namespace)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("nothing was changed: the wait for workers %s ended: %w", of(target), ctx.Err())
		case <-time.After(pause):
		}
	}
}

func (d *deployment) unpolled(ctx context.Context, target worker.Version) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, question)
	defer cancel()
	return target.Unpolled(ctx, d.temporal, d.namespace)
}

// routing returns where work goes, and the token that lets it be changed unless
// somebody else does meanwhile.
func (d *deployment) routing(ctx context.Context) (client.WorkerDeploymentRoutingConfig, []byte, error) {
	described, err := d.describe(ctx)
	return described.Info.RoutingConfig, described.ConflictToken, err
}

func (d *deployment) describe(ctx context.Context) (client.WorkerDeploymentDescribeResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, question)
	defer cancel()
	described, err := d.handle.Describe(ctx, client.WorkerDeploymentDescribeOptions{})
	if _, none := errors.AsType[*serviceerror.NotFound](err); none {
		return described, fmt.Errorf("namespace %s knows no worker deployment %s: no worker with this ORDERBRIDGE_WORKER_DEPLOYMENT has run there yet: %w",
			d.namespace, d.version.Deployment, err)
	}
	if err != nil {
		return described, fmt.Errorf("read worker deployment %s: %w", d.version.Deployment, err)
	}
	return described, nil
}

// setCurrent lets a build have all work. A ramp of another build ends: with a new
// current build, nobody would know what it is compared with.
func (d *deployment) setCurrent(ctx context.Context, target worker.Version) error {
	routing, err := d.awaitRegistered(ctx, target)
	if err != nil {
		return err
	}
	if is(routing.CurrentVersion, target) {
		_, _ = fmt.Fprintf(d.out, "new work goes to workers %s already\n", of(target))
	} else {
		err := d.change(ctx, func(ctx context.Context, token []byte) error {
			_, err := d.handle.SetCurrentVersion(ctx, client.WorkerDeploymentSetCurrentVersionOptions{BuildID: target.BuildID, ConflictToken: token})
			return err
		})
		if err != nil {
			return fmt.Errorf("let workers %s have the new work: %w", of(target), err)
		}
		_, _ = fmt.Fprintf(d.out, "new work goes to workers %s now\n", of(target))
	}
	if routing, _, err = d.routing(ctx); err != nil || !ramping(routing) {
		return err
	}
	return d.endRamp(ctx)
}

// setRamp lets the build have a part of the work.
func (d *deployment) setRamp(ctx context.Context, percentage int) error {
	routing, err := d.awaitRegistered(ctx, d.version)
	if err != nil {
		return err
	}
	switch {
	case is(routing.CurrentVersion, d.version):
		return fmt.Errorf("nothing was changed: %s is the current build already, and has all work that is not another's", named(d.version))
	case is(routing.RampingVersion, d.version) && routing.RampingVersionPercentage == float32(percentage):
		_, _ = fmt.Fprintf(d.out, "%s has %d %% of the work already\n", named(d.version), percentage)
		return nil
	}
	if err := d.ramp(ctx, d.version.BuildID, percentage); err != nil {
		return fmt.Errorf("give %s %d %% of the work: %w", named(d.version), percentage, err)
	}
	_, _ = fmt.Fprintf(d.out, "%s has %d %% of the work now\n", named(d.version), percentage)
	return nil
}

// endRamp lets the current build have all work.
func (d *deployment) endRamp(ctx context.Context) error {
	routing, _, err := d.routing(ctx)
	if err != nil {
		return err
	}
	if !ramping(routing) {
		_, _ = fmt.Fprintln(d.out, "no build has a part of the work")
		return nil
	}
	if err := d.ramp(ctx, "", 0); err != nil {
		return fmt.Errorf("end the part of the work of %s: %w", named(asVersion(routing.RampingVersion)), err)
	}
	_, _ = fmt.Fprintf(d.out, "%s has no part of the work any more\n", named(asVersion(routing.RampingVersion)))
	return nil
}

func (d *deployment) ramp(ctx context.Context, buildID string, percentage int) error {
	return d.change(ctx, func(ctx context.Context, token []byte) error {
		_, err := d.handle.SetRampingVersion(ctx, client.WorkerDeploymentSetRampingVersionOptions{
			BuildID: buildID, Percentage: float32(percentage), ConflictToken: token,
		})
		return err
	})
}

// change makes one change, unless somebody else made one since the look before it.
func (d *deployment) change(ctx context.Context, do func(ctx context.Context, token []byte) error) error {
	_, token, err := d.routing(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, question)
	defer cancel()
	return do(ctx, token)
}

// awaitRegistered returns where work goes, once Temporal has noted the build.
func (d *deployment) awaitRegistered(ctx context.Context, target worker.Version) (client.WorkerDeploymentRoutingConfig, error) {
	ctx, cancel := context.WithTimeout(ctx, registration)
	defer cancel()
	for {
		routing, _, err := d.routing(ctx)
		if err == nil {
			var known bool
			if known, err = d.registered(ctx, target); err == nil && known {
				return routing, nil
			}
		}
		if _, none := errors.AsType[*serviceerror.NotFound](err); err != nil && !none {
			return routing, err
		}
		select {
		case <-ctx.Done():
			return routing, fmt.Errorf("nothing was changed: Temporal has not noted all task queues of %s yet; try again: %w",
				named(target), errors.Join(ctx.Err(), err))
		case <-time.After(pause / 4):
		}
	}
}

// registered reports whether Temporal knows that the build has all task queues.
func (d *deployment) registered(ctx context.Context, target worker.Version) (bool, error) {
	if !target.On() {
		return true, nil // there is nothing to note of these
	}
	described, err := d.handle.DescribeVersion(ctx, client.WorkerDeploymentDescribeVersionOptions{BuildID: target.BuildID})
	if err != nil {
		return false, err
	}
	return len(described.Info.TaskQueuesInfos) >= worker.TaskQueues(), nil
}

// named names a build for people.
func named(v worker.Version) string {
	if !v.On() {
		return "none"
	}
	return fmt.Sprintf("build %s of %s", v.BuildID, v.Deployment)
}

// of tells workers by their build.
func of(v worker.Version) string {
	if !v.On() {
		return "without a build"
	}
	return "of " + named(v)
}

func asVersion(v *sdkworker.WorkerDeploymentVersion) worker.Version {
	if v == nil {
		return worker.Version{}
	}
	return worker.Version{Deployment: v.DeploymentName, BuildID: v.BuildID}
}

func is(v *sdkworker.WorkerDeploymentVersion, target worker.Version) bool {
	return asVersion(v) == target
}

// ramping reports whether a part of the work goes elsewhere.
func ramping(routing client.WorkerDeploymentRoutingConfig) bool {
	return routing.RampingVersion != nil || routing.RampingVersionPercentage > 0
}
