package channels

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/orderbridge/orderbridge/activities/seal"
)

// Diff lists what differs between two states of a channel, field by field. A
// secret is reported as changed, never shown. Revision, CreatedAt, SecretVersion,
// SecretFloor, StoreSince, Connection and Former are bookkeeping and not compared.
//
// It names every field, and uses no reflection, because workflows call it: what
// they call must be seen to be deterministic.
func Diff(was, is Channel) []FieldChange {
	var d differences
	d.compare("id", was.ID, is.ID)
	d.compare("active", strconv.FormatBool(was.Active), strconv.FormatBool(is.Active))
	d.compare("store.hash", was.Store.Hash, is.Store.Hash)
	d.compare("store.base_url", was.Store.BaseURL, is.Store.BaseURL)
	d.secret("store.access_token", was.Store.AccessToken, is.Store.AccessToken)
	d.compare("store.client_id", was.Store.ClientID, is.Store.ClientID)
	d.secret("store.client_secret", was.Store.ClientSecret, is.Store.ClientSecret)
	d.compare("downstream.adapter", was.Downstream.Adapter, is.Downstream.Adapter)
	d.compare("downstream.base_url", was.Downstream.BaseURL, is.Downstream.BaseURL)
	d.secret("downstream.token", was.Downstream.Token, is.Downstream.Token)
	d.options(was.Downstream.Options, is.Downstream.Options)
	a, b := was.Settings, is.Settings
	d.compare("settings.valid_cancellation_statuses", quotedList(a.ValidCancellationStatuses), quotedList(b.ValidCancellationStatuses))
	d.compare("settings.valid_fulfillment_statuses", quotedList(a.ValidFulfillmentStatuses), quotedList(b.ValidFulfillmentStatuses))
	d.compare("settings.cancel_on", numberList(a.CancelOn), numberList(b.CancelOn))
	d.compare("settings.fulfill_on", numberList(a.FulfillOn), numberList(b.FulfillOn))
	d.compare("settings.store_channels", numberList(a.StoreChannels), numberList(b.StoreChannels))
	d.compare("settings.waits.first", a.Waits.First.String(), b.Waits.First.String())
	d.compare("settings.waits.longest", a.Waits.Longest.String(), b.Waits.Longest.String())
	d.compare("settings.waits.give_up_after", a.Waits.GiveUpAfter.String(), b.Waits.GiveUpAfter.String())
	d.compare("settings.waits.settle", a.Waits.Settle.String(), b.Waits.Settle.String())
	d.compare("settings.waits.retry_for", a.Waits.RetryFor.String(), b.Waits.RetryFor.String())
	d.compare("settings.signature", string(a.Signature), string(b.Signature))
	d.compare("settings.audit_every", a.AuditEvery.String(), b.AuditEvery.String())
	d.compare("settings.reconcile_every", a.ReconcileEvery.String(), b.ReconcileEvery.String())
	d.compare("callback_url", was.CallbackURL, is.CallbackURL)
	return d
}

type differences []FieldChange

func (d *differences) compare(field, was, is string) {
	if was != is {
		*d = append(*d, FieldChange{Field: field, Was: shorten(was), Is: shorten(is)})
	}
}

// options compares two lists that are in the order of their names.
func (d *differences) options(was, is Options) {
	for len(was) > 0 || len(is) > 0 {
		switch {
		case len(is) == 0 || len(was) > 0 && was[0].Name < is[0].Name:
			d.compare("downstream.options."+was[0].Name, was[0].Value, "")
			was = was[1:]
		case len(was) == 0 || is[0].Name < was[0].Name:
			d.compare("downstream.options."+is[0].Name, "", is[0].Value)
			is = is[1:]
		default:
			d.compare("downstream.options."+is[0].Name, was[0].Value, is[0].Value)
			was, is = was[1:], is[1:]
		}
	}
}

// maxShown bounds a value in the edit history, which must stay well below the
// two megabytes that Temporal takes as one value.
const maxShown = 1000

func shorten(value string) string {
	if len(value) <= maxShown {
		return value
	}
	return strings.ToValidUTF8(value[:maxShown], "") + "…"
}

// secret says that a secret changed. Two sealings of one secret differ, so
// saving the same secret again is a change too.
func (d *differences) secret(field string, was, is seal.Sealed) {
	if !bytes.Equal(was, is) {
		*d = append(*d, FieldChange{Field: field, Was: describeSecret(was), Is: describeSecret(is)})
	}
}

// SealedAnew stands in an edit history for a credential that is the same as
// before, sealed with another key.
const SealedAnew = "(sealed anew)"

// SecretField reports whether a field of a channel holds a credential.
func SecretField(field string) bool {
	return field == "store.access_token" || field == "store.client_secret" || field == "downstream.token"
}

func describeSecret(s seal.Sealed) string {
	if len(s) == 0 {
		return "(none)"
	}
	return "(secret)"
}

// quotedList and numberList show an absent list and an empty one alike: they
// mean the same.
func quotedList(names []string) string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = strconv.Quote(name)
	}
	return "[" + strings.Join(out, ",") + "]"
}

func numberList[T ~int | ~int64](numbers []T) string {
	out := make([]string, len(numbers))
	for i, n := range numbers {
		out[i] = strconv.FormatInt(int64(n), 10)
	}
	return "[" + strings.Join(out, ",") + "]"
}
