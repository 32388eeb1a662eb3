package overhttp_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
)

// state is what a read shows.
type state struct {
	phase   downstream.Phase
	version string
}

var (
	open      = state{downstream.PhaseOpen, "v1"}
	moved     = state{downstream.PhaseOpen, "v2"}
	arriving  = state{downstream.PhaseUnprocessed, "v1"}
	cancelled = state{downstream.PhaseCancelled, "v2"}
	shipped   = state{downstream.PhaseFulfilled, "v2"}
	shippedV1 = state{downstream.PhaseFulfilled, "v1"}
)

func TestChange(t *testing.T) {
	t.Parallel()

	say := func(kind downstream.Kind, mark func(error) error) error {
		err := error(&downstream.Error{
			Kind: kind, Channel: "acme", Call: "write", Detail: "said so", Advice: "advice", StatusCode: 409,
		})
		if mark != nil {
			err = mark(err)
		}
		return err
	}
	for name, c := range map[string]struct {
		before state // zero: the write comes first
		write  error
		after  state // zero: nobody reads again
		// kind is that of the error; without one the change was made.
		kind   downstream.Kind
		says   string
		done   bool // AlreadyDone
		silent bool // nothing is written
	}{
		"made":                           {before: open, after: cancelled},
		"cancelled before":               {before: cancelled, done: true, silent: true},
		"changed before":                 {before: moved, kind: downstream.VersionConflict, silent: true},
		"ended otherwise before":         {before: shipped, kind: downstream.VersionConflict, silent: true},
		"final when it was ruled on":     {before: shippedV1, kind: downstream.Refused, says: `status "Any"; look at the order in Testship`, silent: true},
		"not processed":                  {before: arriving, kind: downstream.Refused, silent: true},
		"not visible":                    {before: open, after: open, kind: downstream.Unavailable, says: "Testship reported success, but the change is not visible yet"},
		"ended otherwise meanwhile":      {before: open, after: shipped, kind: downstream.VersionConflict, says: "ended the order in another way"},
		"refused":                        {before: open, write: say(downstream.Refused, nil), after: open, kind: downstream.Refused, says: "said so"},
		"refused as it is cancelled":     {before: open, write: say(downstream.Refused, nil), after: cancelled, done: true},
		"refused as it changed":          {before: open, write: say(downstream.Refused, nil), after: moved, kind: downstream.VersionConflict, says: "HTTP 409"},
		"stale":                          {before: open, write: say(downstream.VersionConflict, nil), after: open, kind: downstream.VersionConflict, says: "the order changed"},
		"stale as it is cancelled":       {before: open, write: say(downstream.VersionConflict, nil), after: cancelled, done: true},
		"invalid":                        {before: open, write: say(downstream.Invalid, nil), kind: downstream.Invalid, says: "said so"},
		"no answer":                      {before: open, write: say(downstream.Timeout, nil), kind: downstream.Timeout},
		"unsure":                         {before: open, write: say(downstream.Invalid, overhttp.Unsure), after: open, kind: downstream.Invalid, says: "said so"},
		"unsure as it is cancelled":      {before: open, write: say(downstream.Invalid, overhttp.Unsure), after: cancelled, done: true},
		"said to have ended":             {before: open, write: say(downstream.Refused, overhttp.Ended), after: open, kind: downstream.Unavailable, says: "HTTP 409"},
		"ended, and shows it":            {before: open, write: say(downstream.Refused, overhttp.Ended), after: cancelled, done: true},
		"ended otherwise, and shows it":  {before: open, write: say(downstream.Refused, overhttp.Ended), after: shippedV1, kind: downstream.Refused, says: "said so"},
		"a failure in the success":       {before: open, write: say(downstream.Refused, overhttp.Doubtful), after: open, kind: downstream.Refused, says: "said so"},
		"a failure in the success, made": {before: open, write: say(downstream.Refused, overhttp.Doubtful), after: cancelled},
		"settled":                        {before: open, write: say(downstream.Refused, overhttp.Settled), kind: downstream.Refused, says: "said so"},
		"written first":                  {after: cancelled},
		"written first, refused":         {write: say(downstream.Refused, nil), after: open, kind: downstream.Refused, says: "said so"},
		"marked, but no error":           {before: open, write: overhttp.Ended(nil), after: cancelled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b := setup(t, answering(200, "application/json", `{}`))
			var reads []string
			written := 0
			ch := overhttp.Change{
				Name:       "cancel order",
				Target:     downstream.Target{OrderID: "7", Number: " 218 ", Version: "v1"},
				Wished:     downstream.PhaseCancelled,
				WriteFirst: c.before == state{},
				Locks:      &overhttp.Locks{},
				Read: func(_ context.Context, name string) (downstream.Order, error) {
					reads = append(reads, name)
					shows := c.before
					if written > 0 {
						shows = c.after
					}
					return downstream.Order{
						ID: "7", Number: "218", Version: shows.version, Status: downstream.Status{Name: "Any", Phase: shows.phase},
					}, nil
				},
				Write: func(context.Context) error { written++; return c.write },
			}
			change, err := b.client.Change(t.Context(), ch)
			want := []string{"cancel order: read the order first", "cancel order: read the order again"}
			if ch.WriteFirst {
				want = want[1:]
			}
			if (c.after == state{}) {
				want = want[:1]
			}
			require.Equal(t, want, reads)
			require.Equal(t, c.silent, written == 0)
			if c.kind != "" {
				require.ErrorContains(t, failure(t, c.kind, err), c.says)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.done, change.AlreadyDone)
			require.Equal(t, downstream.PhaseCancelled, change.Order.Status.Phase)
		})
	}
}

func TestChangeIsNotMade(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct {
		alter func(*overhttp.Change, *overhttp.Client)
		kind  downstream.Kind
	}{
		"when it may not": {func(ch *overhttp.Change, client *overhttp.Client) {
			ch.Permit = func(o downstream.Order) error {
				return client.Fail(overhttp.Call{Name: ch.Name}, downstream.Refused, "order "+o.ID+" may not", "look")
			}
		}, downstream.Refused},
		"when the order cannot be read": {func(ch *overhttp.Change, client *overhttp.Client) {
			ch.Read = func(_ context.Context, name string) (downstream.Order, error) {
				return downstream.Order{}, client.Malformed(overhttp.Call{Name: name}, "odd")
			}
		}, downstream.Malformed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b := setup(t, answering(200, "application/json", `{}`))
			ch := overhttp.Change{
				Name: "cancel order", Target: downstream.Target{OrderID: "7", Version: "v1"}, Wished: downstream.PhaseCancelled,
				Read: func(context.Context, string) (downstream.Order, error) {
					return downstream.Order{ID: "7", Version: "v1", Status: downstream.Status{Phase: downstream.PhaseOpen}}, nil
				},
				Write: func(context.Context) error { t.Error("it was written"); return nil },
			}
			c.alter(&ch, b.client)
			_, err := b.client.Change(t.Context(), ch)
			requireKind(t, c.kind, err)
		})
	}

	t.Run("while another change of the order lasts", func(t *testing.T) {
		t.Parallel()

		b := setup(t, answering(200, "application/json", `{}`))
		var locks overhttp.Locks
		unlock, err := locks.Lock(t.Context(), "7")
		require.NoError(t, err)
		defer unlock()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = b.client.Change(ctx, overhttp.Change{
			Name: "cancel order", Target: downstream.Target{OrderID: "7"}, Locks: &locks,
		})
		requireKind(t, downstream.Timeout, err)
	})
}
