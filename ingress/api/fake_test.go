package api_test

import (
	"context"
	"sync"
	"time"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/seal"
	"github.com/orderbridge/orderbridge/ingress/operator"
)

// checkRun and searchRun are runs that there are.
const (
	checkRun  = "0198c0de-0000-7000-8000-000000000001"
	searchRun = "1795510000000"
)

// at is when everything happened.
var at = time.Date(2026, time.November, 20, 9, 30, 0, 0, time.UTC)

// call is what an office was asked to do.
type call struct {
	what     string
	by, id   string
	channel  channels.Channel
	secrets  map[string]string
	expected *int
	flag     bool
	request  activities.ReconcileRequest
	run      string
}

// office is an Operator that notes what it is asked to do.
type office struct {
	mu    sync.Mutex
	calls []call
	// channel is the only one that there is.
	channel channels.Channel
	// err, if not nil, is what every call ends with.
	err error
	// saveErrs are what the next saves end with, one after the other.
	saveErrs []error
	// wait, if not nil, is what every call does first.
	wait func(context.Context) error
	// done is whether runs have ended.
	done bool
	// views are listed in place of the channel's, if there are any.
	views []operator.View
}

func newOffice() *office {
	return &office{done: true, channel: channels.Channel{
		ID: "main", Active: true, Revision: 7, CreatedAt: at, CallbackURL: "https://hooks.example.com/webhooks/bigcommerce/main",
		Store: channels.Store{
			Hash: "abc123", AccessToken: seal.Sealed("sealed-access"), ClientID: "client1", ClientSecret: seal.Sealed("sealed-secret"),
		},
		Downstream: channels.Downstream{
			Adapter: "rest", BaseURL: "https://orders.example.com", Token: seal.Sealed("sealed-token"),
			Options: channels.Options{{Name: "kept", Value: "1"}, {Name: "there", Value: "yes"}},
		},
		Settings:      channels.Settings{ValidCancellationStatuses: []string{"Awaiting Shipment"}, AuditEvery: channels.Duration(time.Minute)},
		SecretVersion: 2, SecretFloor: 1,
		Former: []channels.FormerStore{{Store: channels.Store{Hash: "old1"}, LeftAt: at, Cleared: true}},
	}}
}

// note notes a call and returns how it ends.
func (o *office) note(ctx context.Context, c call) error {
	o.mu.Lock()
	o.calls = append(o.calls, c)
	wait, err := o.wait, o.err
	o.mu.Unlock()
	if wait != nil {
		if err := wait(ctx); err != nil {
			return err
		}
	}
	return err
}

// asked returns the calls of one kind.
func (o *office) asked(what string) []call {
	o.mu.Lock()
	defer o.mu.Unlock()
	var out []call
	for _, c := range o.calls {
		if c.what == what {
			out = append(out, c)
		}
	}
	return out
}

func (o *office) view() operator.View {
	view := operator.ViewOf(o.channel)
	view.Status = &channels.Status{
		Health: channels.Health{State: channels.HealthDegraded, CheckedAt: at, Problems: []channels.Finding{finding()}},
		Hooks:  []channels.HookRef{{ID: 3, Scope: "store/order/statusUpdated", ClientID: "client1", ArmedAt: at}},

		ReconciledThrough: at, RetireSecretAt: at, Removing: true,
	}
	return view
}

func finding() channels.Finding {
	return channels.Finding{
		Kind: channels.FindingBlocked, Scope: "store/order/statusUpdated", HookID: 3, Detail: "the domain is blocked", Done: "nothing",
		Advice: "wait", Left: true, Harmless: true,
	}
}

func (o *office) List(ctx context.Context) ([]operator.View, error) {
	err := o.note(ctx, call{what: "list"})
	if o.views != nil {
		return o.views, err
	}
	return []operator.View{o.view()}, err
}

func (o *office) Get(ctx context.Context, id string) (operator.View, error) {
	if err := o.note(ctx, call{what: "get", id: id}); err != nil {
		return operator.View{}, err
	}
	return o.view(), nil
}

func (o *office) Channel(ctx context.Context, id string) (channels.Channel, error) {
	if err := o.note(ctx, call{what: "channel", id: id}); err != nil {
		return channels.Channel{}, err
	}
	return o.channel, nil
}

func (o *office) History(ctx context.Context, id string) ([]channels.Change, error) {
	return []channels.Change{
		{At: at, By: "ops", Revision: 1},
		{At: at, By: "ops", Revision: 2, Fields: []channels.FieldChange{{Field: "active", Was: "true", Is: "false"}}},
	}, o.note(ctx, call{what: "history", id: id})
}

func plain(secrets operator.Secrets) map[string]string {
	out := map[string]string{}
	for name, value := range map[string]*string{
		"access_token": secrets.AccessToken, "client_secret": secrets.ClientSecret, "downstream_token": secrets.DownstreamToken,
	} {
		if value != nil {
			out[name] = *value
		}
	}
	return out
}

func (o *office) Save(
	ctx context.Context, by string, channel channels.Channel, secrets operator.Secrets, expected *int,
) (channels.SaveResult, error) {
	err := o.note(ctx, call{what: "save", by: by, id: channel.ID, channel: channel, secrets: plain(secrets), expected: expected})
	o.mu.Lock()
	defer o.mu.Unlock()
	if err == nil && len(o.saveErrs) > 0 {
		err, o.saveErrs = o.saveErrs[0], o.saveErrs[1:]
	}
	if err != nil {
		return channels.SaveResult{}, err
	}
	if channel.ID != o.channel.ID {
		return channels.SaveResult{Revision: 1, Changed: []channels.FieldChange{{Field: "id", Is: channel.ID}}}, nil
	}
	return saved(), nil
}

func saved() channels.SaveResult {
	return channels.SaveResult{
		Revision: 8, Changed: []channels.FieldChange{{Field: "active", Was: "true", Is: "false"}}, Subscribed: []string{"store/order/statusUpdated"},
	}
}

func (o *office) SetActive(ctx context.Context, by, id string, active bool) (channels.SaveResult, error) {
	return saved(), o.note(ctx, call{what: "active", by: by, id: id, flag: active})
}

func (o *office) Remove(ctx context.Context, by, id string, force bool) (channels.RemoveResult, error) {
	return channels.RemoveResult{}, o.note(ctx, call{what: "remove", by: by, id: id, flag: force})
}

func (o *office) RotateSecret(ctx context.Context, by, id string) (channels.SaveResult, error) {
	return saved(), o.note(ctx, call{what: "rotate", by: by, id: id})
}

func (o *office) Reseal(ctx context.Context, by, id string) ([]string, error) {
	return []string{"store.access_token"}, o.note(ctx, call{what: "reseal", by: by, id: id})
}

func (o *office) Audit(ctx context.Context, id string) (channels.AuditReport, error) {
	return channels.AuditReport{
		Channel: id, Revision: 7, Cause: channels.AuditRequested, Found: []channels.Finding{finding()}, Again: channels.Duration(time.Minute),
		Hooks: []channels.HookRef{{ID: 3, Scope: "store/order/statusUpdated", ClientID: "client1", ArmedAt: at}},
	}, o.note(ctx, call{what: "audit", id: id})
}

func (o *office) StartCheck(ctx context.Context, by, id string, deliver bool) (operator.CheckRun, error) {
	err := o.note(ctx, call{what: "start check", by: by, id: id, flag: deliver})
	return operator.CheckRun{WorkflowID: channels.CheckID(id), RunID: checkRun}, err
}

func (o *office) CheckProgress(ctx context.Context, run operator.CheckRun) (activities.CheckReport, bool, error) {
	return activities.CheckReport{
		Channel: "main", Result: activities.CheckWarning, StartedAt: at, EndedAt: at,
		Steps: []activities.CheckStep{{Name: activities.CheckStepToken, Result: activities.CheckWarning, Detail: "d", Advice: "a"}},
	}, o.done, o.note(ctx, call{what: "check", id: run.WorkflowID, run: run.RunID})
}

func (o *office) StartReconcile(ctx context.Context, request activities.ReconcileRequest) (operator.ReconcileRun, error) {
	err := o.note(ctx, call{what: "start reconcile", id: request.Channel, request: request})
	return operator.ReconcileRun{WorkflowID: channels.ReconcileID(request.Channel) + "/request/" + searchRun, RunID: "r"}, err
}

var counts = activities.ReconcileCounts{Listed: 9, Mapped: 7, Covered: 4, Missed: 3, Started: 2, AlreadyStarted: 1}

func (o *office) ReconcileProgress(ctx context.Context, run operator.ReconcileRun) (activities.ReconcileProgress, error) {
	return activities.ReconcileProgress{From: at, Until: at, At: at, ReconcileCounts: counts, Pages: 1, Done: o.done},
		o.note(ctx, call{what: "reconcile", id: run.WorkflowID, run: run.RunID})
}

func (o *office) ReconcileResult(ctx context.Context, run operator.ReconcileRun) (activities.ReconcileReport, error) {
	return activities.ReconcileReport{
		Channel: "main", From: at, Through: at, ReconcileCounts: counts, Truncated: true, DryRun: true, Skipped: "s",
		Found: []activities.FoundOrder{{Channel: "main", StoreHash: "abc123", OrderID: 218, StatusID: bigcommerce.StatusCancelled, ModifiedAt: at}},
	}, o.note(ctx, call{what: "reconcile result", id: run.WorkflowID, run: run.RunID})
}
