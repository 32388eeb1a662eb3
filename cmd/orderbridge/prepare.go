package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/orderbridge/orderbridge/activities/downstream/vendure/venduretest"
	"github.com/orderbridge/orderbridge/worker/devserver"
	"github.com/orderbridge/orderbridge/workflows"
)

// progress is told of whatever takes time, in lines.
type progress = func(format string, args ...any)

func newTemporalCommand() *cobra.Command {
	return newPrepareCommand("temporal", "Look after the Temporal server of development runs",
		"Find, fetch or build the server now, so that nothing waits for it later",
		func(ctx context.Context, progress progress) (string, error) {
			path, source, err := devserver.Binary(ctx, devserver.Options{
				InMemory: true, SearchAttributes: workflows.SearchAttributes(), Progress: progress,
			})
			return fmt.Sprintf("%s (%s)", path, source), err
		})
}

func newVendureCommand() *cobra.Command {
	return newPrepareCommand("vendure", "Look after the Vendure of development runs and tests",
		"Install it now, so that nothing waits for it later; needs Node.js with npm",
		func(ctx context.Context, progress progress) (string, error) {
			return "Vendure is installed", venduretest.Install(ctx, venduretest.Options{Progress: progress})
		})
}

// newPrepareCommand returns a command with the one subcommand "prepare".
func newPrepareCommand(
	name, short, prepareShort string, prepare func(context.Context, progress) (string, error),
) *cobra.Command {
	cmd := &cobra.Command{
		Use:   name,
		Short: short,
		// Without these, cobra takes an unknown command for a wish for help.
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(&cobra.Command{
		Use:   "prepare",
		Short: prepareShort,
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			said, err := prepare(cmd.Context(), func(format string, args ...any) {
				_, _ = fmt.Fprintf(cmd.ErrOrStderr(), format+"\n", args...)
			})
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), said)
			return err
		},
	})
	return cmd
}
