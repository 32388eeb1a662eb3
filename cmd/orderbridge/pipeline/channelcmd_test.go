package pipeline_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/channelcmd"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/process"
	"github.com/orderbridge/orderbridge/workflows"
)

// command runs "orderbridge channels" as a person would, and returns what it
// prints.
func (p *pipeline) command(stdin string, args ...string) (string, error) {
	p.t.Helper()
	cmd := channelcmd.New([]string{
		"ORDERBRIDGE_MASTER_KEY=" + masterKey, "TEMPORAL_ADDRESS=" + p.address, "TEMPORAL_NAMESPACE=" + p.namespace,
	})
	var out bytes.Buffer
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	cmd.SetIn(strings.NewReader(stdin))
	cmd.SetArgs(args)
	cmd.SilenceUsage = true
	err := cmd.ExecuteContext(p.ctx)
	text := out.String()
	if err != nil {
		text += err.Error()
	}
	for _, secret := range []string{p.account.AccessToken, p.demo.Token, masterKey} {
		require.NotContains(p.t, text, secret)
	}
	return out.String(), err
}

// TestChannelCommands takes a channel through its life with the commands alone.
func TestChannelCommands(t *testing.T) {
	t.Parallel()
	p := newBarePipeline(t)
	p.main = p.start(process.Roles{Ingress: true, Worker: true})
	p.ingress = p.main.ingress
	tokenFile := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(tokenFile, []byte(p.demo.Token+"\n"), 0o600))
	callback := "http://" + p.ingress + "/webhooks/bigcommerce/shop"
	add := []string{
		"add", "shop", "--store-hash", p.store.Hash, "--store-url", p.store.URL, "--access-token-file", "-",
		"--adapter", "rest", "--downstream-url", p.demo.URL, "--downstream-token-file", tokenFile,
		"--callback-url", callback, "--cancel-in", "Awaiting Shipment", "--fulfill-in", "Awaiting Shipment", "--fulfill-in", "Pending Fulfillment",
	}

	_, err := p.command("", "show", "shop")
	require.ErrorContains(t, err, "channel shop: there is no such sales channel")
	_, err = p.command("", "add", "shop", "--store-hash", "NO")
	for _, field := range []string{"store.hash", "store.access_token is missing", "downstream.adapter", "callback_url"} {
		require.ErrorContains(t, err, field, "every mistake at once")
	}
	_, err = p.command("wrong-token", add...)
	require.ErrorContains(t, err, "the store refused the credentials")
	out, err := p.command(p.account.AccessToken, add...)
	require.NoError(t, err)
	require.Contains(t, out, "channel shop: saved as revision 1")
	require.Contains(t, out, "subscribed to store/order/statusUpdated")
	_, err = p.command(p.account.AccessToken, add...)
	require.ErrorContains(t, err, "there is a channel shop already")

	p.order(218, "Awaiting Shipment")
	require.NoError(t, p.store.SetStatus(218, bigcommerce.StatusCancelled))
	run := strings.Replace(p.runOf(218), "/"+channelID+"/", "/shop/", 1)
	require.Equal(t, workflows.OutcomeCancelled, p.result(run).Outcome)

	out, err = p.command("", "set", "shop", "--cancel-in", "", "--cancel-on", "5,4")
	require.NoError(t, err)
	require.Contains(t, out, `settings.valid_cancellation_statuses: ["Awaiting Shipment"] → []`)
	require.Contains(t, out, "settings.cancel_on: [5] → [5,4]")
	_, err = p.command("", "set", "shop", "--fulfill-in", "Awaiting Shipmant")
	require.ErrorContains(t, err, `"Awaiting Shipmant" is not a status of the downstream system; it knows "Awaiting Payment"`)
	_, err = p.command("", "set", "shop", "--fulfill-on", "4")
	require.ErrorContains(t, err, "a status can mean only one of them")

	out, err = p.command("", "deactivate", "shop")
	require.NoError(t, err)
	require.Contains(t, out, "active: true → false")
	require.Contains(t, out, "no hooks")
	require.Empty(t, p.store.Hooks())
	out, err = p.command("", "activate", "shop")
	require.NoError(t, err)
	require.Contains(t, out, "subscribed to")
	require.Len(t, p.store.Hooks(), 1)

	require.EqualValues(t, 1, p.count(`WorkflowType="SalesChannel"`))
	out, err = p.command("", "list")
	require.NoError(t, err)
	require.Regexp(t, `(?m)^shop +active +\S+ +rest +Awaiting Shipment, Pending Fulfillment$`, out)
	out, err = p.command("", "show", "shop", "--json")
	require.NoError(t, err)
	var shown map[string]any
	require.NoError(t, json.Unmarshal([]byte(out), &shown))
	require.EqualValues(t, 4, shown["revision"])
	require.Equal(t, callback, shown["callback_url"])
	out, err = p.command("", "history", "shop")
	require.NoError(t, err)
	require.Regexp(t, `(?s)revision 1 by \S+ at .*store.access_token: \(none\) → \(secret\).*revision 4 by`, out)
}
