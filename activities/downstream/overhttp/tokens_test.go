package overhttp_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
)

// vault is a server that accepts one token and a counter of those it gave.
type vault struct {
	*bench

	accepted atomic.Int64 // the number of the token that is accepted; below 0: none
	clock    atomic.Int64 // seconds
	fetched  atomic.Int64
	tokens   *overhttp.Tokens
}

func newVault(t *testing.T) *vault {
	t.Helper()
	v := &vault{}
	v.accepted.Store(1)
	v.bench = setup(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+strconv.FormatInt(v.accepted.Load(), 10) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"n":1}`)
	})
	v.tokens = &overhttp.Tokens{
		Client: v.client,
		Fetch: func(_ context.Context, call overhttp.Call) (overhttp.Token, error) {
			if call.Name != list.Name {
				return overhttp.Token{}, errors.New("for another call")
			}
			return overhttp.Token{Value: strconv.FormatInt(v.fetched.Add(1), 10), Life: time.Minute}, nil
		},
		Now: func() time.Time { return time.Unix(v.clock.Load(), 0) },
	}
	return v
}

func (v *vault) read(ctx context.Context) error {
	_, err := v.tokens.Read(ctx, list, &struct{}{})
	return err
}

func TestTokens(t *testing.T) {
	t.Parallel()

	t.Run("one for all", func(t *testing.T) {
		t.Parallel()

		v := newVault(t)
		var group sync.WaitGroup
		for range 20 {
			group.Go(func() {
				if err := v.read(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		require.EqualValues(t, 1, v.fetched.Load())
	})

	t.Run("renewed when its life is over", func(t *testing.T) {
		t.Parallel()

		v := newVault(t)
		require.NoError(t, v.read(t.Context()))
		v.clock.Store(59)
		require.NoError(t, v.read(t.Context()))
		v.clock.Store(60)
		v.accepted.Store(2)
		require.NoError(t, v.read(t.Context()))
		require.EqualValues(t, 2, v.fetched.Load())
		require.Len(t, v.arrived(), 3, "no request was made with the old one")
	})

	t.Run("renewed when it is refused", func(t *testing.T) {
		t.Parallel()

		v := newVault(t)
		require.NoError(t, v.read(t.Context()))
		v.accepted.Store(2)
		require.NoError(t, v.read(t.Context()))
		require.EqualValues(t, 2, v.fetched.Load())
	})

	t.Run("renewed only once", func(t *testing.T) {
		t.Parallel()

		v := newVault(t)
		v.accepted.Store(-1)
		requireKind(t, downstream.Unauthorized, v.read(t.Context()))
		require.Len(t, v.arrived(), 2)
		require.EqualValues(t, 2, v.fetched.Load())
	})

	t.Run("the call's own headers are kept", func(t *testing.T) {
		t.Parallel()

		v := newVault(t)
		call := list
		call.Header = http.Header{"If-Match": {"v1"}}
		_, err := v.tokens.Do(t.Context(), call)
		require.NoError(t, err)
		require.Equal(t, "v1", v.arrived()[0].header.Get("If-Match"))
		require.Empty(t, call.Header.Get("Authorization"), "the caller's headers are not written to")
	})

	t.Run("no token", func(t *testing.T) {
		t.Parallel()

		v := newVault(t)
		v.tokens.Fetch = func(_ context.Context, call overhttp.Call) (overhttp.Token, error) {
			return overhttp.Token{}, v.client.Fail(call, downstream.Unavailable, "none", "wait")
		}
		requireKind(t, downstream.Unavailable, v.read(t.Context()))
		require.Empty(t, v.arrived())
	})

	t.Run("who waits for one can give up", func(t *testing.T) {
		t.Parallel()

		v := newVault(t)
		asked, give := make(chan struct{}), make(chan struct{})
		v.tokens.Fetch = func(context.Context, overhttp.Call) (overhttp.Token, error) {
			close(asked)
			<-give
			return overhttp.Token{Value: "1", Life: time.Minute}, nil
		}
		first := make(chan error, 1)
		go func() { first <- v.read(t.Context()) }()
		<-asked
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		requireKind(t, downstream.Timeout, v.read(ctx))
		close(give)
		require.NoError(t, <-first)
	})
}
