package pipeline_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/process"
)

// poll is how often a test looks for what is to happen.
const poll = 5 * time.Millisecond

// TestApplyCommand makes a channel as a file describes it, changes it with the
// file, and finds nothing to do when nothing differs.
func TestApplyCommand(t *testing.T) {
	t.Parallel()
	p := newBarePipeline(t)
	p.main = p.start(process.Roles{Ingress: true, Worker: true})
	p.ingress = p.main.ingress
	path := filepath.Join(t.TempDir(), "channels.yaml")
	require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(path), "wms"), []byte(p.demo.Token), 0o600))
	content := fmt.Sprintf(`channels:
  - id: shop
    store:
      hash: %s
      base_url: %s
      access_token: {env: STORE_TOKEN}
    downstream: {adapter: rest, base_url: %q, token: {file: wms}}
    callback_url: %s
    settings:
      valid_cancellation_statuses: [Awaiting Shipment]
      reconcile_every: 5m
`, p.store.Hash, p.store.URL, p.demo.URL, p.shopURL())
	write := func(content string) { require.NoError(t, os.WriteFile(path, []byte(content), 0o600)) }
	apply := func(args ...string) (string, error) {
		return p.commandIn([]string{"STORE_TOKEN=" + p.account.AccessToken}, "", append([]string{"apply", "-f", path}, args...)...)
	}
	write(content)

	t.Log("new")
	out, err := apply("--dry-run")
	require.NoError(t, err)
	require.Contains(t, out, "channel shop: new\n")
	require.Contains(t, out, "  store.access_token: (none) → (secret)\n")
	require.Contains(t, out, `  settings.valid_cancellation_statuses: [] → ["Awaiting Shipment"]`)
	require.NotContains(t, out, "settings.waits", "what is the default needs no mention")
	require.Contains(t, out, "nothing was saved and nothing tried")
	_, err = p.command("", "show", shop)
	require.ErrorIs(t, err, channels.ErrUnknown, "a dry run makes nothing")
	_, err = apply()
	require.ErrorContains(t, err, "there is no terminal to ask on; give --yes")
	out, err = apply("--yes")
	require.NoError(t, err)
	require.Contains(t, out, "channel shop: saved as revision 1; subscribed to store/order/statusUpdated")

	t.Log("the same")
	out, err = apply()
	require.NoError(t, err, "with nothing to change it need not ask")
	require.Equal(t, "channel shop: nothing to change (revision 1)\n", out)

	t.Log("changed by hand, and put right by the file")
	_, err = p.command("", "set", shop, "--reconcile-every", "1h", "--fulfill-in", "Awaiting Shipment")
	require.NoError(t, err)
	out, err = apply("--yes", "--json")
	require.NoError(t, err)
	var result struct {
		Channels []struct {
			Channel string                 `json:"channel"`
			Action  string                 `json:"action"`
			Changes []channels.FieldChange `json:"changes"`
			Result  channels.SaveResult    `json:"result"`
		} `json:"channels"`
	}
	require.NoError(t, json.Unmarshal([]byte(out), &result))
	require.Len(t, result.Channels, 1)
	require.Equal(t, "change", result.Channels[0].Action)
	require.Equal(t, []channels.FieldChange{
		{Field: "settings.valid_fulfillment_statuses", Was: `["Awaiting Shipment"]`, Is: "[]"},
		{Field: "settings.reconcile_every", Was: "1h0m0s", Is: "5m0s"},
	}, result.Channels[0].Changes)
	require.Equal(t, 3, result.Channels[0].Result.Revision)

	t.Log("a status that the downstream system does not know, and a second channel that can be made")
	write(strings.Replace(content, "Awaiting Shipment", "Awaiting Shipmant", 1) + strings.Replace(
		strings.Replace(strings.TrimPrefix(content, "channels:\n"), p.shopURL(), strings.TrimSuffix(p.shopURL(), shop)+"second", 1),
		"id: shop", "id: second\n    active: false", 1))
	out, err = apply("--yes")
	require.ErrorContains(t, err, "1 of 2 channels could not be saved:\n"+path+`:10:7: channel shop: settings.valid_cancellation_statuses: "Awaiting Shipmant" is not a status`)
	require.Contains(t, out, "channel second: saved as revision 1; no hooks")

	t.Log("mistakes of the file itself")
	write(content + "      audit_evry: 5m\n    access_token: " + p.account.AccessToken + "\n")
	_, err = apply("--yes")
	require.ErrorContains(t, err, path+":12:7: channel shop: settings.audit_evry is not a field")
	require.ErrorContains(t, err, path+":13:5: channel shop: access_token is not a field")
}
