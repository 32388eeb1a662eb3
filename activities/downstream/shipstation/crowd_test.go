package shipstation_test

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/downstreamtest/crowd"
	"github.com/orderbridge/orderbridge/activities/downstream/shipstation"
)

// turnstile is ShipStation as far as its limit goes. It takes its time, and
// counts on the clock of the test's bubble.
type turnstile struct {
	slow time.Duration // how long an answer takes at most

	mu      sync.Mutex
	done    map[string]bool
	ends    time.Time
	asked   []int // in each window
	refused int
}

func (s *turnstile) RoundTrip(r *http.Request) (*http.Response, error) {
	time.Sleep(s.slow/8 + rand.N(s.slow*3/8))
	status, header, body := s.answer(r)
	time.Sleep(s.slow/8 + rand.N(s.slow*3/8))
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body))}, nil
}

func (s *turnstile) answer(r *http.Request) (status int, header http.Header, body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if !now.Before(s.ends) {
		s.ends, s.asked = now.Add(time.Minute), append(s.asked, 0)
	}
	n := &s.asked[len(s.asked)-1]
	*n++
	header = http.Header{
		"Content-Type":           {"application/json"},
		"X-Rate-Limit-Limit":     {"40"},
		"X-Rate-Limit-Remaining": {strconv.Itoa(max(40-*n, 0))},
		"X-Rate-Limit-Reset":     {strconv.Itoa(int((s.ends.Sub(now) + time.Second - 1) / time.Second))},
	}
	query := r.URL.Query()
	switch {
	case *n > 40:
		s.refused++
		return http.StatusTooManyRequests, header, "{}"
	case r.Method == http.MethodPost:
		var order struct {
			OrderID json.Number `json:"orderId"`
		}
		if err := json.NewDecoder(r.Body).Decode(&order); err != nil {
			return http.StatusBadRequest, header, "{}"
		}
		s.done[order.OrderID.String()] = true
		return http.StatusOK, header, s.order(order.OrderID.String())
	case query.Has("orderNumber"):
		return http.StatusOK, header, `{"pages":1,"orders":[` + s.order(query.Get("orderNumber")) + "]}"
	default:
		return http.StatusOK, header, s.order(path.Base(r.URL.Path))
	}
}

func (s *turnstile) order(id string) string {
	status := "awaiting_shipment"
	if s.done[id] {
		status = "cancelled"
	}
	return fmt.Sprintf(`{"orderId":%s,"orderNumber":%q,"orderKey":%q,"orderStatus":%q,"modifyDate":"2026-01-01T00:00:00.0000000"}`,
		id, id, "k"+id, status)
}

// TestCrowd is about many more orders than a minute has room for, in one process
// and in several that know of each other by the headers alone.
func TestCrowd(t *testing.T) {
	t.Parallel()

	const orders = 200
	ideal := time.Duration(4*orders) * time.Minute / 40
	for _, processes := range []int{1, 2, 4} {
		for _, slow := range []time.Duration{100 * time.Millisecond, 400 * time.Millisecond, 1200 * time.Millisecond} {
			t.Run(fmt.Sprintf("%d processes, answers within %s", processes, slow), func(t *testing.T) {
				t.Parallel()

				synctest.Test(t, func(t *testing.T) {
					system := turnstile{slow: slow, done: map[string]bool{}}
					workers := make([]downstream.Adapter, 0, processes)
					for range processes {
						config := valid()
						config.Transport = &system
						adapter, err := shipstation.New(config)
						require.NoError(t, err)
						adapter.Part()
						workers = append(workers, adapter)
					}
					result := crowd.Cancel(t.Context(), orders, 3*time.Hour, workers...)
					require.Zero(t, result.Left)
					require.Len(t, system.done, orders)
					require.LessOrEqual(t, result.Took, ideal*11/10, "every minute is used")
					// The last ones of a window are asked for by all at once, and
					// one of them gets it.
					others := processes - 1
					require.LessOrEqual(t, slices.Max(system.asked), 40+2*others)
					require.LessOrEqual(t, system.refused, 2*others*len(system.asked))
				})
			})
		}
	}
}
