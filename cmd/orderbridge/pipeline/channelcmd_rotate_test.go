package pipeline_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/callback"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/process"
)

// TestRotateCommands gives a channel a new version of each of its secrets.
func TestRotateCommands(t *testing.T) {
	t.Parallel()
	p := newBarePipeline(t)
	p.main = p.start(process.Roles{Ingress: true, Worker: true})
	p.ingress = p.main.ingress
	_, err := p.command(p.account.AccessToken, append(p.add(), "--client-id", p.account.ClientID, "--client-secret-file", p.file(p.account.ClientSecret))...)
	require.NoError(t, err)
	require.True(t, p.view().Store.HasClientSecret)

	t.Log("the callback secret")
	out, err := p.command("", "rotate-secret", shop)
	require.NoError(t, err)
	require.Contains(t, out, "secret_version: 1 → 2")
	require.Regexp(t, `secret version 2; version 1 is still taken until \d{4}-`, out)
	for _, hook := range p.store.Hooks() {
		require.True(t, strings.HasPrefix(hook.Headers[callback.Header], "2."), hook.Scope)
	}

	t.Log("the downstream token")
	_, err = p.command("wrong", "rotate-downstream-token", shop, "--downstream-token-file", "-")
	require.ErrorContains(t, err, "the downstream system refused the credentials")
	out, err = p.command(p.demo.Token, "rotate-downstream-token", shop, "--downstream-token-file", "-")
	require.NoError(t, err)
	require.Contains(t, out, "nothing changed", "it is the same token")

	t.Log("the access token, which is the same")
	out, err = p.command(p.account.AccessToken, "rotate-access-token", shop, "--access-token-file", "-",
		"--client-id", p.account.ClientID, "--client-secret-file", p.file(p.account.ClientSecret))
	require.NoError(t, err)
	require.Contains(t, out, "the access token is the one that the channel has already: delete no account")
	require.NotContains(t, out, "the old account")

	t.Log("the access token, which is that of another account")
	account := p.store.AddAccount("successor")
	_, err = p.command(account.AccessToken, "rotate-access-token", shop, "--access-token-file", "-")
	require.ErrorContains(t, err, "the channel has the client id of the old account")
	require.ErrorContains(t, err, "the channel has the client secret of the old account")
	out, err = p.command(account.AccessToken, "rotate-access-token", shop, "--access-token-file", "-",
		"--client-id", account.ClientID, "--client-secret-file", "")
	require.NoError(t, err)
	require.Contains(t, out, "store.access_token: (secret, changed)")
	require.Contains(t, out, "store.client_secret: (secret) → (none)")
	require.Contains(t, out, "the old account's hooks are removed once the new ones work")
	require.NotContains(t, out, account.AccessToken)
	require.Len(t, p.orderHooks(account.ClientID), 1)
	view := p.view()
	require.Equal(t, account.ClientID, view.Store.ClientID)
	require.False(t, view.Store.HasClientSecret)
	require.Len(t, view.Former, 1)
	require.Equal(t, p.account.ClientID, view.Former[0].Store.ClientID)

	t.Log("and a delivery still has its effect, once")
	p.order(218, "Awaiting Shipment")
	require.NoError(t, p.store.SetStatus(218, bigcommerce.StatusCancelled))
	require.Eventually(t, func() bool { return len(p.actions(218)) == 1 }, patience, poll)
}

// TestRotateKeyCommand seals the credentials with another master key while
// everything goes on.
func TestRotateKeyCommand(t *testing.T) {
	t.Parallel()
	p := newBarePipeline(t)
	next := base64.StdEncoding.EncodeToString([]byte("another master key of 32 bytes!!"))
	environ := []string{"ORDERBRIDGE_MASTER_KEY=" + next, "ORDERBRIDGE_PREVIOUS_MASTER_KEYS=" + masterKey}
	p.main = p.start(process.Roles{Ingress: true, Worker: true}, environ...)
	p.ingress = p.main.ingress
	_, err := p.command(p.account.AccessToken, p.add()...)
	require.NoError(t, err, "the old key still serves")

	_, err = p.commandIn([]string{"ORDERBRIDGE_MASTER_KEY=" + next}, "", "rotate-key", shop)
	require.ErrorContains(t, err, "store.access_token")
	out, err := p.commandIn(environ, "", "rotate-key", shop)
	require.NoError(t, err)
	require.Equal(t, "channel shop: sealed anew: store.access_token, downstream.token\n", out)
	require.EqualValues(t, 1, p.count(`WorkflowType="SalesChannel"`))
	out, err = p.commandIn([]string{"ORDERBRIDGE_MASTER_KEY=" + next}, "", "rotate-key", "--all", "--json")
	require.NoError(t, err, "the old key is not needed any more")
	require.JSONEq(t, `[{"channel": "shop", "changed": []}]`, out)
	_, err = p.commandIn(environ, "", "rotate-key", shop, "nobody")
	require.ErrorContains(t, err, "channel nobody: there is no such sales channel")
}
