package overhttp_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
)

func TestLocks(t *testing.T) {
	t.Parallel()

	t.Run("one at a time", func(t *testing.T) {
		t.Parallel()

		var (
			locks  overhttp.Locks
			group  sync.WaitGroup
			inside int // the race detector watches it, too
		)
		for range 50 {
			group.Go(func() {
				unlock, err := locks.Lock(t.Context(), "7")
				if err != nil {
					t.Error(err)
					return
				}
				defer unlock()
				if inside++; inside != 1 {
					t.Errorf("%d are inside", inside)
				}
				inside--
			})
		}
		group.Wait()
	})

	t.Run("another order need not wait", func(t *testing.T) {
		t.Parallel()

		var locks overhttp.Locks
		one, err := locks.Lock(t.Context(), "7")
		require.NoError(t, err)
		defer one()
		other, err := locks.Lock(t.Context(), "8")
		require.NoError(t, err)
		other()
	})

	t.Run("who waits can give up", func(t *testing.T) {
		t.Parallel()

		synctest.Test(t, func(t *testing.T) {
			var locks overhttp.Locks
			unlock, err := locks.Lock(t.Context(), "7")
			require.NoError(t, err)
			ctx, cancel := context.WithCancel(t.Context())
			waited := make(chan error, 1)
			go func() {
				_, err := locks.Lock(ctx, "7")
				waited <- err
			}()
			synctest.Wait()
			require.Empty(t, waited)
			cancel()
			require.ErrorIs(t, <-waited, context.Canceled)

			unlock()
			again, err := locks.Lock(t.Context(), "7")
			require.NoError(t, err)
			again()
		})
	})

	t.Run("nobody enters too late", func(t *testing.T) {
		t.Parallel()

		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := (&overhttp.Locks{}).Lock(ctx, "7")
		require.ErrorIs(t, err, context.Canceled)
	})
}
