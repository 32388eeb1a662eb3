package channelcmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/session"
)

func (c *commands) newRemove() *cobra.Command {
	var yes, force bool
	cmd := &cobra.Command{
		Use: "remove ID", Short: "Remove a sales channel, with its hooks and its edit history", Args: session.OneChannel,
		Long: `Remove a sales channel: its hooks in the store first, then its schedules, and then
the channel with its settings, its credentials and its edit history. It cannot be
brought back; "deactivate" can.

If its hooks cannot be removed, because BigCommerce is out of reach perhaps, the
channel stays and the answer says what is in the way, after up to two minutes.
With --force it goes all the same, within seconds, and what it leaves behind in the
store is listed; a removal that is under way is overtaken by it. An API account
that was deleted has taken its hooks with it, so a revoked token is not in the way.

Ctrl-C ends the watching, and the removal goes on.

Webhooks that were taken before are handled to their end.`,
	}
	asJSON := jsonFlag(cmd)
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	cmd.Flags().BoolVar(&force, "force", false, "remove it even if its hooks cannot be removed")
	cmd.RunE = c.run(manyTimeout, func(ctx context.Context, s *session.Session, cmd *cobra.Command, args []string) error {
		channel, err := s.Operator.Channel(ctx, args[0])
		if err != nil {
			return err
		}
		question := fmt.Sprintf("Remove channel %s, which connects store %s to %s, with its hooks, settings and edit history?",
			channel.ID, channel.Store.Hash, channel.Downstream.BaseURL)
		if err := confirm(cmd, yes, question); err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(ctx, longTimeout)
		defer cancel()
		var result channels.RemoveResult
		err = removing(args[0]).Do(ctx, cmd.ErrOrStderr(), func(ctx context.Context) (err error) {
			result, err = s.Operator.Remove(ctx, s.By, args[0], force)
			return err
		})
		if err != nil {
			return err
		}
		out := cmd.OutOrStdout()
		if *asJSON {
			return printJSON(out, removed{args[0], channels.RemoveResult{Left: list(result.Left)}})
		}
		_, err = fmt.Fprintf(out, "channel %s: removed\n%s", args[0], findings("left behind", result.Left))
		return err
	})
	return cmd
}

// removed is what a removal prints as JSON.
type removed struct {
	Channel string `json:"channel"`
	channels.RemoveResult
}
