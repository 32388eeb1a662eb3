package doctorcmd_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/worker/devserver/devservertest"
	"github.com/orderbridge/orderbridge/workflows"
)

const otherKey = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="

// TestDoctorOfAHealthyInstallation sees nothing wrong but what a test must have
// otherwise.
func TestDoctorOfAHealthyInstallation(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	i.start()
	i.connect()
	environ := []string{"ORDERBRIDGE_LISTEN_ADDRESS=" + i.ingress, "ORDERBRIDGE_OPS_ADDRESS=" + i.ops}
	out, err := i.doctor(environ)
	require.NoError(t, err, out)
	for _, line := range []string{
		`ok +configuration +Every variable can be used\.`, `ok +keys +The key derived from the master key seals and opens\.`,
		`ok +temporal +Temporal 1\.\d+\.\d+ answers at .*, without TLS\.`, `ok +namespace +Namespace \S+ keeps closed workflows for 168h\.`,
		`ok +search attributes +All \d+ are there\.`, `ok +clock +The clocks .* agree, to \S+\.`,
		`ok +queue orderbridge +1 worker polls it: \S+\.`, `ok +queue orderbridge-channels +1 worker`,
		`ok +queue orderbridge-bigcommerce +1 worker`, `ok +queue orderbridge-downstream +1 worker`, `ok +channels +There is one\.`,
		`ok +main: settings +Revision 1, active, store \w+, order system rest\.`, `ok +main: schedules +`,
		`ok +main: credentials +`, `ok +main: store +It accepts the access token`, `ok +main: order system +It accepts`,
		`warning +main: callback +The callback address leads to an ingress .* not https.*\n +→ Publish`,
		`ok +ingress +The process at http://127\.0\.0\.1:\d+ runs, and is ready\.`,
		`ok +operators +The process .* offers metrics\. It is version \S+, as this command\.`,
		`20 checks: 1\d ok, `,
	} {
		require.Regexp(t, "(?m)^"+line, out)
	}
}

// TestDoctorWithoutTemporal says what it can all the same.
func TestDoctorWithoutTemporal(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)

	t.Run("away", func(t *testing.T) {
		t.Parallel()
		found := i.findings([]string{"TEMPORAL_ADDRESS=" + nowhere(t), "ORDERBRIDGE_OPS_ADDRESS=off"}, "--timeout", "2s")
		requireFinding(t, found, "configuration", "ok", "", "")
		requireFinding(t, found, "temporal", "failed", "connection refused", "Check TEMPORAL_ADDRESS")
		requireFinding(t, found, "workers and channels", "skipped", "Temporal", "")
		requireFinding(t, found, "operators", "skipped", "ORDERBRIDGE_OPS_ADDRESS is off.", "")
		require.NotContains(t, found, "namespace")
	})

	t.Run("it does not speak TLS", func(t *testing.T) {
		t.Parallel()
		found := i.findings([]string{"TEMPORAL_TLS=true"}, "--timeout", "2s")
		requireFinding(t, found, "temporal", "failed", "with TLS, cannot be used", "TEMPORAL_TLS")
	})

	t.Run("no namespace", func(t *testing.T) {
		t.Parallel()
		found := i.findings([]string{"TEMPORAL_NAMESPACE=nobodys"})
		requireFinding(t, found, "namespace", "failed", "There is no namespace nobodys.", `"orderbridge setup"`)
		requireFinding(t, found, "workers and channels", "skipped", "", "")
	})
}

// TestDoctorOfTheNamespace breaks a namespace in one way after the other.
func TestDoctorOfTheNamespace(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change         func(map[string]enums.IndexedValueType)
		detail, advice string
	}{
		"a missing attribute": {
			func(a map[string]enums.IndexedValueType) { delete(a, "OrderbridgeScope") },
			"lacks OrderbridgeScope: no webhook can be taken", `Run "orderbridge setup"`,
		},
		"a wrong type": {
			func(a map[string]enums.IndexedValueType) { a["OrderbridgeScope"] = enums.INDEXED_VALUE_TYPE_TEXT },
			"OrderbridgeScope with the type Text; it must be Keyword", "temporal operator search-attribute remove",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := newInstallation(t)
			attributes := workflows.SearchAttributes()
			c.change(attributes)
			i.namespace = devservertest.Start(t, attributes).CreateNamespace(t)
			found := i.findings(nil)
			requireFinding(t, found, "search attributes", "failed", c.detail, c.advice)
			requireFinding(t, found, "namespace", "ok", "168h", "")
		})
	}
}

// TestDoctorOfTheConfiguration names every mistake, and goes on.
func TestDoctorOfTheConfiguration(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	found := i.findings([]string{"ORDERBRIDGE_MASTER_KEY=hunter2", "ORDERBRIDGE_TYPO=1"})
	requireFinding(t, found, "configuration", "failed", "ORDERBRIDGE_TYPO is not a variable of Orderbridge", "docs/configuration.md")
	require.Contains(t, found["configuration"].Detail, "ORDERBRIDGE_MASTER_KEY must be the base64")
	require.NotContains(t, found["configuration"].Detail, "hunter2")
	requireFinding(t, found, "keys", "skipped", "", "")
	requireFinding(t, found, "search attributes", "ok", "", "")
	requireFinding(t, found, "channels", "warning", "There is no sales channel yet.", "orderbridge channels add")
}

// TestDoctorOfTheKeeper tries a key service that is away.
func TestDoctorOfTheKeeper(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	found := i.findings([]string{
		"ORDERBRIDGE_KEEPER_URL=hashivault://orderbridge?address=http://" + nowhere(t),
	})
	requireFinding(t, found, "keys", "failed", "The key of ORDERBRIDGE_KEEPER_URL cannot be used", "reaches the key service")
	found = i.findings([]string{"ORDERBRIDGE_KEEPER_URL=base64key://" + otherKey})
	requireFinding(t, found, "keys", "ok", "The key of ORDERBRIDGE_KEEPER_URL seals and opens.", "")
}

// TestDoctorOfAChannel breaks what a channel needs in one way after the other.
func TestDoctorOfAChannel(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		breaks                        func(*installation)
		environ                       func(*installation) []string
		check, result, detail, advice string
	}{
		"a revoked token": {
			breaks: func(i *installation) { i.store.RevokeAccount(i.account.ClientID) },
			check:  "main: store", result: "failed", detail: "unauthorized (HTTP 401", advice: "rotate-access-token",
		},
		"the store is away": {
			breaks: func(i *installation) { require.NoError(i.t, i.store.Close()) },
			check:  "main: store", result: "failed", detail: `BigCommerce did not take "get time": unavailable`, advice: ".",
		},
		"the order system is away": {
			breaks: func(i *installation) { i.system.Close() },
			check:  "main: order system", result: "failed", detail: "unavailable", advice: ".",
		},
		"the order system refuses the credential": {
			breaks: func(i *installation) { i.system.Faults().RevokeToken() },
			check:  "main: order system", result: "failed", detail: "unauthorized (HTTP 401", advice: ".",
		},
		"a status is gone": {
			breaks: func(i *installation) { i.system.SetStatuses(withoutAwaiting()...) },
			check:  "main: order system", result: "failed", detail: "Awaiting Shipment", advice: "orderbridge channels set main",
		},
		"another key": {
			environ: func(*installation) []string { return []string{"ORDERBRIDGE_MASTER_KEY=" + otherKey} },
			check:   "main: credentials", result: "failed", detail: "The access token was sealed with a key", advice: "ORDERBRIDGE_MASTER_KEY",
		},
		"a previous key": {
			environ: func(*installation) []string {
				return []string{"ORDERBRIDGE_MASTER_KEY=" + otherKey, "ORDERBRIDGE_PREVIOUS_MASTER_KEYS=" + masterKey}
			},
			check: "main: credentials", result: "warning", detail: "a previous key sealed them", advice: "rotate-key",
		},
		"a Schedule is paused": {
			breaks: func(i *installation) {
				require.NoError(i.t, i.client.ScheduleClient().GetHandle(i.ctx, channels.AuditID("main")).Pause(i.ctx, client.SchedulePauseOptions{}))
			},
			check: "main: schedules", result: "warning", detail: "Paused: audit/main.", advice: "temporal schedule toggle --unpause --schedule-id audit/main",
		},
		"a Schedule is gone": {
			breaks: func(i *installation) {
				require.NoError(i.t, i.client.ScheduleClient().GetHandle(i.ctx, channels.ReconcileID("main")).Delete(i.ctx))
			},
			check: "main: schedules", result: "failed", detail: "The Schedule reconcile/main does not exist.", advice: "orderbridge channels deactivate main",
		},
		"nobody at the operators' address": {
			environ: func(i *installation) []string { return []string{"ORDERBRIDGE_OPS_ADDRESS=" + nowhere(i.t)} },
			check:   "operators", result: "failed", detail: "nobody takes connections there", advice: "Start it",
		},
		"something else at the address of the ingress": {
			environ: func(i *installation) []string {
				other := httptest.NewServer(http.NotFoundHandler())
				i.t.Cleanup(other.Close)
				return []string{"ORDERBRIDGE_LISTEN_ADDRESS=" + other.Listener.Addr().String()}
			},
			check: "ingress", result: "failed", detail: "Not Found for /healthz", advice: "which process listens there",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := newInstallation(t)
			i.start()
			i.connect()
			if c.breaks != nil {
				c.breaks(i)
			}
			var environ []string
			if c.environ != nil {
				environ = c.environ(i)
			}
			found := i.findings(environ)
			requireFinding(t, found, c.check, c.result, c.detail, c.advice)
			requireFinding(t, found, "queue "+workflows.TaskQueue, "ok", "1 worker", "")
		})
	}
}

// TestDoctorWithoutAWorker tries both sides of a channel although nobody can be
// asked for its settings.
func TestDoctorWithoutAWorker(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	i.start()
	i.connect()
	ingress := i.ingress
	i.stop()
	// Another namespace has no worker that Temporal could still remember.
	empty := newInstallation(t)
	found := empty.findings(nil, "main")
	for _, queue := range []string{workflows.TaskQueue, workflows.TaskQueueChannels, workflows.TaskQueueBigCommerce, workflows.TaskQueueDownstream} {
		requireFinding(t, found, "queue "+queue, "failed", "No worker polls it", `"orderbridge worker"`)
	}
	requireFinding(t, found, "main: settings", "failed", "There is no such sales channel.", "orderbridge channels list")

	found = i.findings([]string{"ORDERBRIDGE_LISTEN_ADDRESS=" + ingress})
	requireFinding(t, found, "main: settings", "ok", "Revision 1, active, store "+i.store.Hash+", order system rest. They are those that were saved last", "")
	requireFinding(t, found, "main: credentials", "ok", "", "")
	requireFinding(t, found, "main: store", "ok", "", "")
	requireFinding(t, found, "main: order system", "ok", "", "")
	requireFinding(t, found, "main: callback", "failed", "Nobody takes connections", "ingress")
	requireFinding(t, found, "ingress", "failed", "nobody takes connections there", "Start it")
}

// TestDoctorSaysWhatAnAuditLeft shows the health of a channel.
func TestDoctorSaysWhatAnAuditLeft(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	i.start()
	i.connect()
	i.store.RevokeAccount(i.account.ClientID)
	handle, err := i.client.UpdateWorkflow(i.ctx, client.UpdateWorkflowOptions{
		WorkflowID: channels.WorkflowID("main"), UpdateName: channels.UpdateAudit, WaitForStage: client.WorkflowUpdateStageCompleted,
		Args: []any{channels.AuditRequest{Channel: "main", Cause: channels.AuditRequested}},
	})
	require.NoError(t, err)
	require.NoError(t, handle.Get(i.ctx, nil))
	requireFinding(t, i.findings(nil), "main: health", "failed", "unhealthy; the last audit ended at ", ".")
}

func TestMisuse(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	_, err := i.doctor(nil, "--timeout", "0s")
	require.ErrorContains(t, err, `--timeout 0s must be above zero; see "doctor --help"`)
	found := i.findings(nil, "No Channel")
	requireFinding(t, found, "channels", "failed", `"No Channel" cannot be the id of a channel.`, "orderbridge channels list")
}
