package ordermanager_test

import (
	"cmp"
	"context"
	"crypto/rand"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/ordermanager"
)

// wire answers every request, with an empty list unless it has another answer
// for the path, and notes when it came, on the clock of the test's bubble.
type wire struct {
	answers map[string]string // by path
	host    string            // of this wire alone: accounts outlast bubbles

	mu    sync.Mutex
	times map[string][]time.Time
}

// distances are those between the requests with a token.
func (w *wire) distances(token string) []time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	times := w.times["Bearer "+token]
	all := make([]time.Duration, 0, len(times))
	for i := range times[1:] {
		all = append(all, times[i+1].Sub(times[i]))
	}
	return all
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.times == nil {
		w.times = map[string][]time.Time{}
	}
	token := r.Header.Get("Authorization")
	w.times[token] = append(w.times[token], time.Now())
	body := cmp.Or(w.answers[r.URL.Path], "[]")
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)),
	}, nil
}

func (w *wire) adapter(t *testing.T, token string, perSecond float64) *ordermanager.Adapter {
	t.Helper()
	if w.host == "" {
		w.host = strings.ToLower(rand.Text()) + ".example.com"
	}
	config := validConfig()
	config.BaseURL = "https://" + w.host
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

	t.Run("an adapter that is only made changes nothing", func(t *testing.T) {
		t.Parallel()

		synctest.Test(t, func(t *testing.T) {
			for _, tried := range []float64{ordermanager.MinRequestsPerSecond, ordermanager.MaxRequestsPerSecond} {
				var w wire
				token := t.Name() + "/" + strconv.FormatFloat(tried, 'g', -1, 64)
				first := w.adapter(t, token, 2)
				other := w.adapter(t, token, tried)
				_, err := other.Statuses(t.Context())
				require.NoError(t, err)
				for range 3 {
					require.NoError(t, first.Probe(t.Context()))
				}
				require.Equal(t, []time.Duration{500 * time.Millisecond, 500 * time.Millisecond}, w.distances(token))
			}
		})
	})

	t.Run("one that is tried decides about its own request", func(t *testing.T) {
		t.Parallel()

		synctest.Test(t, func(t *testing.T) {
			for tried, own := range map[float64]time.Duration{
				ordermanager.MinRequestsPerSecond: 5 * time.Second,
				ordermanager.MaxRequestsPerSecond: time.Millisecond,
			} {
				var w wire
				token := t.Name() + "/" + strconv.FormatFloat(tried, 'g', -1, 64)
				first := w.adapter(t, token, 2)
				require.NoError(t, first.Probe(t.Context()))
				require.NoError(t, w.adapter(t, token, tried).Probe(t.Context()))
				for range 3 {
					require.NoError(t, first.Probe(t.Context()))
				}
				const half = 500 * time.Millisecond
				require.Equal(t, []time.Duration{half, own, half, half}, w.distances(token))
			}
		})
	})

	t.Run("a turn after the deadline is not waited for", func(t *testing.T) {
		t.Parallel()

		synctest.Test(t, func(t *testing.T) {
			var w wire
			adapter := w.adapter(t, t.Name(), ordermanager.MinRequestsPerSecond)
			require.NoError(t, adapter.Probe(t.Context()))
			ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
			defer cancel()
			start := time.Now()
			e := failure(t, adapter.Probe(ctx))
			require.Equal(t, downstream.RateLimited, e.Kind)
			require.Equal(t, 5*time.Second, e.RetryAfter)
			require.Equal(t, start, time.Now())
			require.NoError(t, adapter.Probe(t.Context()), "the turn was given back")
			times := w.times["Bearer "+t.Name()]
			require.Len(t, times, 2)
			require.Equal(t, 5*time.Second, times[1].Sub(times[0]))
		})
	})

	t.Run("part of the time is for the answers", func(t *testing.T) {
		t.Parallel()

		synctest.Test(t, func(t *testing.T) {
			var w wire
			adapter := w.adapter(t, t.Name(), ordermanager.MinRequestsPerSecond)
			require.NoError(t, adapter.Probe(t.Context()))
			ctx, cancel := context.WithTimeout(t.Context(), 5500*time.Millisecond)
			defer cancel()
			require.Equal(t, downstream.RateLimited, failure(t, adapter.Probe(ctx)).Kind)
		})
	})

	t.Run("those that are refused are told different times", func(t *testing.T) {
		t.Parallel()

		synctest.Test(t, func(t *testing.T) {
			var w wire
			adapter := w.adapter(t, t.Name(), 1)
			require.NoError(t, adapter.Probe(t.Context()))
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			for _, wait := range []time.Duration{time.Second, 4 * time.Second, 7 * time.Second} {
				_, err := adapter.Cancel(ctx, downstream.CancelRequest{Target: targetOf7()})
				require.Equal(t, wait, failure(t, err).RetryAfter, "three requests each")
			}
			require.Len(t, w.times["Bearer "+t.Name()], 1, "none of them asked")
		})
	})

	t.Run("nobody is told to wait for ages", func(t *testing.T) {
		t.Parallel()

		synctest.Test(t, func(t *testing.T) {
			var w wire
			adapter := w.adapter(t, t.Name(), ordermanager.MinRequestsPerSecond)
			require.NoError(t, adapter.Probe(t.Context()))
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			var last time.Duration
			for range 500 {
				last = failure(t, adapter.Probe(ctx)).RetryAfter
			}
			require.Equal(t, 15*time.Minute, last)
		})
	})

	t.Run("a caller gives up while it waits", func(t *testing.T) {
		t.Parallel()

		synctest.Test(t, func(t *testing.T) {
			var w wire
			adapter := w.adapter(t, t.Name(), ordermanager.MinRequestsPerSecond)
			require.NoError(t, adapter.Probe(t.Context()))
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			err := adapter.Probe(ctx)
			require.Equal(t, downstream.Timeout, failure(t, err).Kind)
			require.ErrorIs(t, err, context.Canceled)
			require.Len(t, w.times["Bearer "+t.Name()], 1)
			require.NoError(t, adapter.Probe(t.Context()), "its turn was given back")
			require.Equal(t, []time.Duration{5 * time.Second}, w.distances(t.Name()))
		})
	})

	t.Run("a change that finds itself done gives two turns back", func(t *testing.T) {
		t.Parallel()

		synctest.Test(t, func(t *testing.T) {
			w := wire{answers: map[string]string{"/v1.1/orders/7": order("CANCELLED")}}
			adapter := w.adapter(t, t.Name(), 1)
			done, err := adapter.Cancel(t.Context(), downstream.CancelRequest{Target: targetOf7()})
			require.NoError(t, err)
			require.True(t, done.AlreadyDone)
			ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
			defer cancel()
			require.NoError(t, adapter.Probe(ctx))
			require.Equal(t, []time.Duration{time.Second}, w.distances(t.Name()))
		})
	})

	t.Run("a change that was begun goes before those that come later", func(t *testing.T) {
		t.Parallel()

		synctest.Test(t, func(t *testing.T) {
			w := wire{answers: map[string]string{"/v1.1/orders/7": order("AWAITING_SHIPMENT")}}
			adapter := w.adapter(t, t.Name(), 1)
			done := make(chan error, 1)
			start := time.Now()
			go func() {
				_, err := adapter.Cancel(t.Context(), downstream.CancelRequest{Target: targetOf7()})
				done <- err
			}()
			synctest.Wait()
			var group sync.WaitGroup
			for range 20 {
				group.Go(func() { _ = adapter.Probe(t.Context()) })
			}
			require.Equal(t, downstream.Unavailable, failure(t, <-done).Kind, "it is not cancelled here")
			require.Equal(t, 2*time.Second, time.Since(start), "three requests, one after the other")
			group.Wait()
		})
	})
}
