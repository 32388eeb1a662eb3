package bigcommercetest_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
)

// TestHooksOlderThanTheLimit has eleven hooks of a scope: they can be changed
// and removed, and only another one is refused.
func TestHooksOlderThanTheLimit(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	a := newApp(t, store, "My App")
	headers := map[string]string{"X-Secret": "s3cret"}
	var old bigcommercetest.Hook
	for i := range 11 {
		old = store.AddHook(bigcommercetest.Hook{
			ClientID: a.ClientID, Scope: "store/order/created", Destination: fmt.Sprintf("https://example.com/%d", i),
			IsActive: i%2 == 0, Headers: headers,
		})
	}
	headers["X-Secret"] = "changed"
	hooks := store.Hooks()
	require.Len(t, hooks, 11)
	require.Equal(t, old, hooks[10])
	require.Equal(t, "s3cret", old.Headers["X-Secret"])
	require.Equal(t, bigcommercetest.HookActive, hooks[0].Status)
	require.Equal(t, bigcommercetest.HookInactive, hooks[1].Status)

	refused := a.call(http.MethodPost, "/v3/hooks", `{"scope":"store/order/created","destination":"https://example.com/12"}`)
	require.Equal(t, http.StatusUnprocessableEntity, refused.status)
	path := fmt.Sprintf("/v3/hooks/%d", old.ID)
	require.Equal(t, http.StatusOK, a.call(http.MethodPut, path, `{"destination":"https://example.com/moved"}`).status)
	other := a.subscribe("store/order/updated", "https://example.com/other")
	moved := a.call(http.MethodPut, fmt.Sprintf("/v3/hooks/%d", other.ID), `{"scope":"store/order/created"}`)
	require.Equal(t, http.StatusUnprocessableEntity, moved.status, "one more of the scope")
	require.Equal(t, http.StatusOK, a.call(http.MethodDelete, path, "").status)
	require.Len(t, store.Hooks(), 11)
}
