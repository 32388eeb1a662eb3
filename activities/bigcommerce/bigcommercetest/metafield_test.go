package bigcommercetest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
)

const aMetafield = `{"permission_set":"app_only","namespace":"app","key":"note","value":"1","description":"A note."}`

// metafieldView is a metafield as the API shows it.
type metafieldView struct {
	ID         int64  `json:"id"`
	ResourceID int64  `json:"resource_id"`
	Namespace  string `json:"namespace"`
	Key        string `json:"key"`
	Owner      string `json:"owner_client_id"`
}

func setupOrder(t *testing.T) (*bigcommercetest.Store, *app) {
	t.Helper()
	store := newStore(t)
	store.AddOrder(bigcommercetest.Order{ID: 7, StatusID: bigcommerce.StatusAwaitingFulfillment})
	return store, newApp(t, store, "app")
}

func (a *app) metafields(path string) []metafieldView {
	a.t.Helper()
	r := a.call(http.MethodGet, path, "")
	require.Equal(a.t, http.StatusOK, r.status, r.body)
	var out struct{ Data []metafieldView }
	r.decode(a.t, &out)
	return out.Data
}

func TestMetafields(t *testing.T) {
	t.Parallel()

	t.Run("life of one", func(t *testing.T) {
		t.Parallel()
		store, app := setupOrder(t)
		before, _ := store.Order(7)
		r := app.call(http.MethodPost, "/v3/orders/7/metafields", aMetafield)
		require.Equal(t, http.StatusOK, r.status, r.body)
		var made struct{ Data metafieldView }
		r.decode(t, &made)
		want := metafieldView{ID: made.Data.ID, ResourceID: 7, Namespace: "app", Key: "note", Owner: app.ClientID}
		require.Equal(t, want, made.Data)
		for _, path := range []string{
			"/v3/orders/7/metafields", "/v3/orders/metafields", "/v3/orders/metafields?namespace=app&key=note",
		} {
			require.Equal(t, []metafieldView{want}, app.metafields(path), path)
		}
		for _, path := range []string{"/v3/orders/metafields?namespace=other", "/v3/orders/7/metafields?key=other"} {
			require.Empty(t, app.metafields(path), path)
		}
		require.Equal(t, http.StatusConflict, app.call(http.MethodPost, "/v3/orders/7/metafields", aMetafield).status)
		gone := app.call(http.MethodDelete, fmt.Sprintf("/v3/orders/7/metafields/%d", want.ID), "")
		require.Equal(t, http.StatusNoContent, gone.status)
		require.Empty(t, gone.body)
		require.Empty(t, store.Metafields(7))
		after, _ := store.Order(7)
		require.Equal(t, before, after, "the order itself stays as it was")
		require.Equal(t, []string{"order/created", "order/metafield/created", "order/metafield/deleted"}, scopes(store))
		require.JSONEq(t, fmt.Sprintf(`{"metafield_id":%d,"resource_id":"7"}`, want.ID), string(store.Events()[2].Data))
	})

	t.Run("delivered to hooks", func(t *testing.T) {
		t.Parallel()
		store, app := setupOrder(t)
		to := newReceiver(t, nil)
		app.subscribe("store/order/metafield/created", to.URL)
		app.call(http.MethodPost, "/v3/orders/7/metafields", aMetafield)
		require.NoError(t, store.WaitIdle(patient(t)))
		require.Len(t, to.all(), 1)
		require.Contains(t, to.all()[0].body, `"resource_id":"7"`)
	})

	t.Run("of another account", func(t *testing.T) {
		t.Parallel()
		store, app := setupOrder(t)
		other := newApp(t, store, "other")
		app.call(http.MethodPost, "/v3/orders/7/metafields", aMetafield)
		hidden := store.Metafields(7)[0].ID
		require.Empty(t, other.metafields("/v3/orders/7/metafields"))
		path := fmt.Sprintf("/v3/orders/7/metafields/%d", hidden)
		require.Equal(t, http.StatusNotFound, other.call(http.MethodDelete, path, "").status)
		require.Equal(t, http.StatusOK, other.call(http.MethodPost, "/v3/orders/7/metafields",
			strings.Replace(aMetafield, "app_only", "read", 1)).status, "the name is free in another account")
		require.Len(t, app.metafields("/v3/orders/7/metafields"), 2, "one that is not private is seen by all")
	})

	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		_, app := setupOrder(t)
		for body, status := range map[string]int{
			`{"permission_set":"app_only","namespace":"a","key":"b"}`:                                       http.StatusUnprocessableEntity,
			`{"permission_set":"secret","namespace":"a","key":"b","value":"c"}`:                             http.StatusUnprocessableEntity,
			`{"permission_set":"read","namespace":"a","key":"` + strings.Repeat("k", 65) + `","value":"c"}`: http.StatusUnprocessableEntity,
			`{"permission_set":`: http.StatusBadRequest,
		} {
			require.Equal(t, status, app.call(http.MethodPost, "/v3/orders/7/metafields", body).status, body)
		}
		require.Equal(t, http.StatusNotFound, app.call(http.MethodPost, "/v3/orders/8/metafields", aMetafield).status)
		require.Equal(t, http.StatusNotFound, app.call(http.MethodGet, "/v3/orders/8/metafields", "").status)
		require.Equal(t, http.StatusNotFound, app.call(http.MethodDelete, "/v3/orders/7/metafields/1", "").status)
	})

	t.Run("too many", func(t *testing.T) {
		t.Parallel()
		_, app := setupOrder(t)
		for n := range 250 {
			body := strings.Replace(aMetafield, "note", fmt.Sprintf("note-%d", n), 1)
			require.Equal(t, http.StatusOK, app.call(http.MethodPost, "/v3/orders/7/metafields", body).status)
		}
		require.Equal(t, http.StatusUnprocessableEntity, app.call(http.MethodPost, "/v3/orders/7/metafields", aMetafield).status)
		require.Empty(t, app.metafields("/v3/orders/metafields?page=6"))
		require.Len(t, app.metafields("/v3/orders/metafields?page=5"), 50)
	})
}

func TestPermissions(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	store.AddOrder(bigcommercetest.Order{ID: 7, StatusID: bigcommerce.StatusAwaitingFulfillment})
	calls := []struct{ method, path, body string }{
		{http.MethodGet, "/v2/orders", ""},
		{http.MethodGet, "/v2/orders/7/shipments", ""},
		{http.MethodPost, "/v3/orders/7/metafields", aMetafield},
		{http.MethodGet, "/v2/time", ""},
		{http.MethodGet, "/v3/hooks", ""},
	}
	for name, tc := range map[string]struct {
		opts  []bigcommercetest.AccountOption
		wants []bool // whether each of the calls is allowed
	}{
		"everything":       {nil, []bool{true, true, true, true, true}},
		"orders read-only": {[]bigcommercetest.AccountOption{bigcommercetest.WithReadOnlyOrders()}, []bool{true, true, false, true, true}},
		"no orders":        {[]bigcommercetest.AccountOption{bigcommercetest.WithoutOrders()}, []bool{false, false, false, true, true}},
		"no information":   {[]bigcommercetest.AccountOption{bigcommercetest.WithoutInformation()}, []bool{true, true, true, false, true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := newApp(t, store, name)
			app.Account = store.AddAccount(name, tc.opts...)
			for i, call := range calls {
				r := app.call(call.method, call.path, call.body)
				require.Equal(t, tc.wants[i], r.status != http.StatusForbidden, "%s %s: %s", call.method, call.path, r.body)
			}
		})
	}
}
