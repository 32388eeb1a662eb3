package bigcommerce

// The names of the calls, as Config.Observe gets them.
const (
	endpointCreateHook        = "create_hook"
	endpointCreateMetafield   = "create_order_metafield"
	endpointDeleteHook        = "delete_hook"
	endpointDeleteMetafield   = "delete_order_metafield"
	endpointGetHook           = "get_hook"
	endpointGetHooksAdmin     = "get_hooks_admin"
	endpointGetOrder          = "get_order"
	endpointGetStore          = "get_store"
	endpointGetTime           = "get_time"
	endpointListHooks         = "list_hooks"
	endpointListMetafields    = "list_order_metafields"
	endpointListOrders        = "list_orders"
	endpointListShipments     = "list_shipments"
	endpointSetHookAdminEmail = "set_hook_admin_emails"
	endpointUpdateHook        = "update_hook"
)

// Endpoints lists every value of Call.Endpoint.
func Endpoints() []string {
	return []string{
		endpointCreateHook, endpointCreateMetafield, endpointDeleteHook, endpointDeleteMetafield,
		endpointGetHook, endpointGetHooksAdmin, endpointGetOrder, endpointGetStore, endpointGetTime,
		endpointListHooks, endpointListMetafields, endpointListOrders, endpointListShipments,
		endpointSetHookAdminEmail, endpointUpdateHook,
	}
}
