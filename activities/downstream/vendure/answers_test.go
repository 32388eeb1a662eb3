package vendure_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/vendure"
)

// token is that of every session of the servers below.
const token = "s3ss10n"

// serve makes an adapter for a server of the test's own.
func serve(t *testing.T, handle http.HandlerFunc, changes ...func(*vendure.Config)) *vendure.Adapter {
	t.Helper()
	server := httptest.NewServer(handle)
	t.Cleanup(server.Close)
	config := vendure.Config{
		BaseURL: server.URL + "/admin-api", Channel: "acme", Password: password, Timeout: time.Minute, Username: "orders@example.com",
	}
	for _, change := range changes {
		change(&config)
	}
	return newAdapter(t, config)
}

// answers makes an adapter for a server that has one answer for each operation.
// An operation without one fails the test.
func answers(t *testing.T, bodies map[string]string, changes ...func(*vendure.Config)) *vendure.Adapter {
	t.Helper()
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		name := operationOf(t, r)
		body, ok := bodies[name]
		switch {
		case ok:
		case name == "LogIn":
			w.Header().Set("Vendure-Auth-Token", token)
			body = `{"data":{"login":{"__typename":"CurrentUser"}}}`
		default:
			t.Errorf("unexpected operation %s", name)
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_, _ = io.WriteString(w, body)
	}, changes...)
}

func operationOf(t *testing.T, r *http.Request) string {
	t.Helper()
	var request struct {
		OperationName string `json:"operationName"`
		Query         string `json:"query"`
	}
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		t.Error(err)
	}
	if !strings.Contains(request.Query, " "+request.OperationName+"(") && !strings.Contains(request.Query, " "+request.OperationName+" {") {
		t.Errorf("the document has no operation %s", request.OperationName)
	}
	return request.OperationName
}

// order is an order of Vendure's, with some of its parts in place of the usual.
func order(parts ...string) string {
	made := `{"id":"7","state":"PaymentSettled","updatedAt":"d","nextStates":["Shipped","Cancelled"],"customFields":{"number":"218"},` +
		`"lines":[{"id":"1","quantity":2}],"fulfillments":[],"history":{"totalItems":3},"customer":"` + private + `"}`
	return strings.NewReplacer(parts...).Replace(made)
}

func list(total int, orders ...string) string {
	return fmt.Sprintf(`{"data":{"orders":{"totalItems":%d,"items":[%s]}}}`, total, strings.Join(orders, ","))
}

func refusal(code string) string {
	return `{"errors":[{"message":"` + private + `","extensions":{"code":"` + code + `"}}],"data":null}`
}

func TestUnusableSearches(t *testing.T) {
	t.Parallel()

	for name, body := range map[string]string{
		"nothing":                   "",
		"null":                      "null",
		"no data":                   "{}",
		"data is null":              `{"data":null}`,
		"no list":                   `{"data":{"orders":null}}`,
		"another shape":             `{"data":{"orders":{"totalItems":"` + private + `","items":[]}}}`,
		"no id":                     list(1, order(`"id":"7",`, "")),
		"id that is a path":         list(1, order(`"7"`, `"../7"`)),
		"no lines":                  list(1, order(`[{"id":"1","quantity":2}]`, "null")),
		"no fulfillments":           list(1, order(`"fulfillments":[]`, `"fulfillments":null`)),
		"no next states":            list(1, order(`["Shipped","Cancelled"]`, "null")),
		"no time of change":         list(1, order(`"d"`, `""`)),
		"state of the shop's own":   list(1, order("PaymentSettled", private)),
		"page that is not full":     list(60, order()),
		"longer than is allowed":    `{"data":"` + strings.Repeat(" ", 9<<20) + `"}`,
		"unknown error":             refusal("SOMETHING_NEW"),
		"unknown error with a name": refusal(private),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			_, err := answers(t, map[string]string{"FindOrder": body}).Find(t.Context(), "218")
			requireKind(t, downstream.Malformed, err, token)
		})
	}
}

func TestErrorCodes(t *testing.T) {
	t.Parallel()

	for code, want := range map[string]downstream.Kind{
		"BAD_REQUEST":           downstream.Invalid,
		"BAD_USER_INPUT":        downstream.Invalid,
		"CHANNEL_NOT_FOUND":     downstream.Misconfigured,
		"ENTITY_NOT_FOUND":      downstream.NotFound,
		"FORBIDDEN":             downstream.Forbidden,
		"ILLEGAL_OPERATION":     downstream.Refused,
		"INTERNAL_SERVER_ERROR": downstream.Unavailable,
		"UNAUTHORIZED":          downstream.Forbidden,
		"USER_INPUT_ERROR":      downstream.Invalid,
		"":                      downstream.Unavailable,
	} {
		t.Run("code "+code, func(t *testing.T) {
			t.Parallel()

			adapter := answers(t, map[string]string{
				"CancelOrder": refusal(code), "FindOrder": refusal(code), "Probe": refusal(code),
				"ReadOrder": `{"data":{"order":` + order() + `}}`,
			})
			_, err := adapter.Find(t.Context(), "218")
			requireKind(t, want, err, token)
			requireKind(t, want, adapter.Probe(t.Context()), token)
			_, err = adapter.Cancel(t.Context(), downstream.CancelRequest{Target: targetOf7(t)})
			requireKind(t, want, err, token)
		})
	}
}

// targetOf7 is the target of a change of what order makes.
func targetOf7(t *testing.T) downstream.Target {
	t.Helper()
	found, err := answers(t, map[string]string{"FindOrder": list(1, order())}).Find(t.Context(), "218")
	require.NoError(t, err)
	return target(found)
}

// TestErrorResults is about refusals that GraphQL calls data, of an order that
// has not changed.
func TestErrorResults(t *testing.T) {
	t.Parallel()

	for code, want := range map[string]downstream.Kind{
		"CANCEL_ACTIVE_ORDER_ERROR":          downstream.Refused,
		"CREATE_FULFILLMENT_ERROR":           downstream.Unavailable,
		"EMPTY_ORDER_LINE_SELECTION_ERROR":   downstream.Unavailable,
		"FULFILLMENT_STATE_TRANSITION_ERROR": downstream.Refused,
		"INSUFFICIENT_STOCK_ON_HAND_ERROR":   downstream.Refused,
		"INVALID_FULFILLMENT_HANDLER_ERROR":  downstream.Misconfigured,
		"ITEMS_ALREADY_FULFILLED_ERROR":      downstream.VersionConflict,
		"ORDER_STATE_TRANSITION_ERROR":       downstream.Refused,
		"QUANTITY_TOO_GREAT_ERROR":           downstream.VersionConflict,
		"SOMETHING_NEW_ERROR":                downstream.Refused,
		private:                              downstream.Refused,
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()

			answer := func(field string) string {
				return `{"data":{"` + field + `":{"__typename":"Some","errorCode":"` + code + `","message":"` + private + `"}}}`
			}
			adapter := answers(t, map[string]string{
				"AddFulfillment": `{"data":{"addFulfillmentToOrder":{"__typename":"Fulfillment","id":"3"}}}`,
				"CancelOrder":    answer("cancelOrder"), "ShipFulfillment": answer("transitionFulfillmentToState"),
				"ReadOrder": `{"data":{"order":` + order() + `}}`,
			})
			_, err := adapter.Cancel(t.Context(), downstream.CancelRequest{Target: targetOf7(t)})
			requireKind(t, want, err, token)
			if code == "EMPTY_ORDER_LINE_SELECTION_ERROR" {
				return // It is about cancellations.
			}
			_, err = adapter.Fulfill(t.Context(), downstream.FulfillRequest{Target: targetOf7(t)})
			requireKind(t, want, err, token)
		})
	}
}

func TestOrdersThatCannotBeChanged(t *testing.T) {
	t.Parallel()

	shipped := `[{"id":"3","state":"Shipped","trackingCode":"","lines":[{"orderLineId":"1","quantity":2}]}]`
	for name, c := range map[string]struct {
		order string
		kind  downstream.Kind
	}{
		"gone":                      {"null", downstream.NotFound},
		"another order":             {order(`"7"`, `"8"`), downstream.Malformed},
		"another number":            {order("218", "2180"), downstream.NotFound},
		"everything taken out":      {order(`"quantity":2`, `"quantity":0`), downstream.Refused},
		"nothing left":              {order(`"fulfillments":[]`, `"fulfillments":`+shipped), downstream.Refused},
		"fulfillment of some state": {order(`"fulfillments":[]`, `"fulfillments":`+strings.ReplaceAll(shipped, "Shipped", "Packed")), downstream.InUse},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			request := downstream.FulfillRequest{Target: targetOf7(t)}
			if found, err := answers(t, map[string]string{"FindOrder": list(1, c.order)}).Find(t.Context(), "218"); err == nil {
				request.Version = found.Version
			}
			adapter := answers(t, map[string]string{"ReadOrder": `{"data":{"order":` + c.order + `}}`})
			_, err := adapter.Fulfill(t.Context(), request)
			requireKind(t, c.kind, err)
		})
	}
}

func TestTargetsThatFindNeverReturned(t *testing.T) {
	t.Parallel()

	adapter := answers(t, nil)
	for name, spoil := range map[string]func(*downstream.Target){
		"no id":           func(t *downstream.Target) { t.OrderID = "" },
		"id with a path":  func(t *downstream.Target) { t.OrderID = "1/../2" },
		"no version":      func(t *downstream.Target) { t.Version = "" },
		"no order number": func(t *downstream.Target) { t.Number = " " },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			target := downstream.Target{OrderID: "7", Number: "218", Version: "v"}
			spoil(&target)
			_, err := adapter.Cancel(t.Context(), downstream.CancelRequest{Target: target})
			requireKind(t, downstream.Invalid, err)
			_, err = adapter.Fulfill(t.Context(), downstream.FulfillRequest{Target: target})
			requireKind(t, downstream.Invalid, err)
		})
	}
}

// TestSchemas is about servers whose orders lack the custom field, or have
// another one of its name. The messages are Vendure's own.
func TestSchemas(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct{ message, detail string }{
		"no such custom field": {
			`Field "channelOrderNumber" is not defined by type "OrderFilterParameter".`, "no custom field channelOrderNumber",
		},
		"no custom field at all": {
			`Field "customFields" must not have a selection since type "JSON" has no subfields.`, "no custom field channelOrderNumber",
		},
		"a number": {
			`Variable "$number" of type "String!" used in position expecting type "Float".`, "not of type string",
		},
		"a list": {`Field "eq" is not defined by type "StringListOperators".`, "not of type string"},
		"no orders": {
			`Cannot query field "orders" on type "Query". Did you mean "` + private + `"?`, "does not know what it is asked for",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			body, err := json.Marshal(map[string]any{"errors": []any{map[string]any{
				"message": c.message, "extensions": map[string]any{"code": "GRAPHQL_VALIDATION_FAILED"},
			}}})
			require.NoError(t, err)
			_, err = answers(t, map[string]string{"FindOrder": string(body)}).Find(t.Context(), "218")
			require.Contains(t, failure(t, downstream.Misconfigured, err).Detail, c.detail)
		})
	}
}

// TestIgnoredFilter is about a filter that leaves more orders than anybody reads.
func TestIgnoredFilter(t *testing.T) {
	t.Parallel()

	others := make([]string, 50)
	for i := range others {
		others[i] = order(`"7"`, fmt.Sprintf(`"%d"`, i), "218", fmt.Sprintf("9%d", i))
	}
	var mu sync.Mutex
	asked := 0
	adapter := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if operationOf(t, r) == "LogIn" {
			w.Header().Set("Vendure-Auth-Token", token)
			_, _ = io.WriteString(w, `{"data":{"login":{"__typename":"CurrentUser"}}}`)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		asked++
		_, _ = io.WriteString(w, list(1_000_000, others...))
	})
	_, err := adapter.Find(t.Context(), "218")
	requireKind(t, downstream.Malformed, err)
	mu.Lock()
	defer mu.Unlock()
	require.Equal(t, 20, asked)
}
