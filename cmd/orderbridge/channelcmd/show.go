package channelcmd

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"github.com/orderbridge/orderbridge/activities/channels"
)

// view is a channel without its credentials.
type view struct {
	ID          string            `json:"id"`
	Active      bool              `json:"active"`
	Revision    int               `json:"revision"`
	CreatedAt   time.Time         `json:"created_at"`
	StoreHash   string            `json:"store_hash"`
	StoreURL    string            `json:"store_url,omitempty"`
	Adapter     string            `json:"adapter"`
	Downstream  string            `json:"downstream_url"`
	CallbackURL string            `json:"callback_url"`
	Settings    channels.Settings `json:"settings"`
}

func viewOf(c channels.Channel) view {
	return view{
		ID: c.ID, Active: c.Active, Revision: c.Revision, CreatedAt: c.CreatedAt, StoreHash: c.Store.Hash, StoreURL: c.Store.BaseURL,
		Adapter: c.Downstream.Adapter, Downstream: c.Downstream.BaseURL, CallbackURL: c.CallbackURL, Settings: c.Settings,
	}
}

func (v view) state() string {
	if v.Active {
		return "active"
	}
	return "inactive"
}

func newListCommand(with runner) *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use: "list", Short: "List the sales channels", Args: cobra.NoArgs,
		RunE: with(func(ctx context.Context, s *session, cmd *cobra.Command, _ []string) error {
			ids, err := s.ids(ctx)
			if err != nil {
				return err
			}
			views := make([]view, 0, len(ids))
			for _, id := range ids {
				channel, err := s.channel(ctx, id)
				if err != nil {
					return err
				}
				views = append(views, viewOf(channel))
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), views)
			}
			table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			_, _ = fmt.Fprintln(table, "CHANNEL\tSTATE\tSTORE\tDOWNSTREAM\tCANCELS IN\tFULFILLS IN")
			for _, v := range views {
				_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", v.ID, v.state(), v.StoreHash, v.Adapter,
					strings.Join(v.Settings.ValidCancellationStatuses, ", "), strings.Join(v.Settings.ValidFulfillmentStatuses, ", "))
			}
			return table.Flush()
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	return cmd
}

func newShowCommand(with runner) *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use: "show ID", Short: "Show a sales channel, without its credentials", Args: cobra.ExactArgs(1),
		RunE: with(func(ctx context.Context, s *session, cmd *cobra.Command, args []string) error {
			channel, err := s.channel(ctx, args[0])
			if err != nil {
				return err
			}
			v := viewOf(channel)
			if asJSON {
				return printJSON(cmd.OutOrStdout(), v)
			}
			w := v.Settings.Waits
			table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			for _, row := range [][2]string{
				{"channel", v.ID},
				{"state", fmt.Sprintf("%s (revision %d)", v.state(), v.Revision)},
				{"store", strings.TrimSpace(v.StoreHash + " " + v.StoreURL)},
				{"downstream", v.Adapter + " " + v.Downstream},
				{"callback", v.CallbackURL},
				{"cancels in", strings.Join(v.Settings.ValidCancellationStatuses, ", ")},
				{"fulfills in", strings.Join(v.Settings.ValidFulfillmentStatuses, ", ")},
				{"cancel on", fmt.Sprintf("%v", v.Settings.CancelOn)},
				{"fulfill on", fmt.Sprintf("%v", v.Settings.FulfillOn)},
				{"waits", fmt.Sprintf("first %s, longest %s, %s in all", w.First, w.Longest, w.GiveUpAfter)},
			} {
				_, _ = fmt.Fprintf(table, "%s\t%s\n", row[0], row[1])
			}
			return table.Flush()
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	return cmd
}

func newHistoryCommand(with runner) *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use: "history ID", Short: "Show who changed a sales channel, when, and what it was and is", Args: cobra.ExactArgs(1),
		RunE: with(func(ctx context.Context, s *session, cmd *cobra.Command, args []string) error {
			if _, err := s.channel(ctx, args[0]); err != nil {
				return err
			}
			response, err := s.temporal.QueryWorkflowWithOptions(ctx, &client.QueryWorkflowWithOptionsRequest{
				WorkflowID: channels.WorkflowID(args[0]), QueryType: channels.QueryHistory,
			})
			if err != nil {
				return fmt.Errorf("channel %s: read its history: %w", args[0], err)
			}
			var changes []channels.Change
			if err := response.QueryResult.Get(&changes); err != nil {
				return fmt.Errorf("channel %s: read its history: %w", args[0], err)
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), changes)
			}
			for _, change := range changes {
				_, err := fmt.Fprintf(cmd.OutOrStdout(), "revision %d by %s at %s\n%s", change.Revision, change.By,
					change.At.Format(time.RFC3339), describeChanges(change.Fields))
				if err != nil {
					return err
				}
			}
			return nil
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	return cmd
}

func describeChanges(changes []channels.FieldChange) string {
	var b strings.Builder
	for _, c := range changes {
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

func printJSON(out io.Writer, v any) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}
