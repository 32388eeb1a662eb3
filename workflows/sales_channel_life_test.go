package workflows_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/workflows"
)

// answer is what an update got.
type answer[T any] struct {
	value T
	err   error
	ended bool
}

// updateAt sends an update at a moment of the run and returns what it gets.
func updateAt[T any](w *channelWorld, at time.Duration, name string, request any) *answer[T] {
	got := &answer[T]{}
	w.env.RegisterDelayedCallback(func() {
		w.env.UpdateWorkflow(name, name+at.String(), &testsuite.TestUpdateCallback{
			OnAccept: func() {},
			OnReject: func(err error) { got.err, got.ended = err, true },
			OnComplete: func(result any, err error) {
				got.err, got.ended = err, true
				if value, ok := result.(T); ok {
					got.value = value
				}
			},
		}, request)
	}, at)
	return got
}

// runFor runs the channel and returns its state at the end.
func (w *channelWorld) runFor(t *testing.T, length time.Duration) (channel channels.Channel, status channels.Status, history []channels.Change) {
	t.Helper()
	w.env.RegisterDelayedCallback(func() {
		for query, into := range map[string]any{
			channels.QueryChannel: &channel, channels.QueryStatus: &status, channels.QueryHistory: &history,
		} {
			value, err := w.env.QueryWorkflow(query)
			require.NoError(t, err)
			require.NoError(t, value.Get(into))
		}
		w.env.CancelWorkflow()
	}, length)
	w.env.ExecuteWorkflow(workflows.SalesChannel, newState())
	require.True(t, w.env.IsWorkflowCompleted())
	w.mu.Lock() // what is on its way still comes too late
	t.Cleanup(w.mu.Unlock)
	return channel, status, history
}

func save(channel channels.Channel) channels.SaveRequest {
	return channels.SaveRequest{By: "ann", Channel: channel}
}

func TestSalesChannelAudits(t *testing.T) {
	t.Parallel()
	w := newChannelWorld(t)
	finding := channels.Finding{Kind: channels.FindingDeactivated, HookID: 7, Detail: "switched off", Done: "switched on"}
	hooks := []channels.HookRef{{ID: 7, Scope: "store/order/statusUpdated", ClientID: "c"}}
	var known [][]channels.HookRef
	w.sync = func(request activities.SyncRequest) (channels.AuditReport, error) {
		known = append(known, request.Known)
		report := right()
		report.Hooks = hooks
		if len(known) == 2 {
			report.Found = []channels.Finding{finding}
		}
		return report, nil
	}
	w.saveAt(time.Second, "1", save(validChannel()))
	asked := updateAt[channels.AuditReport](w, time.Minute, channels.UpdateAudit,
		channels.AuditRequest{Channel: "main", Cause: channels.AuditException, Code: 90001})
	_, status, _ := w.runFor(t, time.Hour)
	require.NoError(t, asked.err)
	require.Equal(t, []channels.Finding{finding}, asked.value.Found)
	require.Equal(t, channels.AuditException, asked.value.Cause)
	require.Equal(t, [][]channels.HookRef{nil, hooks}, known, "what was seen is known the next time")
	require.Equal(t, channels.HealthHealthy, status.Health.State)
	require.False(t, status.Health.CheckedAt.IsZero())
	require.Equal(t, hooks, status.Hooks)
}

// TestSalesChannelAnswersEveryAudit shows that an audit that is asked for while
// another look is under way gets one of its own.
func TestSalesChannelAnswersEveryAudit(t *testing.T) {
	t.Parallel()
	w := newChannelWorld(t)
	w.saveAt(time.Second, "1", save(validChannel()))
	var during *answer[channels.AuditReport]
	w.sync = func(request activities.SyncRequest) (channels.AuditReport, error) {
		if len(w.synced) == 2 {
			during = updateAt[channels.AuditReport](w, 0, channels.UpdateAudit, channels.AuditRequest{Channel: "main"})
		}
		return right(), nil
	}
	first := updateAt[channels.AuditReport](w, time.Minute, channels.UpdateAudit, channels.AuditRequest{Channel: "main"})
	w.runFor(t, time.Hour)
	require.True(t, first.ended)
	require.NotNil(t, during)
	require.True(t, during.ended)
	require.GreaterOrEqual(t, len(w.synced), 3)
}

func TestSalesChannelHealth(t *testing.T) {
	t.Parallel()
	broken := channels.Finding{Kind: channels.FindingRevoked, Detail: "the token is not taken", Left: true}
	pending := channels.Finding{Kind: channels.FindingDuplicate, Detail: "two hooks", Left: true, Harmless: true}
	shared := channels.Finding{Kind: channels.FindingShared, Detail: "shared", Left: true, Harmless: true}
	for name, c := range map[string]struct {
		left []channels.Finding
		err  error
		want channels.HealthState
	}{
		"nothing left":         {want: channels.HealthHealthy},
		"something harmless":   {left: []channels.Finding{pending}, want: channels.HealthDegraded},
		"nothing wrong at all": {left: []channels.Finding{shared}, want: channels.HealthHealthy},
		"something harmful":    {left: []channels.Finding{pending, broken}, want: channels.HealthUnhealthy},
		"out of reach":         {err: temporal.NewNonRetryableApplicationError("away", "store_unavailable", nil), want: channels.HealthUnhealthy},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newChannelWorld(t)
			w.sync = func(activities.SyncRequest) (channels.AuditReport, error) {
				report := right()
				report.Left = c.left
				return report, c.err
			}
			w.saveAt(time.Second, "1", save(validChannel()))
			_, status, _ := w.runFor(t, 30*time.Second)
			require.Equal(t, c.want, status.Health.State)
			if c.want != channels.HealthHealthy {
				require.NotEmpty(t, status.Health.Problems)
			}
		})
	}
}

// TestSalesChannelFinishesLater shows that what a look had to leave for later
// is done then, by itself, and no more than that.
func TestSalesChannelFinishesLater(t *testing.T) {
	t.Parallel()
	w := newChannelWorld(t)
	w.sync = func(activities.SyncRequest) (channels.AuditReport, error) {
		report := right()
		if len(w.synced) == 1 {
			report.Again = channels.Duration(65 * time.Second)
		}
		return report, nil
	}
	w.saveAt(time.Second, "1", save(validChannel()))
	w.runFor(t, 24*time.Hour)
	require.Equal(t, []int{1, 1}, w.synced)
}

func TestSalesChannelRotatesItsSecret(t *testing.T) {
	t.Parallel()
	w := newChannelWorld(t)
	unreachable := true
	w.sync = func(request activities.SyncRequest) (channels.AuditReport, error) {
		if request.SecretVersion == 2 && unreachable {
			return channels.AuditReport{}, temporal.NewNonRetryableApplicationError("away", "store_unavailable", nil)
		}
		return right(), nil
	}
	w.saveAt(time.Second, "1", save(validChannel()))
	rotated := updateAt[channels.SaveResult](w, time.Minute, channels.UpdateRotateSecret, channels.RotateRequest{By: "bob"})
	var atOnce, carried, before channels.Channel
	look := func(at time.Duration, into *channels.Channel) {
		w.env.RegisterDelayedCallback(func() {
			value, err := w.env.QueryWorkflow(channels.QueryChannel)
			require.NoError(t, err)
			require.NoError(t, value.Get(into))
		}, at)
	}
	look(2*time.Minute, &atOnce)
	w.env.RegisterDelayedCallback(func() { unreachable = false }, 100*time.Hour)
	look(101*time.Hour, &carried)
	look(148*time.Hour, &before)
	channel, status, history := w.runFor(t, 150*time.Hour)

	require.NoError(t, rotated.err)
	require.Equal(t, 2, rotated.value.Revision)
	require.Equal(t, []channels.FieldChange{{Field: "secret_version", Was: "1", Is: "2"}}, rotated.value.Changed)
	require.Equal(t, []int{2, 1}, []int{atOnce.SecretVersion, atOnce.SecretFloor})
	require.Equal(t, 1, carried.SecretFloor, "no hook carried the new one until now")
	require.Equal(t, 1, before.SecretFloor, "callbacks from before may still come")
	require.Equal(t, 2, channel.SecretFloor)
	require.True(t, status.RetireSecretAt.IsZero())
	last := history[len(history)-1]
	require.Equal(t, "orderbridge", last.By)
	require.Equal(t, []channels.FieldChange{{Field: "secret_floor", Was: "1", Is: "2"}}, last.Fields)
}

// TestSalesChannelLeavesStores shows that the hooks of former credentials are
// removed once the new ones are right, and repeated until that has worked.
func TestSalesChannelLeavesStores(t *testing.T) {
	t.Parallel()
	w := newChannelWorld(t)
	w.leave = func(c channels.Channel) (activities.LeaveResult, error) {
		switch len(w.left) {
		case 1:
			return activities.LeaveResult{}, temporal.NewNonRetryableApplicationError("away", "store_unavailable", nil)
		case 2:
			return activities.LeaveResult{}, nil // not yet
		default:
			return activities.LeaveResult{Cleared: indices(c.Former), Done: []string{"removed hook 7"}}, nil
		}
	}
	w.saveAt(time.Second, "1", save(validChannel()))
	next := validChannel()
	next.Store.AccessToken, next.Store.ClientSecret = []byte("sealed-9"), []byte("sealed-10")
	w.saveAt(time.Minute, "2", save(next))
	var soon channels.Channel
	w.env.RegisterDelayedCallback(func() {
		value, err := w.env.QueryWorkflow(channels.QueryChannel)
		require.NoError(t, err)
		require.NoError(t, value.Get(&soon))
	}, time.Hour)
	audits := []*answer[channels.AuditReport]{
		updateAt[channels.AuditReport](w, 2*time.Hour, channels.UpdateAudit, channels.AuditRequest{Channel: "main"}),
		updateAt[channels.AuditReport](w, 60*time.Hour, channels.UpdateAudit, channels.AuditRequest{Channel: "main"}),
	}
	channel, _, _ := w.runFor(t, 61*time.Hour)
	require.Len(t, w.left, 3)
	require.Len(t, soon.Former, 1)
	require.True(t, soon.Former[0].Cleared)
	require.Equal(t, validChannel().Store, soon.Former[0].Store, "callbacks that it signed are still taken")
	for _, audit := range audits {
		require.NoError(t, audit.err)
	}
	require.Empty(t, channel.Former, "nothing of it can come any more")
}

func TestSalesChannelConnection(t *testing.T) {
	t.Parallel()
	w := newChannelWorld(t)
	taken := temporal.NewNonRetryableApplicationError("channel other connects store abc123 already", activities.ErrTypeConnectionTaken, nil)
	w.claim = func(c channels.Channel) (activities.Claim, error) {
		if c.Store.Hash == "taken" {
			return activities.Claim{}, taken
		}
		return activities.Claim{Channel: c.ID, Connection: "connection/" + c.Store.Hash}, nil
	}
	w.saveAt(time.Second, "1", save(validChannel()))
	moved, refused := validChannel(), validChannel()
	refused.Store.Hash, moved.Store.Hash = "taken", "abc124"
	w.saveAt(2*time.Second, "2", save(refused))
	w.saveAt(3*time.Second, "3", save(moved))
	channel, _, _ := w.runFor(t, time.Minute)
	require.Len(t, w.errs, 1)
	var failure *temporal.ApplicationError
	require.ErrorAs(t, w.errs[0], &failure)
	require.Equal(t, activities.ErrTypeConnectionTaken, failure.Type())
	require.Equal(t, "connection/abc124", channel.Connection)
	require.Equal(t, []activities.Claim{{Channel: "main", Connection: "connection/abc123"}}, w.released)
}

// TestSalesChannelThatMovesWhileInactive shows that an inactive channel holds on
// to its connection until it is to be connected to something else.
func TestSalesChannelThatMovesWhileInactive(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*channels.Channel)
		holds  string
	}{
		"a setting":        {func(c *channels.Channel) { c.Settings.ValidFulfillmentStatuses = []string{"New"} }, "connection/abc123"},
		"another option":   {func(c *channels.Channel) { c.Downstream.Options = c.Downstream.Options.With("customer_id", "43") }, ""},
		"another kind":     {func(c *channels.Channel) { c.Downstream.Adapter = "threepl" }, ""},
		"the same options": {func(c *channels.Channel) { c.Downstream.Options = c.Downstream.Options.With("customer_id", "42") }, "connection/abc123"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newChannelWorld(t)
			before := validChannel()
			before.Downstream.Options = channels.Options{{Name: "customer_id", Value: "42"}}
			after := before
			after.Active = false
			tc.change(&after)
			w.saveAt(time.Second, "1", save(before))
			w.saveAt(2*time.Second, "2", save(after))
			channel, _, _ := w.runFor(t, time.Minute)
			require.Empty(t, w.errs)
			require.Equal(t, tc.holds, channel.Connection)
		})
	}
}

func TestSalesChannelKeepsTheWatermark(t *testing.T) {
	t.Parallel()
	w := newChannelWorld(t)
	at := w.env.Now().UTC().Truncate(time.Second).Add(-24 * time.Hour)
	for i, told := range []channels.Reconciled{
		{Through: at},
		{Through: at.Add(-time.Hour)},
		{From: at.Add(time.Minute), Through: at.Add(time.Hour)},
		{From: at.Add(-time.Minute), Through: at.Add(2 * time.Hour)},
		{From: at, Through: at.Add(48 * time.Hour)}, // by a clock that is wrong
		{From: at, Through: at.Add(3 * time.Hour)},
	} {
		w.env.RegisterDelayedCallback(func() { w.env.SignalWorkflow(channels.SignalReconciled, told) }, time.Duration(i+1)*time.Minute)
	}
	w.saveAt(time.Second, "1", save(validChannel()))
	var seen []time.Time
	for i := range 6 {
		w.env.RegisterDelayedCallback(func() {
			value, err := w.env.QueryWorkflow(channels.QueryStatus)
			require.NoError(t, err)
			var status channels.Status
			require.NoError(t, value.Get(&status))
			seen = append(seen, status.ReconciledThrough)
		}, time.Duration(i+1)*time.Minute+time.Second)
	}
	w.runFor(t, time.Hour)
	require.Equal(t, []time.Time{
		at, at, at, at.Add(2 * time.Hour), at.Add(48 * time.Hour), at.Add(3 * time.Hour),
	}, seen, "never back, and without a gap, unless a clock was wrong")
}

// TestSalesChannelLooksBackAfterADeactivation shows that the changes about which
// webhooks were waiting when the channel was deactivated are looked for again.
func TestSalesChannelLooksBackAfterADeactivation(t *testing.T) {
	t.Parallel()
	w := newChannelWorld(t)
	w.saveAt(time.Second, "1", save(validChannel()))
	const day = 24 * time.Hour
	var through time.Time
	w.env.RegisterDelayedCallback(func() {
		through = w.env.Now().UTC()
		w.env.SignalWorkflow(channels.SignalReconciled, channels.Reconciled{Through: through})
	}, 10*day)
	off := validChannel()
	off.Active = false
	w.saveAt(10*day+time.Minute, "2", save(off))
	w.env.RegisterDelayedCallback(func() { // a search that was under way
		w.env.SignalWorkflow(channels.SignalReconciled, channels.Reconciled{From: through.Add(-time.Hour), Through: through.Add(time.Minute)})
	}, 10*day+2*time.Minute)
	_, status, _ := w.runFor(t, 11*day)
	require.Empty(t, w.errs)
	require.Equal(t, through.Add(time.Minute-4*day), status.ReconciledThrough.Add(0), "a day of waits, three of retries")
}

// TestSalesChannelIsNotHeldUpByAFormerStore shows that a store that the channel
// has left and that answers no more delays neither saves nor audits, and is
// forgotten after days.
func TestSalesChannelIsNotHeldUpByAFormerStore(t *testing.T) {
	t.Parallel()
	w := newChannelWorld(t)
	w.leave = func(channels.Channel) (activities.LeaveResult, error) {
		return activities.LeaveResult{}, errors.New("out of reach")
	}
	w.saveAt(time.Second, "1", save(validChannel()))
	moved := validChannel()
	moved.Store.Hash = "abc124"
	w.saveAt(time.Minute, "2", save(moved))
	moved.Settings.ValidFulfillmentStatuses = []string{"New"}
	w.saveAt(2*time.Minute, "3", save(moved))
	audit := updateAt[channels.AuditReport](w, 3*time.Minute, channels.UpdateAudit, channels.AuditRequest{Channel: "main"})
	channel, status, _ := w.runFor(t, 8*24*time.Hour)
	require.Empty(t, w.errs)
	require.Len(t, w.results, 3)
	require.True(t, audit.ended)
	require.NoError(t, audit.err)
	require.Empty(t, channel.Former)
	require.Equal(t, channels.HealthHealthy, status.Health.State)
	require.Less(t, len(w.left), 7*24*4+20, "it is tried every 15 minutes at most")
	require.Greater(t, len(w.left), 100)
}

func TestSalesChannelReseal(t *testing.T) {
	t.Parallel()
	w := newChannelWorld(t)
	w.saveAt(time.Second, "1", save(validChannel()))
	w.env.RegisterDelayedCallback(func() { w.check = func(channels.Channel) error { return errors.New("away") } }, time.Minute)
	anew := validChannel()
	anew.Store.AccessToken = []byte("sealed with another key")
	request := save(anew)
	request.Resealed = true
	w.saveAt(2*time.Minute, "2", request)
	anew.Settings.StoreChannels = []int64{3}
	request.Channel = anew
	w.saveAt(3*time.Minute, "3", request)
	channel, _, history := w.runFor(t, time.Hour)
	require.Len(t, w.errs, 1)
	require.ErrorContains(t, w.errs[0], "settings.store_channels changed: only credentials can be sealed anew")
	require.Equal(t, 2, channel.Revision)
	require.Empty(t, channel.Former, "it is the same account")
	require.Equal(t, []int{1}, w.synced, "nothing is to be made right")
	require.Equal(t, []channels.FieldChange{{Field: "store.access_token", Was: "(secret)", Is: "(sealed anew)"}}, history[1].Fields)
}

// TestSalesChannelThatIsOffHoldsNoOtherConnection shows that an inactive channel
// that is moved keeps nobody from where it was, nor from where it goes.
func TestSalesChannelThatIsOffHoldsNoOtherConnection(t *testing.T) {
	t.Parallel()
	w := newChannelWorld(t)
	w.saveAt(time.Second, "1", save(validChannel()))
	moved := validChannel()
	moved.Active, moved.Downstream.BaseURL = false, "https://elsewhere.example.com"
	w.saveAt(time.Minute, "2", save(moved))
	channel, _, _ := w.runFor(t, time.Hour)
	require.Empty(t, w.errs)
	require.Empty(t, channel.Connection)
	require.Equal(t, []activities.Claim{{Channel: "main", Connection: "connection/abc123"}}, w.released)
}
