package workflows_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/workflows"
)

// TestFoundWebhookID compares the id under which a found change is started with
// that under which reconciliation looks for its runs.
func TestFoundWebhookID(t *testing.T) {
	t.Parallel()
	found := activities.FoundOrder{Channel: "main", StoreHash: "abc123", OrderID: 218, ModifiedAt: time.Unix(1_800_000_000, 0)}
	webhook := workflows.FoundWebhook(found, time.Now())
	require.Equal(t, "webhook/main/reconciled/218/1800000000-abc123", webhook.ID())
	require.Equal(t, found.WorkflowID(), webhook.ID())
	require.Contains(t, webhook.Summary(), "found without a webhook")

	again := found
	again.Again = true
	require.Equal(t, webhook.ID(), workflows.FoundWebhook(again, time.Now()).ID())

	elsewhere := found
	elsewhere.StoreHash = "other9"
	require.NotEqual(t, webhook.ID(), workflows.FoundWebhook(elsewhere, time.Now()).ID(), "stores count their orders each for itself")

	longest := activities.FoundOrder{
		Channel: strings.Repeat("c", 40), StoreHash: strings.Repeat("s", 32), OrderID: 1<<63 - 1,
		ModifiedAt: time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC),
	}
	require.Equal(t, longest.WorkflowID(), workflows.FoundWebhook(longest, time.Now()).ID(), "even the longest is not shortened")
}

func TestStartOptionsReuse(t *testing.T) {
	t.Parallel()
	found := activities.FoundOrder{Channel: "main", StoreHash: "abc123", OrderID: 218}
	again := found
	again.Again = true
	for name, c := range map[string]struct {
		webhook workflows.Webhook
		reuse   enums.WorkflowIdReusePolicy
	}{
		"a callback":          {workflows.Webhook{Channel: "main", Hash: "0123456789", OrderID: 218}, enums.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE},
		"found":               {workflows.FoundWebhook(found, time.Now()), enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY},
		"found, to be redone": {workflows.FoundWebhook(again, time.Now()), enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options := c.webhook.StartOptions()
			require.Equal(t, c.reuse, options.WorkflowIDReusePolicy)
			require.True(t, options.WorkflowExecutionErrorWhenAlreadyStarted)
		})
	}
}
