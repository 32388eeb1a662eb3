package channelcmd

import (
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/worker"
)

// edits are the flags that change a channel. A flag that is not given changes
// nothing.
type edits struct {
	storeHash, storeURL, clientID, adapter, downstreamURL, url string
	options                                                    optionFlags
	cancelIn, fulfillIn                                        []string
	cancelOn, fulfillOn, storeChannels                         ids
	signature                                                  string
	auditEvery, reconcileEvery                                 time.Duration
	waitFirst, waitLongest, giveUpAfter, settle, retryFor      time.Duration
	secrets                                                    secretFiles
}

func (e *edits) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.SortFlags = false // they stand in the order of their subjects
	f.StringVar(&e.storeHash, "store-hash", "", "the store's `hash`, as in the path of its API")
	f.StringVar(&e.storeURL, "store-url", "", "`address` of the BigCommerce API (default BigCommerce's own)")
	f.StringVar(&e.clientID, "client-id", "", "client `id` of the store's API account; not a secret, and optional")
	e.secrets.store(cmd, "access token of the store's API account")
	f.StringVar(&e.adapter, "downstream", "", "the `kind` of the downstream system: "+worker.Drivers().Names())
	f.StringVar(&e.downstreamURL, "downstream-url", "", "`address` of the downstream system (default the kind's own, if it has one)")
	e.secrets.downstream(cmd, "token of the downstream system")
	f.Var(&e.options, "downstream-option", "an option of the kind as `name=value` (repeatable; \"name=\" for without): see \"orderbridge downstreams\"")
	f.StringVar(&e.adapter, "adapter", "", "the same as --downstream")
	f.Lookup("adapter").Hidden = true
	f.StringVar(&e.url, "callback-url", "", "`address` to which BigCommerce delivers: https://…/webhooks/bigcommerce/ID")
	f.StringArrayVar(&e.cancelIn, "cancel-in", nil, "a downstream `status` in which orders may be cancelled (repeatable; \"\" for none)")
	f.StringArrayVar(&e.fulfillIn, "fulfill-in", nil, "a downstream `status` in which orders may be fulfilled (repeatable; \"\" for none)")
	f.Var(&e.cancelOn, "cancel-on", "BigCommerce status `ids` that mean cancel (default 5; \"\" for the default)")
	f.Var(&e.fulfillOn, "fulfill-on", "BigCommerce status `ids` that mean fulfill (default 2,10; \"\" for the default)")
	f.Var(&e.storeChannels, "store-channels", "only orders of these BigCommerce channel `ids` (default all; \"\" for all)")
	f.StringVar(&e.signature, "signature", "", "`what` is done about signatures of callbacks: off, observe or require (default observe)")
	for _, d := range []struct {
		value *time.Duration
		name  string
		usage string
	}{
		{&e.auditEvery, "audit-every", "how often the hooks are audited, 10s to 24h (default 15m)"},
		{&e.reconcileEvery, "reconcile-every", "how often lost webhooks are searched for, 10s to 24h (default 10m)"},
		{&e.waitFirst, "wait-first", "the first wait for an order that is not downstream yet (default 3m)"},
		{&e.waitLongest, "wait-longest", "the longest single wait for it (default 4h)"},
		{&e.giveUpAfter, "give-up-after", "all waits for it together (default 24h)"},
		{&e.settle, "settle", "how long an order must have been unchanged before it is acted on (default 2s)"},
		{&e.retryFor, "retry-for", "how long a call that keeps failing is repeated (default 72h)"},
	} {
		f.DurationVar(d.value, d.name, 0, strings.TrimSuffix(d.usage, ")")+"; 0 for the default)")
	}
}

// apply changes a channel by the flags that were given.
func (e *edits) apply(cmd *cobra.Command, c *channels.Channel) {
	given := cmd.Flags().Changed
	s := &c.Settings
	for _, text := range []struct {
		flag, value string
		field       *string
	}{
		{"store-hash", e.storeHash, &c.Store.Hash},
		{"store-url", e.storeURL, &c.Store.BaseURL},
		{"client-id", e.clientID, &c.Store.ClientID},
		{"downstream-url", e.downstreamURL, &c.Downstream.BaseURL},
		{"callback-url", e.url, &c.CallbackURL},
		{"signature", e.signature, (*string)(&s.Signature)},
	} {
		if given(text.flag) {
			*text.field = text.value
		}
	}
	if (given("downstream") || given("adapter")) && c.Downstream.Adapter != e.adapter {
		// What one kind is told means nothing to another, and the credential of
		// the new one must not be sent to where the old one was.
		c.Downstream.Adapter, c.Downstream.Options = e.adapter, nil
		if !given("downstream-url") {
			c.Downstream.BaseURL = ""
		}
	}
	for _, option := range e.options {
		c.Downstream.Options = c.Downstream.Options.With(option.Name, option.Value)
	}
	for _, duration := range []struct {
		flag  string
		value time.Duration
		field *channels.Duration
	}{
		{"audit-every", e.auditEvery, &s.AuditEvery},
		{"reconcile-every", e.reconcileEvery, &s.ReconcileEvery},
		{"wait-first", e.waitFirst, &s.Waits.First},
		{"wait-longest", e.waitLongest, &s.Waits.Longest},
		{"give-up-after", e.giveUpAfter, &s.Waits.GiveUpAfter},
		{"settle", e.settle, &s.Waits.Settle},
		{"retry-for", e.retryFor, &s.Waits.RetryFor},
	} {
		if given(duration.flag) {
			*duration.field = channels.Duration(duration.value)
		}
	}
	if given("cancel-in") {
		s.ValidCancellationStatuses = selected(e.cancelIn)
	}
	if given("fulfill-in") {
		s.ValidFulfillmentStatuses = selected(e.fulfillIn)
	}
	if given("cancel-on") {
		s.CancelOn = statusIDs(e.cancelOn)
	}
	if given("fulfill-on") {
		s.FulfillOn = statusIDs(e.fulfillOn)
	}
	if given("store-channels") {
		s.StoreChannels = e.storeChannels
	}
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

// statusIDs returns nil, which stands for the default, for an empty list.
func statusIDs(list ids) []bigcommerce.StatusID {
	if len(list) == 0 {
		return nil
	}
	out := make([]bigcommerce.StatusID, 0, len(list))
	for _, id := range list {
		out = append(out, bigcommerce.StatusID(id))
	}
	return out
}
