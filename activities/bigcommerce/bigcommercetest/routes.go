package bigcommercetest

import (
	"net/http"
	"strings"
)

// Where the platform says its errors are explained. BigCommerce's own examples
// use both forms.
const (
	statusCodesURL  = "https://developer.bigcommerce.com" + statusCodesPath
	statusCodesPath = "/api-docs/getting-started/api-status-codes"
)

const (
	notFoundMessage   = "The requested resource was not found."
	unauthorizedTitle = "Unauthorized - the v3 Auth client ID or token in the request are not a valid combination for this store."
	unauthorizedV2    = "The token in the request is not valid for this store."
	forbiddenMessage  = "You don't have a required scope to access the endpoint"
)

// v2Problem is an element of the array that V2 answers errors with.
type v2Problem struct {
	Status  int    `json:"status"`
	Message string `json:"message"`
}

// v3Problem is the object that V3 answers errors with.
type v3Problem struct {
	Status int               `json:"status"`
	Title  string            `json:"title"`
	Type   string            `json:"type"`
	Errors map[string]string `json:"errors,omitempty"`
}

func v2Error(status int, message string) answer {
	return answer{status: status, body: []v2Problem{{Status: status, Message: message}}}
}

func v3Error(status int, title string, fields map[string]string) answer {
	return answer{status: status, body: v3Problem{Status: status, Title: title, Type: statusCodesURL, Errors: fields}}
}

// problem answers an error in the shape of the API version that r is for.
func problem(r *http.Request, status int, message string) answer {
	if strings.HasPrefix(apiPath(r), "/v2/") {
		return v2Error(status, message)
	}
	return v3Error(status, message, nil)
}

// apiPath returns the path of r after /stores/{hash}.
func apiPath(r *http.Request) string {
	rest, ok := strings.CutPrefix(r.URL.Path, "/stores/")
	if !ok {
		return r.URL.Path
	}
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		return rest[i:]
	}
	return "/"
}

// newRoutes lists the whole API. Handlers run with Store.mu held.
func (s *Store) newRoutes() *http.ServeMux {
	mux := http.NewServeMux()
	for pattern, handler := range map[string]func(*request) answer{
		"GET /v2/time":                s.getTime,
		"GET /v2/store":               s.getStore,
		"GET /v2/order_statuses":      s.listStatuses,
		"GET /v2/order_statuses/{id}": s.getStatus,

		"GET /v2/orders":                          s.listOrders,
		"DELETE /v2/orders":                       s.archiveAllOrders,
		"GET /v2/orders/count":                    s.countOrders,
		"GET /v2/orders/{id}":                     s.getOrder,
		"PUT /v2/orders/{id}":                     s.putOrder,
		"DELETE /v2/orders/{id}":                  s.archiveOrder,
		"GET /v2/orders/{id}/products":            s.listProducts,
		"GET /v2/orders/{id}/shipping_addresses":  s.listAddresses,
		"GET /v2/orders/{id}/shippingaddresses":   s.listAddresses,
		"GET /v2/orders/{id}/coupons":             s.listCoupons,
		"GET /v2/orders/{id}/shipments":           s.listShipments,
		"POST /v2/orders/{id}/shipments":          s.postShipment,
		"GET /v2/orders/{id}/shipments/count":     s.countShipments,
		"GET /v2/orders/{id}/shipments/{ship}":    s.getShipment,
		"PUT /v2/orders/{id}/shipments/{ship}":    s.putShipment,
		"DELETE /v2/orders/{id}/shipments/{ship}": s.deleteShipment,

		"GET /v3/orders/metafields":                 s.listMetafields,
		"GET /v3/orders/{id}/metafields":            s.listMetafields,
		"POST /v3/orders/{id}/metafields":           s.postMetafield,
		"DELETE /v3/orders/{id}/metafields/{field}": s.deleteMetafield,

		"GET /v3/hooks":         s.listHooks,
		"POST /v3/hooks":        s.postHook,
		"GET /v3/hooks/admin":   s.getHooksAdmin,
		"PUT /v3/hooks/admin":   s.putHooksAdmin,
		"GET /v3/hooks/{id}":    s.getHook,
		"PUT /v3/hooks/{id}":    s.putHook,
		"DELETE /v3/hooks/{id}": s.deleteHook,
	} {
		method, path, _ := strings.Cut(pattern, " ")
		mux.Handle(method+" /stores/{hash}"+path, s.authorized(handler))
	}
	// A path that is not there, and a method that a path does not take: the
	// platform's answer to the latter is not documented, 404 is chosen.
	mux.Handle("/stores/{hash}/", s.authorized(func(r *request) answer {
		return problem(r.Request, http.StatusNotFound, notFoundMessage)
	}))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if p, ok := w.(*reply); ok {
			p.set(problem(r, http.StatusNotFound, notFoundMessage))
		}
	})
	return mux
}

// authorized lets a call through that has a token of this store, of an account
// that may make it.
func (s *Store) authorized(handler func(*request) answer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, ok := w.(*reply)
		if !ok {
			return // routes are only served by Store.serve
		}
		if p.account == nil || r.PathValue("hash") != s.Hash {
			message := unauthorizedTitle
			if strings.HasPrefix(apiPath(r), "/v2/") {
				message = unauthorizedV2
			}
			p.set(problem(r, http.StatusUnauthorized, message))
			return
		}
		if p.account.may.forbids(r) {
			p.set(problem(r, http.StatusForbidden, forbiddenMessage))
			return
		}
		p.set(handler(&request{Request: r, account: p.account, body: p.body, now: p.now}))
	})
}
