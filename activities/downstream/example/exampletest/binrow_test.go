package exampletest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream/example/exampletest"
)

// TestStrict makes requests that the adapter does not make.
func TestStrict(t *testing.T) {
	t.Parallel()
	system := exampletest.New(t)
	system.AddOrder("1001", "Ready")
	system.AddOrder("1002", "Received")
	system.AddOrder("1003", "Removed")
	for name, c := range map[string]struct {
		method, path, body string
		status             int
	}{
		"no page":                   {http.MethodGet, "/v2/orders?reference=1001", "", http.StatusBadRequest},
		"no such order":             {http.MethodGet, "/v2/orders/B-9", "", http.StatusNotFound},
		"cancels no such order":     {http.MethodPost, "/v2/orders/B-9/cancel", `{"note":""}`, http.StatusNotFound},
		"a member that is unknown":  {http.MethodPost, "/v2/orders/B-1/cancel", `{"notify":true}`, http.StatusBadRequest},
		"a note of two lines":       {http.MethodPost, "/v2/orders/B-1/cancel", `{"note":"a\nb"}`, http.StatusBadRequest},
		"a note that is long":       {http.MethodPost, "/v2/orders/B-1/cancel", `{"note":"` + strings.Repeat("a", 201) + `"}`, http.StatusBadRequest},
		"a parcel without a number": {http.MethodPost, "/v2/orders/B-1/ship", `{"parcels":[{"carrier":"ups"}]}`, http.StatusBadRequest},
		"no JSON":                   {http.MethodPost, "/v2/orders/B-1/ship", "parcels", http.StatusBadRequest},
		"too early":                 {http.MethodPost, "/v2/orders/B-2/ship", `{"parcels":[]}`, http.StatusConflict},
		"too late":                  {http.MethodPost, "/v2/orders/B-3/cancel", `{"note":""}`, http.StatusConflict},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req, err := http.NewRequestWithContext(t.Context(), c.method, system.URL+c.path, strings.NewReader(c.body))
			require.NoError(t, err)
			req.Header.Set("X-Api-Key", system.Key)
			resp, err := http.DefaultClient.Do(req)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			require.Equal(t, c.status, resp.StatusCode)
			for _, number := range []string{"1001", "1002", "1003"} {
				require.Empty(t, system.Effects(number))
			}
		})
	}
	require.Error(t, system.SetState("9999", "Ready"))
}
