package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/orderbridge/orderbridge/activities/downstream/sandbox"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/channelcmd"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/dev"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/doctorcmd"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/process"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/reconcilecmd"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/rolloutcmd"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/session"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/setupcmd"
	"github.com/orderbridge/orderbridge/worker"
)

func newRootCommand(environ []string, out, errOut io.Writer) *cobra.Command {
	root := &cobra.Command{
		Use:   "orderbridge",
		Short: "Keeps BigCommerce orders and an order or warehouse system in step",
		Long: `Orderbridge receives BigCommerce's webhooks and, when an order was cancelled or
fulfilled there, cancels or fulfills it in the system that ships: exactly once,
only in the statuses that the merchant selected, and never lost.

Begin with "orderbridge dev": it runs all of it on this machine, on a fake store
and a demo order system, and shows what happens.

Every setting comes from the environment: see docs/configuration.md.`,
		Version:       process.ReadVersion().String(),
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetOut(out)
	root.SetErr(errOut)
	root.SetFlagErrorFunc(session.Misused)
	root.AddCommand(
		newServeCommand(environ, "serve", "Run ingress and worker in one process", process.Roles{Ingress: true, Worker: true}),
		newServeCommand(environ, "ingress", "Run the ingress alone", process.Roles{Ingress: true}),
		newServeCommand(environ, "worker", "Run the worker alone", process.Roles{Worker: true}),
		newDevCommand(environ),
		setupcmd.New(environ),
		doctorcmd.New(environ),
		channelcmd.New(environ),
		newDownstreamsCommand(worker.Drivers()),
		newHealthCommand(environ),
		reconcilecmd.New(environ),
		rolloutcmd.New(environ),
		newTemporalCommand(),
		newVendureCommand(),
		newVersionCommand(),
	)
	return root
}

func newServeCommand(environ []string, use, short string, roles process.Roles) *cobra.Command {
	return &cobra.Command{
		Use:   use,
		Short: short,
		Long: short + `.

It stops on SIGINT or SIGTERM: nothing new is taken, and what was begun comes to
its end. Settings come from the environment: ORDERBRIDGE_… as docs/configuration.md
lists them, and TEMPORAL_… or a profile as for the temporal command. All mistakes
are reported at once.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := process.Load(environ)
			if err != nil {
				return err
			}
			p, err := process.New(config, process.Options{Roles: roles, Log: cmd.ErrOrStderr()})
			if err != nil {
				return err
			}
			defer func() {
				if err := p.Close(); err != nil {
					p.Logger.Error("not closed in order", "error", err)
				}
			}()
			return p.Run(cmd.Context(), nil)
		},
	}
}

func newDevCommand(environ []string) *cobra.Command {
	var options dev.Options
	cmd := &cobra.Command{
		Use:   "dev",
		Short: "Run everything on this machine and tell a short story",
		Long: `Run everything on this machine: a Temporal server with its Web UI, ingress and
worker, a fake BigCommerce store, and an order system. Then a short story is
played on it with real HTTP calls, and every line of it ends with a link to the
run in the Web UI.

The order system is a stand-in of the kind that --downstream names: one that
answers the project's own contract, unless it says otherwise. With "vendure" it is
the real Vendure, which needs Node.js; the first time it is installed from npm and
compiled, which takes several minutes.

Temporal is, in this order: a server that runs already (TEMPORAL_ADDRESS), the
temporal command on the PATH, one that was fetched or built before, a download,
or a build from source, which takes several minutes the first time.

The fake store and the order system begin anew at each start, with new
tokens; so the channel "demo" is set to them again, whatever was changed of it
before. With --data-dir, Temporal's database, the master key and the log are kept,
and with them other channels and the edit history.

At the end it prints how to use the other commands on it. A port that is taken
gives way to a free one.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			environment, err := process.ReadEnvironment(environ)
			if err != nil {
				return err
			}
			options.Environment, options.Out = environment, cmd.OutOrStdout()
			return dev.Run(cmd.Context(), options)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&options.DataDir, "data-dir", ".orderbridge", "keep Temporal's database, the master key and the logs in this `directory`; channel demo is reset at each start")
	flags.BoolVar(&options.InMemory, "in-memory", false, "keep nothing: everything is gone at the end")
	flags.BoolVar(&options.Once, "once", false, "end after the story: status 0 if all of it came true, otherwise 1")
	flags.StringVar(&options.Downstream, "downstream", "rest", "the `kind` of the order system: "+strings.Join(sandbox.Kinds(), ", "))
	flags.StringVar(&options.Listen, "listen", "127.0.0.1:8080", "preferred `address` of the ingress")
	flags.StringVar(&options.StoreListen, "store-listen", "127.0.0.1:8081", "preferred `address` of the fake store")
	flags.StringVar(&options.DownstreamListen, "downstream-listen", "127.0.0.1:8082", "preferred `address` of the order system")
	return cmd
}

func newVersionCommand() *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print version, commit and Go version",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			v := process.ReadVersion()
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(v)
			}
			_, err := fmt.Fprintln(cmd.OutOrStdout(), v)
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	return cmd
}
