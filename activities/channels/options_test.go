package channels_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/downstream"
)

func TestOptions(t *testing.T) {
	t.Parallel()
	var options channels.Options
	options = options.With("store_id", "7").With("carriers", "usps=usps").With("time_zone", "UTC")
	require.Equal(t, channels.Options{
		{Name: "carriers", Value: "usps=usps"}, {Name: "store_id", Value: "7"}, {Name: "time_zone", Value: "UTC"},
	}, options, "in the order of their names, whatever the order in which they were set")
	before := options
	changed := options.With("store_id", "8").With("carriers", "").With("absent", "")
	require.Equal(t, channels.Options{{Name: "store_id", Value: "8"}, {Name: "time_zone", Value: "UTC"}}, changed)
	require.Equal(t, before, options, "what is derived leaves the rest alone")
	require.Equal(t, "7", options.Get("store_id"))
	require.Empty(t, options.Get("absent"))
	require.Equal(t, "carriers=usps=usps, store_id=7, time_zone=UTC", options.String())
	require.Equal(t, downstream.Values{"store_id": "8", "time_zone": "UTC"}, changed.Values())
}

func TestOptionsAsJSON(t *testing.T) {
	t.Parallel()
	end := channels.Downstream{Adapter: "rest"}
	text, err := json.Marshal(end)
	require.NoError(t, err)
	require.NotContains(t, string(text), "options", "a channel without options is written as before there were any")

	end.Options = end.Options.With("b", `say "hi"`).With("a", "1")
	text, err = json.Marshal(end)
	require.NoError(t, err)
	require.Contains(t, string(text), `"options":{"a":"1","b":"say \"hi\""}`)
	var back channels.Downstream
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, end, back)

	var options channels.Options
	require.NoError(t, json.Unmarshal([]byte(`{"z": true, "n": 12345678901234567890, "d": 2.50, "gone": null, "empty": ""}`), &options))
	require.Equal(t, channels.Options{{Name: "d", Value: "2.50"}, {Name: "n", Value: "12345678901234567890"}, {Name: "z", Value: "true"}}, options)
	for _, wrong := range []string{`[]`, `"x"`, `{"a": {}}`, `{"a": [1]}`} {
		require.ErrorContains(t, json.Unmarshal([]byte(wrong), &options), "must be", wrong)
	}
}

func TestDiffOfOptions(t *testing.T) {
	t.Parallel()
	var was, is channels.Channel
	was.Downstream.Options = channels.Options{}.With("b", "1").With("c", "1").With("e", "1")
	is.Downstream.Options = channels.Options{}.With("a", "2").With("c", "2").With("d", "2").With("e", "1")
	require.Equal(t, []channels.FieldChange{
		{Field: "downstream.options.a", Was: "", Is: "2"},
		{Field: "downstream.options.b", Was: "1", Is: ""},
		{Field: "downstream.options.c", Was: "1", Is: "2"},
		{Field: "downstream.options.d", Was: "", Is: "2"},
	}, channels.Diff(was, is))
}

func TestDownstreamCheck(t *testing.T) {
	t.Parallel()
	drivers := downstream.Drivers{
		{Name: "own", Title: "A system of one's own"},
		{Name: "hosted", Title: "A hosted one", BaseURL: "https://api.example.com", Options: []downstream.Option{
			{Name: "account", Usage: "the number of the account", Form: downstream.FormNumber, Required: true},
			{Name: "zone", Usage: "a zone", Form: downstream.FormText, OneOf: []string{"east", "west"}},
		}},
	}
	for name, tc := range map[string]struct {
		end  channels.Downstream
		says []string
	}{
		"right":          {end: channels.Downstream{Adapter: "hosted", Options: channels.Options{{Name: "account", Value: "7"}}}},
		"no address":     {channels.Downstream{Adapter: "own"}, []string{"downstream.base_url is missing: the adapter own has no address of its own"}},
		"unknown":        {channels.Downstream{Adapter: "fax"}, []string{`downstream.adapter "fax" is none of own, hosted`}},
		"left out":       {channels.Downstream{Adapter: "hosted"}, []string{"downstream.options.account is missing: the number of the account"}},
		"no such option": {channels.Downstream{Adapter: "own", BaseURL: "https://x.example.com", Options: channels.Options{{Name: "a", Value: "b"}}}, []string{"downstream.options.a is not an option of the adapter own, which has none"}},
		"several": {channels.Downstream{Adapter: "hosted", Options: channels.Options{{Name: "account", Value: "0"}, {Name: "zone", Value: "up"}}}, []string{
			"downstream.options.account must be a whole number above 0", "downstream.options.zone must be one of east, west",
		}},
	} {
		var said []string
		for _, problem := range tc.end.Check(drivers) {
			said = append(said, problem.Error())
		}
		require.Equal(t, tc.says, said, name)
	}
}

func TestValidateBoundsOptions(t *testing.T) {
	t.Parallel()
	c := valid()
	for range channels.MaxOptions + 1 {
		c.Downstream.Options = c.Downstream.Options.With(strings.Repeat("x", len(c.Downstream.Options)+1), "1")
	}
	require.ErrorContains(t, c.Validate(), "downstream.options are more than 50")
}
