package reconcilecmd

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/orderbridge/orderbridge/activities"
)

// printReport prints what a search has found, for people.
func printReport(out io.Writer, report activities.ReconcileReport) error {
	if len(report.Found) > 0 {
		table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(table, "ORDER\tSTATUS\tCHANGED AT")
		for _, found := range report.Found {
			_, _ = fmt.Fprintf(table, "%d\t%s\t%s\n", found.OrderID, found.StatusID, found.ModifiedAt.Format(time.RFC3339))
		}
		if err := table.Flush(); err != nil {
			return err
		}
	}
	if report.Truncated {
		if _, err := fmt.Fprintf(out, "(the first %d)\n", len(report.Found)); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(out, conclusion(report))
	return err
}

// conclusion says in a line how a search ended.
func conclusion(report activities.ReconcileReport) string {
	if report.Skipped != "" && report.From.IsZero() {
		return fmt.Sprintf("channel %s: nothing was searched: %s", report.Channel, report.Skipped)
	}
	became := fmt.Sprintf("%d started now, %d by an earlier search", report.Started, report.AlreadyStarted)
	if report.DryRun {
		became = "none started, because this is a dry run"
	}
	counts := fmt.Sprintf("%d changes, %d of them in a mapped status, %d without a webhook: %s",
		report.Listed, report.Mapped, report.Missed, became)
	if report.Missed == 0 && report.Skipped == "" {
		counts = undisturbed(report)
	}
	if report.Skipped != "" {
		return fmt.Sprintf("channel %s: ended early, because %s; until then: %s", report.Channel, report.Skipped, counts)
	}
	return fmt.Sprintf("channel %s: searched from %s to %s: %s", report.Channel,
		report.From.Format(time.RFC3339), report.Through.Format(time.RFC3339), counts)
}

// undisturbed says that a search came to its end and found nothing. What it came
// upon had a webhook, or an earlier search has seen to it.
func undisturbed(report activities.ReconcileReport) string {
	if report.Mapped == 0 {
		return fmt.Sprintf("%d changes, none of them in a mapped status: nothing is lost", report.Listed)
	}
	return fmt.Sprintf("%d changes, %d of them in a mapped status, all seen to already: nothing is lost", report.Listed, report.Mapped)
}
