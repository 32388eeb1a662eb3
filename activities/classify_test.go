package activities_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/seal"
)

const slow = 15 * time.Minute

// storeVerdicts are the verdicts on errors of the store that say nothing about
// when to come back, and on those that ask for 7 seconds.
var storeVerdicts = map[bigcommerce.Kind][2]activities.Verdict{
	bigcommerce.Unauthorized: both(activities.RetryAfter, activities.ReasonStoreCredentials, slow),
	bigcommerce.Forbidden:    both(activities.RetryAfter, activities.ReasonStorePermission, slow),
	bigcommerce.NotFound:     both(activities.GiveUp, activities.ReasonStoreNotFound, 0),
	bigcommerce.Invalid:      both(activities.GiveUp, activities.ReasonStoreRefused, 0),
	bigcommerce.Conflict:     both(activities.GiveUp, activities.ReasonStoreRefused, 0),
	bigcommerce.RateLimited:  asked(activities.ReasonStoreRateLimited),
	bigcommerce.Overloaded:   asked(activities.ReasonStoreUnavailable),
	bigcommerce.Locked:       asked(activities.ReasonStoreUnavailable),
	bigcommerce.Unavailable:  asked(activities.ReasonStoreUnavailable),
	bigcommerce.Timeout:      asked(activities.ReasonStoreUnavailable),
	bigcommerce.Malformed:    both(activities.Retry, activities.ReasonStoreMalformed, 0),
}

// downstreamVerdicts are the same for downstream systems.
var downstreamVerdicts = map[downstream.Kind][2]activities.Verdict{
	downstream.Unauthorized:    both(activities.RetryAfter, activities.ReasonDownstreamCredentials, slow),
	downstream.Forbidden:       both(activities.RetryAfter, activities.ReasonDownstreamPermission, slow),
	downstream.Misconfigured:   both(activities.RetryAfter, activities.ReasonDownstreamMisconfigured, slow),
	downstream.NotFound:        both(activities.RuleAgain, activities.ReasonDownstreamRefused, 0),
	downstream.Ambiguous:       both(activities.RuleAgain, activities.ReasonDownstreamRefused, 0),
	downstream.VersionConflict: both(activities.RuleAgain, activities.ReasonDownstreamRefused, 0),
	downstream.Refused:         both(activities.GiveUp, activities.ReasonDownstreamRefused, 0),
	downstream.Invalid:         both(activities.GiveUp, activities.ReasonDownstreamRefused, 0),
	downstream.InUse:           both(activities.RetryAfter, activities.ReasonDownstreamInUse, 30*time.Second),
	downstream.RateLimited:     asked(activities.ReasonDownstreamRateLimited),
	downstream.Unavailable:     asked(activities.ReasonDownstreamUnavailable),
	downstream.Timeout:         asked(activities.ReasonDownstreamUnavailable),
	downstream.Malformed:       both(activities.Retry, activities.ReasonDownstreamMalformed, 0),
}

// both is a verdict that does not depend on what the other side asks for.
func both(d activities.Disposition, r activities.Reason, delay time.Duration) [2]activities.Verdict {
	v := activities.Verdict{Disposition: d, Reason: r, Delay: delay}
	return [2]activities.Verdict{v, v}
}

// asked is a verdict that follows what the other side asks for.
func asked(r activities.Reason) [2]activities.Verdict {
	return [2]activities.Verdict{
		{Disposition: activities.Retry, Reason: r},
		{Disposition: activities.RetryAfter, Reason: r, Delay: 7 * time.Second},
	}
}

func TestClassifyStoreErrors(t *testing.T) {
	t.Parallel()
	for _, kind := range bigcommerce.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			want, ok := storeVerdicts[kind]
			require.True(t, ok, "decide what to do about this kind, and say so in storeVerdicts")
			for i, after := range []time.Duration{0, 7 * time.Second} {
				err := &bigcommerce.Error{Kind: kind, Channel: "main", Call: "get order 218", RetryAfter: after}
				require.Equal(t, want[i], activities.Classify(err))
				require.Equal(t, want[i], activities.Classify(fmt.Errorf("mend hook 3: %w", err)), "wrapped")
			}
		})
	}
	require.Len(t, storeVerdicts, len(bigcommerce.Kinds()))
}

func TestClassifyDownstreamErrors(t *testing.T) {
	t.Parallel()
	for _, kind := range downstream.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			want, ok := downstreamVerdicts[kind]
			require.True(t, ok, "decide what to do about this kind, and say so in downstreamVerdicts")
			for i, after := range []time.Duration{0, 7 * time.Second} {
				err := &downstream.Error{Kind: kind, Channel: "main", Call: "cancel order", Order: "218", RetryAfter: after}
				require.Equal(t, want[i], activities.Classify(err))
				require.Equal(t, want[i], activities.Classify(fmt.Errorf("again: %w", err)), "wrapped")
			}
		})
	}
	require.Len(t, downstreamVerdicts, len(downstream.Kinds()))
}

func TestClassifyWaitsAsLongAsTheHolderOfAnOrderAsks(t *testing.T) {
	t.Parallel()
	err := &downstream.Error{Kind: downstream.InUse, RetryAfter: 5 * time.Minute}
	require.Equal(t, 5*time.Minute, activities.Classify(err).Delay)
}

func TestClassifyOtherErrors(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		err  error
		want activities.Verdict
	}{
		"sealed with another key": {
			fmt.Errorf("channel main: %w", seal.ErrCannotOpen),
			activities.Verdict{Disposition: activities.RetryAfter, Reason: activities.ReasonSealed, Delay: slow},
		},
		"a key service that is out of reach": {
			fmt.Errorf("channel main: %w: hashivault: no answer within 10s", seal.ErrUnavailable),
			activities.Verdict{Disposition: activities.Retry, Reason: activities.ReasonKeeperUnavailable},
		},
		"unknown channel": {
			fmt.Errorf("channel main: %w", channels.ErrUnknown),
			activities.Verdict{Disposition: activities.RetryAfter, Reason: activities.ReasonUnknownChannel, Delay: 15 * time.Minute},
		},
		"anything else": {
			errors.New("what is this"),
			activities.Verdict{Disposition: activities.Retry, Reason: activities.ReasonInternal},
		},
		"a deadline": {
			fmt.Errorf("query channel: %w", context.DeadlineExceeded),
			activities.Verdict{Disposition: activities.Retry, Reason: activities.ReasonInternal},
		},
		"a kind of a later version of the store's client": {
			&bigcommerce.Error{Kind: "new"},
			activities.Verdict{Disposition: activities.Retry, Reason: activities.ReasonStoreUnavailable},
		},
		"a kind of a later version of the port": {
			&downstream.Error{Kind: "new"},
			activities.Verdict{Disposition: activities.Retry, Reason: activities.ReasonDownstreamUnavailable},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tc.want, activities.Classify(tc.err))
		})
	}
}

func TestFailTellsTemporalWhatToDo(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		err   error
		final bool
		delay time.Duration
	}{
		"retry":       {err: &bigcommerce.Error{Kind: bigcommerce.Malformed, Channel: "main", Call: "get order 218"}},
		"retry after": {err: &bigcommerce.Error{Kind: bigcommerce.RateLimited, RetryAfter: 9 * time.Second}, delay: 9 * time.Second},
		"give up":     {err: &downstream.Error{Kind: downstream.Refused}, final: true},
		"rule again":  {err: &downstream.Error{Kind: downstream.Ambiguous}, final: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var failure *temporal.ApplicationError
			require.ErrorAs(t, activities.Fail(tc.err), &failure)
			require.Equal(t, string(activities.Classify(tc.err).Reason), failure.Type())
			require.Equal(t, tc.final, failure.NonRetryable())
			require.Equal(t, tc.delay, failure.NextRetryDelay())
			require.Equal(t, tc.err.Error(), failure.Message())
			require.NoError(t, failure.Unwrap(), "a cause may hold more than a history should")
		})
	}
}

func TestFailPassesOnWhatIsNoFailure(t *testing.T) {
	t.Parallel()
	require.NoError(t, activities.Fail(nil))
	cancelled := fmt.Errorf("get order 218: %w", context.Canceled)
	require.Equal(t, cancelled, activities.Fail(cancelled))
}
