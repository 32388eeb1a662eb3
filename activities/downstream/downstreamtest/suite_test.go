package downstreamtest

import (
	"context"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSuitePassesWhatIsRight(t *testing.T) {
	t.Parallel()

	t.Run("a system that has everything", func(t *testing.T) {
		t.Parallel()

		Run(t, func(*testing.T) Fixture { return newModel(everything(), "") })
	})

	t.Run("one without versions, keys and faults", func(t *testing.T) {
		t.Parallel()

		Run(t, func(*testing.T) Fixture {
			return newModel(Capabilities{Isolated: true, MaxTrackingNumbers: -1, UniqueNumbers: true, Unsettable: []string{"other"}}, "")
		})
	})

	t.Run("one that does not fulfill in every open status", func(t *testing.T) {
		t.Parallel()

		caps := everything()
		caps.Unfulfillable = []string{"open"}
		Run(t, func(*testing.T) Fixture { return newModel(caps, "") })
	})

	t.Run("one that all cases share", func(t *testing.T) {
		t.Parallel()

		caps := everything()
		caps.Isolated = false
		shared := newModel(caps, "")
		Run(t, func(*testing.T) Fixture { return shared })
	})
}

// TestSuiteCatchesMistakes makes one mistake at a time; the cases that are
// named, at least, must fail.
func TestSuiteCatchesMistakes(t *testing.T) {
	t.Parallel()

	for wrong, caught := range map[mistake][]string{
		"names come twice":             {"statuses/can be used"},
		"number not trimmed":           {"find/space around the number"},
		"first of several":             {"find/two orders with one number"},
		"case folded":                  {"find/case matters"},
		"believes the filter":          {"find/no such order while filters are ignored", "find/equal among substrings"},
		"keeps one tracking number":    {"fulfill/several tracking numbers"},
		"believes success":             {"cancel/hollow success", "fulfill/hollow success"},
		"repeats twice":                {"cancel/repeated", "fulfill/no answer in time after the commit", "cancel/rivals with keys of their own"},
		"takes the credit":             {"cancel/already done", "fulfill/done by another request"},
		"already done is refused":      {"cancel/already done", "fulfill/done since it was read"},
		"ignores versions":             {"cancel/changed since it was read", "fulfill/changed since it was read"},
		"changes what is final":        {"cancel/too late", "fulfill/a closed order"},
		"fulfills at any price":        {"fulfill/from every open status"},
		"touches others":               {"cancel/leaves other orders alone"},
		"ignores contexts":             {"every call/context has ended"},
		"time-outs look like failures": {"find/no answer in time", "cancel/no answer in time after the commit"},
		"impatient":                    {"find/late", "cancel/late", "fulfill/late"},
		"plain errors":                 {"find/no such order", "probe/system fails"},
		"forgets how long to wait":     {"find/rate limited", "fulfill/rate limited"},
	} {
		t.Run(string(wrong), func(t *testing.T) {
			t.Parallel()

			caps := everything()
			if wrong == "fulfills at any price" {
				caps.Unfulfillable = []string{"held"}
			}
			failed := failures(t, caps, wrong)
			for _, name := range caught {
				require.Contains(t, failed, name)
			}
		})
	}
}

func TestCasesHaveNamesOfTheirOwn(t *testing.T) {
	t.Parallel()

	seen := map[string]bool{}
	needed := map[Fault]bool{}
	for _, c := range cases() {
		require.NotContains(t, seen, c.name)
		seen[c.name] = true
		for _, fault := range c.needs {
			require.Contains(t, Faults(), fault)
			needed[fault] = true
		}
	}
	require.Len(t, needed, len(Faults()), "a fault that no case injects")
}

// failures runs the suite against a model with a mistake and returns the names
// of the cases that failed.
func failures(t *testing.T, caps Capabilities, wrong mistake) []string {
	t.Helper()
	var failed []string
	for _, c := range cases() {
		if attempt(t, c, newModel(caps, wrong)) {
			failed = append(failed, c.name)
		}
	}
	require.Less(t, len(failed), len(cases()), "every case failed, which says nothing about any of them")
	return slices.Clip(failed)
}

// attempt runs a case in which a failure is not one of this test, and reports
// whether it failed.
func attempt(t *testing.T, c testCase, f Fixture) bool {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r := &recorder{TB: t, ctx: ctx}
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.run(newScene(r, f)) //nolint:testifylint // The recorder ends this goroutine, not the test.
	}()
	<-done
	return r.failed
}

// recorder is a testing.TB that keeps failures to itself.
type recorder struct {
	testing.TB

	ctx    context.Context //nolint:containedctx // It stands for the context of a test.
	failed bool
}

func (r *recorder) Context() context.Context { return r.ctx }
func (r *recorder) Errorf(string, ...any)    { r.failed = true }
func (r *recorder) Fail()                    { r.failed = true }
func (r *recorder) FailNow() {
	r.failed = true
	runtime.Goexit()
}
func (*recorder) Helper()             {}
func (*recorder) Log(...any)          {}
func (*recorder) Logf(string, ...any) {}
