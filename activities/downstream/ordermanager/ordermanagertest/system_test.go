package ordermanagertest_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream/ordermanager/ordermanagertest"
)

// send makes a request and returns the status and the body of its answer.
func send(t *testing.T, s *ordermanagertest.System, method, path, body string, changes ...func(*http.Request)) (status int, answer string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+s.Token)
	req.Header.Set("Content-Type", "application/json")
	for _, change := range changes {
		change(req)
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { require.NoError(t, resp.Body.Close()) }()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(raw)
}

func TestSearch(t *testing.T) {
	t.Parallel()

	s := ordermanagertest.New(t)
	for i := range 25 {
		s.AddOrder(strconv.Itoa(100+i), "ON_HOLD")
	}
	s.AddOrderOf(1, "100", "SHIPPED")
	for query, want := range map[string]int{
		"":                                      26,
		"?orderNumber=100":                      2,
		"?orderNumber=100&orderNumber=101":      3,
		"?orderNumber=100&salesChannelId=4711":  1,
		"?orderNumber=10":                       0,
		"?salesChannelId=0":                     26,
		"?limit=10&page=3":                      6,
		"?limit=10&page=4":                      0,
		"?oderNumber=100":                       26,
		"?limit=1000&page=9223372036854":        0,
		"?orderNumber=orderbridge-probe&page=1": 0,
	} {
		status, body := send(t, s, http.MethodGet, "/v1.1/orders"+query, "")
		require.Equal(t, http.StatusOK, status, query)
		var got []map[string]any
		require.NoError(t, json.Unmarshal([]byte(body), &got), query)
		require.Len(t, got, want, query)
	}
	for _, query := range []string{"?limit=9", "?limit=1001", "?limit=x", "?page=0", "?page=-1", "?salesChannelId=x"} {
		status, _ := send(t, s, http.MethodGet, "/v1.1/orders"+query, "")
		require.Equal(t, http.StatusBadRequest, status, query)
	}
}

func TestGet(t *testing.T) {
	t.Parallel()

	s := ordermanagertest.New(t)
	id := strconv.FormatInt(s.AddOrder("218", "ON_HOLD"), 10)
	for path, want := range map[string]int{
		"/v1.1/orders/" + id: http.StatusOK, "/v1.1/orders/1": http.StatusNotFound, "/v1.1/orders/x": http.StatusBadRequest,
		"/v1.1/elsewhere": http.StatusNotFound,
	} {
		status, _ := send(t, s, http.MethodGet, path, "")
		require.Equal(t, want, status, path)
	}
	status, _ := send(t, s, http.MethodGet, "/v1.1/orders/"+id, "", func(r *http.Request) { r.Header.Del("Authorization") })
	require.Equal(t, http.StatusUnauthorized, status)
}

func TestCancel(t *testing.T) {
	t.Parallel()

	const flags = "&updateSalesChannels=false&refundOrdersOnChannels=false"
	for name, c := range map[string]struct {
		query  string
		status int
		echoed []string
	}{
		"by id":                {"?cancelReasonType=OTHER&orderId=900001" + flags, http.StatusOK, nil},
		"by number":            {"?cancelReasonType=OTHER&orderNumber=218&salesChannelId=4711" + flags, http.StatusOK, nil},
		"without the flags":    {"?cancelReasonType=OTHER&orderId=900001", http.StatusOK, []string{"sales channel", "refund"}},
		"with the flags set":   {"?cancelReasonType=OTHER&orderId=900001&updateSalesChannels=true&refundOrdersOnChannels=false", http.StatusOK, []string{"sales channel"}},
		"no reason":            {"?orderId=900001" + flags, http.StatusBadRequest, nil},
		"another reason":       {"?cancelReasonType=BORED&orderId=900001" + flags, http.StatusBadRequest, nil},
		"number alone":         {"?cancelReasonType=OTHER&orderNumber=218" + flags, http.StatusBadRequest, nil},
		"another channel":      {"?cancelReasonType=OTHER&orderId=900001&salesChannelId=1" + flags, http.StatusNotFound, nil},
		"another number":       {"?cancelReasonType=OTHER&orderNumber=219&salesChannelId=4711" + flags, http.StatusNotFound, nil},
		"a misspelled flag":    {"?cancelReasonType=OTHER&orderId=900001&updateSalesChannel=false", http.StatusBadRequest, nil},
		"shipped":              {"?cancelReasonType=OTHER&orderId=900002" + flags, http.StatusBadRequest, nil},
		"id that is no number": {"?cancelReasonType=OTHER&orderId=x" + flags, http.StatusBadRequest, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := ordermanagertest.New(t)
			s.AddOrder("218", "ON_HOLD")
			s.AddOrder("220", "SHIPPED")
			before := s.Orders()
			status, _ := send(t, s, http.MethodPost, "/v1/orders/cancel"+c.query, "")
			require.Equal(t, c.status, status)
			if c.status != http.StatusOK {
				require.Empty(t, s.Effects())
				require.Equal(t, before, s.Orders())
				return
			}
			require.Len(t, s.Effects(), 1)
			require.Equal(t, c.echoed, s.Effects()[0].Echoed)
			after, ok := s.Order("218")
			require.True(t, ok)
			require.Equal(t, "CANCELLED", after.Status)
			require.NotEqual(t, before[0].ModifiedAt, after.ModifiedAt)
			again, _ := send(t, s, http.MethodPost, "/v1/orders/cancel"+c.query, "")
			require.Equal(t, http.StatusBadRequest, again)
		})
	}
}

func TestShip(t *testing.T) {
	t.Parallel()

	const parcel = `"trackingNumber":"1Z","shipMethod":{"shippingCarrier":"UPS"}`
	for name, c := range map[string]struct {
		body    string
		status  int
		results []string
		echoed  []string
	}{
		"by id": {
			`{"notifyCustomer":false,"updateChannel":false,"shipments":[{"orderId":900001,` + parcel + `}]}`,
			http.StatusOK,
			[]string{"SUCCESS"},
			nil,
		},
		"by number, two parcels": {
			`{"notifyCustomer":false,"updateChannel":false,"shipments":[
				{"orderNumber":"218","salesChannelId":"4711",` + parcel + `},{"orderId":900001,` + parcel + `}]}`,
			http.StatusOK,
			[]string{"SUCCESS", "SUCCESS"},
			nil,
		},
		"without the flags": {
			`{"shipments":[{"orderId":900001,` + parcel + `}]}`, http.StatusOK, []string{"SUCCESS"}, []string{"customer", "sales channel"},
		},
		"no tracking number": {
			`{"shipments":[{"orderId":900001,"shipMethod":{"shippingCarrier":"UPS"}}]}`, http.StatusOK, []string{"ERROR"}, nil,
		},
		"no carrier":    {`{"shipments":[{"orderId":900001,"trackingNumber":"1Z"}]}`, http.StatusOK, []string{"ERROR"}, nil},
		"a bad date":    {`{"shipments":[{"orderId":900001,"shipDate":"soon",` + parcel + `}]}`, http.StatusOK, []string{"ERROR"}, nil},
		"another order": {`{"shipments":[{"orderId":1,` + parcel + `}]}`, http.StatusOK, []string{"ERROR"}, nil},
		"cancelled":     {`{"shipments":[{"orderId":900002,` + parcel + `}]}`, http.StatusOK, []string{"ERROR"}, nil},
		"one of two": {
			`{"notifyCustomer":false,"updateChannel":false,"shipments":[{"orderId":900002,` + parcel + `},{"orderId":900001,` + parcel + `}]}`,
			http.StatusOK,
			[]string{"ERROR", "SUCCESS"},
			nil,
		},
		"nothing":           {`{"shipments":[]}`, http.StatusBadRequest, nil, nil},
		"not JSON":          {`}`, http.StatusBadRequest, nil, nil},
		"a misspelled flag": {`{"updateChanel":false,"shipments":[{"orderId":900001,` + parcel + `}]}`, http.StatusBadRequest, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := ordermanagertest.New(t)
			s.AddOrder("218", "AWAITING_SHIPMENT")
			s.AddOrder("220", "CANCELLED")
			status, body := send(t, s, http.MethodPut, "/v1.1/shipment/external", c.body)
			require.Equal(t, c.status, status)
			shipped := 0
			if c.status == http.StatusOK {
				var results []struct {
					Status string `json:"status"`
				}
				require.NoError(t, json.Unmarshal([]byte(body), &results))
				require.Len(t, results, len(c.results))
				for i, r := range results {
					require.Equal(t, c.results[i], r.Status)
					if r.Status == "SUCCESS" {
						shipped++
					}
				}
			}
			order, ok := s.Order("218")
			require.True(t, ok)
			if shipped == 0 {
				require.Empty(t, s.Effects())
				require.Equal(t, "AWAITING_SHIPMENT", order.Status)
				return
			}
			require.Equal(t, "SHIPPED", order.Status)
			require.Len(t, s.Effects(), 1)
			require.Len(t, s.Effects()[0].Shipments, shipped)
			require.Equal(t, c.echoed, s.Effects()[0].Echoed)
		})
	}

	t.Run("not announced as JSON", func(t *testing.T) {
		t.Parallel()

		status, _ := send(t, ordermanagertest.New(t), http.MethodPut, "/v1.1/shipment/external", "{}",
			func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") })
		require.Equal(t, http.StatusUnsupportedMediaType, status)
	})
}

func TestLife(t *testing.T) {
	t.Parallel()

	t.Run("ends with its context", func(t *testing.T) {
		t.Parallel()

		ctx, cancel := context.WithCancel(t.Context())
		s, err := ordermanagertest.Start(ctx, ordermanagertest.WithToken("t"))
		require.NoError(t, err)
		require.Equal(t, "t", s.Token)
		cancel()
		s.Close() // waits until it no longer listens
		_, err = ordermanagertest.Start(t.Context(), ordermanagertest.WithListenAddress(strings.TrimPrefix(s.URL, "http://")))
		require.NoError(t, err, "the address is free again")
	})

	t.Run("address in use", func(t *testing.T) {
		t.Parallel()

		s := ordermanagertest.New(t)
		_, err := ordermanagertest.Start(t.Context(), ordermanagertest.WithListenAddress(strings.TrimPrefix(s.URL, "http://")))
		require.ErrorContains(t, err, "listen on")
	})

	t.Run("an order that does not exist", func(t *testing.T) {
		t.Parallel()

		require.ErrorContains(t, ordermanagertest.New(t).SetStatus(1, "SHIPPED"), "no order")
	})
}

// TestFidelity checks that each row of the table has one of the three labels and
// a source.
func TestFidelity(t *testing.T) {
	t.Parallel()

	table, err := os.ReadFile("FIDELITY.md")
	require.NoError(t, err)
	rows := 0
	for line := range strings.Lines(string(table)) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) < 5 || strings.TrimSpace(cells[1]) == "Behavior" || strings.HasPrefix(cells[1], "-") {
			continue
		}
		rows++
		require.Contains(t, []string{"documented", "inferred", "guessed"}, strings.TrimSpace(cells[2]), line)
		require.NotEmpty(t, strings.TrimSpace(cells[3]), line)
	}
	require.Greater(t, rows, 20)
}
