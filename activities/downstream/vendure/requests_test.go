package vendure_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/vendure"
)

// sent is one request as the server has received it.
type sent struct {
	OperationName string `json:"operationName"`
	Query         string `json:"query"`
	Variables     struct {
		Reason  string `json:"reason"`
		Handler struct {
			Code      string `json:"code"`
			Arguments []struct {
				Name  string `json:"name"`
				Value string `json:"value"`
			} `json:"arguments"`
		} `json:"handler"`
		Lines []struct {
			OrderLineID string `json:"orderLineId"`
			Quantity    int    `json:"quantity"`
		} `json:"lines"`
	} `json:"variables"`
}

// recorder makes an adapter for a server in which an order is open until a
// change. received returns what has come there, by operation.
func recorder(t *testing.T, done string) (adapter *vendure.Adapter, received func() map[string]sent) {
	t.Helper()
	var mu sync.Mutex
	requests, changed := map[string]sent{}, false
	received = func() map[string]sent {
		mu.Lock()
		defer mu.Unlock()
		return maps.Clone(requests)
	}
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		var s sent
		if err := json.NewDecoder(r.Body).Decode(&s); err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		requests[s.OperationName] = s
		w.Header().Set("Content-Type", "application/json")
		switch s.OperationName {
		case "LogIn":
			w.Header().Set("Vendure-Auth-Token", token)
			_, _ = io.WriteString(w, `{"data":{"login":{"__typename":"CurrentUser"}}}`)
		case "AddFulfillment":
			_, _ = io.WriteString(w, `{"data":{"addFulfillmentToOrder":{"__typename":"Fulfillment","id":"3"}}}`)
		case "CancelOrder", "ShipFulfillment":
			changed = true
			_, _ = io.WriteString(w, `{"data":{"result":{"__typename":"Some"}}}`)
		default:
			state := "PaymentSettled"
			if changed {
				state = done
			}
			_, _ = io.WriteString(w, `{"data":{"order":`+order("PaymentSettled", state)+`}}`)
		}
	}), received
}

func TestWhatAFulfillmentSays(t *testing.T) {
	t.Parallel()

	long := strings.Repeat("9", 200)
	for name, c := range map[string]struct {
		shipments      []downstream.Shipment
		method, number string
	}{
		"nothing":             {nil, "Other", ""},
		"a parcel":            {[]downstream.Shipment{{TrackingNumber: " 1Z ", Carrier: "ups"}}, "ups", "1Z"},
		"without a number":    {[]downstream.Shipment{{Carrier: "ups"}}, "ups", ""},
		"two of one carrier":  {[]downstream.Shipment{{TrackingNumber: "1", Carrier: "ups"}, {TrackingNumber: "2", Carrier: "ups"}}, "ups", "1, 2"},
		"two carriers":        {[]downstream.Shipment{{TrackingNumber: "1", Carrier: "ups"}, {TrackingNumber: "2", Carrier: "usps"}}, "ups, usps", "1, 2"},
		"a number twice":      {[]downstream.Shipment{{TrackingNumber: "1"}, {TrackingNumber: "1"}}, "Other", "1"},
		"more than fits":      {[]downstream.Shipment{{TrackingNumber: long}, {TrackingNumber: long + "9"}, {TrackingNumber: "2"}}, "Other", long + ", 2"},
		"longer than any one": {[]downstream.Shipment{{TrackingNumber: long + long}}, "Other", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			adapter, received := recorder(t, "Shipped")
			_, err := adapter.Fulfill(t.Context(), downstream.FulfillRequest{Target: targetOf7(t), Shipments: c.shipments})
			require.NoError(t, err)
			got := received()["AddFulfillment"].Variables
			require.Equal(t, vendure.DefaultFulfillmentHandler, got.Handler.Code)
			require.Len(t, got.Handler.Arguments, 2)
			require.Equal(t, "method", got.Handler.Arguments[0].Name)
			require.Equal(t, c.method, got.Handler.Arguments[0].Value)
			require.Equal(t, "trackingCode", got.Handler.Arguments[1].Name)
			require.Equal(t, c.number, got.Handler.Arguments[1].Value)
			require.Len(t, got.Lines, 1)
			require.Equal(t, 2, got.Lines[0].Quantity)
		})
	}
}

func TestReasonIsOneLine(t *testing.T) {
	t.Parallel()

	adapter, received := recorder(t, "Cancelled")
	_, err := adapter.Cancel(t.Context(), downstream.CancelRequest{
		Target: targetOf7(t), Reason: " Cancelled\r\nin  BigCommerce " + strings.Repeat("é", 300),
	})
	require.NoError(t, err)
	reason := received()["CancelOrder"].Variables.Reason
	require.Len(t, []rune(reason), 255)
	require.True(t, strings.HasPrefix(reason, "Cancelled in BigCommerce é"))
}

// TestNothingPersonalIsAskedFor looks into every document that is sent.
func TestNothingPersonalIsAskedFor(t *testing.T) {
	t.Parallel()

	adapter, received := recorder(t, "Shipped")
	_, err := adapter.Fulfill(t.Context(), downstream.FulfillRequest{Target: targetOf7(t)})
	require.NoError(t, err)
	// What they are answered does not matter here.
	_, _ = adapter.Find(t.Context(), "218")
	_ = adapter.Probe(t.Context())
	requests := received()
	require.Len(t, requests, 6)
	for name, request := range requests {
		for _, word := range []string{"customer {", "Address", "payments", "message", "identifier", "data"} {
			require.NotContains(t, request.Query, word, name)
		}
	}
}
