package pipeline_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/channelcmd"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/process"
	"github.com/orderbridge/orderbridge/ingress/operator"
	"github.com/orderbridge/orderbridge/workflows"
)

// command runs "orderbridge channels" as a person would, and returns what it
// prints.
func (p *pipeline) command(stdin string, args ...string) (string, error) {
	p.t.Helper()
	return p.commandIn(nil, stdin, args...)
}

// commandIn runs it with some more of an environment.
func (p *pipeline) commandIn(environ []string, stdin string, args ...string) (string, error) {
	p.t.Helper()
	cmd := channelcmd.New(append([]string{
		"ORDERBRIDGE_MASTER_KEY=" + masterKey, "TEMPORAL_ADDRESS=" + p.address, "TEMPORAL_NAMESPACE=" + p.namespace,
	}, environ...))
	var out, errOut bytes.Buffer
	cmd.SetOut(&out)
	cmd.SetErr(&errOut)
	cmd.SetIn(strings.NewReader(stdin))
	cmd.SetArgs(args)
	cmd.SilenceUsage, cmd.SilenceErrors = true, true
	err := cmd.ExecuteContext(p.ctx)
	text := out.String() + errOut.String()
	if err != nil {
		text += err.Error()
	}
	for _, secret := range []string{p.account.AccessToken, p.account.ClientSecret, p.demo.Token, masterKey} {
		require.NotContains(p.t, text, secret)
	}
	return out.String(), err
}

// shop is the channel that the tests of commands add.
const shop = "shop"

// shopURL is the callback address of that channel.
func (p *pipeline) shopURL() string { return "http://" + p.ingress + "/webhooks/bigcommerce/" + shop }

// add returns the arguments that add the channel, with the store's token from
// standard input.
func (p *pipeline) add() []string {
	p.t.Helper()
	return []string{
		"add", shop, "--store-hash", p.store.Hash, "--store-url", p.store.URL, "--access-token-file", "-",
		"--adapter", "rest", "--downstream-url", p.demo.URL, "--downstream-token-file", p.file(p.demo.Token),
		"--callback-url", p.shopURL(), "--cancel-in", "Awaiting Shipment", "--fulfill-in", "Awaiting Shipment", "--fulfill-in", "Pending Fulfillment",
	}
}

// file writes a secret into a file, as editors do with an empty line at its
// end, and returns its path.
func (p *pipeline) file(secret string) string {
	p.t.Helper()
	path := filepath.Join(p.t.TempDir(), "secret")
	require.NoError(p.t, os.WriteFile(path, []byte(secret+"\n"), 0o600))
	return path
}

// view returns what "show --json" says of the channel.
func (p *pipeline) view() operator.View {
	p.t.Helper()
	out, err := p.command("", "show", shop, "--json")
	require.NoError(p.t, err)
	var view operator.View
	require.NoError(p.t, json.Unmarshal([]byte(out), &view))
	return view
}

// orderHooks returns the active hooks for orders that belong to an API account.
func (p *pipeline) orderHooks(clientID string) []int64 {
	var ids []int64
	for _, hook := range p.store.Hooks() {
		if hook.Scope == bigcommerce.ScopeOrderStatusUpdated && hook.ClientID == clientID && hook.IsActive {
			ids = append(ids, hook.ID)
		}
	}
	return ids
}

// TestChannelCommands takes a channel through its life with the commands alone.
func TestChannelCommands(t *testing.T) {
	t.Parallel()
	p := newBarePipeline(t)
	p.main = p.start(process.Roles{Ingress: true, Worker: true})
	p.ingress = p.main.ingress

	_, err := p.command("", "show", shop)
	require.ErrorContains(t, err, "channel shop: there is no such sales channel")
	out, err := p.command("", "list")
	require.NoError(t, err)
	require.Contains(t, out, "there is no sales channel yet")
	_, err = p.command("", "add", shop, "--store-hash", "NO")
	for _, field := range []string{"store.hash", "store.access_token is missing", "downstream.adapter", "callback_url"} {
		require.ErrorContains(t, err, field, "every mistake at once")
	}
	_, err = p.command("wrong-token", p.add()...)
	require.ErrorContains(t, err, "the store refused the credentials")
	out, err = p.command(p.account.AccessToken, p.add()...)
	require.NoError(t, err)
	require.Contains(t, out, "channel shop: saved as revision 1")
	require.Contains(t, out, "subscribed to store/order/statusUpdated")
	_, err = p.command(p.account.AccessToken, p.add()...)
	require.ErrorContains(t, err, "there is a channel shop already")
	other := p.add()
	other[1] = "other"
	other[slices.Index(other, p.shopURL())] = strings.TrimSuffix(p.shopURL(), shop) + "other"
	_, err = p.command(p.account.AccessToken, other...)
	require.ErrorContains(t, err, "channel shop connects store "+p.store.Hash+" to this downstream account already")

	p.order(218, "Awaiting Shipment")
	require.NoError(t, p.store.SetStatus(218, bigcommerce.StatusCancelled))
	run := strings.Replace(p.runOf(218), "/"+channelID+"/", "/shop/", 1)
	require.Equal(t, workflows.OutcomeCancelled, p.result(run).Outcome)

	out, err = p.command("", "set", shop, "--cancel-in", "", "--cancel-on", "5,4", "--reconcile-every", "5m", "--signature", "off")
	require.NoError(t, err)
	require.Contains(t, out, `settings.valid_cancellation_statuses: ["Awaiting Shipment"] → []`)
	require.Contains(t, out, "settings.cancel_on: [5] → [5,4]")
	require.Contains(t, out, "settings.reconcile_every: 10m0s → 5m0s")
	require.Contains(t, out, "settings.signature: observe → off")
	_, err = p.command("", "set", shop, "--fulfill-in", "Awaiting Shipmant")
	require.ErrorContains(t, err, `"Awaiting Shipmant" is not a status of the downstream system; choose among "Awaiting Payment"`)
	_, err = p.command("", "set", shop, "--fulfill-on", "4")
	require.ErrorContains(t, err, "a status can mean only one of them")
	_, err = p.command("", "set", shop, "--downstream-url", "http://127.0.0.1:1")
	require.ErrorContains(t, err, "downstream.token must be given again")

	out, err = p.command("", "deactivate", shop)
	require.NoError(t, err)
	require.Contains(t, out, "active: true → false")
	require.Contains(t, out, "no hooks")
	require.Empty(t, p.store.Hooks())
	out, err = p.command("", "activate", shop, "--json")
	require.NoError(t, err)
	var saved struct {
		Channel    string   `json:"channel"`
		Revision   int      `json:"revision"`
		Subscribed []string `json:"subscribed"`
	}
	require.NoError(t, json.Unmarshal([]byte(out), &saved))
	require.Equal(t, shop, saved.Channel)
	require.Equal(t, 4, saved.Revision)
	require.Contains(t, saved.Subscribed, bigcommerce.ScopeOrderStatusUpdated)
	require.Len(t, p.orderHooks(p.account.ClientID), 1)

	require.EqualValues(t, 1, p.count(`WorkflowType="SalesChannel" AND WorkflowId="channel/shop"`))
	out, err = p.command("", "list")
	require.NoError(t, err)
	require.Regexp(t, `(?m)^shop +active +healthy +\S+ +rest +\(never\) +Awaiting Shipment, Pending Fulfillment$`, out)
	view := p.view()
	require.Equal(t, 4, view.Revision)
	require.Equal(t, p.shopURL(), view.CallbackURL)
	require.Equal(t, channels.HealthHealthy, view.Health())
	out, err = p.command("", "history", shop)
	require.NoError(t, err)
	require.Regexp(t, `(?s)revision 1 by \S+ at .*store.access_token: \(none\) → \(secret\).*revision 4 by`, out)
	p.removeShop()
}

// removeShop removes the channel, and with it all that is of it in the store.
func (p *pipeline) removeShop() {
	p.t.Helper()
	_, err := p.command("y\n", "remove", shop)
	require.ErrorContains(p.t, err, "there is no terminal to ask on; give --yes")
	require.NotEmpty(p.t, p.store.Hooks())
	out, err := p.command("", "remove", shop, "--yes")
	require.NoError(p.t, err)
	require.Equal(p.t, "channel shop: removed\n", out)
	require.Empty(p.t, p.store.Hooks())
	_, err = p.command("", "show", shop)
	require.ErrorIs(p.t, err, channels.ErrUnknown)
	_, err = p.command("", "remove", shop, "--yes")
	require.ErrorIs(p.t, err, channels.ErrUnknown)
}

// TestAuditCommand finds a hook that somebody deleted, and says what it cannot
// mend.
func TestAuditCommand(t *testing.T) {
	t.Parallel()
	p := newBarePipeline(t)
	p.main = p.start(process.Roles{Ingress: true, Worker: true})
	p.ingress = p.main.ingress
	_, err := p.command(p.account.AccessToken, p.add()...)
	require.NoError(t, err)
	before := p.orderHooks(p.account.ClientID)
	require.Len(t, before, 1)

	out, err := p.command("", "audit", shop)
	require.NoError(t, err)
	require.Contains(t, out, "channel shop: every hook is as it should be\n")
	require.NoError(t, p.store.DeleteHookByHand(before[0]))
	out, err = p.command("", "audit", shop)
	require.NoError(t, err)
	require.Regexp(t, `(?m)^found  missing: `, out)
	require.Regexp(t, `(?m)^done   `, out)
	require.NotContains(t, out, "left ")
	require.Len(t, p.orderHooks(p.account.ClientID), 1)

	p.store.RevokeAccount(p.account.ClientID)
	out, err = p.command("", "audit", shop, "--json")
	require.ErrorContains(t, err, "channel shop: the audit left something that keeps webhooks from coming")
	var report channels.AuditReport
	require.NoError(t, json.Unmarshal([]byte(out), &report))
	require.Equal(t, channels.FindingRevoked, report.Left[0].Kind)
	out, err = p.command("", "show", shop)
	require.NoError(t, err)
	require.Regexp(t, `(?m)^health +unhealthy, audited at `, out)
	require.Regexp(t, `(?m)^  problem +revoked_token: `, out)
	out, err = p.command("", "remove", shop, "--yes", "--json")
	require.NoError(t, err, "an account takes its hooks with it")
	require.JSONEq(t, `{"channel":"shop","left":[]}`, out)
}

// TestCheckCommand prints each step and ends as badly as the worst of them.
func TestCheckCommand(t *testing.T) {
	t.Parallel()
	p := newBarePipeline(t)
	p.main = p.start(process.Roles{Ingress: true, Worker: true})
	p.ingress = p.main.ingress
	_, err := p.command(p.account.AccessToken, p.add()...)
	require.NoError(t, err)
	out, err := p.command("", "check", shop, "--no-delivery")
	require.NoError(t, err, out)
	require.Regexp(t, `(?m)^ok +token +\S`, out)
	require.Regexp(t, `(?m)^ok +downstream +\S`, out)
	require.Regexp(t, `(?m)^channel shop: (ok|warning)$`, out)

	p.store.RevokeAccount(p.account.ClientID)
	out, err = p.command("", "check", shop, "--no-delivery")
	require.ErrorContains(t, err, "channel shop: the check failed")
	require.Regexp(t, `(?m)^failed +token +\S.*\n +→ \S`, out)
	require.Regexp(t, `(?m)^skipped +scopes `, out)
	_, err = p.command("", "check", "nobody")
	require.ErrorIs(t, err, channels.ErrUnknown)
}
