package channels

import (
	"slices"
	"time"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/downstream"
)

// Settings are what a merchant chooses for a channel.
type Settings struct {
	// ValidCancellationStatuses are the downstream statuses in which a
	// webhook may cancel an order. None: nothing is ever cancelled.
	ValidCancellationStatuses []string `json:"valid_cancellation_statuses"`
	// ValidFulfillmentStatuses are the downstream statuses in which a
	// webhook may fulfill an order. None: nothing is ever fulfilled.
	ValidFulfillmentStatuses []string `json:"valid_fulfillment_statuses"`
	// CancelOn are the BigCommerce statuses that mean "cancel downstream".
	// Default: 5 (Cancelled).
	CancelOn []bigcommerce.StatusID `json:"cancel_on"`
	// FulfillOn are the BigCommerce statuses that mean "fulfill downstream".
	// Default: 2 (Shipped) and 10 (Completed).
	FulfillOn []bigcommerce.StatusID `json:"fulfill_on"`
	// StoreChannels restricts the channel to orders of these BigCommerce
	// channel ids. None: orders of every BigCommerce channel.
	StoreChannels []int64 `json:"store_channels,omitempty"`
	// Waits are how long a webhook waits, and for what.
	Waits Waits `json:"waits"`
	// Signature is what is done about the signature of a callback. It has a
	// meaning only with a client secret. Default: SignatureObserve.
	Signature SignatureMode `json:"signature,omitempty"`
	// AuditEvery is how often the subscriptions are audited: 10 seconds to 24
	// hours. Default: 15 minutes.
	AuditEvery Duration `json:"audit_every,omitempty"`
	// ReconcileEvery is how often the store is searched for changes whose
	// webhook never came: 10 seconds to 24 hours. Default: 10 minutes.
	ReconcileEvery Duration `json:"reconcile_every,omitempty"`
}

// SignatureMode is what is done about the Standard Webhooks signature that
// BigCommerce puts on a callback. That its key is the client secret of the API
// account is documented, but was never confirmed on a live store.
type SignatureMode string

const (
	// SignatureOff checks nothing.
	SignatureOff SignatureMode = "off"
	// SignatureObserve checks, counts and logs, and has no consequence.
	SignatureObserve SignatureMode = "observe"
	// SignatureRequire gives a callback without a valid signature no effect:
	// its outcome is "rejected".
	SignatureRequire SignatureMode = "require"
)

// Waits are the durations of the order workflow.
type Waits struct {
	// First is the first wait for an order that is not downstream yet or is
	// still unprocessed there. Every further wait is twice as long.
	// Default: 3 minutes.
	First Duration `json:"first"`
	// Longest bounds a single wait. Default: 4 hours.
	Longest Duration `json:"longest"`
	// GiveUpAfter bounds all these waits together. Default: 24 hours.
	GiveUpAfter Duration `json:"give_up_after"`
	// Settle is how old the last change of an order must be, by the store's
	// own clock, before it is applied, so that a cancellation that is
	// followed at once by something else is not applied. BigCommerce itself
	// delivers one to three seconds after a change (measured), so this
	// normally costs nothing. Default: 2 seconds.
	Settle Duration `json:"settle"`
	// RetryFor bounds the retries of one call that keeps failing.
	// Default: 72 hours, longer than BigCommerce's own 48.
	RetryFor Duration `json:"retry_for"`
}

// Defaults of Waits.
const (
	DefaultFirstWait   = Duration(3 * time.Minute)
	DefaultLongestWait = Duration(4 * time.Hour)
	DefaultGiveUpAfter = Duration(24 * time.Hour)
	DefaultSettle      = Duration(2 * time.Second)
	DefaultRetryFor    = Duration(72 * time.Hour)
)

// Defaults and bounds of the intervals.
const (
	DefaultAuditEvery     = Duration(15 * time.Minute)
	DefaultReconcileEvery = Duration(10 * time.Minute)

	minInterval = Duration(10 * time.Second)
	maxInterval = Duration(24 * time.Hour)
)

// maxWait keeps a run shorter than the retention of a namespace's closed
// runs, which is what deduplication rests on.
const maxWait = Duration(7 * 24 * time.Hour)

// maxRounds bounds how often a webhook looks at an order: each time costs calls
// to both sides and some ten events of a history that ends at 51,200.
const maxRounds = 500

// WithDefaults fills in what was left empty.
func (s Settings) WithDefaults() Settings {
	if s.CancelOn == nil {
		s.CancelOn = []bigcommerce.StatusID{bigcommerce.StatusCancelled}
	}
	if s.FulfillOn == nil {
		s.FulfillOn = []bigcommerce.StatusID{bigcommerce.StatusShipped, bigcommerce.StatusCompleted}
	}
	if s.Signature == "" {
		s.Signature = SignatureObserve
	}
	w := &s.Waits
	for _, d := range []struct {
		value    *Duration
		fallback Duration
	}{
		{&w.First, DefaultFirstWait},
		{&w.Longest, DefaultLongestWait},
		{&w.GiveUpAfter, DefaultGiveUpAfter},
		{&w.Settle, DefaultSettle},
		{&w.RetryFor, DefaultRetryFor},
		{&s.AuditEvery, DefaultAuditEvery},
		{&s.ReconcileEvery, DefaultReconcileEvery},
	} {
		if *d.value == 0 {
			*d.value = d.fallback
		}
	}
	return s
}

// WantsAny reports whether any webhook could ever have an effect.
func (s Settings) WantsAny() bool {
	return len(s.ValidCancellationStatuses) > 0 || len(s.ValidFulfillmentStatuses) > 0
}

func (s Settings) validate(p *problems) {
	p.statusNames("settings.valid_cancellation_statuses", s.ValidCancellationStatuses)
	p.statusNames("settings.valid_fulfillment_statuses", s.ValidFulfillmentStatuses)
	for _, list := range []struct {
		field string
		ids   []bigcommerce.StatusID
	}{{"settings.cancel_on", s.CancelOn}, {"settings.fulfill_on", s.FulfillOn}} {
		seen := map[bigcommerce.StatusID]bool{}
		for _, id := range list.ids {
			if !id.Known() {
				p.addf(list.field, "%d is not a BigCommerce order status (0 to 14)", int(id))
			}
			if seen[id] {
				p.addf(list.field, "%d (%s) is listed twice", int(id), id)
			}
			seen[id] = true
		}
	}
	for _, id := range s.CancelOn {
		if slices.Contains(s.FulfillOn, id) {
			p.addf("settings.fulfill_on", "%d (%s) is in settings.cancel_on too; a status can mean only one of them", int(id), id)
		}
	}
	for _, id := range s.StoreChannels {
		if id < 1 {
			p.addf("settings.store_channels", "%d is not a BigCommerce channel id", id)
		}
	}
	switch s.Signature {
	case SignatureOff, SignatureObserve, SignatureRequire:
	default:
		p.addf("settings.signature", "%q must be %s, %s or %s", s.Signature, SignatureOff, SignatureObserve, SignatureRequire)
	}
	for _, d := range []struct {
		field string
		value Duration
	}{{"audit_every", s.AuditEvery}, {"reconcile_every", s.ReconcileEvery}} {
		if d.value < minInterval || d.value > maxInterval {
			p.addf("settings."+d.field, "%s must be between %s and %s", d.value, minInterval, maxInterval)
		}
	}
	s.Waits.validate(p)
}

func (w Waits) validate(p *problems) {
	for _, d := range []struct {
		field string
		value Duration
	}{
		{"first", w.First},
		{"longest", w.Longest},
		{"give_up_after", w.GiveUpAfter},
		{"settle", w.Settle},
		{"retry_for", w.RetryFor},
	} {
		if d.value <= 0 || d.value > maxWait {
			p.addf("settings.waits."+d.field, "%s must be above zero and at most %s", d.value, maxWait)
		}
	}
	if w.Longest > 0 && w.GiveUpAfter/w.Longest > maxRounds {
		p.addf("settings.waits.longest", "%s is too short to look again and again for %s (settings.waits.give_up_after): "+
			"at most %d times", w.Longest, w.GiveUpAfter, maxRounds)
	}
	if w.Longest < w.First {
		p.addf("settings.waits.longest", "%s must not be shorter than settings.waits.first (%s)", w.Longest, w.First)
	}
}

// ValidateStatuses checks the selected statuses against the vocabulary of the
// downstream system, and returns every mistake at once.
func (s Settings) ValidateStatuses(known []downstream.Status) error {
	var p problems
	byName := make(map[string]downstream.Status, len(known))
	names := make([]string, 0, len(known))
	for _, status := range known {
		byName[status.Name] = status
		if status.Phase == downstream.PhaseOpen {
			names = append(names, status.Name)
		}
	}
	for _, list := range []struct {
		field string
		names []string
	}{
		{"settings.valid_cancellation_statuses", s.ValidCancellationStatuses},
		{"settings.valid_fulfillment_statuses", s.ValidFulfillmentStatuses},
	} {
		for i, name := range list.names {
			status, ok := byName[name]
			switch {
			case slices.Contains(list.names[:i], name):
				p.addf(list.field, "%q is listed twice", name)
			case !ok:
				p.addf(list.field, "%q is not a status of the downstream system; %s", name, choice(names))
			case status.Phase.Final():
				p.addf(list.field, "%q is final: nothing can change an order in it; %s", name, choice(names))
			case status.Phase == downstream.PhaseUnprocessed:
				p.addf(list.field, "%q is not processed yet: webhooks wait until it is; %s", name, choice(names))
			}
		}
	}
	return p.err()
}
