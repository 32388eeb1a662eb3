package bigcommerce_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
)

func TestClientTime(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{"number": `{"time":1767323045}`, "string": `{"time":"1767323045"}`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := setup(t, answer(http.StatusOK, body))
			at, err := store.client.Time(t.Context())
			require.NoError(t, err)
			require.Equal(t, orderCreated, at)
			require.Equal(t, storePath+"/v2/time", store.received()[0].path)
		})
	}
	for name, body := range map[string]string{"missing": `{}`, "null": `{"time":null}`, "absurd": `{"time":99999999999999}`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := setup(t, answer(http.StatusOK, body)).client.Time(t.Context())
			requireKind(t, err, bigcommerce.Malformed)
		})
	}
}

func TestClientStore(t *testing.T) {
	t.Parallel()

	t.Run("every field and no contact data", func(t *testing.T) {
		t.Parallel()
		server := setup(t, answerFile(t, "store.json"))
		store, err := server.client.Store(t.Context())
		require.NoError(t, err)
		require.Equal(t, bigcommerce.Store{
			Hash: testStoreHash, StoreID: "1003456789", Name: "Sample Goods", Domain: "shop.example",
			SecureURL: "https://shop.example", ControlPanelURL: "https://store-k7q2m4x9p1.example", Status: "live",
			PlanName: "Pro", PlanLevel: "Scale", Timezone: "America/Chicago", Currency: "USD",
			InfrastructureRegion: "us-central1", DefaultChannelID: 1,
		}, store)
		require.Equal(t, storePath+"/v2/store", server.received()[0].path)
		raw, err := json.Marshal(store)
		require.NoError(t, err)
		require.NotContains(t, string(raw), "Ada")
		require.NotContains(t, string(raw), "@")
	})

	t.Run("bare time zone and no channel", func(t *testing.T) {
		t.Parallel()
		store, err := setup(t, answer(http.StatusOK, `{"id":"`+testStoreHash+`","timezone":"UTC"}`)).client.Store(t.Context())
		require.NoError(t, err)
		require.Equal(t, bigcommerce.Store{Hash: testStoreHash, Timezone: "UTC", DefaultChannelID: 1}, store)
	})

	t.Run("another store", func(t *testing.T) {
		t.Parallel()
		_, err := setup(t, answer(http.StatusOK, `{"id":"other"}`)).client.Store(t.Context())
		requireKind(t, err, bigcommerce.Malformed)
	})
}
