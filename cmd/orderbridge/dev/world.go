package dev

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/downstream/sandbox"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/process"
	"github.com/orderbridge/orderbridge/worker"
	"github.com/orderbridge/orderbridge/worker/devserver"
	"github.com/orderbridge/orderbridge/workflows"
)

// channelID is the id of the sales channel of the development run.
const channelID = "demo"

// waits are short in a development run, so that the story does not take long.
func waits() channels.Waits {
	return channels.Waits{
		First:       channels.Duration(2 * time.Second),
		Longest:     channels.Duration(10 * time.Second),
		GiveUpAfter: channels.Duration(10 * time.Minute),
		Settle:      channels.Duration(time.Second),
		RetryFor:    channels.Duration(time.Hour),
	}
}

// world is everything that runs. Its parts are stopped in the reverse order of
// their start.
type world struct {
	options  Options
	console  *console
	dataDir  string
	temporal *devserver.Server
	client   client.Client
	store    *bigcommercetest.Store
	account  bigcommercetest.Account
	system   *sandbox.System
	ingress  string
	process  *process.Process
	ended    chan error // of the process

	stops []func(context.Context) error
}

func (w *world) onStop(f func(context.Context) error) { w.stops = append(w.stops, f) }

func (w *world) stop(ctx context.Context) error {
	var errs []error
	for _, v := range slices.Backward(w.stops) {
		errs = append(errs, v(ctx))
	}
	w.stops = nil
	return errors.Join(errs...)
}

// start starts all parts. The world that it returns is to be stopped even if
// it failed.
func start(ctx context.Context, options Options, out *console) (*world, error) {
	w := &world{options: options, console: out, ended: make(chan error, 1)}
	out.linef("%s", process.ReadVersion())
	for _, part := range []func(context.Context) error{
		w.checkOptions, w.makeDataDir, w.startTemporal, w.startStore, w.startSystem, w.startProcess, w.makeChannel,
	} {
		if err := part(ctx); err != nil {
			return w, err
		}
	}
	return w, nil
}

func (w *world) makeDataDir(context.Context) error {
	if w.options.InMemory {
		dir, err := os.MkdirTemp("", "orderbridge-dev-")
		if err != nil {
			return fmt.Errorf("make a directory for the logs: %w", err)
		}
		w.dataDir = dir
		w.onStop(func(context.Context) error { return os.RemoveAll(dir) })
		return nil
	}
	dir, err := filepath.Abs(w.options.DataDir)
	if err != nil {
		return fmt.Errorf("--data-dir %s: %w", w.options.DataDir, err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("--data-dir: %w", err)
	}
	w.dataDir = dir
	return nil
}

func (w *world) startTemporal(ctx context.Context) error {
	options := devserver.Options{
		Address:          w.options.Environment["TEMPORAL_ADDRESS"],
		Namespace:        w.options.Environment["TEMPORAL_NAMESPACE"],
		UIURL:            w.options.Environment["TEMPORAL_UI_URL"],
		InMemory:         w.options.InMemory,
		DataDir:          w.dataDir,
		SearchAttributes: workflows.SearchAttributes(),
		Progress:         func(format string, args ...any) { w.console.linef("Temporal: "+format, args...) },
	}
	var err error
	options.Client, err = worker.ClientOptions(worker.Connection{Environment: w.options.Environment, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	server, err := devserver.Start(ctx, options)
	if err != nil {
		return fmt.Errorf("start Temporal: %w", err)
	}
	w.temporal = server
	w.onStop(server.Stop)
	w.console.linef("Temporal: %s, %s", server.Address, describeSource(server.Source))
	return nil
}

// describeSource says where the Temporal server comes from.
func describeSource(source string) string {
	switch source {
	case devserver.SourceRunning:
		return "which runs already (TEMPORAL_ADDRESS)"
	case devserver.SourceAdopted:
		return "left running by an earlier run on this data directory"
	case devserver.SourcePath:
		return "by the temporal command on the PATH"
	case devserver.SourceCached:
		return "by the server that was fetched or built before"
	case devserver.SourceDownloaded:
		return "by the server that was downloaded"
	case devserver.SourceBuilt:
		return "by the server that was built from deploy/temporal"
	default:
		return source
	}
}

func (w *world) startStore(ctx context.Context) error {
	address, err := w.console.freeAddress(ctx, "Store", w.options.StoreListen)
	if err != nil {
		return err
	}
	w.store, err = bigcommercetest.Start(ctx,
		bigcommercetest.WithListenAddress(address),
		bigcommercetest.WithHash("demostore1"),
		// The real one delivers to https on port 443 alone.
		bigcommercetest.WithHTTPDestinations())
	if err != nil {
		return fmt.Errorf("start the fake store: %w", err)
	}
	w.onStop(func(context.Context) error { return w.store.Close() })
	w.account = w.store.AddAccount("orderbridge")
	return nil
}

// startSystem starts the order system. Like the store it begins with nothing:
// the orders of an earlier run would have the same numbers.
func (w *world) startSystem(ctx context.Context) error {
	address, err := w.console.freeAddress(ctx, "Order system", w.options.DownstreamListen)
	if err != nil {
		return err
	}
	dir := filepath.Join(w.dataDir, "order-system")
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("clear the directory of the order system: %w", err)
	}
	w.system, err = sandbox.Start(ctx, w.options.Downstream, sandbox.Options{
		Dir: dir, ListenAddress: address,
		Progress: func(format string, args ...any) { w.console.linef("Order system: "+format, args...) },
	})
	if err != nil {
		return err
	}
	w.onStop(func(context.Context) error { return w.system.Close() })
	return nil
}

// makeChannel saves the sales channel; the store's hooks follow from that.
func (w *world) makeChannel(ctx context.Context) error {
	accessToken, err := w.process.Keeper.Seal(ctx, w.account.AccessToken)
	if err != nil {
		return err
	}
	token, err := w.process.Keeper.Seal(ctx, w.system.Credential)
	if err != nil {
		return err
	}
	statuses := []string{w.system.Status(sandbox.Selected)}
	result, err := channels.Save(ctx, w.client, workflows.TaskQueueChannels, channels.SaveRequest{
		By: "orderbridge dev",
		Channel: channels.Channel{
			ID:          channelID,
			Active:      true,
			CallbackURL: "http://" + w.ingress + "/webhooks/bigcommerce/" + channelID,
			Store:       channels.Store{Hash: w.store.Hash, BaseURL: w.store.URL, AccessToken: accessToken},
			Downstream:  channels.Downstream{Adapter: w.system.Kind, BaseURL: w.system.Address, Token: token, Options: w.system.Options},
			Settings: channels.Settings{
				ValidCancellationStatuses: statuses, ValidFulfillmentStatuses: statuses, Waits: waits(),
			},
		},
	})
	if err != nil {
		return err
	}
	if len(result.Subscribed) == 0 {
		return fmt.Errorf("channel %s was saved, but its hooks in the store could not be made: see %s", channelID, w.logPath())
	}
	what := "saved"
	if result.Revision > 1 {
		what = "set again to this run's store and order system"
	}
	w.console.linef("Channel %q: %s; subscribed to %s", channelID, what, result.Subscribed[0])
	return nil
}

// wait blocks until ctx ends or a part fails.
func (w *world) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-w.temporal.Done():
		return fmt.Errorf("the Temporal server ended: %w", w.temporal.Err())
	case <-w.system.Done():
		return fmt.Errorf("the order system ended: %w", w.system.Err())
	case err := <-w.ended:
		w.ended <- err // for the stop
		return fmt.Errorf("ingress and worker ended: %w", err)
	}
}

func (w *world) printAddresses() {
	for _, row := range []struct{ name, address string }{
		{"Ingress", "http://" + w.ingress},
		{"Web UI", w.temporal.UIURL},
		{"Metrics", "http://" + w.ingress + "/metrics"},
		{"Store", w.store.URL + "  (fake BigCommerce, access token " + w.account.AccessToken + ")"},
		{"Order system", w.system.Address + "  (" + w.system.Kind + ", credential " + w.system.Credential + ")"},
		{"Log", w.logPath()},
	} {
		if row.address != "" {
			w.console.linef("  %-13s %s", row.name, row.address)
		}
	}
	if w.options.InMemory {
		w.console.linef("  %-13s %s", "Data", "in memory: nothing is kept")
	} else {
		w.console.linef("  %-13s %s", "Data", w.dataDir)
	}
}
