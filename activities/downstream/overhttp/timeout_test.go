package overhttp_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
)

// silence answers nothing.
type silence struct{}

func (silence) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// TestTimeout runs on a clock of its own. The caller's context lasts longer, and
// ends: without the time-out, that is what the test would see.
func TestTimeout(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct{ set, after time.Duration }{
		"as configured": {3 * time.Second, 3 * time.Second},
		"by default":    {0, overhttp.DefaultTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			synctest.Test(t, func(t *testing.T) {
				client, err := overhttp.New(overhttp.Config{
					BaseURL: "https://orders.example.com", Channel: "acme", System: "Testship", Timeout: c.set, Transport: silence{},
				}, nil)
				require.NoError(t, err)
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				start := time.Now()
				_, err = client.Do(ctx, list)
				requireKind(t, downstream.Timeout, err)
				require.Equal(t, c.after, time.Since(start))
			})
		})
	}
}
