package channelcmd

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/session"
)

func (c *commands) newAdd() *cobra.Command {
	var e edits
	cmd := &cobra.Command{
		Use:   "add ID",
		Short: "Add a sales channel",
		Long: `Add a sales channel. The id is yours to choose: 1 to 40 lower-case letters,
digits and inner hyphens.

The credentials and the statuses are tried on both sides first. If any of it
fails, nothing is saved, and the answer says what failed. Once it is saved, the
hooks in the store are made to match. Where that takes longer, because BigCommerce
is out of reach perhaps, it says so, and the worker goes on trying by itself; the
exit status is 0 then too, because it is saved.`,
		Example: `  orderbridge channels add main --store-hash abc123 --access-token-file token \
    --downstream rest --downstream-url https://orders.example.com --downstream-token-file wms-token \
    --callback-url https://hooks.example.com/webhooks/bigcommerce/main \
    --cancel-in "Awaiting Shipment" --fulfill-in "Awaiting Shipment"`,
		Args: session.OneChannel,
	}
	e.flags(cmd)
	asJSON := jsonFlag(cmd)
	cmd.RunE = c.run(timeout, func(ctx context.Context, s *session.Session, cmd *cobra.Command, args []string) error {
		channel := channels.Channel{ID: args[0], Active: true}
		e.apply(cmd, &channel)
		_, err := save(ctx, s, cmd, channel, &e.secrets, *asJSON)
		return err
	})
	return cmd
}

func (c *commands) newSet() *cobra.Command {
	var e edits
	cmd := &cobra.Command{
		Use:   "set ID",
		Short: "Change a sales channel: what no flag names stays as it is",
		Long: `Change a sales channel. What no flag names stays as it is, and a change that
somebody else makes meanwhile is not overwritten. As when it was added, nothing
is saved unless the credentials and the statuses work. Saving the same again
changes nothing, but looks after the hooks.

A token is sent only to the host that it was given for: an address on another
host needs the token with it. For new credentials of the store there is
"rotate-access-token", which says what becomes of the hooks.`,
		Example: `  orderbridge channels set main --cancel-in "Awaiting Shipment" --cancel-in "On Hold"
  orderbridge channels set main --fulfill-in ""        # fulfill nothing
  orderbridge channels set main --store-channels ""    # orders of every BigCommerce channel
  orderbridge channels set main --cancel-on ""         # back to the default
  orderbridge channels set main --reconcile-every 5m`,
		Args: session.OneChannel,
	}
	e.flags(cmd)
	asJSON := jsonFlag(cmd)
	cmd.RunE = c.run(timeout, func(ctx context.Context, s *session.Session, cmd *cobra.Command, args []string) error {
		channel, err := s.Operator.Channel(ctx, args[0])
		if err != nil {
			return err
		}
		e.apply(cmd, &channel)
		_, err = save(ctx, s, cmd, channel, &e.secrets, *asJSON)
		return err
	})
	return cmd
}

func (c *commands) newSwitch(use string, active bool) *cobra.Command {
	cmd := &cobra.Command{
		Use: use + " ID", Args: session.OneChannel,
		Short: "Deactivate a sales channel: its hooks are removed and its webhooks have no effect",
		Long: `Deactivate a sales channel: its hooks in the store are removed, and webhooks that
still come have no effect. Its settings and its edit history stay, and "activate"
brings it back.

What changes in the store meanwhile is made up for then: the search for lost
webhooks goes on from where it was. Orders that were handled by hand in the
downstream system are left alone, because they are in no selected status any more.`,
	}
	if active {
		cmd.Short = "Activate a sales channel again"
		cmd.Long = `Activate a sales channel that was deactivated. Its credentials and statuses are
tried first, as when it was added, and its hooks in the store are made anew.

What changed in the store while it was inactive is made up for: the search for lost
webhooks goes on from where it was. Orders that were handled by hand in the
downstream system meanwhile are left alone, because they are in no selected status
any more.`
	}
	asJSON := jsonFlag(cmd)
	cmd.RunE = c.run(timeout, func(ctx context.Context, s *session.Session, cmd *cobra.Command, args []string) error {
		var result channels.SaveResult
		err := saving(args[0]).Do(ctx, cmd.ErrOrStderr(), func(ctx context.Context) (err error) {
			result, err = s.Operator.SetActive(ctx, s.By, args[0], active)
			return err
		})
		if err != nil {
			return err
		}
		channel, err := s.Operator.Channel(ctx, args[0])
		if err != nil {
			return err
		}
		return report(cmd.OutOrStdout(), channel, result, *asJSON)
	})
	return cmd
}

// save saves a channel on top of the revision that it was read at, and says
// what came of it.
func save(
	ctx context.Context, s *session.Session, cmd *cobra.Command, channel channels.Channel, files *secretFiles, asJSON bool,
) (channels.SaveResult, error) {
	secrets, err := files.read(cmd)
	if err != nil {
		return channels.SaveResult{}, err
	}
	var result channels.SaveResult
	err = saving(channel.ID).Do(ctx, cmd.ErrOrStderr(), func(ctx context.Context) (err error) {
		result, err = s.Operator.Save(ctx, s.By, channel, secrets, &channel.Revision)
		return err
	})
	if err != nil {
		return result, err
	}
	return result, report(cmd.OutOrStdout(), channel, result, asJSON)
}

// saved is what the commands that save print as JSON.
type saved struct {
	Channel string `json:"channel"`
	channels.SaveResult
}

func savedAs(id string, result channels.SaveResult) saved { return saved{id, withLists(result)} }

// withLists makes lists of what would be null in JSON.
func withLists(result channels.SaveResult) channels.SaveResult {
	result.Changed, result.Subscribed = list(result.Changed), list(result.Subscribed)
	return result
}

func report(out io.Writer, channel channels.Channel, result channels.SaveResult, asJSON bool) error {
	if asJSON {
		return printJSON(out, savedAs(channel.ID, result))
	}
	var b strings.Builder
	if len(result.Changed) == 0 {
		fmt.Fprintf(&b, "channel %s: nothing changed (revision %d)\n", channel.ID, result.Revision)
	} else {
		fmt.Fprintf(&b, "channel %s: saved as revision %d\n%s", channel.ID, result.Revision, describeChanges(result.Changed))
	}
	b.WriteString(subscribed(channel, result) + "\n")
	_, err := io.WriteString(out, b.String())
	return err
}

// unmatched says that the hooks do not match yet what was saved, and why; "" if
// they do.
func unmatched(result channels.SaveResult) string {
	i := slices.IndexFunc(result.Problems, func(f channels.Finding) bool { return !f.Harmless })
	if i < 0 && !result.Pending {
		return ""
	}
	text := "saved, but the hooks do not match yet"
	if len(result.Changed) == 0 {
		text = "the hooks do not match yet"
	}
	if i < 0 {
		return text + "; it is tried again by itself"
	}
	problem := result.Problems[i]
	text += ": " + strings.TrimSuffix(problem.Detail, ".") + "; it is tried again by itself"
	if problem.Advice != "" {
		text += "\n  → " + problem.Advice
	}
	return text
}

// subscribed says in a few words what became of the hooks.
func subscribed(channel channels.Channel, result channels.SaveResult) string {
	if text := unmatched(result); text != "" {
		return text
	}
	switch wanted := channel.Active && channel.Settings.WantsAny(); {
	case wanted && len(result.Subscribed) == 0:
		return "there are no hooks in the store: \"orderbridge channels audit " + channel.ID + "\" says why"
	case wanted:
		return "subscribed to " + strings.Join(result.Subscribed, ", ")
	default:
		return "no hooks: the channel is inactive, or no status is selected"
	}
}

func describeChanges(changes []channels.FieldChange) string {
	var b strings.Builder
	for _, c := range changes {
		if c.Was == c.Is { // two secrets, of which neither is shown
			fmt.Fprintf(&b, "  %s: (secret, changed)\n", c.Field)
			continue
		}
		fmt.Fprintf(&b, "  %s: %s → %s\n", c.Field, orNothing(c.Was), orNothing(c.Is))
	}
	return b.String()
}

func orNothing(value string) string {
	if value == "" {
		return "(nothing)"
	}
	return value
}
