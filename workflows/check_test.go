package workflows_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/workflows"
)

// checkWorld runs one check in the time-skipping environment.
type checkWorld struct {
	t   *testing.T
	env *testsuite.TestWorkflowEnvironment
	// results are what the steps show that are not ok, by name.
	results map[string]activities.CheckStep
	last    activities.Arrival
	// broken is a step whose activity fails.
	broken  string
	prepare func() (activities.Trial, error)
	cause   func(attempt int) (activities.Trial, error)
	end     func() error

	made, ended, caused int
	asked               map[string]int
}

func newCheckWorld(t *testing.T) *checkWorld {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	w := &checkWorld{t: t, env: suite.NewTestWorkflowEnvironment(), results: map[string]activities.CheckStep{}, asked: map[string]int{}}
	w.env.SetTestTimeout(30 * time.Second)
	trial := activities.Trial{Channel: "main", OrderID: 7, HookID: 1}
	w.prepare = func() (activities.Trial, error) { return trial, nil }
	w.cause = func(int) (activities.Trial, error) { return trial, nil }
	w.end = func() error { return nil }
	w.env.RegisterActivity(acts)
	for name, step := range map[string]any{
		activities.CheckStepChannel: acts.CheckActive, activities.CheckStepToken: acts.CheckToken,
		activities.CheckStepScopes: acts.CheckScopes, activities.CheckStepHooks: acts.CheckHooks,
		activities.CheckStepCallback: acts.CheckCallback, activities.CheckStepDownstream: acts.CheckDownstream,
		activities.CheckStepRules: acts.CheckRules, activities.CheckStepSignature: acts.CheckSigning,
	} {
		w.env.OnActivity(step, mock.Anything, mock.Anything).Maybe().Return(
			func(_ context.Context, request activities.CheckRequest) (activities.CheckStep, error) {
				require.Equal(t, "main", request.Channel)
				w.asked[name]++
				if name == w.broken {
					return activities.CheckStep{}, errors.New("no answer")
				}
				if result, ok := w.results[name]; ok {
					return result, nil
				}
				return activities.CheckStep{Name: name, Result: activities.CheckOK, Detail: "Fine."}, nil
			})
	}
	w.env.OnActivity(acts.LastArrival, mock.Anything, mock.Anything).Maybe().Return(
		func(context.Context, activities.CheckRequest) (activities.Arrival, error) { return w.last, nil })
	w.env.OnActivity(acts.PrepareTrial, mock.Anything, mock.Anything).Maybe().Return(
		func(context.Context, activities.CheckRequest) (activities.Trial, error) { w.made++; return w.prepare() })
	w.env.OnActivity(acts.CauseTrial, mock.Anything, mock.Anything).Maybe().Return(
		func(_ context.Context, got activities.Trial) (activities.Trial, error) {
			require.Equal(t, trial, got)
			w.caused++
			return w.cause(w.caused)
		})
	w.env.OnActivity(acts.EndTrial, mock.Anything, mock.Anything).Maybe().Return(
		func(context.Context, activities.CheckRequest) error { w.ended++; return w.end() })
	return w
}

// arrives has the caused callback arrive at a time of the run.
func (w *checkWorld) arrives(at time.Duration) {
	w.env.RegisterDelayedCallback(func() {
		w.env.SignalWorkflow(channels.SignalDelivered, channels.Delivered{At: w.env.Now()})
	}, at)
}

func (w *checkWorld) run(deliver bool) activities.CheckReport {
	w.t.Helper()
	w.env.ExecuteWorkflow(workflows.CheckIntegration, activities.CheckRequest{Channel: "main", Deliver: deliver, By: "ann"})
	require.True(w.t, w.env.IsWorkflowCompleted())
	require.NoError(w.t, w.env.GetWorkflowError())
	var report activities.CheckReport
	require.NoError(w.t, w.env.GetWorkflowResult(&report))
	require.Equal(w.t, "main", report.Channel)
	names := make([]string, 0, len(report.Steps))
	for _, step := range report.Steps {
		names = append(names, step.Name)
		require.NotEmpty(w.t, step.Detail, step.Name)
		if step.Result != activities.CheckOK && step.Result != activities.CheckSkipped {
			require.NotEmpty(w.t, step.Advice, step.Name)
		}
	}
	require.Equal(w.t, activities.CheckStepNames(), names)
	return report
}

// of returns a step of a report.
func of(t *testing.T, report activities.CheckReport, name string) activities.CheckStep {
	t.Helper()
	for _, step := range report.Steps {
		if step.Name == name {
			return step
		}
	}
	require.Fail(t, "no such step", name)
	return activities.CheckStep{}
}

func bad(name string) activities.CheckStep {
	return activities.CheckStep{Name: name, Result: activities.CheckFailed, Detail: "Bad.", Advice: "Mend it."}
}

func TestCheckIntegration(t *testing.T) {
	t.Parallel()

	t.Run("all is well", func(t *testing.T) {
		t.Parallel()
		w := newCheckWorld(t)
		w.arrives(4 * time.Second)
		report := w.run(true)
		require.Equal(t, activities.CheckOK, report.Result)
		require.Equal(t, "BigCommerce delivered a callback, which took 4s.", of(t, report, activities.CheckStepDelivery).Detail)
		require.Equal(t, 4*time.Second, report.EndedAt.Sub(report.StartedAt))
		require.Equal(t, 1, w.caused)
		require.Equal(t, 1, w.ended)
	})

	t.Run("the worst counts", func(t *testing.T) {
		t.Parallel()
		w := newCheckWorld(t)
		w.last.At = w.env.Now()
		w.results[activities.CheckStepRules] = activities.CheckStep{Result: activities.CheckWarning, Detail: "Nothing selected.", Advice: "Select."}
		require.Equal(t, activities.CheckWarning, w.run(false).Result)
		require.Zero(t, w.made, "no delivery was asked for")

		w = newCheckWorld(t)
		w.last.At = w.env.Now()
		w.results[activities.CheckStepDownstream] = bad(activities.CheckStepDownstream)
		report := w.run(false)
		require.Equal(t, activities.CheckFailed, report.Result)
		require.Equal(t, activities.CheckOK, of(t, report, activities.CheckStepSignature).Result, "what does not depend on it goes on")
	})

	t.Run("no such channel", func(t *testing.T) {
		t.Parallel()
		w := newCheckWorld(t)
		w.results[activities.CheckStepChannel] = bad(activities.CheckStepChannel)
		report := w.run(true)
		require.Equal(t, activities.CheckFailed, report.Result)
		for _, step := range report.Steps[1:] {
			require.Equal(t, activities.CheckSkipped, step.Result)
		}
		require.Len(t, w.asked, 1)
		require.Zero(t, w.made)
	})

	t.Run("token that does not work", func(t *testing.T) {
		t.Parallel()
		w := newCheckWorld(t)
		w.results[activities.CheckStepToken] = bad(activities.CheckStepToken)
		report := w.run(true)
		for name, want := range map[string]activities.CheckResult{
			activities.CheckStepScopes: activities.CheckSkipped, activities.CheckStepHooks: activities.CheckSkipped,
			activities.CheckStepDelivery: activities.CheckSkipped, activities.CheckStepCallback: activities.CheckOK,
			activities.CheckStepDownstream: activities.CheckOK, activities.CheckStepRules: activities.CheckOK,
		} {
			require.Equal(t, want, of(t, report, name).Result, name)
		}
		require.Zero(t, w.made)
	})

	t.Run("a step that cannot be made", func(t *testing.T) {
		t.Parallel()
		w := newCheckWorld(t)
		w.last.At = w.env.Now()
		w.broken = activities.CheckStepHooks
		report := w.run(false)
		require.Equal(t, activities.CheckWarning, report.Result)
		require.Equal(t, "It could not be checked: no answer.", of(t, report, activities.CheckStepHooks).Detail)
		require.Equal(t, activities.CheckAttempts, w.asked[activities.CheckStepHooks])
	})
}

func TestCheckIntegrationShowsItsSteps(t *testing.T) {
	t.Parallel()
	w := newCheckWorld(t)
	var seen activities.CheckReport
	w.env.RegisterDelayedCallback(func() {
		value, err := w.env.QueryWorkflow(channels.QuerySteps)
		require.NoError(t, err)
		require.NoError(t, value.Get(&seen))
	}, 10*time.Second)
	w.arrives(20 * time.Second)
	report := w.run(true)
	require.Equal(t, activities.CheckRunning, seen.Result)
	require.Len(t, seen.Steps, 6)
	require.Equal(t, activities.CheckStep{Name: activities.CheckStepDelivery, Result: activities.CheckRunning}, seen.Steps[5])
	require.Zero(t, seen.EndedAt)
	value, err := w.env.QueryWorkflow(channels.QuerySteps)
	require.NoError(t, err)
	seen = activities.CheckReport{}
	require.NoError(t, value.Get(&seen))
	require.Equal(t, report, seen, "after its end it answers with the result")
}

func TestCheckIntegrationDelivery(t *testing.T) {
	t.Parallel()
	verdict := activities.CheckStep{Result: activities.CheckWarning, Detail: "Not allowed.", Advice: "Wait for a real one."}

	for name, tc := range map[string]struct {
		set    func(*checkWorld)
		want   activities.CheckResult
		says   string
		caused int
	}{
		"nothing arrives": {want: activities.CheckFailed, says: "did not deliver within 2m5s", caused: 2},
		"arrives the second time": {
			set: func(w *checkWorld) { w.arrives(70 * time.Second) }, want: activities.CheckOK, says: "which took 5s", caused: 2,
		},
		"arrived before it was caused": {
			set: func(w *checkWorld) {
				w.prepare = func() (activities.Trial, error) {
					w.env.SignalWorkflow(channels.SignalDelivered, channels.Delivered{})
					return activities.Trial{Channel: "main", OrderID: 7, HookID: 1}, nil
				}
			},
			want: activities.CheckFailed, says: "did not deliver", caused: 2,
		},
		"not allowed to make a hook": {
			set: func(w *checkWorld) {
				w.prepare = func() (activities.Trial, error) { return activities.Trial{Verdict: &verdict}, nil }
			},
			want: activities.CheckWarning, says: "Not allowed.",
		},
		"not allowed to cause anything": {
			set: func(w *checkWorld) {
				w.cause = func(int) (activities.Trial, error) { return activities.Trial{Verdict: &verdict}, nil }
			},
			want: activities.CheckWarning, says: "Not allowed.", caused: 1,
		},
		"not allowed, but a webhook arrived today": {
			set: func(w *checkWorld) {
				w.last.At = w.env.Now().Add(-time.Hour)
				w.prepare = func() (activities.Trial, error) { return activities.Trial{Verdict: &verdict}, nil }
			},
			want: activities.CheckOK, says: "The last webhook arrived at",
		},
		"the hook cannot be made": {
			set: func(w *checkWorld) {
				w.prepare = func() (activities.Trial, error) { return activities.Trial{}, errors.New("no answer") }
			},
			want: activities.CheckWarning, says: "could not be checked: no answer",
		},
		"nothing can be caused": {
			set: func(w *checkWorld) {
				w.cause = func(int) (activities.Trial, error) {
					return activities.Trial{}, temporal.NewNonRetryableApplicationError("gone", "store_refused", nil)
				}
			},
			want: activities.CheckWarning, says: "could not be checked: gone", caused: 1,
		},
		"the hook cannot be removed": {
			set: func(w *checkWorld) {
				w.arrives(5 * time.Second)
				w.end = func() error { return errors.New("no answer") }
			},
			want: activities.CheckWarning, says: "may still be there: no answer", caused: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newCheckWorld(t)
			if tc.set != nil {
				tc.set(w)
			}
			report := w.run(true)
			result := of(t, report, activities.CheckStepDelivery)
			require.Equal(t, tc.want, result.Result, result.Detail)
			require.Contains(t, result.Detail, tc.says)
			require.Equal(t, tc.caused, w.caused)
			require.GreaterOrEqual(t, w.ended, 1, "whatever happened, what was made is removed")
			require.LessOrEqual(t, report.EndedAt.Sub(report.StartedAt), 150*time.Second)
		})
	}

	t.Run("without one", func(t *testing.T) {
		t.Parallel()
		w := newCheckWorld(t)
		require.Equal(t, activities.CheckWarning, of(t, w.run(false), activities.CheckStepDelivery).Result)
		w = newCheckWorld(t)
		w.last.At = w.env.Now().Add(-time.Hour)
		require.Equal(t, activities.CheckOK, of(t, w.run(false), activities.CheckStepDelivery).Result)
		require.Zero(t, w.made+w.ended)
	})

	t.Run("reaches what cannot be reached from here", func(t *testing.T) {
		t.Parallel()
		w := newCheckWorld(t)
		w.results[activities.CheckStepCallback] = bad(activities.CheckStepCallback)
		w.arrives(3 * time.Second)
		report := w.run(true)
		require.Equal(t, activities.CheckWarning, of(t, report, activities.CheckStepCallback).Result)
		require.Contains(t, of(t, report, activities.CheckStepDelivery).Detail, "although it could not be reached from here")
		require.Equal(t, activities.CheckWarning, report.Result)
	})
}

// TestCheckIntegrationCleansUp: a check that is cancelled leaves nothing behind,
// whatever it was doing.
func TestCheckIntegrationCleansUp(t *testing.T) {
	t.Parallel()

	t.Run("while it waits", func(t *testing.T) {
		t.Parallel()
		w := newCheckWorld(t)
		w.env.RegisterDelayedCallback(w.env.CancelWorkflow, 30*time.Second)
		w.env.ExecuteWorkflow(workflows.CheckIntegration, activities.CheckRequest{Channel: "main", Deliver: true})
		require.True(t, temporal.IsCanceledError(w.env.GetWorkflowError()))
		require.Equal(t, 1, w.made)
		require.Equal(t, 1, w.ended)
	})

	t.Run("while it makes the hook", func(t *testing.T) {
		t.Parallel()
		w := newCheckWorld(t)
		w.prepare = func() (activities.Trial, error) {
			w.env.CancelWorkflow()
			return activities.Trial{Channel: "main", OrderID: 7, HookID: 1}, nil
		}
		w.env.ExecuteWorkflow(workflows.CheckIntegration, activities.CheckRequest{Channel: "main", Deliver: true})
		require.True(t, temporal.IsCanceledError(w.env.GetWorkflowError()))
		require.Equal(t, 1, w.ended)
		require.Zero(t, w.caused)
	})

	t.Run("before it made anything", func(t *testing.T) {
		t.Parallel()
		w := newCheckWorld(t)
		w.env.RegisterDelayedCallback(w.env.CancelWorkflow, 0)
		w.env.ExecuteWorkflow(workflows.CheckIntegration, activities.CheckRequest{Channel: "main", Deliver: true})
		require.True(t, temporal.IsCanceledError(w.env.GetWorkflowError()))
		require.Zero(t, w.made+w.ended)
	})
}
