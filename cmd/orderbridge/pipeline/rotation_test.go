package pipeline_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
	"github.com/orderbridge/orderbridge/activities/callback"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/downstream/rest/resttest"
	"github.com/orderbridge/orderbridge/workflows"
)

// TestRotateAccessToken gives a channel another API account while signatures
// are required. The hooks of the old account stay until those of the new one
// are known to work; whichever of them delivers, each change has one effect.
func TestRotateAccessToken(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	channel := p.channel()
	channel.Store.ClientSecret = p.seal(p.account.ClientSecret)
	channel.Settings.Signature = channels.SignatureRequire
	p.save(channel)
	accounts := func() map[string]int {
		out := map[string]int{}
		for _, hook := range p.store.Hooks() {
			out[hook.ClientID]++
		}
		return out
	}
	change := func(id int64) {
		t.Helper()
		p.order(id, "Awaiting Shipment")
		require.NoError(t, p.store.SetStatus(id, bigcommerce.StatusCancelled))
		require.NoError(t, p.store.WaitIdle(p.ctx))
		p.result(p.runOf(id))
		require.Equal(t, []resttest.Action{resttest.ActionCancel}, p.actions(id))
		require.Zero(t, p.outcomes(`OrderbridgeReason="bad_signature"`))
	}
	change(600)

	next := p.store.AddAccount("the next one")
	channel.Store.AccessToken, channel.Store.ClientSecret = p.seal(next.AccessToken), p.seal(next.ClientSecret)
	p.save(channel)
	p.auditNow()
	require.Equal(t, map[string]int{p.account.ClientID: 2, next.ClientID: 2}, accounts(), "both, until the new ones work")
	change(601)

	p.store.Clock().Advance(2 * time.Minute)
	report := p.auditNow()
	require.Empty(t, report.Left)
	require.NotEmpty(t, report.Done)
	require.Equal(t, map[string]int{next.ClientID: 2}, accounts())
	change(602)

	p.store.RevokeAccount(p.account.ClientID)
	require.Empty(t, p.auditNow().Found)
}

// TestMoveToAnotherStore shows that a channel leaves nothing behind in the
// store that it was connected to.
func TestMoveToAnotherStore(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	other := bigcommercetest.New(t, bigcommercetest.WithHTTPDestinations())
	p.save(p.channelBetween(channelID, other, other.AddAccount("orderbridge"), p.demo))
	require.Len(t, other.Hooks(), 2)
	p.auditNow()
	require.Empty(t, p.store.Hooks())
}

// TestRotateSecret shows that callbacks with the old secret and with the new one
// are taken, and that every hook has the new one.
func TestRotateSecret(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	handle, err := p.client.UpdateWorkflow(p.ctx, client.UpdateWorkflowOptions{
		WorkflowID: channels.WorkflowID(channelID), UpdateName: channels.UpdateRotateSecret,
		Args: []any{channels.RotateRequest{By: "test"}}, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	require.NoError(t, err)
	var result channels.SaveResult
	require.NoError(t, handle.Get(p.ctx, &result))
	require.Equal(t, 2, result.Revision)
	for _, hook := range p.store.Hooks() {
		require.True(t, strings.HasPrefix(hook.Headers[callback.Header], "2."))
	}
	require.Empty(t, p.auditNow().Found)
	require.False(t, p.status().RetireSecretAt.IsZero())

	p.order(610, "Awaiting Shipment")
	require.NoError(t, p.store.SetStatus(610, bigcommerce.StatusCancelled))
	require.Equal(t, workflows.OutcomeCancelled, p.result(p.runOf(610)).Outcome)
	require.Equal(t, http.StatusOK, p.post(`{"producer":"stores/`+p.store.Hash+`","hash":"old-secret","scope":"store/order/updated","data":{"type":"order","id":610}}`))
	old := workflows.Webhook{Channel: channelID, Scope: bigcommerce.ScopeOrderUpdated, OrderID: 610, Hash: "old-secret"}
	p.recordHistory("secret_rotated", channels.WorkflowID(channelID))
	require.Equal(t, workflows.OutcomeAlreadyDone, p.result(old.ID()).Outcome, "a repeated callback from before still counts")
}

// TestDeliveryExceptionStartsAnAudit shows the way from a callback that cannot
// be delivered to an audit that comes before its time.
func TestDeliveryExceptionStartsAnAudit(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	var id int64
	for _, hook := range p.store.Hooks() {
		if hook.Scope == bigcommerce.ScopeOrderStatusUpdated {
			id = hook.ID
		}
	}
	require.NoError(t, p.store.DeactivateHook(id))
	_, err := p.store.Emit(bigcommerce.ScopeHookDeliveryException, 0, map[string]any{
		"type": "webhook", "id": id, "error_code": bigcommerce.DeliveryWillBeRetried, "message": "Non-200 response",
	})
	require.NoError(t, err)
	var report channels.AuditReport
	require.Eventually(t, func() bool {
		return p.outcomes(`WorkflowType="Audit" AND ExecutionStatus="Completed"`) == 1
	}, patience, 10*time.Millisecond)
	require.NoError(t, p.client.GetWorkflow(p.ctx, channels.AuditID(channelID)+"/exception/90001", "").Get(p.ctx, &report))
	require.Equal(t, channels.AuditException, report.Cause)
	require.Equal(t, channels.FindingDeactivated, report.Found[0].Kind)
	require.Contains(t, p.metrics(), `orderbridge_delivery_exceptions_total{code="90001"} 1`)
	for _, hook := range p.store.Hooks() {
		require.True(t, hook.IsActive)
	}
}
