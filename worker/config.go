package worker

import (
	"errors"
	"fmt"
	"net"
	"time"
)

// Config configures the worker. Its fields are read from the environment.
type Config struct {
	// MaxWorkflowTasks bounds the workflow tasks that run at once.
	MaxWorkflowTasks int `env:"ORDERBRIDGE_WORKER_MAX_WORKFLOW_TASKS" envDefault:"200"`
	// MaxLocalActivities bounds the first attempts of steps that run at once.
	MaxLocalActivities int `env:"ORDERBRIDGE_WORKER_MAX_LOCAL_ACTIVITIES" envDefault:"200"`
	// MaxActivities bounds the repeated calls that run at once, for each of
	// the two sides.
	MaxActivities int `env:"ORDERBRIDGE_WORKER_MAX_ACTIVITIES" envDefault:"100"`
	// StopTimeout bounds how long calls that have begun may go on after the
	// worker was told to stop.
	StopTimeout time.Duration `env:"ORDERBRIDGE_WORKER_STOP_TIMEOUT" envDefault:"30s"`
	// HTTPTimeout bounds one request to BigCommerce or downstream.
	HTTPTimeout time.Duration `env:"ORDERBRIDGE_HTTP_TIMEOUT" envDefault:"10s"`
	// ChannelCacheTTL is how long the settings of a channel are trusted
	// without asking again.
	ChannelCacheTTL time.Duration `env:"ORDERBRIDGE_CHANNEL_CACHE_TTL" envDefault:"5s"`
	// SurveyEvery is how often each worker asks Temporal how many channels,
	// orders and tasks there are, for the metrics of the whole installation. Zero
	// switches that off.
	SurveyEvery time.Duration `env:"ORDERBRIDGE_SURVEY_EVERY" envDefault:"30s"`
	// Deployment is the name of the Temporal Worker Deployment that the worker is
	// part of. Empty means that builds are not told apart.
	Deployment string `env:"ORDERBRIDGE_WORKER_DEPLOYMENT"`
	// BuildID tells this build from others of Deployment. It must be given with
	// one, and means nothing without.
	BuildID string `env:"ORDERBRIDGE_WORKER_BUILD_ID"`
	// OpsAddress is where the process offers /healthz, /readyz and /metrics
	// to operators alone, or Off for nowhere.
	OpsAddress string `env:"ORDERBRIDGE_OPS_ADDRESS" envDefault:":9464"`
}

// Off as an address opens no listener. An empty variable means its default.
const Off = "off"

// minSlots is what the SDK needs at least: with a single workflow task slot,
// its sticky and its normal poller would wait for each other.
const minSlots = 2

// minSurveyEvery keeps surveys from being a burden on Temporal.
const minSurveyEvery = time.Second

// Validate returns every mistake at once, each naming its variable.
func (c Config) Validate() error {
	var errs []error
	for _, slots := range []struct {
		name  string
		value int
	}{
		{"ORDERBRIDGE_WORKER_MAX_WORKFLOW_TASKS", c.MaxWorkflowTasks},
		{"ORDERBRIDGE_WORKER_MAX_LOCAL_ACTIVITIES", c.MaxLocalActivities},
		{"ORDERBRIDGE_WORKER_MAX_ACTIVITIES", c.MaxActivities},
	} {
		if slots.value < minSlots || slots.value > 10_000 {
			errs = append(errs, fmt.Errorf("%s %d must be between %d and 10000", slots.name, slots.value, minSlots))
		}
	}
	for _, d := range []struct {
		name  string
		value time.Duration
	}{
		{"ORDERBRIDGE_WORKER_STOP_TIMEOUT", c.StopTimeout},
		{"ORDERBRIDGE_HTTP_TIMEOUT", c.HTTPTimeout},
		{"ORDERBRIDGE_CHANNEL_CACHE_TTL", c.ChannelCacheTTL},
	} {
		if d.value <= 0 || d.value > time.Hour {
			errs = append(errs, fmt.Errorf("%s %s must be above zero and at most 1h", d.name, d.value))
		}
	}
	if c.SurveyEvery != 0 && (c.SurveyEvery < minSurveyEvery || c.SurveyEvery > time.Hour) {
		errs = append(errs, fmt.Errorf("ORDERBRIDGE_SURVEY_EVERY %s must be between %s and 1h, or 0s for never", c.SurveyEvery, minSurveyEvery))
	}
	if c.Deployment != "" {
		errs = append(errs, c.Version().Validate())
	}
	if c.OpsAddress != Off {
		if _, _, err := net.SplitHostPort(c.OpsAddress); err != nil {
			errs = append(errs, fmt.Errorf("ORDERBRIDGE_OPS_ADDRESS %q must look like :9464 or 127.0.0.1:9464, or be %s", c.OpsAddress, Off))
		}
	}
	return errors.Join(errs...)
}
