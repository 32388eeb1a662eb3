package pipeline_test

import (
	"encoding/base64"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
	"github.com/orderbridge/orderbridge/activities/callback"
	"github.com/orderbridge/orderbridge/activities/downstream/rest/resttest"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/process"
	"github.com/orderbridge/orderbridge/workflows"
)

// TestNothingLeaks plays good and bad turns and then looks for every secret
// and every piece of personal data in all that Temporal keeps, in the log and
// in the metrics.
func TestNothingLeaks(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	address := bigcommercetest.Address{
		FirstName: "Zebulon", LastName: "Quackenbush", Street: "77 Secret Lane", Email: "zebulon@private.example",
		Phone: "+15550177177", City: "Hiddenville",
	}
	for id := int64(800); id < 804; id++ {
		p.store.AddOrder(bigcommercetest.Order{
			ID: id, StatusID: bigcommerce.StatusAwaitingFulfillment,
			Billing: address, Shipping: address, StaffNotes: "calls himself Zed", CustomerMessage: "leave it with Wilhelmina",
		})
	}
	for _, number := range []string{"800", "801", "802", "803"} {
		p.demo.AddOrder(number, "Awaiting Shipment")
	}
	_, err := p.store.Ship(800, bigcommercetest.Shipment{TrackingNumber: "TRACK-PRIVATE-800", ShippingProvider: "ups"})
	require.NoError(t, err)
	require.Equal(t, workflows.OutcomeFulfilled, p.result(p.runOf(800)).Outcome)
	require.Equal(t, []string{"TRACK-PRIVATE-800"}, p.effects(800)[0].TrackingNumbers)

	p.demo.Faults().Inject(resttest.Fault{Call: resttest.CallCancel, Do: resttest.Garbage, AfterCommit: true})
	p.store.Faults().FailNext(2, http.MethodGet, "/v2/orders/801", bigcommercetest.HalfAnswer())
	require.NoError(t, p.store.SetStatus(801, bigcommerce.StatusCancelled))
	require.Equal(t, workflows.OutcomeCancelled, p.result(p.runOf(801)).Outcome)

	p.store.Faults().FailNext(2, http.MethodGet, "/v2/orders/802", bigcommercetest.Failure(http.StatusUnauthorized))
	require.NoError(t, p.store.SetStatus(802, bigcommerce.StatusCancelled))
	require.Equal(t, string(activities.ReasonStoreCredentials), p.failure(p.runOf(802)).Type())
	require.Equal(t, http.StatusOK, p.post(`{"scope":"store/order/updated","data":{"email":"zebulon@private.example"}}`))

	secrets, err := process.Config{MasterKey: masterKey}.Secrets()
	require.NoError(t, err)
	hidden := map[string]string{
		"access token": p.account.AccessToken, "client secret": p.account.ClientSecret, "downstream token": p.demo.Token,
		"callback secret": secrets.Secret(channelID, 1), "master key": masterKey, "first name": "Zebulon",
		"last name": "Quackenbush", "street": "Secret Lane", "e-mail": "private.example", "phone": "0177177",
		"city": "Hiddenville", "notes": "Zed", "message": "Wilhelmina", "tracking number": "TRACK-PRIVATE",
	}
	sources := map[string]string{"the log": p.log.String(), "the metrics": p.metrics()}
	runs := 0
	for _, execution := range p.executions() {
		text, err := protojson.Marshal(p.history(execution.GetExecution().GetWorkflowId()))
		require.NoError(t, err)
		sources["the history of "+execution.GetExecution().GetWorkflowId()] = decodePayloads(t, string(text))
		runs++
	}
	require.GreaterOrEqual(t, runs, 5, "the channel and four webhooks")
	for where, text := range sources {
		require.NotEmpty(t, text, where)
		for what, value := range hidden {
			require.NotContains(t, text, value, "the %s is in %s", what, where)
		}
	}
	require.NotContains(t, sources["the log"], callback.Header, "nobody logs headers")
}

// executions lists every run of the namespace.
func (p *pipeline) executions() []*workflow.WorkflowExecutionInfo {
	p.t.Helper()
	p.count(`OrderbridgeOutcome="rejected"`) // the last one to be written
	response, err := p.client.ListWorkflow(p.ctx, &workflowservice.ListWorkflowExecutionsRequest{})
	require.NoError(p.t, err)
	return response.GetExecutions()
}

// metrics returns what a scrape of the ingress shows.
func (p *pipeline) metrics() string {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.ctx, http.MethodGet, "http://"+p.ingress+"/metrics", http.NoBody)
	require.NoError(p.t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(p.t, err)
	text, err := io.ReadAll(response.Body)
	require.NoError(p.t, err)
	require.NoError(p.t, response.Body.Close())
	return string(text)
}

var payload = regexp.MustCompile(`"data":\s*"([A-Za-z0-9+/=]+)"`)

// decodePayloads adds the contents of the payloads to a history, where they
// stand as base64.
func decodePayloads(t *testing.T, text string) string {
	t.Helper()
	var all strings.Builder
	all.WriteString(text)
	found := payload.FindAllStringSubmatch(text, -1)
	require.NotEmpty(t, found)
	for _, match := range found {
		content, err := base64.StdEncoding.DecodeString(match[1])
		require.NoError(t, err)
		all.WriteString("\n" + string(content))
	}
	return all.String()
}
