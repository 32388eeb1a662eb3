package activities

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/log"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/subscriptions"
)

const (
	// auditsLate is how many intervals may pass without an audit before a check
	// says so: one may be under way, and another may have been skipped for it.
	auditsLate = 3
	// auditsSlack is added to that for short intervals.
	auditsSlack = 5 * time.Minute
	// statusTimeout bounds the question how the channel is doing, so that the
	// rest is checked even if nobody answers.
	statusTimeout = 5 * time.Second
	// findingsTold bounds how many findings one sentence names.
	findingsTold = 5
)

// CheckHooks looks whether every wanted hook is there and right, as an audit
// would, but changes nothing. It also says when the last audit ended.
func (a *Activities) CheckHooks(ctx context.Context, request CheckRequest) (CheckStep, error) {
	channel, err := a.directory.Channel(ctx, request.Channel)
	if err != nil {
		return judge(ctx, CheckStepHooks, err)
	}
	status, known := a.statusOf(ctx, channel.ID)
	store, err := a.connections.Store(ctx, channel)
	if err != nil {
		return judge(ctx, CheckStepHooks, err)
	}
	report, err := subscriptions.Sync{
		Store: &unchanged{Store: store}, Channel: channel, Secrets: a.secrets, Known: status.Hooks,
		Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler)), // nothing of what it says happens
	}.Run(ctx)
	if err != nil {
		return judge(ctx, CheckStepHooks, err)
	}
	result := judgeHooks(channel, report)
	if !known {
		return worse(result, step(CheckStepHooks, CheckWarning, "When the last audit ended could not be read.",
			"Check again in a moment; if it lasts, see whether workers run.")), nil
	}
	audits := judgeAudits(channel, status.Health, time.Now())
	if audits.Result == CheckOK {
		result.Detail += " " + audits.Detail
		return result, nil
	}
	return worse(result, audits), nil
}

// unchanged is a store in which every change seems to succeed and none is made.
type unchanged struct {
	subscriptions.Store

	readAt time.Time
	made   int64
}

func (u *unchanged) HooksAdmin(ctx context.Context) (bigcommerce.HooksAdmin, error) {
	admin, err := u.Store.HooksAdmin(ctx)
	u.readAt = admin.ReadAt
	return admin, err
}

func (u *unchanged) CreateHook(_ context.Context, hook bigcommerce.HookRequest) (bigcommerce.Hook, error) {
	u.made--
	return bigcommerce.Hook{
		ID: u.made, Scope: hook.Scope, Destination: hook.Destination, IsActive: hook.IsActive, Headers: hook.Headers,
		CreatedAt: u.readAt, UpdatedAt: u.readAt,
	}, nil
}

func (u *unchanged) UpdateHook(_ context.Context, hookID int64, _ bigcommerce.HookUpdate) (bigcommerce.Hook, error) {
	return bigcommerce.Hook{ID: hookID, UpdatedAt: u.readAt}, nil
}

func (*unchanged) DeleteHook(context.Context, int64) error { return nil }

// judgeHooks says what the findings of an audit that changed nothing mean.
func judgeHooks(channel channels.Channel, report channels.AuditReport) CheckStep {
	result := CheckStep{Name: CheckStepHooks, Result: CheckOK}
	var details, advice []string
	mendable, shared := false, false
	for _, finding := range report.Found {
		if finding.Kind == channels.FindingShared {
			shared = true
			continue // nothing is wrong
		}
		if result.Result != CheckFailed {
			result.Result = CheckWarning
		}
		if hinders(finding) {
			result.Result = CheckFailed
		}
		details = append(details, finding.Detail)
		switch {
		case !finding.Left:
			mendable = true
		case finding.Advice != "" && !slices.Contains(advice, sentence(finding.Advice)):
			advice = append(advice, sentence(finding.Advice))
		}
	}
	if mendable {
		advice = append(advice, fmt.Sprintf("Run an audit, which mends it: `orderbridge channels audit %s`.", channel.ID))
	}
	if more := len(details) - findingsTold; more > 0 {
		details = append(details[:findingsTold], fmt.Sprintf("And %d more.", more))
	}
	switch {
	case len(details) > 0:
		result.Detail = strings.Join(details, " ")
	case len(subscriptions.Wanted(channel)) == 0:
		result.Detail = "No hook is wanted, because no webhook could have an effect, and there is none."
	default:
		scopes := slices.DeleteFunc(WantedScopes(channel), func(scope string) bool { return shared && scope == bigcommerce.ScopeHookDeliveryException })
		result.Detail = fmt.Sprintf("Every wanted hook is there, active, and has the right address and secret: %s.", strings.Join(scopes, ", "))
	}
	if shared {
		result.Detail += " Delivery exceptions go to another channel or app that shares the API account."
	}
	result.Advice = strings.Join(advice, " ")
	return result
}

// hinders reports whether webhooks of orders do not come because of a finding.
func hinders(finding channels.Finding) bool {
	switch finding.Kind {
	case channels.FindingDuplicate, channels.FindingUnwanted, channels.FindingQuiet, channels.FindingOldSecret:
		return false
	case channels.FindingTooMany:
		return finding.Left && !finding.Harmless
	default:
		return finding.Scope != bigcommerce.ScopeHookDeliveryException && !finding.Harmless
	}
}

// judgeAudits says whether audits take place.
func judgeAudits(channel channels.Channel, health channels.Health, now time.Time) CheckStep {
	every := channel.Settings.WithDefaults().AuditEvery.Std()
	latest := health.CheckedAt
	detail := fmt.Sprintf("The last audit ended at %s: %s.", latest.UTC().Format(time.RFC3339), health.State)
	if latest.IsZero() {
		latest, detail = channel.CreatedAt, "No audit has ended yet."
	}
	wanted := len(subscriptions.Wanted(channel)) > 0 // or there are no audits
	if wanted && now.Sub(latest) > auditsLate*every+auditsSlack {
		return step(CheckStepHooks, CheckWarning, detail+fmt.Sprintf(" One is due every %s.", every),
			fmt.Sprintf("See in the Temporal Web UI whether the Schedule %s is paused, and what its last run says.", channels.AuditID(channel.ID)))
	}
	return fine(CheckStepHooks, detail)
}

// statusOf asks how the channel is doing.
func (a *Activities) statusOf(ctx context.Context, channel string) (status channels.Status, known bool) {
	if a.temporal == nil {
		return channels.Status{}, false
	}
	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	value, err := a.temporal.QueryWorkflow(ctx, channels.WorkflowID(channel), "", channels.QueryStatus)
	if err == nil {
		err = value.Get(&status)
	}
	return status, err == nil
}
