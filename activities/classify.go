package activities

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/seal"
)

// Reason names why a call failed. It is the type of the error that Temporal
// shows, a metric label, and the reason of a failed webhook.
type Reason string

const (
	// ReasonStoreCredentials: BigCommerce does not accept the access token.
	ReasonStoreCredentials Reason = "store_credentials" //nolint:gosec // a word, not a credential
	// ReasonStorePermission: the API account lacks a scope.
	ReasonStorePermission Reason = "store_permission"
	// ReasonStoreNotFound: BigCommerce has no such order.
	ReasonStoreNotFound Reason = "store_order_not_found"
	// ReasonStoreRefused: BigCommerce finds the request wrong.
	ReasonStoreRefused Reason = "store_refused"
	// ReasonStoreRateLimited: the store's quota is used up.
	ReasonStoreRateLimited Reason = "store_rate_limited"
	// ReasonStoreUnavailable: BigCommerce is out of reach or overloaded.
	ReasonStoreUnavailable Reason = "store_unavailable"
	// ReasonStoreMalformed: the answer of BigCommerce made no sense.
	ReasonStoreMalformed Reason = "store_malformed"

	// ReasonDownstreamCredentials: the downstream system does not accept
	// the credentials.
	ReasonDownstreamCredentials Reason = "downstream_credentials"
	// ReasonDownstreamPermission: the credentials lack a permission.
	ReasonDownstreamPermission Reason = "downstream_permission"
	// ReasonDownstreamRefused: the downstream system finds the request wrong
	// or will not do it.
	ReasonDownstreamRefused Reason = "downstream_refused"
	// ReasonDownstreamRateLimited: too many requests.
	ReasonDownstreamRateLimited Reason = "downstream_rate_limited"
	// ReasonDownstreamInUse: somebody else holds the order at the moment.
	ReasonDownstreamInUse Reason = "downstream_in_use"
	// ReasonDownstreamUnavailable: the downstream system is out of reach.
	ReasonDownstreamUnavailable Reason = "downstream_unavailable"
	// ReasonDownstreamMalformed: its answer made no sense.
	ReasonDownstreamMalformed Reason = "downstream_malformed"
	// ReasonDownstreamMisconfigured: the adapter's settings cannot work.
	ReasonDownstreamMisconfigured Reason = "downstream_misconfigured"

	// ReasonSealed: a credential cannot be opened with the keys of the worker.
	ReasonSealed Reason = "sealed_with_another_key"
	// ReasonKeeperUnavailable: the key service that opens credentials does not
	// serve.
	ReasonKeeperUnavailable Reason = "keeper_unavailable"
	// ReasonUnknownChannel: the channel does not exist any more.
	ReasonUnknownChannel Reason = "unknown_channel"
	// ReasonInternal: anything else, for example Temporal out of reach.
	ReasonInternal Reason = "internal"
)

// Disposition is what to do about a failed call.
type Disposition string

const (
	// Retry: repeat with Temporal's own growing delays.
	Retry Disposition = "retry"
	// RetryAfter: repeat after Verdict.Delay.
	RetryAfter Disposition = "retry_after"
	// RuleAgain: the state changed; read it and apply the rules again.
	RuleAgain Disposition = "rule_again"
	// GiveUp: repetition does not mend it.
	GiveUp Disposition = "give_up"
)

// Verdict is the classification of an error.
type Verdict struct {
	// Disposition is what to do.
	Disposition Disposition
	// Reason is why, for people and dashboards.
	Reason Reason
	// Delay goes with RetryAfter.
	Delay time.Duration
}

const (
	// slowRetry is for what only a person can mend. It is long enough not to
	// be a nuisance and short enough to go on soon after the mending.
	slowRetry = 15 * time.Minute
	// inUseRetry is for an order that somebody has open on a screen.
	inUseRetry = 30 * time.Second
)

// Classify is the one place where it is decided whether a failed call is
// repeated. An error of no known kind is repeated: it is an outage until the
// retries are over, never a lost order.
func Classify(err error) Verdict {
	if store, ok := errors.AsType[*bigcommerce.Error](err); ok {
		return classifyStore(store)
	}
	if down, ok := errors.AsType[*downstream.Error](err); ok {
		return classifyDownstream(down)
	}
	switch {
	case errors.Is(err, seal.ErrCannotOpen):
		return Verdict{RetryAfter, ReasonSealed, slowRetry}
	case errors.Is(err, seal.ErrUnavailable):
		return Verdict{Disposition: Retry, Reason: ReasonKeeperUnavailable}
	case errors.Is(err, channels.ErrUnknown):
		return Verdict{RetryAfter, ReasonUnknownChannel, slowRetry}
	default:
		return Verdict{Disposition: Retry, Reason: ReasonInternal}
	}
}

func classifyStore(e *bigcommerce.Error) Verdict {
	switch e.Kind {
	case bigcommerce.Unauthorized:
		return Verdict{RetryAfter, ReasonStoreCredentials, slowRetry}
	case bigcommerce.Forbidden:
		return Verdict{RetryAfter, ReasonStorePermission, slowRetry}
	case bigcommerce.NotFound:
		return Verdict{Disposition: GiveUp, Reason: ReasonStoreNotFound}
	case bigcommerce.Invalid, bigcommerce.Conflict:
		return Verdict{Disposition: GiveUp, Reason: ReasonStoreRefused}
	case bigcommerce.RateLimited:
		return retryAfter(ReasonStoreRateLimited, e.RetryAfter)
	case bigcommerce.Overloaded, bigcommerce.Locked, bigcommerce.Unavailable, bigcommerce.Timeout:
		return retryAfter(ReasonStoreUnavailable, e.RetryAfter)
	case bigcommerce.Malformed:
		return Verdict{Disposition: Retry, Reason: ReasonStoreMalformed}
	default:
		return Verdict{Disposition: Retry, Reason: ReasonStoreUnavailable}
	}
}

func classifyDownstream(e *downstream.Error) Verdict {
	switch e.Kind {
	case downstream.Unauthorized:
		return Verdict{RetryAfter, ReasonDownstreamCredentials, slowRetry}
	case downstream.Forbidden:
		return Verdict{RetryAfter, ReasonDownstreamPermission, slowRetry}
	case downstream.NotFound, downstream.Ambiguous, downstream.VersionConflict:
		return Verdict{Disposition: RuleAgain, Reason: ReasonDownstreamRefused}
	case downstream.Refused, downstream.Invalid:
		return Verdict{Disposition: GiveUp, Reason: ReasonDownstreamRefused}
	case downstream.Misconfigured:
		return Verdict{RetryAfter, ReasonDownstreamMisconfigured, slowRetry}
	case downstream.InUse:
		return retryAfter(ReasonDownstreamInUse, max(e.RetryAfter, inUseRetry))
	case downstream.RateLimited:
		return retryAfter(ReasonDownstreamRateLimited, e.RetryAfter)
	case downstream.Unavailable, downstream.Timeout:
		return retryAfter(ReasonDownstreamUnavailable, e.RetryAfter)
	case downstream.Malformed:
		return Verdict{Disposition: Retry, Reason: ReasonDownstreamMalformed}
	default:
		return Verdict{Disposition: Retry, Reason: ReasonDownstreamUnavailable}
	}
}

func retryAfter(reason Reason, delay time.Duration) Verdict {
	if delay <= 0 {
		return Verdict{Disposition: Retry, Reason: reason}
	}
	return Verdict{Disposition: RetryAfter, Reason: reason, Delay: delay}
}

// keepTrying is fail for work that is never given up: what repetition alone
// does not mend is tried again slowly, because a person may mend it.
func keepTrying(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	verdict := Classify(err)
	delay := verdict.Delay
	if verdict.Disposition == GiveUp || verdict.Disposition == RuleAgain {
		delay = slowRetry
	}
	if verdict.Reason == ReasonStoreNotFound {
		verdict.Reason = ReasonStoreRefused // it was not about an order
	}
	return temporal.NewApplicationErrorWithOptions(err.Error(), string(verdict.Reason), temporal.ApplicationErrorOptions{
		NextRetryDelay: delay,
	})
}

// fail turns an error into the one that Temporal acts on. A context that was
// cancelled is passed on as it is.
func fail(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	verdict := Classify(err)
	// The cause is not attached: its text is in the message, and what it
	// wraps may hold more than a history should.
	return temporal.NewApplicationErrorWithOptions(err.Error(), string(verdict.Reason), temporal.ApplicationErrorOptions{
		NonRetryable:   verdict.Disposition == GiveUp || verdict.Disposition == RuleAgain,
		NextRetryDelay: verdict.Delay,
	})
}
