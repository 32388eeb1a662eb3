package bigcommerce_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
)

func FuzzDecodeOrder(f *testing.F) {
	for _, name := range []string{"order.json", "order_wobbling.json"} {
		f.Add([]byte(readFile(f, "answers/"+name)))
	}
	f.Add([]byte(`{"id":1,"status_id":0,"date_created":"0000-01-01T00:00:00+14:00","total_inc_tax":1e999}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		order, missing, err := bigcommerce.DecodeOrder(raw, serverTime)
		if err != nil || missing != "" {
			require.Zero(t, order)
			return
		}
		require.Positive(t, order.ID)
		require.Positive(t, order.ChannelID)
		require.GreaterOrEqual(t, int(order.StatusID), 0)
		require.GreaterOrEqual(t, order.ItemsTotal, 0)
		require.GreaterOrEqual(t, order.ItemsShipped, 0)
		requireRoundTrip(t, order)
	})
}

func FuzzDecodeHook(f *testing.F) {
	f.Add([]byte(readFile(f, "answers/hook.json")))
	f.Add([]byte(`{"data":{"id":"1","headers":{"a":1},"created_at":1e18}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		hook, err := bigcommerce.DecodeHook(raw)
		if err != nil {
			return
		}
		requireHook(t, hook)
	})
}

func FuzzDecodeHooksAdmin(f *testing.F) {
	f.Add([]byte(readFile(f, "answers/hooks_admin.json")))
	f.Fuzz(func(t *testing.T, raw []byte) {
		hooks, domains, err := bigcommerce.DecodeHooksAdmin(raw)
		if err != nil {
			return
		}
		seen := make(map[int64]bool)
		for _, hook := range hooks {
			require.Positive(t, hook.ID)
			require.False(t, seen[hook.ID])
			seen[hook.ID] = true
			requireHook(t, hook)
		}
		for _, domain := range domains {
			require.GreaterOrEqual(t, domain.TimeLeft.Seconds(), 0.0)
			requireRoundTrip(t, domain)
		}
	})
}

func requireHook(t *testing.T, hook bigcommerce.Hook) {
	t.Helper()
	hook.Headers = nil // JSON leaves them out.
	requireRoundTrip(t, hook)
}

// requireRoundTrip requires that JSON brings value back as it was: it is
// recorded in workflow histories.
func requireRoundTrip[T any](t *testing.T, value T) {
	t.Helper()
	raw, err := json.Marshal(value)
	require.NoError(t, err)
	var again T
	require.NoError(t, json.Unmarshal(raw, &again))
	require.Equal(t, value, again)
}
