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

func (c *commands) newAudit() *cobra.Command {
	cmd := &cobra.Command{
		Use: "audit ID", Short: "Compare the hooks of a sales channel with what it wants now, and mend them", Args: session.OneChannel,
		Long: `Compare the hooks of a sales channel in the store with what its settings want, now
instead of at the next scheduled time, and mend what is wrong. Hooks that are not
Orderbridge's are left alone.

It prints what was found, what was done about it and what is left. BigCommerce may
take a minute until a new hook works; until then the old one stays, and the audit
waits for that. While BigCommerce is out of reach it takes up to two minutes. Ctrl-C
ends the watching, and the audit goes on.

The exit status is 1 if something is left that keeps webhooks from coming.`,
	}
	asJSON := jsonFlag(cmd)
	cmd.RunE = c.run(longTimeout, func(ctx context.Context, s *session.Session, cmd *cobra.Command, args []string) error {
		var report channels.AuditReport
		err := auditing(args[0]).Do(ctx, cmd.ErrOrStderr(), func(ctx context.Context) (err error) {
			report, err = s.Operator.Audit(ctx, args[0])
			return err
		})
		if err != nil {
			return err
		}
		if *asJSON {
			err = printJSON(cmd.OutOrStdout(), report)
		} else {
			err = printAudit(cmd.OutOrStdout(), report)
		}
		if err == nil && slices.ContainsFunc(report.Left, func(f channels.Finding) bool { return !f.Harmless }) {
			return fmt.Errorf("channel %s: the audit left something that keeps webhooks from coming", args[0])
		}
		return err
	})
	return cmd
}

func printAudit(out io.Writer, report channels.AuditReport) error {
	var b strings.Builder
	if len(report.Found) == 0 {
		fmt.Fprintf(&b, "channel %s: every hook is as it should be\n", report.Channel)
	} else {
		fmt.Fprintf(&b, "channel %s: revision %d\n", report.Channel, report.Revision)
		b.WriteString(findings("found", report.Found))
		for _, done := range report.Done {
			b.WriteString("done   " + done + "\n")
		}
		b.WriteString(findings("left", report.Left))
	}
	if len(report.Subscribed) > 0 {
		fmt.Fprintf(&b, "subscribed to %s\n", strings.Join(report.Subscribed, ", "))
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// findings prints findings, one a line, each with what it is called here.
func findings(what string, list []channels.Finding) string {
	var b strings.Builder
	for _, finding := range list {
		fmt.Fprintf(&b, "%-6s %s\n", what, describeFinding(finding))
	}
	return b.String()
}
