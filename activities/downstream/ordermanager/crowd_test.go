package ordermanager_test

import (
	"crypto/rand"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net/http"
	"path"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream/downstreamtest/crowd"
	"github.com/orderbridge/orderbridge/activities/downstream/ordermanager"
)

// ledger is a system that takes its time, and notes when it was asked.
type ledger struct {
	mu     sync.Mutex
	asked  []time.Time
	done   map[string]bool
	writes int
}

func (l *ledger) RoundTrip(r *http.Request) (*http.Response, error) {
	l.mu.Lock()
	l.asked = append(l.asked, time.Now())
	l.mu.Unlock()
	time.Sleep(50*time.Millisecond + mathrand.N(300*time.Millisecond))
	l.mu.Lock()
	defer l.mu.Unlock()
	body, query := "{}", r.URL.Query()
	switch {
	case r.Method == http.MethodPost:
		l.writes++
		l.done[query.Get("orderId")] = true
	case query.Has("orderNumber"):
		body = "[" + l.order(query.Get("orderNumber")) + "]"
	default:
		body = l.order(path.Base(r.URL.Path))
	}
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)),
	}, nil
}

func (l *ledger) order(id string) string {
	status := "AWAITING_SHIPMENT"
	if l.done[id] {
		status = "CANCELLED"
	}
	return fmt.Sprintf(`{"orderId":%s,"orderNumber":%q,"orderStatus":%q,"modifiedDate":"x","salesChannelId":4711}`, id, id, status)
}

// TestCrowd is about a burst of cancellations that takes minutes at the limit's
// pace. Changes that waited for each request on its own would spend their time
// on reading, and none would ever write.
func TestCrowd(t *testing.T) {
	t.Parallel()

	for _, c := range []struct {
		orders    int
		perSecond float64
	}{
		{20, ordermanager.DefaultRequestsPerSecond},
		{200, ordermanager.DefaultRequestsPerSecond},
		{500, ordermanager.DefaultRequestsPerSecond},
		{1000, 50},
		{20, ordermanager.MinRequestsPerSecond},
	} {
		t.Run(fmt.Sprintf("%d at %v", c.orders, c.perSecond), func(t *testing.T) {
			t.Parallel()

			synctest.Test(t, func(t *testing.T) {
				system := ledger{done: map[string]bool{}}
				config := validConfig()
				config.Token, config.RequestsPerSecond, config.Transport = rand.Text(), c.perSecond, &system
				result := crowd.Cancel(t.Context(), c.orders, time.Hour, newAdapter(t, config))
				require.Zero(t, result.Left)
				require.Equal(t, c.orders, system.writes)
				// A call whose time is up while it waits for an answer asks again.
				require.LessOrEqual(t, len(system.asked), 4*c.orders+c.orders/10, "little is asked in vain")
				distance := time.Duration(float64(time.Second) / c.perSecond)
				ideal := time.Duration(4*c.orders) * distance
				require.LessOrEqual(t, result.Took, ideal*13/10)
				for i := range system.asked[1:] {
					require.GreaterOrEqual(t, system.asked[i+1].Sub(system.asked[i]), distance)
				}
			})
		})
	}
}
