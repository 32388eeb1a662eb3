package shipstationtest_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream/shipstation/shipstationtest"
)

// got is an answer.
type got struct {
	status int
	header http.Header
	body   map[string]json.RawMessage
}

// ask makes a request with the right credentials.
func ask(t *testing.T, s *shipstationtest.System, method, path, body string) got {
	t.Helper()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(body))
	require.NoError(t, err)
	req.SetBasicAuth(s.APIKey, s.APISecret)
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := transport.RoundTrip(req)
	require.NoError(t, err)
	content, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	answer := got{status: resp.StatusCode, header: resp.Header}
	if strings.HasPrefix(string(content), "{") {
		require.NoError(t, json.Unmarshal(content, &answer.body))
	}
	return answer
}

func TestLimit(t *testing.T) {
	t.Parallel()

	now := time.Date(2026, time.March, 4, 5, 6, 7, 0, time.UTC)
	system := shipstationtest.New(t, shipstationtest.WithLimit(2), shipstationtest.WithClock(func() time.Time { return now }))
	for _, want := range []struct {
		status    int
		remaining string
	}{{200, "1"}, {200, "0"}, {429, "0"}} {
		answer := ask(t, system, http.MethodGet, "/accounts/listtags", "")
		require.Equal(t, want.status, answer.status)
		require.Equal(t, "2", answer.header.Get("X-Rate-Limit-Limit"))
		require.Equal(t, want.remaining, answer.header.Get("X-Rate-Limit-Remaining"))
		require.Equal(t, "60", answer.header.Get("X-Rate-Limit-Reset"))
	}
	now = now.Add(59 * time.Second)
	require.Equal(t, "1", ask(t, system, http.MethodGet, "/accounts/listtags", "").header.Get("X-Rate-Limit-Reset"))
	now = now.Add(time.Second)
	require.Equal(t, http.StatusOK, ask(t, system, http.MethodGet, "/accounts/listtags", "").status)
}

func TestCredentials(t *testing.T) {
	t.Parallel()

	system := shipstationtest.New(t, shipstationtest.WithCredentials("known", "words"))
	require.Equal(t, http.StatusOK, ask(t, system, http.MethodGet, "/orders", "").status)
	system.Faults().Revoke(true)
	require.Equal(t, http.StatusUnauthorized, ask(t, system, http.MethodGet, "/orders", "").status)
	system.Faults().Revoke(false)
	system.APISecret = "others"
	require.Equal(t, http.StatusOK, ask(t, system, http.MethodGet, "/orders", "").status, "the field is what is accepted")
}

func TestCreateOrder(t *testing.T) {
	t.Parallel()

	whole := func(key, status string) string {
		return `{"orderId":7,"orderNumber":"101","orderKey":` + strconv.Quote(key) + `,"orderDate":"2026-03-04","orderStatus":` +
			strconv.Quote(status) + `,"billTo":{},"shipTo":{}}`
	}

	t.Run("clears what is missing", func(t *testing.T) {
		t.Parallel()

		system := shipstationtest.New(t)
		id := system.AddOrder("101", shipstationtest.OnHold)
		require.Equal(t, http.StatusOK, ask(t, system, http.MethodPost, "/orders/createorder", whole("key-900001", "cancelled")).status)
		doc, ok := system.Order(id)
		require.True(t, ok)
		require.NotContains(t, doc, "tagIds")
		require.JSONEq(t, "900001", string(doc["orderId"]))
		require.Equal(t, shipstationtest.ActionCancel, system.Effects()[0].Action)
	})

	t.Run("makes an order of an unknown key", func(t *testing.T) {
		t.Parallel()

		system := shipstationtest.New(t)
		system.AddOrder("101", shipstationtest.OnHold)
		answer := ask(t, system, http.MethodPost, "/orders/createorder", whole("key-7", "on_hold"))
		require.Equal(t, http.StatusOK, answer.status)
		require.JSONEq(t, "900002", string(answer.body["orderId"]))
		require.Equal(t, []int64{900001, 900002}, system.IDs("101"))
		require.Equal(t, shipstationtest.ActionCreate, system.Effects()[0].Action)
	})

	t.Run("updates only what is open", func(t *testing.T) {
		t.Parallel()

		for status, want := range map[string]int{
			shipstationtest.AwaitingPayment: 200, shipstationtest.AwaitingShipment: 200, shipstationtest.OnHold: 200,
			shipstationtest.Cancelled: 400, shipstationtest.PendingFulfillment: 400, shipstationtest.RejectedFulfillment: 400, shipstationtest.Shipped: 400,
		} {
			system := shipstationtest.New(t)
			system.AddOrder("101", status)
			require.Equal(t, want, ask(t, system, http.MethodPost, "/orders/createorder", whole("key-900001", "awaiting_shipment")).status, status)
			require.Len(t, system.Effects(), map[int]int{200: 1, 400: 0}[want], status)
		}
	})

	for name, body := range map[string]string{
		"part of an order": `{"orderKey":"key-900001","orderStatus":"cancelled"}`,
		"no JSON":          `{`,
		"a list":           `[]`,
		"too much":         strings.Repeat(" ", 1<<20) + whole("key-900001", "cancelled"),
	} {
		t.Run("refuses "+name, func(t *testing.T) {
			t.Parallel()

			system := shipstationtest.New(t)
			system.AddOrder("101", shipstationtest.OnHold)
			require.Equal(t, http.StatusBadRequest, ask(t, system, http.MethodPost, "/orders/createorder", body).status)
			require.Empty(t, system.Effects())
		})
	}
}

func TestRefusedRequests(t *testing.T) {
	t.Parallel()

	for _, c := range []struct {
		method, path, body string
		status             int
	}{
		{http.MethodGet, "/orders?number=101", "", http.StatusBadRequest},
		{http.MethodGet, "/orders?orderNumber=1&orderNumber=2", "", http.StatusBadRequest},
		{http.MethodGet, "/orders?page=0", "", http.StatusBadRequest},
		{http.MethodGet, "/orders?storeId=x", "", http.StatusBadRequest},
		{http.MethodGet, "/orders/x", "", http.StatusBadRequest},
		{http.MethodGet, "/orders/7", "", http.StatusNotFound},
		{http.MethodGet, "/stores/7", "", http.StatusNotFound},
		{http.MethodGet, "/shipments", "", http.StatusNotFound},
		{http.MethodPost, "/orders/markasshipped", `{"orderId":900001}`, http.StatusBadRequest},
		{http.MethodPost, "/orders/markasshipped", `{"carrierCode":"ups"}`, http.StatusBadRequest},
		{http.MethodPost, "/orders/markasshipped", `{"orderId":900001,"carrierCode":"ups","carrier":"ups"}`, http.StatusBadRequest},
		{http.MethodPost, "/orders/markasshipped", `{"orderId":7,"carrierCode":"ups"}`, http.StatusNotFound},
	} {
		t.Run(c.method+" "+c.path+c.body, func(t *testing.T) {
			t.Parallel()

			system := shipstationtest.New(t)
			system.AddOrder("101", shipstationtest.OnHold)
			require.Equal(t, c.status, ask(t, system, c.method, c.path, c.body).status)
			require.Empty(t, system.Effects())
		})
	}
}

func TestLife(t *testing.T) {
	t.Parallel()

	ctx, cancel := context.WithCancel(t.Context())
	system, err := shipstationtest.Start(ctx)
	require.NoError(t, err)
	require.ErrorContains(t, system.SetStatus(7, shipstationtest.Shipped), "7")
	_, ok := system.Order(7)
	require.False(t, ok)
	cancel()
	system.Close()
	system.Close()
	_, err = http.Get(system.URL)
	require.Error(t, err)
}
