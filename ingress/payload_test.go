package ingress_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/workflows"
)

// envelope returns a callback with this scope and data.
func envelope(scope, data string) string {
	return fmt.Sprintf(`{"producer":"stores/abc123","hash":%q,"created_at":1700000000,"store_id":"1001","scope":%q,"data":%s}`, hash, scope, data)
}

// started sends a callback that must be answered with 200 and returns what was
// started.
func (f *fixture) accept(body string) workflows.Webhook {
	f.t.Helper()
	answer := f.do(f.callback(body))
	require.Equal(f.t, http.StatusOK, answer.status)
	requireBare(f.t, answer)
	return f.requireOne()
}

func TestPayloadsAboutOrders(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		scope, data string
		order       int64
	}{
		"created":                     {"store/order/created", `{"type":"order","id":250}`, 250},
		"updated":                     {"store/order/updated", `{"type":"order","id":250}`, 250},
		"archived":                    {"store/order/archived", `{"type":"order","id":250}`, 250},
		"status updated":              {"store/order/statusUpdated", `{"type":"order","id":250,"status":{"previous_status_id":0,"new_status_id":11}}`, 250},
		"status updated, bare":        {"store/order/statusUpdated", `{"type":"order","id":250}`, 250},
		"status updated, null status": {"store/order/statusUpdated", `{"type":"order","id":250,"status":null}`, 250},
		"unknown fields":              {"store/order/statusUpdated", `{"type":"order","id":250,"status":{"new_status_id":5,"why":"x"},"new":[1]}`, 250},
		"id as text":                  {"store/order/statusUpdated", `{"type":"order","id":"250"}`, 250},
		"a large id":                  {"store/order/updated", `{"type":"order","id":9007199254740993}`, 9007199254740993},
		"the family's scope":          {"store/order/*", `{"type":"order","id":250}`, 250},
		"message created":             {"store/order/message/created", `{"type":"order","id":250,"message":{"order_message_id":3}}`, 250},
		"refund created":              {"store/order/refund/created", `{"type":"order","id":250,"refund":{"refund_id":2}}`, 250},
		"transaction created":         {"store/order/transaction/created", `{"type":"transaction","order_id":"250"}`, 250},
		"transaction updated":         {"store/order/transaction/updated", `{"type":"transaction","order_id":250}`, 250},
		"metafield created":           {"store/order/metafield/created", `{"type":"metafield","metafield_id":14,"resource_id":"250"}`, 250},
		"shipment created":            {"store/shipment/created", `{"type":"shipment","id":12,"orderId":251}`, 251},
		"shipment updated":            {"store/shipment/updated", `{"type":"shipment","id":12,"orderId":"251"}`, 251},
		"shipment deleted":            {"store/shipment/deleted", `{"type":"shipment","id":12,"orderId":251}`, 251},
		"channel order created":       {"store/channel/1/order/created", `{"order_id":127}`, 127},
		"channel order updated":       {"store/channel/1667883/order/updated", `{"order_id":127}`, 127},
		"channel status updated":      {"store/channel/2/order/statusUpdated", `{"order_id":127}`, 127},
		"channel refund":              {"store/channel/2/order/refund/created", `{"order_id":127,"refund":{"refund_id":2}}`, 127},
		"channel message":             {"store/channel/2/order/message/created", `{"order_id":127,"message":{"order_message_id":3}}`, 127},
		"every channel":               {"store/channel/*/order/statusUpdated", `{"order_id":127}`, 127},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			got := f.accept(envelope(tc.scope, tc.data))
			require.Nil(t, got.Rejection)
			require.Equal(t, tc.scope, got.Scope)
			require.Equal(t, tc.order, got.OrderID)
			require.Equal(t, hash, got.Hash)
			require.Equal(t, "abc123", got.StoreHash)
			require.Equal(t, time.Unix(1_700_000_000, 0).UTC(), got.EventAt)
			require.Equal(t, "webhook/main/"+tc.scope+"/"+strconv.FormatInt(tc.order, 10)+"/"+hash, got.ID())
			require.Equal(t, map[string]int{"accepted": 1}, f.results())
		})
	}
}

func TestEnvelopesThatDiffer(t *testing.T) {
	t.Parallel()
	at := time.Unix(1_700_000_000, 0).UTC()
	for name, tc := range map[string]struct {
		body      string
		storeHash string
		at        time.Time
	}{
		"keys in another order": {
			`{"data":{"id":218,"type":"order"},"scope":"store/order/updated","hash":"` + hash + `","store_id":1001,"created_at":1700000000,"producer":"stores/abc123"}`,
			"abc123", at,
		},
		"spaces":                 {" \n" + strings.ReplaceAll(statusUpdated, ",", " ,\t") + "\r\n", "abc123", at},
		"time as text":           {strings.Replace(statusUpdated, "1700000000", `"1700000000"`, 1), "abc123", at},
		"no time":                {strings.Replace(statusUpdated, `"created_at":1700000000,`, "", 1), "abc123", time.Time{}},
		"no producer":            {strings.Replace(statusUpdated, `"producer":"stores/abc123",`, "", 1), "", at},
		"a producer of no store": {strings.Replace(statusUpdated, "stores/abc123", "apps/7", 1), "", at},
		"a hostile producer":     {strings.Replace(statusUpdated, "stores/abc123", "stores/../../etc", 1), "", at},
		"unknown fields":         {strings.Replace(statusUpdated, `"data"`, `"version":2,"nested":{"a":[1]},"data"`, 1), "abc123", at},
		"no store id":            {strings.Replace(statusUpdated, `"store_id":"1001",`, "", 1), "abc123", at},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := setup(t).accept(tc.body)
			require.Nil(t, got.Rejection)
			require.Equal(t, int64(218), got.OrderID)
			require.Equal(t, tc.storeHash, got.StoreHash)
			require.Equal(t, tc.at, got.EventAt)
			require.Equal(t, hash, got.Hash)
		})
	}
}

func TestPayloadsThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		body   string
		reason workflows.Reason
		scope  string
	}{
		"nothing":           {"", workflows.ReasonNotJSON, ""},
		"not JSON":          {"order 218 of private@example.com", workflows.ReasonNotJSON, ""},
		"cut JSON":          {statusUpdated[:100], workflows.ReasonNotJSON, ""},
		"two documents":     {statusUpdated + statusUpdated, workflows.ReasonNotJSON, ""},
		"a list":            {"[" + statusUpdated + "]", workflows.ReasonNotJSON, ""},
		"a text":            {`"private@example.com"`, workflows.ReasonNotJSON, ""},
		"null":              {"null", workflows.ReasonNotJSON, ""},
		"a byte order mark": {"\ufeff" + statusUpdated, workflows.ReasonNotJSON, ""},
		"deeply nested":     {strings.Repeat("[", 1000) + strings.Repeat("]", 1000), workflows.ReasonNotJSON, ""},
		"not text":          {"\x00\x01\xff\xfe", workflows.ReasonNotJSON, ""},
		"no scope":          {`{"hash":"` + hash + `","data":{"id":218,"note":"private@example.com"}}`, workflows.ReasonUnknownScope, ""},
		"an empty scope":    {envelope("", `{"type":"order","id":218}`), workflows.ReasonUnknownScope, ""},
		"a number as scope": {`{"scope":7,"data":{"id":218}}`, workflows.ReasonUnknownScope, ""},
		"a hostile scope":   {envelope("store/order/../private@example.com", `{"type":"order","id":218}`), workflows.ReasonUnknownScope, ""},
		"a long scope":      {envelope("store/order/"+strings.Repeat("x", 300), `{"type":"order","id":218}`), workflows.ReasonUnknownScope, ""},
		"about a product":   {envelope("store/product/updated", `{"type":"product","id":205}`), workflows.ReasonUnknownScope, "store/product/updated"},
		"about a sku": {
			envelope("store/sku/created", `{"type":"sku","id":461,"sku":{"product_id":206,"variant_id":509}}`),
			workflows.ReasonUnknownScope, "store/sku/created",
		},
		"about stock": {
			envelope("store/product/inventory/order/updated", `{"type":"product","id":167,"inventory":{"product_id":167,"method":"relative","value":-4}}`),
			workflows.ReasonUnknownScope, "store/product/inventory/order/updated",
		},
		"about stock at a location": {
			envelope("store/channel/*/inventory/product/stock_changed", `{"variant_id":1,"product_id":2,"location_id":3}`),
			workflows.ReasonUnknownScope, "store/channel/*/inventory/product/stock_changed",
		},
		"about price lists": {envelope("store/priceList/record/updated", `[{"price_list_id":1}]`), workflows.ReasonUnknownScope, "store/priceList/record/updated"},
		"about the app":     {envelope("store/app/uninstalled", `{"type":"app"}`), workflows.ReasonUnknownScope, "store/app/uninstalled"},
		"about the store":   {envelope("store/information/updated", `{"type":"store"}`), workflows.ReasonUnknownScope, "store/information/updated"},
		"about a delivery": {
			envelope("store/hook/deliveryException", `{"type":"webhook","id":123,"error_code":90001,"message":"private@example.com"}`),
			workflows.ReasonUnknownScope, "store/hook/deliveryException",
		},
		"no data":         {`{"hash":"` + hash + `","scope":"store/order/updated"}`, workflows.ReasonNoOrder, "store/order/updated"},
		"a list as data":  {envelope("store/order/updated", `[218]`), workflows.ReasonNoOrder, "store/order/updated"},
		"no id":           {envelope("store/order/updated", `{"type":"order"}`), workflows.ReasonNoOrder, "store/order/updated"},
		"id zero":         {envelope("store/order/updated", `{"type":"order","id":0}`), workflows.ReasonNoOrder, "store/order/updated"},
		"a negative id":   {envelope("store/order/updated", `{"type":"order","id":-218}`), workflows.ReasonNoOrder, "store/order/updated"},
		"a fraction":      {envelope("store/order/updated", `{"type":"order","id":21.8}`), workflows.ReasonNoOrder, "store/order/updated"},
		"a word as id":    {envelope("store/order/updated", `{"type":"order","id":"private@example.com"}`), workflows.ReasonNoOrder, "store/order/updated"},
		"a shipment's id": {envelope("store/shipment/created", `{"type":"shipment","id":12}`), workflows.ReasonNoOrder, "store/shipment/created"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			got := f.accept(tc.body)
			require.NotNil(t, got.Rejection)
			require.Equal(t, tc.reason, got.Rejection.Reason)
			require.NotEmpty(t, got.Rejection.Detail)
			require.Equal(t, len(tc.body), got.Rejection.Size)
			require.Equal(t, tc.scope, got.Scope)
			require.Zero(t, got.OrderID)
			require.Equal(t, "main", got.Channel)
			require.Equal(t, 1, got.SecretVersion)
			require.True(t, strings.HasPrefix(got.ID(), "webhook/main/rejected/"), got.ID())
			require.Equal(t, map[string]int{"rejected": 1}, f.results())
			recorded, err := json.Marshal(got)
			require.NoError(t, err)
			for what, text := range map[string]string{"history": string(recorded), "summary": got.Summary(), "log": f.log.String()} {
				require.NotContains(t, text, "private@example.com", what)
				require.NotContains(t, text, "xxxxx", what)
			}
		})
	}
}

func TestPayloadWithoutAUsableHash(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]string{
		"none":          ``,
		"empty":         `"hash":"",`,
		"null":          `"hash":null,`,
		"a number":      `"hash":12,`,
		"too short":     `"hash":"abc",`,
		"with a slash":  `"hash":"../../channel/main",`,
		"with spaces":   `"hash":"0123456789 0123456789",`,
		"not ASCII":     `"hash":"ключключключ",`,
		"far too long":  `"hash":"` + strings.Repeat("a", 200) + `",`,
		"an object":     `"hash":{"a":"` + hash + `"},`,
		"with control":  `"hash":"0123456789\u00000123456789",`,
		"with newlines": `"hash":"0123456789\n0123456789",`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := strings.Replace(statusUpdated, `"hash":"`+hash+`",`, value, 1)
			got := setup(t).accept(body)
			sum := sha256.Sum256([]byte(body))
			require.Equal(t, hex.EncodeToString(sum[:]), got.Hash)
			require.Nil(t, got.Rejection, "the order can be looked at all the same")
			require.Equal(t, int64(218), got.OrderID)
		})
	}
}
