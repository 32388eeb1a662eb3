package channels_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/seal"
)

// bookkeeping are the fields that Diff leaves out.
var bookkeeping = []string{"revision", "created_at", "secret_version", "secret_floor", "store_since", "connection", "former"}

// leaf is one field of a channel that holds a value of its own.
type leaf struct {
	name  string
	index []int
}

// leaves lists every leaf of a struct, as its JSON shows it.
func leaves(t *testing.T, of reflect.Type, prefix string, at []int) []leaf {
	t.Helper()
	var out []leaf
	for i := range of.NumField() {
		field := of.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		require.NotEmpty(t, name, "%s needs a json tag", field.Name)
		index := append(append([]int{}, at...), i)
		if field.Type.Kind() == reflect.Struct && field.Type != reflect.TypeFor[time.Time]() {
			out = append(out, leaves(t, field.Type, prefix+name+".", index)...)
			continue
		}
		out = append(out, leaf{name: prefix + name, index: index})
	}
	return out
}

// set gives a field a value that is not its zero value.
func set(t *testing.T, v reflect.Value) {
	t.Helper()
	switch v.Kind() {
	case reflect.String:
		v.SetString("changed")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	case reflect.Uint8:
		v.SetUint(7)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		set(t, v.Index(0))
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Unix(7, 0)))
			return
		}
		for _, field := range v.Fields() {
			set(t, field)
		}
	default:
		require.Fail(t, "a field of a kind that this test does not know", v.Type().String())
	}
}

func TestDiffKnowsEveryField(t *testing.T) {
	t.Parallel()
	all := leaves(t, reflect.TypeFor[channels.Channel](), "", nil)
	require.Greater(t, len(all), 15, "the fields were not found")
	for _, field := range all {
		t.Run(field.name, func(t *testing.T) {
			t.Parallel()
			var was, is channels.Channel
			set(t, reflect.ValueOf(&is).Elem().FieldByIndex(field.index))
			there, back := channels.Diff(was, is), channels.Diff(is, was)
			if slices.Contains(bookkeeping, field.name) {
				require.Empty(t, there)
				return
			}
			name := field.name
			if name == "downstream.options" {
				name += ".changed" // the name of the one that was set
			}
			require.Len(t, there, 1)
			require.Equal(t, name, there[0].Field)
			require.NotEqual(t, there[0].Was, there[0].Is)
			require.Equal(t, []channels.FieldChange{{Field: name, Was: there[0].Is, Is: there[0].Was}}, back)
			require.Empty(t, channels.Diff(is, is))
		})
	}
}

func TestDiffSaysWhatChanged(t *testing.T) {
	t.Parallel()
	was := valid()
	is := valid()
	is.Active = false
	is.Store.Hash = "other"
	is.Settings.ValidCancellationStatuses = []string{"On Hold", `Say "when"`}
	is.Settings.FulfillOn = []bigcommerce.StatusID{bigcommerce.StatusShipped}
	is.Settings.StoreChannels = []int64{1, 2}
	is.Settings.Waits.First = channels.Duration(time.Minute)
	require.Equal(t, []channels.FieldChange{
		{Field: "active", Was: "true", Is: "false"},
		{Field: "store.hash", Was: "abc123", Is: "other"},
		{Field: "settings.valid_cancellation_statuses", Was: `["Awaiting Shipment"]`, Is: `["On Hold","Say \"when\""]`},
		{Field: "settings.fulfill_on", Was: "[2,10]", Is: "[2]"},
		{Field: "settings.store_channels", Was: "[]", Is: "[1,2]"},
		{Field: "settings.waits.first", Was: "3m0s", Is: "1m0s"},
	}, channels.Diff(was, is))
}

func TestDiffTakesAnAbsentListForAnEmptyOne(t *testing.T) {
	t.Parallel()
	was, is := valid(), valid()
	was.Settings.StoreChannels, is.Settings.StoreChannels = nil, []int64{}
	was.Store.AccessToken, is.Store.AccessToken = nil, seal.Sealed{}
	require.Empty(t, channels.Diff(was, is))
}

func TestDiffNamesSecretsAndNeverShowsThem(t *testing.T) {
	t.Parallel()
	was, is := valid(), valid()
	is.Store.AccessToken = seal.Sealed("another sealed token")
	is.Downstream.Token = nil
	changes := channels.Diff(was, is)
	require.Equal(t, []channels.FieldChange{
		{Field: "store.access_token", Was: "(secret)", Is: "(secret)"},
		{Field: "downstream.token", Was: "(secret)", Is: "(none)"},
	}, changes)
	text, err := json.Marshal(changes)
	require.NoError(t, err)
	require.NotContains(t, string(text), "sealed")
}
