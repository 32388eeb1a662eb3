package rest_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream/rest"
	"github.com/orderbridge/orderbridge/activities/downstream/rest/contracttest"
	"github.com/orderbridge/orderbridge/activities/downstream/rest/resttest"
)

// exchange is one request to the demo system and the answer it must get.
type exchange struct {
	name    string
	method  string
	path    string
	body    string
	header  http.Header // replaces the headers of a correct request; nil values remove them
	arrange func(*resttest.System)
	status  int
	problem string
}

// runProtocol makes the requests that the adapter never makes, or whose answers
// it never gets, over plain HTTP.
func runProtocol(t *testing.T, checker *contracttest.Checker) {
	t.Helper()
	for _, e := range protocol() {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()

			system := resttest.New(t)
			system.AddOrder("218", "Awaiting Shipment") // so-1001
			system.AddOrder("219", "Cancelled")         // so-1002
			system.AddOrder("220", "Shipped")           // so-1003
			system.AddOrder("221", "Unprocessed")       // so-1004
			if e.arrange != nil {
				e.arrange(system)
			}
			status, header, body := send(t, system, checker, e)
			require.Equal(t, e.status, status, "%s", body)
			if e.problem != "" {
				require.Equal(t, "application/problem+json", header.Get("Content-Type"))
				var got struct {
					Type   string `json:"type"`
					Status int    `json:"status"`
				}
				require.NoError(t, json.Unmarshal(body, &got))
				require.Equal(t, e.problem, got.Type)
				require.Equal(t, e.status, got.Status)
				require.Empty(t, system.Effects())
			}
		})
	}
}

func protocol() []exchange {
	var all []exchange
	for _, path := range []string{"/statuses", "/orders?number=218", "/orders/so-1001"} {
		get := func(name string, status int, problem string, header http.Header) {
			all = append(all, exchange{
				name: "GET " + path + " " + name, method: http.MethodGet, path: path,
				status: status, problem: problem, header: header,
			})
		}
		get("as it should be", http.StatusOK, "", nil)
		get("without token", http.StatusUnauthorized, rest.ProblemUnauthorized, http.Header{"Authorization": nil})
		get("with another token", http.StatusUnauthorized, rest.ProblemUnauthorized, http.Header{"Authorization": {"Bearer x"}})
		get("with basic credentials", http.StatusUnauthorized, rest.ProblemUnauthorized, http.Header{"Authorization": {"Basic eDp5"}})
		for _, status := range []int{http.StatusForbidden, http.StatusTooManyRequests, http.StatusInternalServerError} {
			all = append(all, failing(exchange{
				name: "GET " + path + " " + http.StatusText(status), method: http.MethodGet, path: path, status: status,
			}))
		}
	}
	for _, path := range []string{"/statuses?x=1", "/orders", "/orders?number=", "/orders?number=218&status=open", "/orders?number=1&number=2", "/orders?number=218&cursor=x", "/orders/so-1001?fields=id"} {
		all = append(all, exchange{
			name: "GET " + path, method: http.MethodGet, path: path, status: http.StatusBadRequest, problem: rest.ProblemBadRequest,
		})
	}
	all = append(all, exchange{
		name: "GET unknown order", method: http.MethodGet, path: "/orders/so-9", status: http.StatusNotFound, problem: rest.ProblemNotFound,
	})
	all = append(all, changeExchanges("cancellation", `{"reason":"by hand"}`)...)
	all = append(all, changeExchanges("fulfillment", `{"shipments":[{"tracking_number":"1Z","carrier":"ups","shipped_at":"2026-03-04T15:16:17Z"}]}`)...)
	for name, body := range map[string]string{
		"no shipments":            `{}`,
		"shipments null":          `{"shipments":null}`,
		"empty tracking number":   `{"shipments":[{"tracking_number":""}]}`,
		"overlong carrier":        `{"shipments":[{"carrier":"` + strings.Repeat("x", 201) + `"}]}`,
		"date without time":       `{"shipments":[{"shipped_at":"2026-03-04"}]}`,
		"unknown shipment member": `{"shipments":[{"weight":1}]}`,
	} {
		all = append(all, exchange{
			name: "fulfillment with " + name, method: http.MethodPost, path: "/orders/so-1001/fulfillment",
			body: body, status: http.StatusBadRequest, problem: rest.ProblemBadRequest,
		})
	}
	return all
}

func changeExchanges(resource, body string) []exchange {
	path := "/orders/so-1001/" + resource
	post := func(name string, status int, problem string) exchange {
		return exchange{name: resource + " " + name, method: http.MethodPost, path: path, body: body, status: status, problem: problem}
	}
	with := func(e exchange, header http.Header) exchange { e.header = header; return e }
	on := func(e exchange, id string) exchange { e.path = "/orders/" + id + "/" + resource; return e }
	saying := func(e exchange, body string) exchange { e.body = body; return e }

	bad := func(name string) exchange { return post(name, http.StatusBadRequest, rest.ProblemBadRequest) }
	all := []exchange{
		post("as it should be", http.StatusOK, ""),
		with(post("without token", http.StatusUnauthorized, rest.ProblemUnauthorized), http.Header{"Authorization": nil}),
		with(post("without key", http.StatusBadRequest, rest.ProblemKeyMissing), http.Header{"Idempotency-Key": nil}),
		with(bad("with overlong key"), http.Header{"Idempotency-Key": {strings.Repeat("k", 65)}}),
		with(bad("with any version"), http.Header{"If-Match": {"*"}}),
		with(bad("with a weak tag"), http.Header{"If-Match": {`W/"1"`}}),
		with(bad("with two tags"), http.Header{"If-Match": {`"1", "2"`}}),
		with(post("without version", http.StatusPreconditionRequired, rest.ProblemVersionMissing), http.Header{"If-Match": nil}),
		with(post("with a stale version", http.StatusPreconditionFailed, rest.ProblemVersionStale), http.Header{"If-Match": {`"0"`}}),
		with(post("as text", http.StatusUnsupportedMediaType, rest.ProblemMediaType), http.Header{"Content-Type": {"text/plain"}}),
		on(post("of an unknown order", http.StatusNotFound, rest.ProblemNotFound), "so-9"),
		on(post("of a cancelled order", http.StatusConflict, rest.ProblemAlreadyCancelled), "so-1002"),
		on(post("of a shipped order", http.StatusConflict, rest.ProblemAlreadyFulfilled), "so-1003"),
		on(post("of an unprocessed order", http.StatusConflict, rest.ProblemNotAllowed), "so-1004"),
		saying(bad("without body"), ""),
		saying(bad("that is not JSON"), "{"),
		saying(bad("with an unknown member"), strings.Replace(body, "{", `{"refund":true,`, 1)),
		saying(bad("with something after it"), body+"{}"),
		saying(bad("that is a list"), "[]"),
		saying(post("that is too large", http.StatusRequestEntityTooLarge, rest.ProblemBodyTooLarge), strings.Repeat(" ", 256<<10)+body),
	}
	query := bad("with a query")
	query.path += "?dry_run=1"
	all = append(all, query)
	for _, status := range []int{http.StatusForbidden, http.StatusTooManyRequests, http.StatusBadGateway} {
		all = append(all, failing(post(http.StatusText(status), status, "")))
	}
	reused := post("with the key of another request", http.StatusUnprocessableEntity, rest.ProblemKeyReused)
	reused.problem = "" // the request before it had an effect, which the other cases must not have
	reused.header = http.Header{"Idempotency-Key": {"used"}}
	reused.arrange = func(system *resttest.System) { useKey(system, "used") }
	return append(all, reused)
}

// failing lets the demo system answer e.status whatever is asked.
func failing(e exchange) exchange {
	e.arrange = func(system *resttest.System) {
		system.Faults().Inject(resttest.Fault{Status: e.status})
	}
	return e
}

// useKey lets a request of an order of its own use a key up.
func useKey(system *resttest.System, key string) {
	id := system.AddOrder("300", "On Hold")
	req, err := http.NewRequest(http.MethodPost, system.URL+"/orders/"+id+"/cancellation", strings.NewReader(`{"reason":""}`))
	if err != nil {
		panic(err)
	}
	req.Header = http.Header{
		"Authorization": {"Bearer " + system.Token}, "Content-Type": {"application/json"}, "Idempotency-Key": {key}, "If-Match": {`"1"`},
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		panic(err)
	}
	_ = resp.Body.Close()
}

// send makes one request over a transport that checks the answer.
func send(t *testing.T, system *resttest.System, checker *contracttest.Checker, e exchange) (int, http.Header, []byte) {
	t.Helper()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), e.method, system.URL+e.path, bytes.NewBufferString(e.body))
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+system.Token)
	if e.method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Idempotency-Key", "key-1")
		req.Header.Set("If-Match", `"1"`)
	}
	maps.Copy(req.Header, e.header)
	resp, err := checker.TransportForMistakes(transport, "").RoundTrip(req)
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	return resp.StatusCode, resp.Header, body
}
