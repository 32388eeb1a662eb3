// Package channelcmd holds the commands that add, change and show sales
// channels.
package channelcmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/user"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/seal"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/process"
	"github.com/orderbridge/orderbridge/worker"
	"github.com/orderbridge/orderbridge/workflows"
)

// timeout bounds one command. A save tries the credentials of both sides and
// waits for the hooks, which takes seconds, or the better part of two minutes
// if a side is slow.
const timeout = 3 * time.Minute

// session is a connection to the installation that a command works on.
type session struct {
	temporal  client.Client
	namespace string
	keeper    *seal.Keeper
}

// New returns the command "channels". It reads its connection from the given
// environment, in the form of os.Environ, when one of its commands is run.
func New(environ []string) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "channels",
		Short: "Add, change and show sales channels",
		Long: `Add, change and show sales channels: one BigCommerce store connected to one
downstream system, with its settings. A worker must be running: it tries the
credentials, and makes the hooks in the store match the settings.

The connection to Temporal and ORDERBRIDGE_MASTER_KEY, which seals the
credentials, come from the environment, as for "serve".`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	// with runs a command on a session.
	with := func(f func(ctx context.Context, s *session, cmd *cobra.Command, args []string) error) func(*cobra.Command, []string) error {
		return func(cmd *cobra.Command, args []string) (err error) {
			ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
			defer cancel()
			s, closeSession, err := open(environ)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, closeSession()) }()
			return f(ctx, s, cmd, args)
		}
	}
	cmd.AddCommand(
		newAddCommand(with), newSetCommand(with), newSwitchCommand(with, "activate", true), newSwitchCommand(with, "deactivate", false),
		newListCommand(with), newShowCommand(with), newHistoryCommand(with),
	)
	return cmd
}

type runner = func(func(ctx context.Context, s *session, cmd *cobra.Command, args []string) error) func(*cobra.Command, []string) error

func open(environ []string) (*session, func() error, error) {
	config, err := process.Load(environ)
	if err != nil {
		return nil, nil, err
	}
	config.Worker.OpsAddress = worker.Off
	p, err := process.New(config, process.Options{Log: io.Discard})
	if err != nil {
		return nil, nil, err
	}
	return &session{temporal: p.Client, namespace: p.Namespace(), keeper: p.Keeper}, p.Close, nil
}

// channel returns a channel as it is.
func (s *session) channel(ctx context.Context, id string) (channels.Channel, error) {
	channel, err := channels.NewDirectory(s.temporal, 0).Channel(ctx, id)
	if errors.Is(err, channels.ErrUnknown) {
		return channels.Channel{}, fmt.Errorf("channel %s: %w: \"orderbridge channels list\" shows those that there are", id, channels.ErrUnknown)
	}
	return channel, err
}

// ids returns the ids of all channels, in order.
func (s *session) ids(ctx context.Context) ([]string, error) {
	var ids []string
	request := &workflowservice.ListWorkflowExecutionsRequest{
		Namespace: s.namespace,
		Query:     fmt.Sprintf("WorkflowType=%q AND ExecutionStatus=%q", channels.WorkflowType, "Running"),
	}
	for {
		response, err := s.temporal.ListWorkflow(ctx, request)
		if err != nil {
			return nil, fmt.Errorf("list the channels: %w", err)
		}
		for _, execution := range response.GetExecutions() {
			if id, ok := strings.CutPrefix(execution.GetExecution().GetWorkflowId(), channels.WorkflowID("")); ok {
				ids = append(ids, id)
			}
		}
		if request.NextPageToken = response.GetNextPageToken(); len(request.GetNextPageToken()) == 0 {
			slices.Sort(ids)
			return slices.Compact(ids), nil
		}
	}
}

// save saves a channel on top of the revision that it was read at.
func (s *session) save(ctx context.Context, cmd *cobra.Command, channel channels.Channel) error {
	result, err := channels.Save(ctx, s.temporal, workflows.TaskQueueChannels, channels.SaveRequest{
		By: whoami(), Channel: channel, Expected: &channel.Revision,
	})
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	if len(result.Changed) == 0 {
		_, err = fmt.Fprintf(out, "channel %s: nothing changed (revision %d)\n", channel.ID, result.Revision)
	} else {
		_, err = fmt.Fprintf(out, "channel %s: saved as revision %d\n%s", channel.ID, result.Revision, describeChanges(result.Changed))
	}
	if err != nil {
		return err
	}
	switch wanted := channel.Active && channel.Settings.WantsAny(); {
	case wanted && len(result.Subscribed) == 0:
		_, err = fmt.Fprintln(out, "the hooks in the store are not there yet: the worker goes on trying")
	case wanted:
		_, err = fmt.Fprintf(out, "subscribed to %s\n", strings.Join(result.Subscribed, ", "))
	default:
		_, err = fmt.Fprintln(out, "no hooks: the channel is inactive, or no status is selected")
	}
	return err
}

// whoami names the person for the edit history.
func whoami() string {
	if current, err := user.Current(); err == nil && current.Username != "" {
		return current.Username
	}
	return "command line"
}
