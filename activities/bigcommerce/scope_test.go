package bigcommerce_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
)

func TestIsOrderScope(t *testing.T) {
	t.Parallel()
	for _, scope := range []string{
		bigcommerce.ScopeOrderAll, bigcommerce.ScopeOrderCreated, bigcommerce.ScopeOrderUpdated,
		bigcommerce.ScopeOrderArchived, bigcommerce.ScopeOrderStatusUpdated, bigcommerce.ScopeShipmentAll,
		bigcommerce.ScopeShipmentCreated, bigcommerce.ScopeShipmentUpdated, bigcommerce.ScopeShipmentDeleted,
		bigcommerce.ChannelOrderScope(1, "statusUpdated"), bigcommerce.ChannelOrderScope(1000123, "*"),
		"store/channel/*/order/*", "store/order/message/created", "store/order/metafield/updated",
	} {
		require.True(t, bigcommerce.IsOrderScope(scope), scope)
	}
	for _, scope := range []string{
		"", "store", "store/*", "store/order", "store/order/", "store/orders/created", "Store/order/created", "store/shipment",
		"store/product/updated", "store/channel/1/order", "store/channel/1/order/", "store/channel/one/order/created",
		"store/channel//order/created", "store/channel/1/settings/order/updated", "store/channel/*/inventory/product/stock_changed",
		"my/store/order/created", "store/order/ created", bigcommerce.ScopeHookDeliveryException, bigcommerce.ScopeAppUninstalled,
	} {
		require.False(t, bigcommerce.IsOrderScope(scope), scope)
	}
}

func TestChannelOrderScope(t *testing.T) {
	t.Parallel()
	require.Equal(t, "store/channel/664179/order/statusUpdated", bigcommerce.ChannelOrderScope(664179, "statusUpdated"))
}

func TestValidScope(t *testing.T) {
	t.Parallel()
	longest := "store/" + strings.Repeat("a", bigcommerce.MaxScopeLen-len("store/"))
	for _, scope := range []string{"store/order/*", "store/priceList/record/updated", "store/channel/*/inventory/product/out_of_stock-reached", longest} {
		require.True(t, bigcommerce.ValidScope(scope), scope)
	}
	for _, scope := range []string{
		"", "/", "/store", "store/", "store//order", "store/../order", "store/order/created ", "store/order\n", "store/ordér", "a\x00b",
		"store/order?x", longest + "a",
	} {
		require.False(t, bigcommerce.ValidScope(scope), scope)
	}
}
