package ordermanager_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/ordermanager"
)

// wire answers every request with an empty list and notes when it came, on the
// clock of the test's bubble.
type wire struct {
	mu    sync.Mutex
	times map[string][]time.Time
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.times == nil {
		w.times = map[string][]time.Time{}
	}
	token := r.Header.Get("Authorization")
	w.times[token] = append(w.times[token], time.Now())
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader("[]")),
	}, nil
}

func (w *wire) adapter(t *testing.T, token string, perSecond float64) *ordermanager.Adapter {
	t.Helper()
	config := validConfig()
	config.Token, config.RequestsPerSecond, config.Transport = token, perSecond, w
	return newAdapter(t, config)
}

// TestLimit runs on a clock of its own, so that no time passes and every
// distance is exact.
func TestLimit(t *testing.T) {
	t.Parallel()

	t.Run("two adapters with one token share it", func(t *testing.T) {
		t.Parallel()

		synctest.Test(t, func(t *testing.T) {
			var w wire
			adapters := []*ordermanager.Adapter{w.adapter(t, t.Name(), 0), w.adapter(t, t.Name(), 0)}
			var group sync.WaitGroup
			for i := range 20 {
				group.Go(func() { _ = adapters[i%2].Probe(t.Context()) })
			}
			group.Wait()
			times := w.times["Bearer "+t.Name()]
			require.Len(t, times, 20)
			for i, at := range times {
				require.Equal(t, time.Duration(i)*time.Second/ordermanager.DefaultRequestsPerSecond, at.Sub(times[0]))
			}
		})
	})

	t.Run("another token has its own", func(t *testing.T) {
		t.Parallel()

		synctest.Test(t, func(t *testing.T) {
			var w wire
			for _, token := range []string{t.Name() + "/a", t.Name() + "/b"} {
				require.NoError(t, w.adapter(t, token, 0).Probe(t.Context()))
			}
			require.Equal(t, w.times["Bearer "+t.Name()+"/a"], w.times["Bearer "+t.Name()+"/b"])
		})
	})

	t.Run("the adapter that was made last decides", func(t *testing.T) {
		t.Parallel()

		synctest.Test(t, func(t *testing.T) {
			var w wire
			first := w.adapter(t, t.Name(), 100)
			_ = w.adapter(t, t.Name(), 0.1)
			for range 2 {
				require.NoError(t, first.Probe(t.Context()))
			}
			times := w.times["Bearer "+t.Name()]
			require.Equal(t, 10*time.Second, times[1].Sub(times[0]))
		})
	})

	t.Run("a turn after the deadline is not waited for", func(t *testing.T) {
		t.Parallel()

		synctest.Test(t, func(t *testing.T) {
			var w wire
			adapter := w.adapter(t, t.Name(), 0.1)
			require.NoError(t, adapter.Probe(t.Context()))
			ctx, cancel := context.WithTimeout(t.Context(), 9*time.Second)
			defer cancel()
			start := time.Now()
			e := failure(t, adapter.Probe(ctx))
			require.Equal(t, downstream.RateLimited, e.Kind)
			require.Equal(t, 10*time.Second, e.RetryAfter)
			require.Equal(t, start, time.Now())
			require.NoError(t, adapter.Probe(t.Context()), "the turn was given back")
			times := w.times["Bearer "+t.Name()]
			require.Len(t, times, 2)
			require.Equal(t, 10*time.Second, times[1].Sub(times[0]))
		})
	})

	t.Run("a caller gives up while it waits", func(t *testing.T) {
		t.Parallel()

		synctest.Test(t, func(t *testing.T) {
			var w wire
			adapter := w.adapter(t, t.Name(), 0.1)
			require.NoError(t, adapter.Probe(t.Context()))
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			err := adapter.Probe(ctx)
			require.Equal(t, downstream.Timeout, failure(t, err).Kind)
			require.ErrorIs(t, err, context.Canceled)
			require.Len(t, w.times["Bearer "+t.Name()], 1)
		})
	})
}
