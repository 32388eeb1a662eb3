package channelcmd

import (
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/channels"
)

// TestDownstreamFlags shows what the flags make of a channel's downstream side.
func TestDownstreamFlags(t *testing.T) {
	t.Parallel()
	was := channels.Downstream{
		Adapter: "threepl", BaseURL: "https://wms.example.com",
		Options: channels.Options{}.With("customer_id", "42").With("user_login", "orders"),
	}
	for name, tc := range map[string]struct {
		args []string
		want channels.Downstream
	}{
		"nothing":       {nil, was},
		"the same kind": {[]string{"--downstream", "threepl"}, was},
		"options": {
			[]string{"--downstream-option", "customer_id=", "--downstream-option", " tpl = a=b ", "--downstream-option", "user_login=x", "--downstream-option", "user_login=y"},
			channels.Downstream{Adapter: "threepl", BaseURL: was.BaseURL, Options: channels.Options{}.With("tpl", "a=b").With("user_login", "y")},
		},
		"another kind": {
			[]string{"--downstream", "shipstation", "--downstream-option", "store_id=7"},
			channels.Downstream{Adapter: "shipstation", Options: channels.Options{}.With("store_id", "7")},
		},
		"another kind at an address": {
			[]string{"--adapter", "rest", "--downstream-url", "https://orders.example.com"},
			channels.Downstream{Adapter: "rest", BaseURL: "https://orders.example.com"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var e edits
			cmd := &cobra.Command{Use: "set"}
			e.flags(cmd)
			require.NoError(t, cmd.ParseFlags(tc.args))
			channel := channels.Channel{Downstream: was}
			e.apply(cmd, &channel)
			require.Equal(t, tc.want, channel.Downstream)
		})
	}
	for _, wrong := range []string{"customer_id", "=42", " =42"} {
		var e edits
		cmd := &cobra.Command{Use: "set"}
		e.flags(cmd)
		require.ErrorContains(t, cmd.ParseFlags([]string{"--downstream-option", wrong}), "it must look like name=value")
	}
}
