package operator

import (
	"context"
	"fmt"
	"time"

	"github.com/orderbridge/orderbridge/activities/channels"
)

// FindingStandstill is the kind of what no audit can find: audits or searches of a
// channel do not take place, although it is active.
const FindingStandstill channels.FindingKind = "standstill"

const (
	// missedIntervals is how many intervals may pass without an audit or a
	// search: one can be skipped because the one before is still at work.
	missedIntervals = 3
	// auditGrace and searchGrace come on top. A search ends some minutes
	// before the present, so that what is changed meanwhile is not missed.
	auditGrace  = time.Minute
	searchGrace = 5 * time.Minute
)

// stoodStill returns what stands still with a channel that is to be audited and
// searched. Nothing is known to have happened before since.
func stoodStill(channel channels.Channel, status channels.Status, since, now time.Time) []channels.Finding {
	if !channel.Active || !channel.Settings.WantsAny() || status.Removing {
		return nil
	}
	settings := channel.Settings.WithDefaults()
	var findings []channels.Finding
	for _, work := range []struct {
		what, schedule string
		last           time.Time
		every          channels.Duration
		grace          time.Duration
	}{
		{"the hooks were not audited", channels.AuditID(channel.ID), status.Health.CheckedAt, settings.AuditEvery, auditGrace},
		{"the store was not searched for lost webhooks", channels.ReconcileID(channel.ID), status.ReconciledThrough, settings.ReconcileEvery, searchGrace},
	} {
		last := latest(work.last, since)
		if last.IsZero() || now.Sub(last) <= missedIntervals*time.Duration(work.every)+work.grace {
			continue
		}
		findings = append(findings, channels.Finding{
			Kind: FindingStandstill, Left: true, Harmless: true,
			Detail: fmt.Sprintf("%s since %s, although that is due every %s: the Schedule %s may be paused or deleted, or no worker runs",
				work.what, last.UTC().Format(time.RFC3339), time.Duration(work.every), work.schedule),
			Advice: fmt.Sprintf("see that a worker runs, and look at the Schedule %s in the Temporal Web UI: "+
				"if it is paused, unpause it; if it is gone, deactivate and activate the channel", work.schedule),
		})
	}
	return findings
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// addStandstill says in a status what stands still. The state that the last audit
// left says nothing of that: it is as old as the audit.
func (s *Service) addStandstill(ctx context.Context, channel channels.Channel, status *channels.Status) {
	now := time.Now()
	findings := stoodStill(channel, *status, channel.CreatedAt, now)
	if len(findings) == 0 {
		return
	}
	// A channel that was just activated, or has new intervals, has its time
	// from then on. That is worth a question only now.
	var changes []channels.Change
	if err := s.query(ctx, channel.ID, channels.QueryHistory, &changes); err == nil && len(changes) > 0 {
		findings = stoodStill(channel, *status, latest(channel.CreatedAt, changes[len(changes)-1].At), now)
	}
	if len(findings) == 0 {
		return
	}
	health := &status.Health
	health.Problems = append(findings, health.Problems...)
	if health.State != channels.HealthUnhealthy {
		health.State = channels.HealthDegraded
	}
}
