package workflows_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/workflows"
)

// channelWorld runs one sales channel in the time-skipping environment.
type channelWorld struct {
	env *testsuite.TestWorkflowEnvironment
	// check and sync stand for the two activities.
	check func(channels.Channel) error
	sync  func(activities.SyncRequest) (channels.AuditReport, error)
	leave func(channels.Channel) (activities.LeaveResult, error)
	claim func(channels.Channel) (activities.Claim, error)

	// mu is held while an activity runs. The clock of the environment leaps: an
	// attempt can be out of time, and the next one begin, before it has ended.
	mu       sync.Mutex
	synced   []int // the revisions that subscriptions were matched to
	left     []channels.Channel
	released []activities.Claim
	results  []channels.SaveResult
	errs     []error
}

func newChannelWorld(t *testing.T) *channelWorld {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	w := &channelWorld{env: suite.NewTestWorkflowEnvironment()}
	w.env.SetTestTimeout(30 * time.Second)
	w.check = func(channels.Channel) error { return nil }
	w.sync = func(activities.SyncRequest) (channels.AuditReport, error) { return right(), nil }
	w.leave = func(c channels.Channel) (activities.LeaveResult, error) {
		return activities.LeaveResult{Cleared: indices(c.Former)}, nil
	}
	w.claim = func(c channels.Channel) (activities.Claim, error) {
		return activities.Claim{Channel: c.ID, Connection: "connection/" + c.Store.Hash}, nil
	}
	w.env.RegisterActivity(acts)
	w.env.OnActivity(acts.CheckChannel, mock.Anything, mock.Anything).Maybe().Return(
		func(_ context.Context, c channels.Channel) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			return w.check(c)
		})
	w.env.OnActivity(acts.SyncSubscriptions, mock.Anything, mock.Anything).Maybe().Return(
		func(_ context.Context, request activities.SyncRequest) (channels.AuditReport, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.synced = append(w.synced, request.Revision)
			return w.sync(request)
		})
	w.env.OnActivity(acts.LeaveStores, mock.Anything, mock.Anything).Maybe().Return(
		func(_ context.Context, c channels.Channel) (activities.LeaveResult, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.left = append(w.left, c)
			return w.leave(c)
		})
	w.env.OnActivity(acts.ClaimConnection, mock.Anything, mock.Anything).Maybe().Return(
		func(_ context.Context, c channels.Channel) (activities.Claim, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			return w.claim(c)
		})
	w.env.OnActivity(acts.ReleaseConnection, mock.Anything, mock.Anything).Maybe().Return(
		func(_ context.Context, claim activities.Claim) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.released = append(w.released, claim)
			return nil
		})
	return w
}

// right is the report of a look that found everything as it should be.
func right() channels.AuditReport {
	return channels.AuditReport{Subscribed: []string{bigcommerce.ScopeOrderStatusUpdated}}
}

func indices[T any](list []T) []int {
	out := make([]int, len(list))
	for i := range list {
		out[i] = i
	}
	return out
}

func validChannel() channels.Channel {
	return channels.Channel{
		ID: "main", Active: true, CallbackURL: "https://hooks.example.com/webhooks/bigcommerce/main",
		Store:      channels.Store{Hash: "abc123", AccessToken: []byte("sealed-1")},
		Downstream: channels.Downstream{Adapter: "rest", BaseURL: "https://orders.example.com", Token: []byte("sealed-2")},
		Settings:   channels.Settings{ValidCancellationStatuses: []string{"Awaiting Shipment"}},
	}
}

// saveAt saves the channel at a moment of the run.
func (w *channelWorld) saveAt(at time.Duration, id string, request channels.SaveRequest) {
	w.env.RegisterDelayedCallback(func() {
		w.env.UpdateWorkflow(channels.UpdateSave, id, &testsuite.TestUpdateCallback{
			OnAccept: func() {},
			OnReject: func(err error) { w.errs = append(w.errs, err) },
			OnComplete: func(result any, err error) {
				if err != nil {
					w.errs = append(w.errs, err)
					return
				}
				saved, ok := result.(channels.SaveResult)
				if !ok {
					err = errors.New("not a SaveResult")
					w.errs = append(w.errs, err)
				}
				w.results = append(w.results, saved)
			},
		}, request)
	}, at)
}

// run runs the channel for an hour and returns what it is like then.
func (w *channelWorld) run(t *testing.T, state channels.State) (channel channels.Channel, history []channels.Change) {
	t.Helper()
	w.env.RegisterDelayedCallback(func() {
		for query, into := range map[string]any{channels.QueryChannel: &channel, channels.QueryHistory: &history} {
			value, err := w.env.QueryWorkflow(query)
			require.NoError(t, err)
			require.NoError(t, value.Get(into))
		}
		w.env.CancelWorkflow()
	}, time.Hour)
	w.env.ExecuteWorkflow(workflows.SalesChannel, state)
	require.True(t, w.env.IsWorkflowCompleted())
	w.mu.Lock() // what is on its way still comes too late
	t.Cleanup(w.mu.Unlock)
	return channel, history
}

func newState() channels.State { return channels.State{Channel: channels.Channel{ID: "main"}} }

func TestSalesChannelSave(t *testing.T) {
	t.Parallel()
	w := newChannelWorld(t)
	w.saveAt(time.Second, "1", channels.SaveRequest{By: "ann", Channel: validChannel()})
	w.saveAt(time.Minute, "2", channels.SaveRequest{By: "bob", Channel: validChannel()})
	changed := validChannel()
	changed.Settings.ValidFulfillmentStatuses = []string{"Pending Fulfillment"}
	changed.Store.AccessToken = []byte("sealed-3")
	w.saveAt(2*time.Minute, "3", channels.SaveRequest{By: "cem", Channel: changed})
	channel, history := w.run(t, newState())

	require.Empty(t, w.errs)
	require.Len(t, w.results, 3)
	require.Equal(t, 1, w.results[0].Revision)
	require.Equal(t, []string{bigcommerce.ScopeOrderStatusUpdated}, w.results[0].Subscribed)
	require.Empty(t, w.results[1].Changed, "saving the same changes nothing")
	require.Equal(t, 1, w.results[1].Revision)
	require.Equal(t, 2, w.results[2].Revision)
	require.Equal(t, []channels.FieldChange{
		{Field: "store.access_token", Was: "(secret)", Is: "(secret)"},
		{Field: "settings.valid_fulfillment_statuses", Was: "[]", Is: `["Pending Fulfillment"]`},
	}, w.results[2].Changed)

	require.Equal(t, []int{1, 1, 2}, w.synced, "every save makes the hooks match, a repeated one too")
	require.Equal(t, 2, channel.Revision)
	require.Equal(t, 1, channel.SecretVersion)
	require.Equal(t, channels.DefaultFirstWait, channel.Settings.Waits.First, "defaults are filled in")
	require.Len(t, history, 2)
	require.Equal(t, "ann", history[0].By)
	require.Equal(t, "cem", history[1].By)
	require.False(t, history[0].At.IsZero())
}

func TestSalesChannelRefuses(t *testing.T) {
	t.Parallel()
	bothWays := validChannel()
	bothWays.Settings.CancelOn = []bigcommerce.StatusID{bigcommerce.StatusShipped}
	other := validChannel()
	other.ID = "other"
	for name, c := range map[string]struct {
		request channels.SaveRequest
		check   error
		says    string
	}{
		"a nameless change":          {channels.SaveRequest{Channel: validChannel()}, nil, "by is missing"},
		"another id":                 {channels.SaveRequest{By: "ann", Channel: other}, nil, "keeps its id"},
		"one status that means both": {channels.SaveRequest{By: "ann", Channel: bothWays}, nil, "settings.fulfill_on"},
		"an empty channel":           {channels.SaveRequest{By: "ann", Channel: channels.Channel{ID: "main"}}, nil, "store.access_token"},
		"credentials that do not work": {
			channels.SaveRequest{By: "ann", Channel: validChannel()},
			temporal.NewNonRetryableApplicationError("the store refused the credentials", "store_probe_failed", nil),
			"the store refused the credentials",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newChannelWorld(t)
			w.check = func(channels.Channel) error { return c.check }
			w.saveAt(time.Second, "1", c.request)
			channel, history := w.run(t, newState())
			require.Len(t, w.errs, 1)
			require.ErrorContains(t, w.errs[0], c.says)
			require.Zero(t, channel.Revision, "nothing is saved")
			require.Empty(t, history)
			require.Empty(t, w.synced)
		})
	}
}

// TestSalesChannelSubscribesInTheEnd shows that a save does not depend on
// BigCommerce answering, and that the hooks are made all the same.
func TestSalesChannelSubscribesInTheEnd(t *testing.T) {
	t.Parallel()
	w := newChannelWorld(t)
	tries := 0
	w.sync = func(activities.SyncRequest) (channels.AuditReport, error) {
		if tries++; tries < 20 {
			return channels.AuditReport{}, errors.New("store_unavailable")
		}
		return right(), nil
	}
	w.saveAt(time.Second, "1", channels.SaveRequest{By: "ann", Channel: validChannel()})
	channel, _ := w.run(t, newState())
	require.Empty(t, w.errs)
	require.Equal(t, 1, channel.Revision)
	require.Empty(t, w.results[0].Subscribed, "the answer came before the hooks")
	require.Equal(t, 20, tries)
}

// TestSalesChannelSurvivesARefusal shows that a store that will not have a
// hook does not end the channel.
func TestSalesChannelSurvivesARefusal(t *testing.T) {
	t.Parallel()
	w := newChannelWorld(t)
	refuse := true
	w.sync = func(activities.SyncRequest) (channels.AuditReport, error) {
		if refuse {
			return channels.AuditReport{}, temporal.NewNonRetryableApplicationError("no such scope", "store_refused", nil)
		}
		return right(), nil
	}
	w.saveAt(time.Second, "1", channels.SaveRequest{By: "ann", Channel: validChannel()})
	w.env.RegisterDelayedCallback(func() { refuse = false }, 30*time.Second)
	w.saveAt(time.Minute, "2", channels.SaveRequest{By: "ann", Channel: validChannel()})
	w.run(t, newState())
	require.Empty(t, w.errs)
	require.Empty(t, w.results[0].Subscribed)
	require.Equal(t, []string{bigcommerce.ScopeOrderStatusUpdated}, w.results[1].Subscribed, "saving again tries again")
}

// TestSalesChannelRefusesToOverwrite shows that a change made on an older
// revision, or an addition of what is there, is refused.
func TestSalesChannelRefusesToOverwrite(t *testing.T) {
	t.Parallel()
	w := newChannelWorld(t)
	fresh, first := 0, 1
	save := func(at time.Duration, id, status string, expected *int) {
		next := validChannel()
		next.Settings.ValidCancellationStatuses = []string{status}
		w.saveAt(at, id, channels.SaveRequest{By: "ann", Channel: next, Expected: expected})
	}
	save(time.Second, "1", "A", &fresh)
	save(2*time.Second, "2", "B", &fresh)
	save(3*time.Second, "3", "C", &first)
	save(4*time.Second, "4", "D", &first)
	channel, _ := w.run(t, newState())
	require.Len(t, w.errs, 2)
	require.ErrorContains(t, w.errs[0], "there is a channel main already (revision 1)")
	require.ErrorContains(t, w.errs[1], "it is at revision 2, not 1")
	require.Equal(t, []string{"C"}, channel.Settings.ValidCancellationStatuses)
}

// TestSalesChannelSwitchesOffDuringAnOutage shows that a channel can be
// deactivated while neither side can be asked.
func TestSalesChannelSwitchesOffDuringAnOutage(t *testing.T) {
	t.Parallel()
	w := newChannelWorld(t)
	w.saveAt(time.Second, "1", channels.SaveRequest{By: "ann", Channel: validChannel()})
	w.env.RegisterDelayedCallback(func() { w.check = func(channels.Channel) error { return errors.New("out of order") } }, 10*time.Second)
	off := validChannel()
	off.Active = false
	w.saveAt(time.Minute, "2", channels.SaveRequest{By: "ann", Channel: off})
	channel, _ := w.run(t, newState())
	require.Empty(t, w.errs)
	require.False(t, channel.Active)
	require.Equal(t, []int{1, 2}, w.synced)
}

// TestSalesChannelEndsIfItNeverBegan shows that a channel whose first save was
// refused leaves nothing running.
func TestSalesChannelEndsIfItNeverBegan(t *testing.T) {
	t.Parallel()
	w := newChannelWorld(t)
	w.check = func(channels.Channel) error {
		return temporal.NewNonRetryableApplicationError("refused", "store_probe_failed", nil)
	}
	w.saveAt(time.Second, "1", channels.SaveRequest{By: "ann", Channel: validChannel()})
	w.env.ExecuteWorkflow(workflows.SalesChannel, newState())
	require.True(t, w.env.IsWorkflowCompleted())
	require.NoError(t, w.env.GetWorkflowError())
	require.Len(t, w.errs, 1)
}

// TestSalesChannelGoesOnWhileItShouldContinueAsNew shows that saves that
// overlap are served while the history is long enough to begin a new one, which
// happens as soon as none is under way.
func TestSalesChannelGoesOnWhileItShouldContinueAsNew(t *testing.T) {
	t.Parallel()
	w := newChannelWorld(t)
	w.env.RegisterDelayedCallback(func() { w.env.SetContinueAsNewSuggested(true) }, 0)
	for i, status := range []string{"A", "B", "C", "D"} {
		next := validChannel()
		next.Settings.ValidCancellationStatuses = []string{status}
		w.saveAt(time.Second, string(rune('1'+i)), channels.SaveRequest{By: "ann", Channel: next})
	}
	w.env.ExecuteWorkflow(workflows.SalesChannel, newState())
	var again *workflow.ContinueAsNewError
	require.ErrorAs(t, w.env.GetWorkflowError(), &again)
	require.Empty(t, w.errs)
	require.Len(t, w.results, 4)
	require.Equal(t, 4, w.synced[len(w.synced)-1], "the last one is what the hooks match")
}

// TestSalesChannelContinuesAsNew shows that a long history begins anew with
// all that is known.
func TestSalesChannelContinuesAsNew(t *testing.T) {
	t.Parallel()
	w := newChannelWorld(t)
	w.saveAt(time.Second, "1", channels.SaveRequest{By: "ann", Channel: validChannel()})
	w.env.RegisterDelayedCallback(func() {
		w.env.SetContinueAsNewSuggested(true)
		w.env.UpdateWorkflow(channels.UpdateSave, "2", &testsuite.TestUpdateCallback{
			OnAccept: func() {}, OnReject: func(error) {}, OnComplete: func(any, error) {},
		}, channels.SaveRequest{By: "ann", Channel: validChannel()})
	}, time.Minute)
	w.env.ExecuteWorkflow(workflows.SalesChannel, newState())
	var again *workflow.ContinueAsNewError
	require.ErrorAs(t, w.env.GetWorkflowError(), &again)
	require.Equal(t, workflows.SalesChannelType, again.WorkflowType.Name)

	next := newChannelWorld(t)
	state := channels.State{Channel: validChannel(), Subscribed: []string{"x"}}
	state.Channel.Revision = 7
	channel, _ := next.run(t, state)
	require.Equal(t, 7, channel.Revision)
	require.Empty(t, next.synced, "nothing is done again")
}
