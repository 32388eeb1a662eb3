package channelcmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/seal"
)

// edits are the flags that change a channel. A flag that is not given changes
// nothing.
type edits struct {
	storeHash, storeURL, storeTokenFile              string
	adapter, downstreamURL, downstreamTokenFile, url string
	cancelIn, fulfillIn                              []string
	cancelOn, fulfillOn                              []int
	storeChannels                                    []int64
}

func (e *edits) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&e.storeHash, "store-hash", "", "the store's `hash`, as in the path of its API")
	f.StringVar(&e.storeURL, "store-url", "", "`address` of the BigCommerce API (default BigCommerce's own)")
	f.StringVar(&e.storeTokenFile, "access-token-file", "", "`file` with the access token of the store's API account; - is standard input")
	f.StringVar(&e.adapter, "adapter", "", "the downstream `adapter`, for example rest")
	f.StringVar(&e.downstreamURL, "downstream-url", "", "`address` of the downstream system")
	f.StringVar(&e.downstreamTokenFile, "downstream-token-file", "", "`file` with the token of the downstream system; - is standard input")
	f.StringVar(&e.url, "callback-url", "", "`address` to which BigCommerce delivers: https://…/webhooks/bigcommerce/ID")
	f.StringArrayVar(&e.cancelIn, "cancel-in", nil, "a downstream `status` in which orders may be cancelled (repeatable; \"\" for none)")
	f.StringArrayVar(&e.fulfillIn, "fulfill-in", nil, "a downstream `status` in which orders may be fulfilled (repeatable; \"\" for none)")
	f.IntSliceVar(&e.cancelOn, "cancel-on", nil, "BigCommerce status `ids` that mean cancel (default 5)")
	f.IntSliceVar(&e.fulfillOn, "fulfill-on", nil, "BigCommerce status `ids` that mean fulfill (default 2,10)")
	f.Int64SliceVar(&e.storeChannels, "store-channels", nil, "only orders of these BigCommerce channel `ids` (default all)")
}

// apply changes a channel by the flags that were given.
func (e *edits) apply(ctx context.Context, cmd *cobra.Command, keeper *seal.Keeper, c *channels.Channel) error {
	given := cmd.Flags().Changed
	for _, text := range []struct {
		flag, value string
		field       *string
	}{
		{"store-hash", e.storeHash, &c.Store.Hash},
		{"store-url", e.storeURL, &c.Store.BaseURL},
		{"adapter", e.adapter, &c.Downstream.Adapter},
		{"downstream-url", e.downstreamURL, &c.Downstream.BaseURL},
		{"callback-url", e.url, &c.CallbackURL},
	} {
		if given(text.flag) {
			*text.field = text.value
		}
	}
	if given("cancel-in") {
		c.Settings.ValidCancellationStatuses = selected(e.cancelIn)
	}
	if given("fulfill-in") {
		c.Settings.ValidFulfillmentStatuses = selected(e.fulfillIn)
	}
	if given("cancel-on") {
		c.Settings.CancelOn = statusIDs(e.cancelOn)
	}
	if given("fulfill-on") {
		c.Settings.FulfillOn = statusIDs(e.fulfillOn)
	}
	if given("store-channels") {
		c.Settings.StoreChannels = e.storeChannels
	}
	return errors.Join(
		secret(ctx, cmd, keeper, "access-token-file", e.storeTokenFile, &c.Store.AccessToken),
		secret(ctx, cmd, keeper, "downstream-token-file", e.downstreamTokenFile, &c.Downstream.Token),
	)
}

// maxSecret is far more than any token has.
const maxSecret = 64 << 10

// secret seals what a file holds. Secrets come from files alone: arguments are
// visible to every user of a machine.
func secret(ctx context.Context, cmd *cobra.Command, keeper *seal.Keeper, flag, path string, into *seal.Sealed) error {
	if !cmd.Flags().Changed(flag) {
		return nil
	}
	in := cmd.InOrStdin()
	if path != "-" {
		file, err := os.Open(path) //nolint:gosec // the operator names the file
		if err != nil {
			return fmt.Errorf("--%s: %w", flag, err)
		}
		defer func() { _ = file.Close() }()
		in = file
	}
	content, err := io.ReadAll(io.LimitReader(in, maxSecret))
	if err != nil {
		return fmt.Errorf("--%s: %w", flag, err)
	}
	value := strings.TrimSpace(string(content))
	if value == "" {
		return fmt.Errorf("--%s: %s is empty", flag, path)
	}
	*into, err = keeper.Seal(ctx, value)
	return err
}

// selected drops empty names: a single one stands for "none".
func selected(names []string) []string {
	out := make([]string, 0, len(names))
	for _, name := range names {
		if name != "" {
			out = append(out, name)
		}
	}
	return out
}

func statusIDs(ids []int) []bigcommerce.StatusID {
	out := make([]bigcommerce.StatusID, len(ids))
	for i, id := range ids {
		out[i] = bigcommerce.StatusID(id)
	}
	return out
}

func newAddCommand(with runner) *cobra.Command {
	var e edits
	cmd := &cobra.Command{
		Use:   "add ID",
		Short: "Add a sales channel",
		Example: `  orderbridge channels add main --store-hash abc123 --access-token-file token \
    --adapter rest --downstream-url https://orders.example.com --downstream-token-file wms-token \
    --callback-url https://hooks.example.com/webhooks/bigcommerce/main \
    --cancel-in "Awaiting Shipment" --fulfill-in "Awaiting Shipment"`,
		Args: cobra.ExactArgs(1),
		RunE: with(func(ctx context.Context, s *session, cmd *cobra.Command, args []string) error {
			channel := channels.Channel{ID: args[0], Active: true}
			if err := e.apply(ctx, cmd, s.keeper, &channel); err != nil {
				return err
			}
			complete := channel
			complete.Settings = complete.Settings.WithDefaults()
			if err := complete.Validate(); err != nil {
				return err
			}
			return s.save(ctx, cmd, channel)
		}),
	}
	e.flags(cmd)
	return cmd
}

func newSetCommand(with runner) *cobra.Command {
	var e edits
	cmd := &cobra.Command{
		Use:   "set ID",
		Short: "Change a sales channel: what no flag names stays as it is",
		Args:  cobra.ExactArgs(1),
		RunE: with(func(ctx context.Context, s *session, cmd *cobra.Command, args []string) error {
			channel, err := s.channel(ctx, args[0])
			if err != nil {
				return err
			}
			if err := e.apply(ctx, cmd, s.keeper, &channel); err != nil {
				return err
			}
			return s.save(ctx, cmd, channel)
		}),
	}
	e.flags(cmd)
	return cmd
}

func newSwitchCommand(with runner, use string, active bool) *cobra.Command {
	short := "Deactivate a sales channel: its hooks are removed and its webhooks have no effect"
	if active {
		short = "Activate a sales channel again"
	}
	return &cobra.Command{
		Use: use + " ID", Short: short, Args: cobra.ExactArgs(1),
		RunE: with(func(ctx context.Context, s *session, cmd *cobra.Command, args []string) error {
			channel, err := s.channel(ctx, args[0])
			if err != nil {
				return err
			}
			channel.Active = active
			return s.save(ctx, cmd, channel)
		}),
	}
}
