package downstreamtest

import (
	"strconv"
	"testing"

	"github.com/orderbridge/orderbridge/activities/downstream"
)

// testCase is one thing that every adapter must do.
type testCase struct {
	name string
	// needs are the faults that the case injects.
	needs []Fault
	// phase is one in which an order has to be. Default: one that every system
	// has.
	phase downstream.Phase
	// unless gives the reason why a system cannot show the case, or "".
	unless func(Capabilities) string
	run    func(s *scene)
}

// Run runs the suite. It calls newFixture once for each case, with the case's
// own t, and once to learn the Capabilities and the statuses.
func Run(t *testing.T, newFixture func(t *testing.T) Fixture) {
	t.Helper()
	first := newScene(t, newFixture(t))
	caps := first.caps
	for _, c := range cases() {
		if reason := c.leftOut(first); reason != "" {
			t.Logf("left out: %s: %s", c.name, reason)
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			if caps.Isolated {
				t.Parallel()
			}
			c.run(newScene(t, newFixture(t)))
		})
	}
}

// leftOut says why a system cannot show the case, or "" if it can.
func (c testCase) leftOut(s *scene) string {
	for _, fault := range c.needs {
		if !s.caps.knows(fault) {
			return "the fixture cannot inject the fault " + strconv.Quote(string(fault))
		}
	}
	if c.phase != "" {
		if _, ok := s.status(c.phase); !ok {
			return "the system has no orders that are " + string(c.phase) + ", or the fixture cannot make one"
		}
	}
	if c.unless == nil {
		return ""
	}
	return c.unless(s.caps)
}

// cases lists the suite.
func cases() []testCase {
	var all []testCase
	for _, part := range [][]testCase{
		statusCases(), findCases(), changeCases(), doneCases(), refusalCases(), repeatCases(), failureCases(),
		doubtCases(), silenceCases(), lateCases(), concurrencyCases(),
	} {
		all = append(all, part...)
	}
	return all
}
