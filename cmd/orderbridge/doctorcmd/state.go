package doctorcmd

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/api/serviceerror"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/channels"
)

// health says what the last audit of a channel has left, and whether audits and
// searches take place.
func (p *patient) health(ctx context.Context, id string) Finding {
	if !p.staffed.Load() {
		return skipped("Only a worker can tell it.")
	}
	view, err := p.operator.Get(ctx, id)
	switch {
	case err != nil:
		return failed("It cannot be read: "+sentence(err.Error()), "See whether workers run.")
	case view.Status == nil:
		return failed(sentence(view.Error), "See whether workers run.")
	case view.Status.Removing:
		return warning("The channel is being removed.", "If that lasts: \"orderbridge channels remove "+id+" --force\".")
	}
	audited := "no audit has ended yet"
	if at := view.Status.Health.CheckedAt; !at.IsZero() {
		audited = "the last audit ended at " + at.UTC().Format(time.RFC3339)
	}
	var details, advice []string
	for _, problem := range view.Status.Health.Problems {
		details = append(details, sentence(problem.Detail))
		if text := sentence(problem.Advice); text != "" && !strings.Contains(strings.Join(advice, " "), text) {
			advice = append(advice, text)
		}
	}
	f := ok("%s", strings.Join(append([]string{fmt.Sprintf("%s; %s.", view.Health(), audited)}, details...), " "))
	switch view.Health() {
	case channels.HealthHealthy:
		return f
	case channels.HealthUnhealthy:
		f.Result = activities.CheckFailed
	default:
		f.Result = activities.CheckWarning
	}
	if f.Advice = strings.Join(advice, " "); f.Advice == "" {
		f.Advice = fmt.Sprintf("Audit it: \"orderbridge channels audit %s\".", id)
	}
	return f
}

// schedules looks whether a channel is audited and searched by Schedules that
// run.
func (p *patient) schedules(ctx context.Context, channel channels.Channel) Finding {
	if !channel.Settings.WantsAny() {
		return skipped("There is nothing to audit or to search while no status is selected.")
	}
	var paused []string
	for _, id := range []string{channels.AuditID(channel.ID), channels.ReconcileID(channel.ID)} {
		described, err := p.temporal.ScheduleClient().GetHandle(ctx, id).Describe(ctx)
		if _, missing := errors.AsType[*serviceerror.NotFound](err); missing {
			return failed(fmt.Sprintf("The Schedule %s does not exist.", id),
				fmt.Sprintf("Make it anew: \"orderbridge channels deactivate %s\", then \"… activate %s\".", channel.ID, channel.ID))
		}
		if err != nil {
			return p.unanswered(err)
		}
		if described.Schedule.State != nil && described.Schedule.State.Paused {
			paused = append(paused, id)
		}
	}
	if len(paused) > 0 {
		return warning(fmt.Sprintf("Paused: %s. Until it goes on, what BigCommerce switches off or loses is not noticed.", strings.Join(paused, ", ")),
			fmt.Sprintf("Unpause it in the Temporal Web UI, or: temporal schedule toggle --unpause --schedule-id %s.", paused[0]))
	}
	return ok("It is audited and searched by Schedules.")
}
