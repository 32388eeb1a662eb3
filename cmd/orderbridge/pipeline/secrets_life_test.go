package pipeline_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/process"
)

const apiToken = "0123456789abcdef-a-token-of-the-operator-api"

// api calls the operator API and returns its answer as a text.
func (p *pipeline) api(method, path, body string, want int) string {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.ctx, method, "http://"+p.ingress+"/api/v1/channels"+path, strings.NewReader(body))
	require.NoError(p.t, err)
	request.Header.Set("Authorization", "Bearer "+apiToken)
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(p.t, err)
	text, err := io.ReadAll(response.Body)
	require.NoError(p.t, err)
	require.NoError(p.t, response.Body.Close())
	require.Equal(p.t, want, response.StatusCode, "%s %s: %s", method, path, text)
	return string(text)
}

// TestNoCredentialLeaks takes a channel through its life, over the API and by
// the commands, with all the credentials that there are, and with some that are
// wrong. Then it looks for each of them in all that Temporal keeps, in the log,
// in the metrics, and in everything that was answered.
func TestNoCredentialLeaks(t *testing.T) {
	t.Parallel()
	p := newBarePipelineFor(t, 2*time.Minute)
	p.main = p.start(process.Roles{Ingress: true, Worker: true}, "ORDERBRIDGE_API_TOKENS=ann:change:"+apiToken)
	p.ingress = p.main.ingress
	next := p.store.AddAccount("the next one")
	var said strings.Builder
	api := func(method, path, body string, want int) { said.WriteString(p.api(method, path, body, want)) }
	cli := func(stdin string, args ...string) {
		t.Helper()
		out, err := p.command(stdin, args...)
		require.NoError(t, err, out)
		said.WriteString(out)
	}
	text := func(v any) string {
		out, err := json.Marshal(v)
		require.NoError(t, err)
		return string(out)
	}

	_, err := p.command("a-wrong-access-token", p.add()...)
	require.Error(t, err)
	said.WriteString(err.Error())
	cli(p.account.AccessToken, append(p.add(), "--client-id", p.account.ClientID, "--client-secret-file", p.file(p.account.ClientSecret),
		"--signature", "require")...)
	p.order(218, "Awaiting Shipment")
	p.order(219, "Awaiting Shipment")
	require.NoError(t, p.store.SetStatus(218, bigcommerce.StatusCancelled))
	require.Eventually(t, func() bool { return len(p.effects(218)) == 1 }, patience, 10*time.Millisecond)
	api(http.MethodPut, "/shop/credentials", text(map[string]string{"access_token": "another-wrong-token", "client_id": "x", "client_secret": "wrong-client-secret"}), http.StatusUnprocessableEntity)
	api(http.MethodPut, "/shop/credentials", text(map[string]string{
		"access_token": next.AccessToken, "client_id": next.ClientID, "client_secret": next.ClientSecret,
	}), http.StatusOK)
	api(http.MethodPost, "/shop/rotate-secret", "", http.StatusOK)
	api(http.MethodPost, "/shop/audit", "", http.StatusOK)
	cli("", "check", "shop", "--json")
	p.recordHistory("check", channels.CheckID("shop"))
	api(http.MethodPost, "/shop/reconciliations", `{"dry_run":true}`, http.StatusAccepted)
	for _, path := range []string{"", "/shop", "/shop/history", "/shop/status"} {
		api(http.MethodGet, path, "", http.StatusOK)
	}
	for _, command := range []string{"show", "history", "audit"} {
		cli("", command, "shop")
		cli("", command, "shop", "--json")
	}
	p.store.Faults().FailNext(3, http.MethodGet, "/v2/orders/219", bigcommercetest.Failure(http.StatusUnauthorized))
	require.NoError(t, p.store.SetStatus(219, bigcommerce.StatusCancelled))
	require.Eventually(t, func() bool { return strings.Contains(p.log.String(), string(activities.ReasonStoreCredentials)) },
		patience, 10*time.Millisecond, "the failure was not logged")

	secrets, err := process.Config{MasterKey: masterKey}.Secrets()
	require.NoError(t, err)
	hidden := map[string]string{
		"first access token": p.account.AccessToken, "first client secret": p.account.ClientSecret,
		"next access token": next.AccessToken, "next client secret": next.ClientSecret, "downstream token": p.demo.Token,
		"first callback secret": secrets.Secret("shop", 1), "next callback secret": secrets.Secret("shop", 2), "master key": masterKey,
		"API token": apiToken, "wrong access token": "a-wrong-access-token", "other wrong access token": "another-wrong-token",
		"wrong client secret": "wrong-client-secret",
	}
	sources := map[string]string{"what was answered": said.String(), "the log": p.log.String(), "the metrics": p.metrics()}
	response, err := p.client.ListWorkflow(p.ctx, &workflowservice.ListWorkflowExecutionsRequest{})
	require.NoError(t, err)
	kinds := map[string]bool{}
	for _, execution := range response.GetExecutions() {
		id := execution.GetExecution().GetWorkflowId()
		kinds[execution.GetType().GetName()] = true
		listed, err := protojson.Marshal(execution)
		require.NoError(t, err)
		whole, err := protojson.Marshal(p.history(id))
		require.NoError(t, err)
		sources["the history of "+id] = decodePayloads(t, string(listed)+string(whole))
	}
	require.Len(t, kinds, 6, "every workflow has run: %v", kinds)
	for where, text := range sources {
		require.NotEmpty(t, text, where)
		for what, value := range hidden {
			require.NotContains(t, text, value, "the %s is in %s", what, where)
		}
	}
}
