package activities_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/threepl/threepltest"
)

// TestCheckChannelNamesTheSetting shows that a mistake that only the adapter
// finds is reported with its field, as any other.
func TestCheckChannelNamesTheSetting(t *testing.T) {
	t.Parallel()
	f := setup(t)
	warehouse := threepltest.New(t)
	right := channels.Downstream{
		Adapter: "threepl", BaseURL: warehouse.URL, Token: f.seal(warehouse.ClientID + ":" + warehouse.ClientSecret),
		Options: channels.Options{}.With("customer_id", "12").With("user_login", warehouse.UserLogin),
	}
	for name, tc := range map[string]struct {
		spoil func(*channels.Downstream)
		says  string
	}{
		"an option":   {func(d *channels.Downstream) { d.Options = d.Options.With("tpl", "x") }, "downstream.options.tpl "},
		"the token":   {func(d *channels.Downstream) { d.Token = f.seal("nocolon") }, "downstream.token must be two parts with a colon between them"},
		"the address": {func(d *channels.Downstream) { d.BaseURL = "http://192.0.2.1" }, "downstream.base_url "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			channel := f.channel("other")
			channel.Downstream = right
			tc.spoil(&channel.Downstream)
			err := f.activities.CheckChannel(t.Context(), channel)
			require.ErrorContains(t, err, activities.ErrTypeInvalidSettings)
			require.Regexp(t, `(?m)^`+tc.says, err.Error())
			require.NotContains(t, err.Error(), "nocolon")
		})
	}
}

// TestConnectionsPassOptions shows that a channel's options reach its adapter,
// and that other options make another one.
func TestConnectionsPassOptions(t *testing.T) {
	t.Parallel()
	f := setup(t)
	var got []downstream.Values
	connections := activities.NewConnections(activities.ConnectionsConfig{
		Keeper: f.keeper,
		Drivers: downstream.Drivers{{
			Name: "fake", BaseURL: "https://orders.example.com",
			Options: []downstream.Option{{Name: "zone", Form: downstream.FormText}},
			Open: func(c downstream.Config) (downstream.Adapter, error) {
				got = append(got, c.Options)
				return nil, nil //nolint:nilnil // Only what it is made from is looked at.
			},
		}},
	})
	channel := f.channel("other")
	channel.Downstream.Adapter, channel.Downstream.BaseURL = "fake", ""
	for _, zone := range []string{"east", "east", "west"} {
		channel.Downstream.Options = channels.Options{}.With("zone", zone)
		_, err := connections.Downstream(t.Context(), channel)
		require.NoError(t, err)
	}
	require.Equal(t, []downstream.Values{{"zone": "east"}, {"zone": "west"}}, got)
}
