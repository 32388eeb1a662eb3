package bigcommerce

// The names of the calls, as Config.Observe gets them.
const (
	endpointCreateHook        = "create_hook"
	endpointDeleteHook        = "delete_hook"
	endpointGetHook           = "get_hook"
	endpointGetHooksAdmin     = "get_hooks_admin"
	endpointGetOrder          = "get_order"
	endpointGetStore          = "get_store"
	endpointGetTime           = "get_time"
	endpointListHooks         = "list_hooks"
	endpointListOrders        = "list_orders"
	endpointListShipments     = "list_shipments"
	endpointSetHookAdminEmail = "set_hook_admin_emails"
	endpointUpdateHook        = "update_hook"
)

// Endpoints lists every value of Call.Endpoint.
func Endpoints() []string {
	return []string{
		endpointCreateHook, endpointDeleteHook, endpointGetHook, endpointGetHooksAdmin,
		endpointGetOrder, endpointGetStore, endpointGetTime, endpointListHooks,
		endpointListOrders, endpointListShipments, endpointSetHookAdminEmail, endpointUpdateHook,
	}
}
