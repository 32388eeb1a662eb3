package process

import (
	"errors"
	"strings"

	"github.com/caarlos0/env/v11"

	"github.com/orderbridge/orderbridge/worker"
)

// commitShown is how much of a commit is in a build id: enough to tell it from
// others, little enough to read.
const commitShown = 12

// BuildID returns what tells this binary from others: version and commit, or ""
// if they do not. Two builds of one commit with uncommitted changes would have the
// same, so they have none.
func (v Version) BuildID() string {
	if v.Commit == "unknown" || strings.Contains(v.Version, "dirty") {
		return ""
	}
	return v.Version + "-" + v.Commit[:min(len(v.Commit), commitShown)]
}

// withBuildID names the build of a worker that takes part in worker versioning
// and was not given a name.
func withBuildID(config worker.Config) worker.Config {
	if config.Deployment != "" && config.BuildID == "" {
		config.BuildID = ReadVersion().BuildID()
	}
	return config
}

// ReadWorkerVersion returns the build that a worker in this environment is, and
// nothing else of the configuration: no other variable is needed. It is an error
// if worker versioning is off.
func ReadWorkerVersion(environment Environment) (worker.Version, error) {
	var config worker.Config
	read := Environment{}
	for _, name := range []string{"ORDERBRIDGE_WORKER_DEPLOYMENT", "ORDERBRIDGE_WORKER_BUILD_ID"} {
		read[name] = environment[name]
	}
	if err := env.ParseWithOptions(&config, env.Options{Environment: read}); err != nil {
		return worker.Version{}, err
	}
	if config.Deployment == "" {
		return worker.Version{}, errors.New("worker versioning is off: set ORDERBRIDGE_WORKER_DEPLOYMENT to the same as for the workers")
	}
	version := withBuildID(config).Version()
	return version, version.Validate()
}
