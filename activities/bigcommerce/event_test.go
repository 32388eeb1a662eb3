package bigcommerce_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
)

const goldenSuffix = ".golden.json"

// eventFiles returns the names of the callbacks in testdata/events, without
// .json.
func eventFiles(tb testing.TB) []string {
	tb.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "events", "*.json"))
	require.NoError(tb, err)
	var names []string
	for _, file := range files {
		if !strings.HasSuffix(file, goldenSuffix) {
			names = append(names, strings.TrimSuffix(filepath.Base(file), ".json"))
		}
	}
	require.NotEmpty(tb, names)
	return names
}

func TestParseEvent(t *testing.T) {
	t.Parallel()
	for _, name := range eventFiles(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			event, err := bigcommerce.ParseEvent([]byte(readFile(t, "events/"+name+".json")))
			require.NoError(t, err)
			got, err := json.Marshal(event)
			require.NoError(t, err)
			want := readFile(t, "events/"+name+goldenSuffix)
			require.JSONEq(t, want, string(got))

			var again bigcommerce.Event
			require.NoError(t, json.Unmarshal([]byte(want), &again))
			require.Equal(t, again, event)
		})
	}
}

func TestParseEventRefuses(t *testing.T) {
	t.Parallel()
	order := func(data string) string { return `{"scope":"store/order/created","data":` + data + `}` }
	for name, test := range map[string]struct {
		body  string
		cause bigcommerce.EventCause
	}{
		"empty":                {"", bigcommerce.EventNotJSON},
		"blank":                {" \n", bigcommerce.EventNotJSON},
		"HTML":                 {"<html>", bigcommerce.EventNotJSON},
		"cut short":            {`{"scope":"store/order/created","data":{"type":"or`, bigcommerce.EventNotJSON},
		"form":                 {"scope=store/order/created", bigcommerce.EventNotJSON},
		"byte order mark":      {"\ufeff" + order(`{"type":"order","id":1}`), bigcommerce.EventNotJSON},
		"two values":           {order(`{"type":"order","id":1}`) + "{}", bigcommerce.EventTrailingData},
		"value and garbage":    {order(`{"type":"order","id":1}`) + "]", bigcommerce.EventTrailingData},
		"array":                {"[" + order(`{"type":"order","id":1}`) + "]", bigcommerce.EventNotObject},
		"null":                 {"null", bigcommerce.EventNotObject},
		"string":               {`"store/order/created"`, bigcommerce.EventNotObject},
		"too deep":             {order(strings.Repeat(`[`, 40) + strings.Repeat(`]`, 40)), bigcommerce.EventTooDeep},
		"too deep without end": {strings.Repeat(`{"a":`, 100_000), bigcommerce.EventTooDeep},
		"no scope":             {`{"data":{"type":"order","id":1}}`, bigcommerce.EventNoScope},
		"scope in capitals":    {`{"Scope":"store/order/created","data":{"type":"order","id":1}}`, bigcommerce.EventNoScope},
		"scope null":           {`{"scope":null}`, bigcommerce.EventNoScope},
		"scope empty":          {`{"scope":""}`, bigcommerce.EventNoScope},
		"scope number":         {`{"scope":5}`, bigcommerce.EventBadScope},
		"scope with a space":   {`{"scope":"store order"}`, bigcommerce.EventBadScope},
		"scope too long":       {`{"scope":"` + strings.Repeat("a", 256) + `"}`, bigcommerce.EventBadScope},
		"data missing":         {`{"scope":"store/order/created"}`, bigcommerce.EventNoData},
		"data null":            {order(`null`), bigcommerce.EventNoData},
		"data array":           {order(`[{"type":"order","id":1}]`), bigcommerce.EventNoData},
		"data empty":           {order(`{}`), bigcommerce.EventNoOrderID},
		"id null":              {order(`{"type":"order","id":null}`), bigcommerce.EventNoOrderID},
		"id zero":              {order(`{"type":"order","id":0}`), bigcommerce.EventNoOrderID},
		"id negative":          {order(`{"type":"order","id":-4}`), bigcommerce.EventNoOrderID},
		"id fraction":          {order(`{"type":"order","id":2.5}`), bigcommerce.EventNoOrderID},
		"id too large":         {order(`{"type":"order","id":1e300}`), bigcommerce.EventNoOrderID},
		"id of something else": {order(`{"type":"customer","id":7}`), bigcommerce.EventNoOrderID},
		"shipment's own id":    {`{"scope":"store/shipment/created","data":{"type":"shipment","id":12}}`, bigcommerce.EventNoOrderID},
		"metafield's own id":   {`{"scope":"store/order/metafield/created","data":{"metafield_id":14,"id":14}}`, bigcommerce.EventNoOrderID},
		"bare id of a channel": {`{"scope":"store/channel/1/order/created","data":{"id":7}}`, bigcommerce.EventNoOrderID},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := bigcommerce.ParseEvent([]byte(test.body))
			var failure *bigcommerce.EventError
			require.ErrorAs(t, err, &failure)
			require.Equal(t, test.cause, failure.Cause)
			require.Contains(t, bigcommerce.EventCauses(), failure.Cause)
			require.ErrorContains(t, err, string(test.cause))
		})
	}

	t.Run("keeps what could be read", func(t *testing.T) {
		t.Parallel()
		event, err := bigcommerce.ParseEvent([]byte(
			`{"producer":"stores/k7q2","hash":"abc","scope":"store/order/created","data":{"type":"order"}}`))
		require.EqualError(t, err, "bigcommerce: callback of scope store/order/created cannot be used: no_order_id")
		require.Equal(t, bigcommerce.Event{
			StoreHash: "k7q2", Hash: "abc", Scope: bigcommerce.ScopeOrderCreated, DataType: "order",
		}, event)
	})

	t.Run("brackets in strings do not nest", func(t *testing.T) {
		t.Parallel()
		event, err := bigcommerce.ParseEvent([]byte(` {"note":"\"` + strings.Repeat(`[{`, 50) + `", "scope" : "store/order/created" ,
			"data": { "type": "order" , "id" : 9 } } ` + "\r\n"))
		require.NoError(t, err)
		require.Equal(t, int64(9), event.OrderID)
	})
}

func FuzzParseEvent(f *testing.F) {
	for _, name := range eventFiles(f) {
		raw := []byte(readFile(f, "events/"+name+".json"))
		f.Add(raw)
		f.Add(raw[:len(raw)/2])
	}
	f.Add([]byte(`{"scope":"store/order/*","data":{"order_id":1e2}}`))
	f.Add([]byte("[[[[\"\\u0000\"]]]]"))
	f.Fuzz(func(t *testing.T, body []byte) {
		event, err := bigcommerce.ParseEvent(body)
		if err != nil {
			var failure *bigcommerce.EventError
			require.ErrorAs(t, err, &failure)
			require.Contains(t, bigcommerce.EventCauses(), failure.Cause)
		} else {
			require.True(t, bigcommerce.ValidScope(event.Scope))
			require.GreaterOrEqual(t, event.OrderID, int64(0))
			if bigcommerce.IsOrderScope(event.Scope) {
				require.Positive(t, event.OrderID)
			}
			if event.HookException != nil {
				require.Equal(t, bigcommerce.ScopeHookDeliveryException, event.Scope)
			}
		}
		// What was read is recorded, and must come back as it was.
		raw, err := json.Marshal(event)
		require.NoError(t, err)
		var again bigcommerce.Event
		require.NoError(t, json.Unmarshal(raw, &again))
		require.Equal(t, event, again)
	})
}
