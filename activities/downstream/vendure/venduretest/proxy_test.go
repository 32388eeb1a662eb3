package venduretest_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream/vendure/venduretest"
)

// behind is a client behind a proxy of its own, and an order of its own.
type behind struct {
	*client

	id     string
	number string
	proxy  *venduretest.Proxy
}

func setup(t *testing.T) *behind {
	t.Helper()
	s := shared(t)
	proxy, err := venduretest.NewProxy(t.Context(), s)
	require.NoError(t, err)
	t.Cleanup(proxy.Close)
	b := &behind{client: connect(t, proxy.URL, s.AdapterUsername, s.AdapterPassword), number: "w" + t.Name(), proxy: proxy}
	require.NoError(t, s.AddOrder(t.Context(), b.number, venduretest.StatePaymentSettled))
	b.id = b.orderID(b.number)
	return b
}

func (b *behind) find() reply { return b.send(findDocument, map[string]any{"number": b.number}) }

func (b *behind) tryCancel() reply { return b.send(cancelDocument, map[string]any{"id": b.id}) }

// requireHit checks whether a fault was at work.
func requireHit(t *testing.T, want bool, hit <-chan struct{}) {
	t.Helper()
	select {
	case <-hit:
		require.True(t, want, "the fault was at work")
	default:
		require.False(t, want, "the fault was never at work")
	}
}

// TestFaultsOnWrite sees what a client is told of a cancellation, and whether
// it took place.
func TestFaultsOnWrite(t *testing.T) {
	t.Parallel()

	for _, e := range []struct {
		fault     venduretest.Fault
		cancelled bool
		check     func(t *testing.T, got reply)
	}{
		{venduretest.Forbidden, false, func(t *testing.T, got reply) {
			t.Helper()
			require.Equal(t, "FORBIDDEN", got.code(t))
		}},
		{venduretest.Garbage, false, func(t *testing.T, got reply) {
			t.Helper()
			require.Equal(t, http.StatusOK, got.status)
			require.NotContains(t, string(got.body), "cancelOrder")
		}},
		{venduretest.HalfAnswer, false, func(t *testing.T, got reply) {
			t.Helper()
			require.Equal(t, http.StatusOK, got.status)
			require.Error(t, got.err)
		}},
		{venduretest.HollowSuccess, false, func(t *testing.T, got reply) {
			t.Helper()
			require.Contains(t, string(got.body), `"cancelOrder":{"__typename":"Order"`)
		}},
		{venduretest.InternalError, false, func(t *testing.T, got reply) {
			t.Helper()
			require.Equal(t, "INTERNAL_SERVER_ERROR", got.code(t))
		}},
		{venduretest.LostAnswer, true, func(t *testing.T, got reply) {
			t.Helper()
			require.Error(t, got.err)
		}},
		{venduretest.RateLimited, false, func(t *testing.T, got reply) {
			t.Helper()
			require.Equal(t, http.StatusTooManyRequests, got.status)
			require.Equal(t, "7", got.header.Get("Retry-After"))
		}},
		{venduretest.Revoked, false, func(t *testing.T, got reply) {
			t.Helper()
			require.Equal(t, "FORBIDDEN", got.code(t))
		}},
		{venduretest.ServerError, false, func(t *testing.T, got reply) {
			t.Helper()
			require.Equal(t, http.StatusServiceUnavailable, got.status)
		}},
		{venduretest.TokenExpired, false, func(t *testing.T, got reply) {
			t.Helper()
			require.Equal(t, "FORBIDDEN", got.code(t))
		}},
		{venduretest.WrongContentType, true, func(t *testing.T, got reply) {
			t.Helper()
			require.Contains(t, got.header.Get("Content-Type"), "text/html")
		}},
	} {
		t.Run(string(e.fault), func(t *testing.T) {
			t.Parallel()

			b := setup(t)
			hit := b.proxy.Inject(e.fault, venduretest.OnWrite)
			if e.fault != venduretest.Revoked {
				require.Len(t, b.orders(b.number), 1, "reads are not concerned")
				requireHit(t, false, hit)
			}
			e.check(t, b.tryCancel())
			requireHit(t, true, hit)
			b.proxy.Heal()

			state := venduretest.StatePaymentSettled
			if e.cancelled {
				state = venduretest.StateCancelled
			}
			requireState(t, b.number, state)
		})
	}
}

func TestFaultsOnSearches(t *testing.T) {
	t.Parallel()

	b := setup(t)
	require.NoError(t, shared(t).AddOrder(t.Context(), b.number+"0", venduretest.StateDraft))
	require.NoError(t, shared(t).AddOrder(t.Context(), "another", venduretest.StateDraft))
	numbers := func(number string) []string {
		orders := b.orders(number)
		numbers := make([]string, 0, len(orders))
		for _, o := range orders {
			numbers = append(numbers, o.Custom.Number)
		}
		return numbers
	}
	require.Equal(t, []string{b.number}, numbers(b.number))

	b.proxy.Inject(venduretest.SubstringFilter, venduretest.OnRead)
	require.ElementsMatch(t, []string{b.number, b.number + "0"}, numbers(strings.ToUpper(b.number)))
	b.proxy.Heal()

	b.proxy.Inject(venduretest.IgnoredFilter, venduretest.OnRead)
	require.Subset(t, numbers("nothing"), []string{b.number, b.number + "0", "another"})
	require.Contains(t, numbers("nothing"), "another", "it lasts")
	b.proxy.Heal()
	require.Empty(t, numbers("nothing"))
}

func TestFaultsOfSessions(t *testing.T) {
	t.Parallel()

	t.Run("expired", func(t *testing.T) {
		t.Parallel()

		b := setup(t)
		b.proxy.Inject(venduretest.TokenExpired, venduretest.OnRead)
		require.Equal(t, "FORBIDDEN", b.find().code(t))
		require.Equal(t, "FORBIDDEN", b.find().code(t), "the session is gone")
		b.client = connect(t, b.proxy.URL, shared(t).AdapterUsername, shared(t).AdapterPassword)
		require.Len(t, b.orders(b.number), 1)
	})

	t.Run("revoked", func(t *testing.T) {
		t.Parallel()

		b := setup(t)
		b.proxy.Inject(venduretest.Revoked, venduretest.OnRead)
		require.Equal(t, "FORBIDDEN", b.find().code(t))
		login := map[string]any{"u": shared(t).AdapterUsername, "p": shared(t).AdapterPassword}
		require.Contains(t, string(b.send(loginDocument, login).body), "InvalidCredentialsError")
		b.proxy.Heal()
		require.Contains(t, string(b.send(loginDocument, login).body), "CurrentUser")
	})

	t.Run("forbidden lasts, and a login helps nothing", func(t *testing.T) {
		t.Parallel()

		b := setup(t)
		b.proxy.Inject(venduretest.Forbidden, venduretest.OnRead)
		require.Equal(t, "FORBIDDEN", b.find().code(t))
		b.client = connect(t, b.proxy.URL, shared(t).AdapterUsername, shared(t).AdapterPassword)
		require.Equal(t, "FORBIDDEN", b.find().code(t))
		b.proxy.Heal()
		require.Len(t, b.orders(b.number), 1)
	})
}

func TestSilence(t *testing.T) {
	t.Parallel()

	for fault, state := range map[venduretest.Fault]string{
		venduretest.Silent:            venduretest.StatePaymentSettled,
		venduretest.SilentAfterCommit: venduretest.StateCancelled,
	} {
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()

			b := setup(t)
			hit := b.proxy.Inject(fault, venduretest.OnWrite)
			ctx, cancel := context.WithCancel(t.Context())
			answered := make(chan reply, 1)
			go func() { answered <- b.sendWith(ctx, cancelDocument, map[string]any{"id": b.id}) }()
			<-hit
			requireState(t, b.number, state)
			cancel()
			require.ErrorIs(t, (<-answered).err, context.Canceled)
			require.Len(t, b.orders(b.number), 1, "the proxy goes on")
		})
	}
}

func TestStaleRead(t *testing.T) {
	t.Parallel()

	b := setup(t)
	hit := b.proxy.Inject(venduretest.StaleRead, venduretest.OnRead)
	require.Equal(t, venduretest.StatePaymentSettled, b.find().orders(t)[0].State)
	requireHit(t, false, hit)
	b.cancel(b.id)
	require.Equal(t, venduretest.StatePaymentSettled, b.find().orders(t)[0].State)
	requireHit(t, true, hit)
	require.Equal(t, venduretest.StateCancelled, b.find().orders(t)[0].State)
}

func TestBeforeWrite(t *testing.T) {
	t.Parallel()

	b := setup(t)
	s, changed := shared(t), make(chan error, 1)
	b.proxy.BeforeWrite(func() { changed <- s.SetState(t.Context(), b.number, venduretest.StateCancelled) })
	require.Len(t, b.orders(b.number), 1)
	requireState(t, b.number, venduretest.StatePaymentSettled)
	// It does not say that the order is cancelled already.
	require.Contains(t, string(b.tryCancel().body), "EmptyOrderLineSelectionError")
	require.NoError(t, <-changed)
	requireNoEffect(t, b.number)
}

func TestEveryFaultHasAName(t *testing.T) {
	t.Parallel()

	seen := map[venduretest.Fault]bool{}
	for _, fault := range venduretest.Faults() {
		require.NotEmpty(t, fault)
		require.NotContains(t, seen, fault)
		seen[fault] = true
	}
}
