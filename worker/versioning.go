package worker

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdkworker "go.temporal.io/sdk/worker"
)

// Version is one build of the workers. The zero Version stands for all workers
// that take no part in worker versioning.
type Version struct {
	// Deployment is the name of the Temporal Worker Deployment: what all builds
	// of the workers of one installation have in common.
	Deployment string
	// BuildID tells the build from others of the deployment.
	BuildID string
}

// Version returns the build that a worker with this configuration is: the zero
// Version without worker versioning.
func (c Config) Version() Version {
	if c.Deployment == "" {
		return Version{}
	}
	return Version{Deployment: c.Deployment, BuildID: c.BuildID}
}

// On reports whether the worker takes part in worker versioning.
func (v Version) On() bool { return v.Deployment != "" }

// String returns "deployment:build", as Temporal writes it, or "".
func (v Version) String() string {
	if !v.On() {
		return ""
	}
	return v.Deployment + ":" + v.BuildID
}

// maxVersionName is less than what Temporal takes: it makes workflow ids of the
// two names together, of 1000 bytes at most unless the server has another limit.
const maxVersionName = 128

// Validate returns every mistake at once, each naming its variable.
func (v Version) Validate() error {
	var errs []error
	for _, each := range []struct{ name, value, without string }{
		{"ORDERBRIDGE_WORKER_DEPLOYMENT", v.Deployment, ".:"}, // Temporal separates it from the build by them
		{"ORDERBRIDGE_WORKER_BUILD_ID", v.BuildID, ""},
	} {
		printable := !strings.ContainsFunc(each.value, func(r rune) bool { return r <= ' ' || r > '~' || r == '\'' || r == '"' || r == '`' || r == '\\' })
		switch {
		case each.value == "":
			errs = append(errs, fmt.Errorf("%s is missing: this binary does not know of what version it is, so say what tells it from others", each.name))
		case strings.ContainsAny(each.value, each.without):
			errs = append(errs, fmt.Errorf("%s %q must have no dot and no colon", each.name, each.value))
		case strings.HasPrefix(each.value, "__") || !printable || len(each.value) > maxVersionName:
			errs = append(errs, fmt.Errorf("%s %q must have at most %d ASCII characters, without spaces and quotes, and not begin with two underscores",
				each.name, each.value, maxVersionName))
		}
	}
	return errors.Join(errs...)
}

// options are those of an SDK worker. Each workflow type says by itself what
// becomes of its runs: see package workflows.
func (v Version) options() sdkworker.DeploymentOptions {
	if !v.On() {
		return sdkworker.DeploymentOptions{}
	}
	return sdkworker.DeploymentOptions{
		UseVersioning: true,
		Version:       sdkworker.WorkerDeploymentVersion{DeploymentName: v.Deployment, BuildID: v.BuildID},
	}
}

// silence is how long ago a worker that still runs may have asked for work last:
// one question waits for a minute, and Temporal remembers for longer who asked.
const silence = 90 * time.Second

// Unpolled returns what no worker of this build asks for: task queues, each with
// the kind of its tasks in brackets. A worker that was killed is taken for alive
// for 90 seconds, by the clock of this machine.
func (v Version) Unpolled(ctx context.Context, temporal client.Client, namespace string) ([]string, error) {
	var missing []string
	for _, each := range queues {
		kind := enums.TASK_QUEUE_TYPE_WORKFLOW
		if each.kind == kindActivity {
			kind = enums.TASK_QUEUE_TYPE_ACTIVITY
		}
		response, err := temporal.WorkflowService().DescribeTaskQueue(ctx, &workflowservice.DescribeTaskQueueRequest{
			Namespace: namespace, TaskQueue: &taskqueue.TaskQueue{Name: each.name, Kind: enums.TASK_QUEUE_KIND_NORMAL}, TaskQueueType: kind,
		})
		if err != nil {
			return nil, fmt.Errorf("ask who polls task queue %s: %w", each.name, err)
		}
		if !v.among(response.GetPollers(), time.Now().Add(-silence)) {
			missing = append(missing, fmt.Sprintf("%s (%s)", each.name, each.kind))
		}
	}
	return missing, nil
}

// among reports whether one of the pollers is of this build and has asked since
// then.
func (v Version) among(pollers []*taskqueue.PollerInfo, since time.Time) bool {
	for _, poller := range pollers {
		of := Version{}
		if options := poller.GetDeploymentOptions(); options.GetWorkerVersioningMode() == enums.WORKER_VERSIONING_MODE_VERSIONED {
			of = Version{Deployment: options.GetDeploymentName(), BuildID: options.GetBuildId()}
		}
		if of == v && poller.GetLastAccessTime().AsTime().After(since) {
			return true
		}
	}
	return false
}

// TaskQueues returns how many task queues a worker polls: those with tasks of
// both kinds count twice.
func TaskQueues() int { return len(queues) }
