package workflows

import (
	"strconv"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/orderbridge/orderbridge/activities/channels"
)

// oldSecretFor is how long earlier versions of the callback secret are taken
// once every hook carries the new one. BigCommerce documents that it repeats a
// callback for 48 hours and four minutes, and that a changed hook can take a
// minute to work.
const oldSecretFor = 49 * time.Hour

// system is the name in the edit history of what nobody asked for.
const system = "orderbridge"

func (c *salesChannel) validateRotate(request channels.RotateRequest) error {
	if request.By == "" {
		return errNoName
	}
	return nil
}

// rotate gives the hooks a new version of the callback secret. The earlier ones
// are taken for two more days.
func (c *salesChannel) rotate(ctx workflow.Context, request channels.RotateRequest) (channels.SaveResult, error) {
	if err := c.saving.Lock(ctx); err != nil {
		return channels.SaveResult{}, err
	}
	changed, err := c.nextSecret(ctx, request.By)
	c.saving.Unlock()
	if err != nil {
		return channels.SaveResult{}, err
	}
	return c.saved(ctx, changed)
}

func (c *salesChannel) nextSecret(ctx workflow.Context, by string) ([]channels.FieldChange, error) {
	if c.Status.Removing || c.removed {
		return nil, c.going()
	}
	next := c.Channel
	next.SecretFloor = max(next.SecretFloor, 1)
	next.SecretVersion++
	changed := []channels.FieldChange{versionChange("secret_version", c.Channel.SecretVersion, next.SecretVersion)}
	c.commit(ctx, next, changed, by)
	c.Status.RetireSecretAt = time.Time{}
	return changed, nil
}

// carried notes that every hook carries the present secret, from which time on
// the earlier ones are on their way out.
func (c *salesChannel) carried(now time.Time, report channels.AuditReport) {
	if c.Channel.SecretFloor == 0 || c.Channel.SecretFloor >= c.Channel.SecretVersion || !c.Status.RetireSecretAt.IsZero() {
		return
	}
	if report.Again > 0 || report.Health(now).State == channels.HealthUnhealthy {
		return
	}
	for _, finding := range report.Left {
		switch finding.Kind { //nolint:exhaustive // the others are not about the secret
		case channels.FindingOldSecret, channels.FindingWrongSecret, channels.FindingMissingSecret:
			return // one hook does not carry it yet, though deliveries of orders do not suffer
		}
	}
	c.Status.RetireSecretAt = now.Add(oldSecretFor)
}

// retireSecret stops taking the earlier secrets when their time is over.
func (c *salesChannel) retireSecret(ctx workflow.Context) {
	now := workflow.Now(ctx).UTC()
	if c.Status.RetireSecretAt.IsZero() || now.Before(c.Status.RetireSecretAt) {
		return
	}
	c.remember(channels.Change{
		At: now, By: system, Revision: c.Channel.Revision,
		Fields: []channels.FieldChange{versionChange("secret_floor", c.Channel.SecretFloor, c.Channel.SecretVersion)},
	})
	c.Channel.SecretFloor = c.Channel.SecretVersion
	c.Status.RetireSecretAt = time.Time{}
	workflow.GetLogger(ctx).Info("earlier callback secrets are not taken any more",
		"channel", c.Channel.ID, "secret_floor", c.Channel.SecretFloor)
}

func versionChange(field string, was, is int) channels.FieldChange {
	return channels.FieldChange{Field: field, Was: strconv.Itoa(was), Is: strconv.Itoa(is)}
}
