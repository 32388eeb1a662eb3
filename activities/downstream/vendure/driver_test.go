package vendure_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/downstreamtest"
	"github.com/orderbridge/orderbridge/activities/downstream/vendure"
)

func TestOptionsReachTheSystem(t *testing.T) {
	t.Parallel()

	downstreamtest.Options(t, vendure.Driver(), map[string]downstreamtest.Setting{
		"username":            {Value: "orders@example.com", Sent: "orders@example.com"},
		"field":               {Value: "bigCommerceID", Sent: "bigCommerceID"},
		"channel_token":       {Value: "second", Sent: "second"},
		"fulfillment_handler": {Value: "by-hand", Sent: "by-hand"},
	}, useOptions)
}

var filterOf = regexp.MustCompile(`filter: \{(\w+): \{eq: \$number`)

// useOptions finds and fulfills with an adapter made from options.
func useOptions(t *testing.T, options downstream.Values) map[string]string {
	t.Helper()
	var mu sync.Mutex
	seen := map[string]string{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var s struct {
			OperationName string `json:"operationName"`
			Query         string `json:"query"`
			Variables     struct {
				Username string `json:"username"`
				Handler  struct {
					Code string `json:"code"`
				} `json:"handler"`
			} `json:"variables"`
		}
		if err := json.NewDecoder(r.Body).Decode(&s); err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		seen["channel_token"] = r.Header.Get("Vendure-Token")
		w.Header().Set("Content-Type", "application/json")
		switch s.OperationName {
		case "LogIn":
			seen["username"] = s.Variables.Username
			w.Header().Set("Vendure-Auth-Token", token)
			_, _ = io.WriteString(w, `{"data":{"login":{"__typename":"CurrentUser"}}}`)
		case "FindOrder":
			if field := filterOf.FindStringSubmatch(s.Query); field != nil {
				seen["field"] = field[1]
			}
			_, _ = io.WriteString(w, `{"data":{"orders":{"totalItems":0,"items":[]}}}`)
		case "AddFulfillment":
			seen["fulfillment_handler"] = s.Variables.Handler.Code
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			_, _ = io.WriteString(w, `{"data":{"order":`+order("PaymentSettled", "PaymentSettled")+`}}`)
		}
	}))
	t.Cleanup(server.Close)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	adapter, err := vendure.Driver().New(downstream.Config{
		BaseURL: server.URL + "/admin-api", Channel: "acme", Options: options, Timeout: time.Minute, Token: password, Transport: transport,
	})
	require.NoError(t, err)
	_, err = adapter.Find(t.Context(), "218")
	require.True(t, downstream.IsKind(err, downstream.NotFound), "%v", err)
	_, err = adapter.Fulfill(t.Context(), downstream.FulfillRequest{Target: targetOf7(t)})
	require.True(t, downstream.IsKind(err, downstream.Unavailable), "%v", err)
	mu.Lock()
	defer mu.Unlock()
	return maps.Clone(seen)
}
