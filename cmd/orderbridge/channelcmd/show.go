package channelcmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/session"
	"github.com/orderbridge/orderbridge/ingress/operator"
)

func state(v operator.View) string {
	switch {
	case v.Revision == 0:
		return "?"
	case v.Status != nil && v.Status.Removing:
		return "being removed"
	case v.Active:
		return "active"
	default:
		return "inactive"
	}
}

func (c *commands) newList() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List the sales channels, and how they are doing", Args: cobra.NoArgs,
		Long: `List the sales channels. HEALTH is what the last audit of the hooks left:

  healthy     every hook is there and right
  degraded    the hooks work, but something needs somebody, or audits or
              searches for lost webhooks do not take place
  unhealthy   webhooks do not come, or cannot be relied on
  unknown     no audit has ended yet

"orderbridge channels show ID" says more. The exit status is 1 if a channel cannot
be read, for example because no worker answers.`,
	}
	asJSON := jsonFlag(cmd)
	cmd.RunE = c.run(timeout, func(ctx context.Context, s *session.Session, cmd *cobra.Command, _ []string) error {
		views, err := s.Operator.List(ctx)
		if err != nil {
			return err
		}
		if *asJSON {
			return errors.Join(printJSON(cmd.OutOrStdout(), views), unread(views))
		}
		if len(views) == 0 {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), `there is no sales channel yet: "orderbridge channels add --help" says how to add one`)
			return err
		}
		table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(table, "CHANNEL\tSTATE\tHEALTH\tSTORE\tDOWNSTREAM\tCANCELS IN\tFULFILLS IN")
		for _, v := range views {
			_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", v.ID, state(v), v.Health(), orDash(v.Store.Hash), orDash(v.Downstream.Adapter),
				selectedIn(v, v.Settings.ValidCancellationStatuses), selectedIn(v, v.Settings.ValidFulfillmentStatuses))
		}
		if err := table.Flush(); err != nil {
			return err
		}
		return unread(views)
	})
	return cmd
}

// unread says which channels could not be read, if there are any.
func unread(views []operator.View) error {
	var errs []error
	for _, v := range views {
		if v.Error == "" {
			continue
		}
		text := v.Error
		if !strings.HasPrefix(text, "channel "+v.ID) {
			text = "channel " + v.ID + ": " + text
		}
		errs = append(errs, errors.New(text))
	}
	if len(errs) == 0 {
		return nil
	}
	return fmt.Errorf("%d of %s could not be read:\n%w", len(errs), count(len(views), "channel"), errors.Join(errs...))
}

// selectedIn are the statuses of a channel in a table.
func selectedIn(v operator.View, names []string) string {
	if len(names) == 0 && v.Revision > 0 {
		return "(never)"
	}
	return orDash(strings.Join(names, ", "))
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

func (c *commands) newShow() *cobra.Command {
	cmd := &cobra.Command{
		Use: "show ID", Short: "Show a sales channel and how it is doing, without its credentials", Args: session.OneChannel,
		Long: `Show a sales channel: its settings, what the last audit of its hooks left and what
to do about it, its hooks, and up to when the store has been searched for lost
webhooks. Credentials are never shown.`,
	}
	asJSON := jsonFlag(cmd)
	cmd.RunE = c.run(timeout, func(ctx context.Context, s *session.Session, cmd *cobra.Command, args []string) error {
		view, err := s.Operator.Get(ctx, args[0])
		if err != nil {
			return err
		}
		if *asJSON {
			return printJSON(cmd.OutOrStdout(), view)
		}
		return show(cmd.OutOrStdout(), view)
	})
	return cmd
}

func show(out io.Writer, v operator.View) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, row := range append(settingsRows(v), statusRows(v)...) {
		if row[1] != "" {
			_, _ = fmt.Fprintf(table, "%s\t%s\n", row[0], row[1])
		}
	}
	return table.Flush()
}

func settingsRows(v operator.View) [][2]string {
	w := v.Settings.Waits
	rows := [][2]string{
		{"channel", v.ID},
		{"state", fmt.Sprintf("%s (revision %d, added %s)", state(v), v.Revision, v.CreatedAt.Format(time.RFC3339))},
		{"store", joined(v.Store.Hash, v.Store.BaseURL)},
		{"API account", account(v.Store)},
		{"downstream", joined(v.Downstream.Adapter, v.Downstream.BaseURL)},
		{"  options", v.Downstream.Options.String()},
		{"callback", v.CallbackURL},
		{"secret", secretVersions(v)},
		{"signature", string(v.Settings.Signature)},
		{"cancels in", orNone(v.Settings.ValidCancellationStatuses)},
		{"fulfills in", orNone(v.Settings.ValidFulfillmentStatuses)},
		{"cancel on", statuses(v.Settings.CancelOn)},
		{"fulfill on", statuses(v.Settings.FulfillOn)},
	}
	if len(v.Settings.StoreChannels) > 0 {
		rows = append(rows, [2]string{"only of", "BigCommerce channels " + numbers(v.Settings.StoreChannels)})
	}
	return append(rows,
		[2]string{"waits", fmt.Sprintf("first %s, longest %s, %s in all; settle %s; retry for %s",
			short(w.First), short(w.Longest), short(w.GiveUpAfter), short(w.Settle), short(w.RetryFor))},
		[2]string{"audit", "every " + short(v.Settings.AuditEvery)},
		[2]string{"reconciliation", "every " + short(v.Settings.ReconcileEvery)},
	)
}

func statusRows(v operator.View) [][2]string {
	if v.Status == nil {
		return [][2]string{{"health", v.Error}}
	}
	status := *v.Status
	rows := [][2]string{{"health", string(v.Health()) + since(status.Health.CheckedAt, ", audited at ", "")}}
	for _, problem := range status.Health.Problems {
		rows = append(rows, [2]string{"  problem", describeFinding(problem)})
	}
	for _, hook := range status.Hooks {
		rows = append(rows, [2]string{"  hook", fmt.Sprintf("%d %s%s", hook.ID, hook.Scope, since(hook.ArmedAt, ", armed at ", ""))})
	}
	for _, former := range v.Former {
		rows = append(rows, [2]string{"  left", fmt.Sprintf("%s at %s: %s", joined(former.Store.Hash, former.Store.ClientID), former.LeftAt.Format(time.RFC3339),
			word(former.Cleared, "no hook of ours is left there", "hooks of ours may still be there"))})
	}
	return append(rows, [2]string{"searched", since(status.ReconciledThrough, "through ", "not yet")})
}

// describeFinding says in a line what was found, what was done and what to do.
func describeFinding(f channels.Finding) string {
	said := []string{string(f.Kind) + ": " + f.Detail}
	for _, more := range []string{f.Done, f.Advice} {
		switch {
		case more == "":
		case strings.HasSuffix(said[len(said)-1], "."):
			said = append(said, more)
		default:
			said = append(said, "— "+more)
		}
	}
	return strings.Join(said, " ")
}

// account says what is known of the API account of a channel.
func account(store operator.StoreView) string {
	if store.ClientID == "" {
		return "no client id, " + word(store.HasClientSecret, "with client secret", "no client secret")
	}
	return store.ClientID + word(store.HasClientSecret, " with client secret", " without client secret")
}

func secretVersions(v operator.View) string {
	text := fmt.Sprintf("version %d", v.SecretVersion)
	if v.SecretFloor == 0 || v.SecretFloor >= v.SecretVersion {
		return text
	}
	if last := v.SecretVersion - 1; last == v.SecretFloor {
		text += fmt.Sprintf("; version %d is still taken", last)
	} else {
		text += fmt.Sprintf("; versions %d to %d are still taken", v.SecretFloor, last)
	}
	if v.Status == nil || v.Status.RetireSecretAt.IsZero() {
		return text + " until every hook carries the new one, and two days longer"
	}
	return text + " until " + v.Status.RetireSecretAt.Format(time.RFC3339)
}

// short writes a duration as people write flags: 10m and not 10m0s.
func short(d channels.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

func since(at time.Time, before, never string) string {
	if at.IsZero() {
		return never
	}
	return before + at.Format(time.RFC3339)
}

func joined(words ...string) string { return strings.TrimSpace(strings.Join(words, " ")) }

func word(is bool, yes, no string) string {
	if is {
		return yes
	}
	return no
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "no status: never"
	}
	return strings.Join(names, ", ")
}

func numbers(list []int64) string {
	out := make([]string, 0, len(list))
	for _, n := range list {
		out = append(out, strconv.FormatInt(n, 10))
	}
	return strings.Join(out, ", ")
}

// statuses names BigCommerce statuses by their ids, as flags take them.
func statuses(ids []bigcommerce.StatusID) string {
	out := make([]string, 0, len(ids))
	for _, id := range ids {
		out = append(out, fmt.Sprintf("%d (%s)", int(id), id))
	}
	return orNone(out)
}

func (c *commands) newHistory() *cobra.Command {
	cmd := &cobra.Command{
		Use: "history ID", Short: "Show who changed a sales channel, when, and what it was and is", Args: session.OneChannel,
		Long: `Show the edit history of a sales channel, oldest change first: who made it, when,
and what each field was and is. Secrets are named, never shown. The last 200
changes are kept.`,
	}
	asJSON := jsonFlag(cmd)
	cmd.RunE = c.run(timeout, func(ctx context.Context, s *session.Session, cmd *cobra.Command, args []string) error {
		changes, err := s.Operator.History(ctx, args[0])
		if err != nil {
			return err
		}
		if *asJSON {
			for i := range changes {
				changes[i].Fields = list(changes[i].Fields)
			}
			return printJSON(cmd.OutOrStdout(), list(changes))
		}
		for _, change := range changes {
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "revision %d by %s at %s\n%s", change.Revision, change.By,
				change.At.Format(time.RFC3339), describeChanges(change.Fields))
			if err != nil {
				return err
			}
		}
		return nil
	})
	return cmd
}
