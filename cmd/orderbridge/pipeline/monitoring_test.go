package pipeline_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
	"github.com/orderbridge/orderbridge/activities/callback"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/seal"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/process"
	"github.com/orderbridge/orderbridge/deploy/monitoring"
	"github.com/orderbridge/orderbridge/deploy/monitoring/prometheustest"
	"github.com/orderbridge/orderbridge/workflows"
)

var (
	deployDir     = filepath.Join("..", "..", "..", "deploy")
	rulesPath     = filepath.Join(deployDir, "prometheus", "orderbridge.rules.yaml")
	dashboardsDir = filepath.Join(deployDir, "grafana", "dashboards")
)

const (
	// monitored is how long a test with a Prometheus may take.
	monitored = 5 * time.Minute
	// noticed is how long Prometheus may take to see what happened.
	noticed = 90 * time.Second
)

// watched is a pipeline that a real Prometheus looks at. Its alerts wait for
// nothing: the only thing that differs from what operators get is that "for" is
// left out.
type watched struct {
	*pipeline

	temporal   *link
	prometheus *prometheustest.Server
	rounds     int
}

func newWatched(t *testing.T) *watched {
	t.Helper()
	p := newBarePipelineFor(t, monitored)
	toTemporal, address := newLink(t, p.address)
	p.main = p.start(process.Roles{Ingress: true, Worker: true},
		"TEMPORAL_ADDRESS="+address,
		"ORDERBRIDGE_API_TOKENS=watcher:view:"+operatorToken, "ORDERBRIDGE_SURVEY_EVERY=1s")
	p.ingress = p.main.ingress
	require.Eventually(t, p.ready, patience, 10*time.Millisecond)
	rules, err := monitoring.Impatient(rulesPath)
	require.NoError(t, err)
	w := &watched{pipeline: p, temporal: toTemporal, prometheus: prometheustest.Start(t, prometheustest.Options{
		Targets: map[string][]string{"orderbridge": {p.ingress}}, Rules: rules,
	})}
	// What is counted from zero must have been seen at zero.
	require.Eventually(t, func() bool { return w.has("orderbridge_audits_total") }, noticed, 100*time.Millisecond, "Prometheus does not scrape")
	p.save(p.channel())
	return w
}

// round lets everything happen once that the dashboards show: what goes well,
// what goes wrong, and what is mended.
func (w *watched) round() {
	t := w.t
	t.Helper()
	w.rounds++
	first := int64(1000 * w.rounds)
	number := func(id int64) string { return strconv.FormatInt(id, 10) }
	const (
		applied = iota
		shipped
		late
		absent
		throttled
		unavailable
		lost
	)

	// Orders that go well, one of them told twice and one after a failure, one
	// that is throttled, and two that do not go well.
	w.store.Faults().FailNext(1, http.MethodGet, "/v2/orders/"+number(first+unavailable), bigcommercetest.Failure(http.StatusServiceUnavailable))
	w.store.Faults().FailNext(1, http.MethodGet, "/v2/orders/"+number(first+throttled), bigcommercetest.RateLimited(100*time.Millisecond))
	for id, status := range map[int64]string{
		first + applied: "Awaiting Shipment", first + shipped: "Awaiting Shipment", first + late: "Shipped", first + absent: "",
		first + throttled: "Awaiting Shipment", first + unavailable: "Awaiting Shipment", first + lost: "Awaiting Shipment",
	} {
		w.order(id, status)
	}
	w.store.Faults().DuplicateNext(1, 1, 20*time.Millisecond)
	for _, id := range []int64{first + applied, first + late, first + absent, first + throttled, first + unavailable} {
		require.NoError(t, w.store.SetStatus(id, bigcommerce.StatusCancelled))
		w.runOf(id)
	}
	_, err := w.store.Ship(first+shipped, bigcommercetest.Shipment{TrackingNumber: "T1"})
	require.NoError(t, err)

	// One that is not in the store, one that cannot be read, and one of a version
	// that nobody knows.
	hash := "round-" + strconv.Itoa(w.rounds)
	envelope := func(kind, scope, data string) string {
		return fmt.Sprintf(`{"producer":%q,"hash":%q,"scope":%q,"data":%s}`, "stores/"+w.store.Hash, kind+"-"+hash, scope, data)
	}
	require.Equal(t, http.StatusOK, w.post(envelope("missing", bigcommerce.ScopeOrderStatusUpdated, `{"type":"order","id":999}`)))
	require.Equal(t, http.StatusOK, w.post(envelope("rejected", "store/product/updated", `{"type":"product","id":7}`)))
	_, err = w.client.ExecuteWorkflow(w.ctx, client.StartWorkflowOptions{
		ID: "unknown-" + hash, TaskQueue: workflows.TaskQueue, WorkflowExecutionTimeout: time.Minute,
	}, "WorkflowOfAnotherVersion")
	require.NoError(t, err)

	// What BigCommerce says of its hooks, and strangers and operators.
	require.Equal(t, http.StatusOK, w.callback("/exceptions", w.secret(),
		envelope("exception", bigcommerce.ScopeHookDeliveryException, `{"type":"webhook","id":1,"error_code":90002,"message":"Non-200"}`)))
	require.Equal(t, http.StatusUnauthorized, w.callback("", "a guess", "{}"))
	require.Equal(t, http.StatusUnauthorized, w.callback("/exceptions", "a guess", "{}"))
	require.Equal(t, http.StatusOK, w.ask("/api/v1/channels", "Bearer "+operatorToken).status)
	require.Equal(t, http.StatusUnauthorized, w.ask("/api/v1/channels", "Bearer guess").status)

	// A webhook that is lost, and a hook that was switched off.
	require.NoError(t, w.store.WaitIdle(w.ctx))
	w.store.Faults().DropNext(1)
	require.NoError(t, w.store.SetStatus(first+lost, bigcommerce.StatusCancelled))
	w.store.Clock().Advance(45 * time.Second) // a search leaves alone what may be under way, and believes no clock far ahead
	w.reconcileNow()
	require.Eventually(t, func() bool { return len(w.effects(first+lost)) == 1 }, patience, 20*time.Millisecond, "the lost webhook was not found")
	require.NoError(t, w.store.DeactivateHook(w.hook(bigcommerce.ScopeOrderStatusUpdated)))
	require.Empty(t, w.auditNow().Left)
	require.Equal(t, workflows.OutcomeGaveUp, w.result(w.runOf(first+absent)).Outcome)
}

func (w *watched) hook(scope string) int64 {
	w.t.Helper()
	for _, hook := range w.store.Hooks() {
		if hook.Scope == scope {
			return hook.ID
		}
	}
	require.FailNow(w.t, "there is no hook", scope)
	return 0
}

func (w *watched) secret() string {
	w.t.Helper()
	key, err := process.Config{MasterKey: masterKey}.Secrets()
	require.NoError(w.t, err)
	return key.Secret(channelID, 1)
}

// callback sends a callback with a secret to an address below the channel's.
func (w *watched) callback(path, secret, body string) int {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.ctx, http.MethodPost,
		"http://"+w.ingress+"/webhooks/bigcommerce/"+channelID+path, strings.NewReader(body))
	require.NoError(w.t, err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set(callback.Header, secret)
	response, err := http.DefaultClient.Do(request)
	require.NoError(w.t, err)
	require.NoError(w.t, response.Body.Close())
	return response.StatusCode
}

// awaitAlerts waits until all of these alerts fire at once.
func (w *watched) awaitAlerts(names ...string) map[string]prometheustest.Alert {
	w.t.Helper()
	var firing map[string]prometheustest.Alert
	var missing []string
	require.Eventually(w.t, func() bool {
		firing = w.firing()
		missing = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return firing[name].State != "" })
		return len(missing) == 0
	}, noticed, 250*time.Millisecond, "these do not fire: %v", lines{&missing})
	return firing
}

// awaitSilence waits until none of these alerts fires.
func (w *watched) awaitSilence(names ...string) {
	w.t.Helper()
	var loud []string
	require.Eventually(w.t, func() bool {
		firing := w.firing()
		loud = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return firing[name].State == "" })
		return len(loud) == 0
	}, noticed, 250*time.Millisecond, "these fire: %v", lines{&loud})
}

func (w *watched) firing() map[string]prometheustest.Alert {
	w.t.Helper()
	firing, err := w.prometheus.Firing(w.ctx)
	require.NoError(w.t, err)
	return firing
}

// TestAlertsFireWhenSomethingBreaks breaks one thing after the other, and sees in
// a real Prometheus that it is noticed, and where it can be, that it is over.
func TestAlertsFireWhenSomethingBreaks(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	channel := w.channel()
	// A delay that would end after this time ends the retries at once.
	channel.Settings.Waits.RetryFor = channels.DefaultRetryFor
	w.save(channel)
	w.auditNow()
	w.reconcileNow()
	broken := []string{
		"OrderbridgeTargetDown", "OrderbridgeNoIngress", "OrderbridgeNoWorker", "OrderbridgeTemporalUnreachable", "OrderbridgeSurveyStale",
		"OrderbridgeWebhooksNotTaken", "OrderbridgeWebhooksRejected", "OrderbridgeDeliveriesFailed", "OrderbridgeWebhooksMissed",
		"OrderbridgeCancelledTooLate", "OrderbridgeOrdersFailed", "OrderbridgeOrdersGivenUp", "OrderbridgeCredentialsRefused", "OrderbridgeKeysFail",
		"OrderbridgeChannelsUnhealthy", "OrderbridgeOrderSystemFailing", "OrderbridgeWorkflowTasksFail", "OrderbridgeLoginAttack",
		"OrderbridgeNoAudits", "OrderbridgeNoSearches", "OrderbridgeWorkerWithoutSlots", "OrderbridgeTasksWaiting",
	}
	w.awaitSilence(broken...)

	t.Run("orders go wrong", func(t *testing.T) {
		w.round()
		w.round()
		firing := w.awaitAlerts("OrderbridgeWebhooksRejected", "OrderbridgeDeliveriesFailed", "OrderbridgeWebhooksMissed",
			"OrderbridgeCancelledTooLate", "OrderbridgeOrdersFailed", "OrderbridgeOrdersGivenUp", "OrderbridgeWorkflowTasksFail")
		require.Equal(t, "Orders of channel main failed (store_order_not_found)", firing["OrderbridgeOrdersFailed"].Annotations["summary"])
		for name, alert := range firing {
			require.Equal(t, "https://github.com/orderbridge/orderbridge/blob/main/docs/runbook.md#"+strings.ToLower(name), alert.Annotations["runbook_url"])
			for _, text := range alert.Annotations {
				require.NotRegexp(t, `[{}<]|no value|NaN`, text, name)
			}
		}
	})
	t.Run("the token of the order system is revoked", func(t *testing.T) {
		w.demo.Faults().RevokeToken()
		w.order(9001, "Awaiting Shipment")
		require.NoError(t, w.store.SetStatus(9001, bigcommerce.StatusCancelled))
		firing := w.awaitAlerts("OrderbridgeCredentialsRefused")
		require.Equal(t, "downstream_credentials", firing["OrderbridgeCredentialsRefused"].Labels["reason"])
		w.demo.Faults().RestoreToken()
	})
	t.Run("somebody guesses tokens", func(t *testing.T) {
		for range 200 {
			// Who guesses often is told to wait, and is counted all the same.
			require.Contains(t, []int{http.StatusUnauthorized, http.StatusTooManyRequests}, w.ask("/api/v1/channels", "Bearer guess").status)
		}
		w.awaitAlerts("OrderbridgeLoginAttack")
	})
	t.Run("the account of the store is revoked", func(t *testing.T) {
		w.store.RevokeAccount(w.account.ClientID)
		require.NotEmpty(t, w.auditNow().Left)
		w.awaitAlerts("OrderbridgeChannelsUnhealthy")
	})
	t.Run("Temporal is away, and comes back", func(t *testing.T) {
		w.temporal.set(false)
		body := `{"producer":"stores/x","hash":"away-%d","scope":"store/order/statusUpdated","data":{"type":"order","id":1}}`
		for i := range 3 {
			require.Equal(t, http.StatusServiceUnavailable, w.post(fmt.Sprintf(body, i)))
			w.awaitAlerts("OrderbridgeTemporalUnreachable") // a rate needs a sample in between
		}
		w.awaitAlerts("OrderbridgeTemporalUnreachable", "OrderbridgeWebhooksNotTaken")
		w.temporal.set(true)
		w.awaitSilence("OrderbridgeTemporalUnreachable")
	})
	t.Run("the process ends", func(t *testing.T) {
		w.main.stop()
		w.awaitAlerts("OrderbridgeTargetDown", "OrderbridgeNoIngress", "OrderbridgeNoWorker")
	})
	t.Run("it comes back with another key", func(t *testing.T) {
		w.start(process.Roles{Ingress: true, Worker: true}, "ORDERBRIDGE_LISTEN_ADDRESS="+w.ingress,
			"ORDERBRIDGE_MASTER_KEY="+base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, seal.MasterKeySize)))
		w.runNow(channels.ReconcileID(channelID))
		firing := w.awaitAlerts("OrderbridgeKeysFail")
		require.Equal(t, "sealed_with_another_key", firing["OrderbridgeKeysFail"].Labels["reason"])
		w.awaitSilence("OrderbridgeTargetDown", "OrderbridgeNoIngress", "OrderbridgeNoWorker")
	})
}
