package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/channels"
)

const (
	// maxAuditRounds bounds how often one audit looks again because something
	// could not be finished.
	maxAuditRounds = 5
	// switchOffWait is how long after its last warning BigCommerce is given to
	// switch a hook off: how long it takes is not documented.
	switchOffWait = 2 * time.Minute
	// auditLimit bounds one look.
	auditLimit = 15 * time.Minute
)

// Audit audits the subscriptions of a channel. The channel itself does it; this
// is what the Schedule starts, and where the result is seen. An audit that could
// not finish, because a hook that was made just now may take a minute to work,
// looks again.
func Audit(ctx workflow.Context, request channels.AuditRequest) (channels.AuditReport, error) {
	report, err := auditUntilDone(ctx, request)
	if err != nil {
		return channels.AuditReport{}, err
	}
	if request.Code == bigcommerce.DeliveryGivenUp {
		// The warning comes before the hook is switched off.
		if err := pause(ctx, switchOffWait, "give BigCommerce time to switch the hook off"); err != nil {
			return channels.AuditReport{}, err
		}
		later, err := auditUntilDone(ctx, request)
		if err != nil {
			return channels.AuditReport{}, err
		}
		report = merge(report, later)
	}
	workflow.SetCurrentDetails(ctx, fmt.Sprintf("%d found, %d done, %d left.", len(report.Found), len(report.Done), len(report.Left)))
	return report, nil
}

func auditUntilDone(ctx workflow.Context, request channels.AuditRequest) (channels.AuditReport, error) {
	var whole channels.AuditReport
	for round := range maxAuditRounds {
		var report channels.AuditReport
		err := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
			TaskQueue:              TaskQueueChannels,
			ScheduleToCloseTimeout: auditLimit,
			StartToCloseTimeout:    syncLimit + time.Minute,
			RetryPolicy: &temporal.RetryPolicy{
				InitialInterval: firstRetry, BackoffCoefficient: 2, MaximumInterval: time.Minute,
			},
			Priority: temporal.Priority{FairnessKey: request.Channel},
			Summary:  "ask the channel to audit its subscriptions",
		}), acts.AskAudit, request).Get(ctx, &report)
		if err != nil {
			return channels.AuditReport{}, err
		}
		if round == 0 {
			whole = report
		} else {
			whole = merge(whole, report)
		}
		if report.Again <= 0 {
			break
		}
		if err := pause(ctx, report.Again.Std(), "give new and changed hooks the minute that they can take to work"); err != nil {
			return channels.AuditReport{}, err
		}
	}
	return whole, nil
}

// merge is the report of two looks, one after the other: what both found and
// did, and what the later one left.
func merge(earlier, later channels.AuditReport) channels.AuditReport {
	whole := later
	whole.Found = append([]channels.Finding{}, earlier.Found...)
	for i := range whole.Found {
		whole.Found[i].Left = false // the later look says what is left
	}
	for _, finding := range later.Found {
		whole.Found = replaced(whole.Found, finding)
	}
	whole.Done = append(append([]string{}, earlier.Done...), later.Done...)
	return whole
}

// replaced adds a finding, in the place of an earlier one of the same thing.
func replaced(findings []channels.Finding, finding channels.Finding) []channels.Finding {
	for i, known := range findings {
		if known.Kind == finding.Kind && known.Scope == finding.Scope && known.HookID == finding.HookID {
			if finding.Done == "" {
				finding.Done = known.Done
			}
			findings[i] = finding
			return findings
		}
	}
	return append(findings, finding)
}
