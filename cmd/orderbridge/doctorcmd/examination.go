package doctorcmd

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/seal"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/process"
)

// examination is one run of the command.
type examination struct {
	environ []string
	ids     []string // the channels to look at; none means all
	timeout time.Duration
	found   func(Finding) // told each finding at once; may be nil

	report Report

	environment process.Environment
	config      process.Config // complete only if usable
	usable      bool
	keeper      *seal.Keeper // nil if there is none
	temporal    client.Client
	namespace   string
	secure      bool
	address     string
	// ahead is how far Temporal's clock is ahead of ours, as far as is known.
	ahead time.Duration
	// staffed is true as long as a worker seems to answer for the channels.
	staffed atomic.Bool
}

// run makes every check.
func (e *examination) run(ctx context.Context) Report {
	e.report = Report{Checks: []Finding{}}
	defer e.close()
	e.configuration(ctx)
	if e.reach(ctx) {
		e.examineTemporal(ctx)
	} else {
		e.check(ctx, "workers and channels", func(context.Context) Finding {
			return skipped("They can be examined only with a Temporal that answers.")
		})
	}
	e.processes(ctx)
	e.report.Result = e.report.worst()
	return e.report
}

func (e *examination) close() {
	if e.keeper != nil {
		_ = e.keeper.Close() // it was only looked at
	}
	if e.temporal != nil {
		e.temporal.Close()
	}
}

// add keeps a finding.
func (e *examination) add(f Finding) {
	e.report.Checks = append(e.report.Checks, f)
	if e.found != nil {
		e.found(f)
	}
}

// check makes a check within its time, keeps what it shows, and reports whether
// it did not fail.
func (e *examination) check(ctx context.Context, name string, look func(context.Context) Finding) bool {
	f := e.look(ctx, look)
	f.Check = name
	e.add(f)
	return f.Result != activities.CheckFailed
}

// look makes a check within its time.
func (e *examination) look(ctx context.Context, look func(context.Context) Finding) Finding {
	ctx, cancel := context.WithTimeout(ctx, e.timeout)
	defer cancel()
	return look(ctx)
}

// configuration looks at the environment and at the keys.
func (e *examination) configuration(ctx context.Context) {
	e.check(ctx, "configuration", func(context.Context) Finding { return e.load() })
	e.check(ctx, "keys", e.tryKeys)
}

// load reads the configuration. What does not depend on the mistakes in it is
// examined all the same.
func (e *examination) load() Finding {
	// Load reports what of it cannot be read.
	e.environment, _ = process.ReadEnvironment(e.environ)
	config, err := process.Load(e.environ)
	if err == nil {
		e.config, e.usable = config, true
		return ok("Every variable can be used.")
	}
	_, mistakes, _ := strings.Cut(err.Error(), "\n")
	if mistakes == "" {
		mistakes = err.Error()
	}
	return failed("Not every variable can be used: "+strings.ReplaceAll(mistakes, "\n", "; ")+".",
		"Correct them in the environment of this command, and of every process that has the same: docs/configuration.md lists them all.")
}

// probe is sealed and opened to try the keys.
const probe = "orderbridge doctor"

// tryKeys seals and opens something.
func (e *examination) tryKeys(ctx context.Context) Finding {
	if !e.usable {
		return skipped("They can be tried only with a configuration that can be used.")
	}
	keeper, err := e.config.Keeper(ctx)
	if err != nil {
		return failed("The keys cannot be used: "+sentence(err.Error()), "docs/keys.md says what their URLs look like.")
	}
	e.keeper = keeper
	which := "derived from the master key"
	if e.config.KeeperURL != "" {
		which = "of ORDERBRIDGE_KEEPER_URL"
	}
	sealed, err := keeper.Seal(ctx, probe)
	if err == nil {
		_, err = keeper.Open(ctx, sealed)
	}
	switch {
	case errors.Is(err, seal.ErrUnavailable):
		return failed(fmt.Sprintf("The key %s cannot be used: %s", which, sentence(err.Error())),
			"See that this machine reaches the key service, and that its identity there may encrypt and decrypt with the key.")
	case err != nil:
		return failed(fmt.Sprintf("The key %s cannot be used: %s", which, sentence(err.Error())), "docs/keys.md tells which keys there are.")
	default:
		return ok("The key %s seals and opens.", which)
	}
}
