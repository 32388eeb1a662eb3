package workflows

import (
	"fmt"
	"strings"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/orderbridge/orderbridge/activities/channels"
)

func (c *salesChannel) validateRemove(request channels.RemoveRequest) error {
	if request.By == "" {
		return errNoName
	}
	return nil
}

// remove removes the hooks and the schedules and ends the channel. A channel
// whose hooks cannot be removed stays as it was, unless it is forced: nobody
// else would know of the hooks that it leaves behind.
func (c *salesChannel) remove(ctx workflow.Context, request channels.RemoveRequest) (channels.RemoveResult, error) {
	// Also a removal that is under way does not wait any longer.
	c.forced = c.forced || request.Force
	if err := c.saving.Lock(ctx); err != nil {
		return channels.RemoveResult{}, err
	}
	defer c.saving.Unlock()
	if c.removed {
		return channels.RemoveResult{Left: harmful(c.report.Left)}, nil
	}
	if c.Channel.Revision == 0 {
		return channels.RemoveResult{}, temporal.NewNonRetryableApplicationError(
			fmt.Sprintf("channel %s: %v", c.Channel.ID, channels.ErrUnknown), ErrTypeNotRemoved, nil)
	}
	c.Status.Removing = true
	c.asked++
	mine := c.asked
	c.Stale = true
	if err := workflow.Await(ctx, func() bool { return c.answered >= mine }); err != nil {
		return channels.RemoveResult{}, err
	}
	left := harmful(c.report.Left)
	if len(left) > 0 && !c.forced {
		c.Status.Removing, c.Stale = false, true // what was removed comes back
		return channels.RemoveResult{}, temporal.NewNonRetryableApplicationError(
			fmt.Sprintf("channel %s is not removed, because something of it would stay behind: %s; mend that, or force it",
				c.Channel.ID, strings.Join(details(left), "; ")), ErrTypeNotRemoved, nil)
	}
	if c.Channel.Connection != "" {
		c.release(ctx, c.Channel.Connection)
	}
	workflow.GetLogger(ctx).Info("channel removed", "channel", c.Channel.ID, "by", request.By, "left", len(left))
	workflow.SetCurrentDetails(ctx, "Removed by "+request.By+".")
	c.removed = true
	return channels.RemoveResult{Left: left}, nil
}

func harmful(findings []channels.Finding) []channels.Finding {
	out := []channels.Finding{}
	for _, finding := range findings {
		if !finding.Harmless {
			out = append(out, finding)
		}
	}
	return out
}

func details(findings []channels.Finding) []string {
	out := make([]string, 0, len(findings))
	for _, finding := range findings {
		out = append(out, finding.Detail)
	}
	return out
}
