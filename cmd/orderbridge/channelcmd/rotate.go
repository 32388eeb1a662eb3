package channelcmd

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/session"
)

func (c *commands) newRotateSecret() *cobra.Command {
	cmd := &cobra.Command{
		Use: "rotate-secret ID", Short: "Give the hooks of a sales channel a new callback secret", Args: session.OneChannel,
		Long: `Give a sales channel a new version of its callback secret, with which its hooks
prove that a callback is theirs, and mend its hooks to carry it. The secret is
derived from the master key; there is nothing to copy.

No webhook is lost: earlier versions are taken until every hook carries the new
one, and for 48 hours more, because BigCommerce repeats a callback for that long.
If an earlier version has leaked, callbacks that were forged with it are taken
for that time too; they have no more effect than reading the order once more.`,
	}
	asJSON := jsonFlag(cmd)
	cmd.RunE = c.run(timeout, func(ctx context.Context, s *session.Session, cmd *cobra.Command, args []string) error {
		var result channels.SaveResult
		err := saving(args[0]).Do(ctx, cmd.ErrOrStderr(), func(ctx context.Context) (err error) {
			result, err = s.Operator.RotateSecret(ctx, s.By, args[0])
			return err
		})
		if err != nil {
			return err
		}
		if *asJSON {
			return printJSON(cmd.OutOrStdout(), savedAs(args[0], result))
		}
		view, err := s.Operator.Get(ctx, args[0])
		if err != nil {
			return err
		}
		hooks := unmatched(result)
		if hooks != "" {
			hooks += "\n"
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "channel %s: saved as revision %d\n%ssecret %s\n%s",
			args[0], result.Revision, describeChanges(result.Changed), secretVersions(view), hooks)
		return err
	})
	return cmd
}

func (c *commands) newRotateAccessToken() *cobra.Command {
	var e edits
	cmd := &cobra.Command{
		Use: "rotate-access-token ID", Short: "Give a sales channel the token of another API account of its store", Args: session.OneChannel,
		Long: `Give a sales channel the access token of another API account of its store. The
token of an API account never changes, so a new token means a new account, with
a client id and a client secret of its own: give those too if the channel has
the old ones.

Hooks belong to the API account that made them, and no other account sees them.
So the new account makes new hooks first. The old ones are removed with the old
token once the new ones work, about a minute later; callbacks that come from both
meanwhile have one effect. Should the old token not work any more, its hooks are
gone with its account.

Delete the old account in BigCommerce when "orderbridge channels show ID" says that
no hook of ours is left there.`,
		Example: `  orderbridge channels rotate-access-token main --access-token-file new-token
  orderbridge channels rotate-access-token main --access-token-file new-token \
    --client-id ab12cd --client-secret-file new-client-secret`,
	}
	asJSON := jsonFlag(cmd)
	cmd.Flags().StringVar(&e.clientID, "client-id", "", "client `id` of the new account; \"\" forgets it")
	e.secrets.store(cmd, "new access token, that of the new API account")
	_ = cmd.MarkFlagRequired("access-token-file") // it fails only for a flag that is not there
	cmd.RunE = c.run(timeout, func(ctx context.Context, s *session.Session, cmd *cobra.Command, args []string) error {
		channel, err := s.Operator.Channel(ctx, args[0])
		if err != nil {
			return err
		}
		if err := wholeAccount(cmd, channel); err != nil {
			return err
		}
		e.apply(cmd, &channel)
		result, err := save(ctx, s, cmd, channel, &e.secrets, *asJSON)
		if err != nil || *asJSON {
			return err
		}
		if !slices.ContainsFunc(result.Changed, func(c channels.FieldChange) bool { return c.Field == "store.access_token" }) {
			_, err = fmt.Fprintln(cmd.OutOrStdout(), "the access token is the one that the channel has already: delete no account")
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "the old account's hooks are removed once the new ones work; "+
			"delete that account when \"orderbridge channels show %s\" says that no hook of ours is left there\n", channel.ID)
		return err
	})
	return cmd
}

// wholeAccount refuses to mix the credentials of two accounts: signatures would
// be checked with the secret of one that makes none any more.
func wholeAccount(cmd *cobra.Command, channel channels.Channel) error {
	var errs []error
	const message = "the channel has the client %s of the old account: give that of the new one with --%s, or --%s \"\" to forget it"
	if channel.Store.ClientID != "" && !cmd.Flags().Changed("client-id") {
		errs = append(errs, fmt.Errorf(message, "id", "client-id", "client-id"))
	}
	if len(channel.Store.ClientSecret) > 0 && !cmd.Flags().Changed("client-secret-file") {
		errs = append(errs, fmt.Errorf(message, "secret", "client-secret-file", "client-secret-file"))
	}
	return errors.Join(errs...)
}

func (c *commands) newRotateDownstreamToken() *cobra.Command {
	var e edits
	cmd := &cobra.Command{
		Use: "rotate-downstream-token ID", Short: "Give a sales channel a new token of its downstream system", Args: session.OneChannel,
		Long: `Give a sales channel a new token of its downstream system. It is tried first.
Calls that are under way end with the old one, so revoke that a minute later. A
call that is refused meanwhile is tried again with the new one.`,
	}
	asJSON := jsonFlag(cmd)
	e.secrets.downstream(cmd, "new token of the downstream system")
	_ = cmd.MarkFlagRequired("downstream-token-file") // it fails only for a flag that is not there
	cmd.RunE = c.run(timeout, func(ctx context.Context, s *session.Session, cmd *cobra.Command, args []string) error {
		channel, err := s.Operator.Channel(ctx, args[0])
		if err != nil {
			return err
		}
		_, err = save(ctx, s, cmd, channel, &e.secrets, *asJSON)
		return err
	})
	return cmd
}
